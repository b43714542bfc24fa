Feature: Nothing is left behind, whoever is killed
  kill -9 of any program at any moment leaves no process, no held port, and catalogs that the next
  run can use.

  Scenario Outline: Whoever is killed <moment>
    Given a hub that holds "author/endless-llama"
    When each of these is killed as its command narrates "<line>"
      | role   | command                                                                                  |
      | keeper | rbee-keeper infer --model HF:author/endless-llama --max-tokens 100 'write a short story' |
      | queen  | rbee-keeper infer --model HF:author/endless-llama --max-tokens 100 'write a short story' |
      | hive   | rbee-keeper infer --model HF:author/endless-llama --max-tokens 100 'write a short story' |
    Then each of the commands has ended, and left nothing running
    And the next "rbee-keeper infer 'hello'" works

    Examples:
      | moment                   | line                                                                 |
      | while the hive is waking | queen: waking the beehive at localhost:8600                          |
      | while devices are asked  | queen: first heartbeat from hive localhost; checking capabilities... |

  Scenario: Whoever is killed while the model is fetched
    Given a hub that holds "author/minillama"
    When each of these is killed as its command narrates "queen: asked hive to download model <ref>"
      | role   | command                                                    | next                                                       |
      | keeper | rbee-keeper infer --model HF:author/minillama:Q4_0 'hello' | rbee-keeper infer --model HF:author/minillama:Q4_0 'hello' |
      | queen  | rbee-keeper infer --model HF:author/minillama:Q8_0 'hello' | rbee-keeper infer --model HF:author/minillama:Q8_0 'hello' |
      | hive   | rbee-keeper infer --model HF:author/minillama:F16 'hello'  | rbee-keeper infer --model HF:author/minillama:F16 'hello'  |
    Then each of the commands has ended, and left nothing running

  @fault.worker.ignore-lifeline
  Scenario Outline: Whoever is killed <moment>, workers among them
    Given a hub that holds "author/endless-llama"
    When each of these is killed as its command narrates "<line>"
      | role   | command                                                                                       |
      | keeper | rbee-keeper infer --model HF:author/endless-llama --max-tokens <tokens> 'write a short story' |
      | queen  | rbee-keeper infer --model HF:author/endless-llama --max-tokens <tokens> 'write a short story' |
      | hive   | rbee-keeper infer --model HF:author/endless-llama --max-tokens <tokens> 'write a short story' |
      | worker | rbee-keeper infer --model HF:author/endless-llama --max-tokens <tokens> 'write a short story' |
    Then each of the commands has ended, and left nothing running
    And the next "rbee-keeper infer 'hello'" works

    Examples:
      | moment                 | tokens | line                                                        |
      | while the worker loads | 100    | queen: worker registered, waiting for heartbeat...          |
      | while tokens flow      | 300    | queen: connection to worker established; starting inference |

  @fault.hive.keep-descriptors @only-asks
  Scenario: A program that began as a copy of another holds nothing of its
    Given a swarm that is warm
    When I look at the pipes between the programs
    Then no end of a pipe is held by two of them

  Scenario: A hive that dies while it wakes is woken again
    Given the first hive that is woken sends no heartbeat
    And "rbee-keeper infer --temperature 0 'hello'" runs until it narrates "queen: waking the beehive at localhost:8600"
    When the hive is killed
    Then the command ends
    And stdout holds the answer of minillama to "hello" alone
    And nothing is left running

  Scenario: A user whose worker is killed in the middle of a story is told
    Given a hub that holds "author/endless-llama"
    And "rbee-keeper infer --model HF:author/endless-llama 'write a short story'" runs until tokens come
    When the worker is killed
    Then the command ends
    And the terminal narrates
      """
      error: the stream of worker <worker id> broke off before its end
      try: rbee-keeper logs <worker id> shows what happened there
      """
    And the exit status is 1

  Scenario: A user whose queen is killed in the middle of a story is told
    Given a hub that holds "author/endless-llama"
    And "rbee-keeper infer --model HF:author/endless-llama 'write a short story'" runs until tokens come
    When the queen is killed
    Then the command ends
    And stderr contains "her stream broke off before its end"
    And the exit status is 1
