@needs-linux
Feature: A worker has its model, its socket and nothing else
  It loads files that anybody may have made. Before it opens one it gives up what it does not need,
  so that an engine that is led astray reaches nothing.

  @fault.worker.unconfined @fault.worker.reach-any-socket @fault.worker.send-datagrams
  Scenario: What a bad model would have it do is refused
    Given a worker that tries what a bad model would have it do
    When I type "rbee-keeper infer 'hello'"
    Then it could "read its model" and none of these
      | what                        |
      | read the token of its owner |
      | read a file of its owner    |
      | write a file                |
      | look into its hive          |
      | send its hive a signal      |
      | speak to a program of its owner |
      | send a datagram             |
      | let others read a file of its owner |
      | bound its hive              |
      | start a program             |
    And the exit status is 0

  @fault.hive.tell-workers-all
  Scenario: No secret of the environment reaches a worker
    Given secrets in the environment that I type in
    And a hub that holds "author/minillama"
    And a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
    When I type "rbee-keeper infer --model HF:author/minillama:Q4_0 'hello'"
    Then 2 workers run that know none of them
    And the exit status is 0

  @only-asks
  @fault.worker.hard-to-kill
  Scenario: Its memory is bounded, where it lacks the worker goes first, and the doctor tells
    Given a swarm that is warm
    When I type "rbee-keeper doctor"
    Then stdout contains "1 awake, each confined"
    And its own memory is bounded below 2000 MiB
    And the kernel would end the worker before all others
    And the exit status is 0
