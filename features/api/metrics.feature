Feature: A queen is watched by Prometheus
  `GET /metrics` tells numbers of jobs, workers and machines, to whoever has the swarm's token. What
  reads them here is Prometheus' own library.

  @fault.queen.count-what-is-typed
  Scenario: The numbers of a swarm at work
    Given a swarm that is warm
    And a job that is done
    And a program has asked for "file:/no/such.gguf" of OpenAI's kind
    When Prometheus reads the numbers of the queen
    Then each of these is among them
      | number                         | of                                       | value |
      | rbee_jobs_total                | api=rbee model=minillama outcome=done    | 2     |
      | rbee_jobs_total                | api=openai model=others outcome=failed   | 1     |
      | rbee_first_token_seconds_count | model=minillama                          | 2     |
      | rbee_queue_seconds_count       | model=minillama                          | 2     |
      | rbee_tokens_per_second_count   | model=minillama                          | 2     |
      | rbee_tokens_total              | kind=written model=minillama             | 28    |
      | rbee_worker_slots              | device=cpu model=minillama state=ready   | 4     |
      | rbee_worker_slots_free         | device=cpu model=minillama               | 4     |
      | rbee_jobs_now                  | state=running                            | 0     |
      | rbee_events_total              | action=queen.warm                        | 1     |
    And each number that the dashboard for Grafana shows is told

  Scenario: What was counted alone was not read
    Given a swarm that is warm
    And a program has had the tokens of a text counted
    When Prometheus reads the numbers of the queen
    Then each of these is among them
      | number            | of                                          | value |
      | rbee_jobs_total   | api=anthropic model=minillama outcome=done  | 1     |
      | rbee_tokens_total | kind=read model=minillama                   | 10    |

  @needs-prometheus
  Scenario: A real Prometheus, configured as the README has it
    Given a swarm that is warm
    And a Prometheus that reads the numbers of the queen
    When it has read them
    Then it answers what is asked of it
      | question                                                        | answer |
      | rbee_jobs_total{api="rbee", outcome="done"}                     | 1      |
      | rbee_worker_slots_free{model="minillama"}                       | 4      |
      | sum(rbee_first_token_seconds_count)                             | 1      |
    And it understands each question of the dashboard
