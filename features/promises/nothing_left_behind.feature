Feature: Nothing is left behind, whoever is killed
  kill -9 of any program at any moment leaves no process, no held port, and catalogs that the next
  run can use.

  @fault.worker.ignore-lifeline
  Scenario Outline: The <role> is killed <moment>
    Given a hub that holds "author/endless-llama"
    And "rbee-keeper infer --model HF:author/endless-llama --max-tokens <tokens> 'write a short story'" runs until it narrates "<line>"
    When the <role> is killed
    Then the command ends
    And nothing is left running
    And the next "rbee-keeper infer 'hello'" works

    Examples: while the hive is waking
      | role   | moment                     | tokens | line                                                                 |
      | keeper | while the hive is waking   | 20     | queen: waking the beehive at localhost:8600                          |
      | queen  | while the hive is waking   | 20     | queen: waking the beehive at localhost:8600                          |
      | hive   | while the hive is waking   | 20     | queen: waking the beehive at localhost:8600                          |

    Examples: while devices are asked
      | role   | moment                     | tokens | line                                                                 |
      | keeper | while devices are asked    | 20     | queen: first heartbeat from hive localhost; checking capabilities... |
      | queen  | while devices are asked    | 20     | queen: first heartbeat from hive localhost; checking capabilities... |
      | hive   | while devices are asked    | 20     | queen: first heartbeat from hive localhost; checking capabilities... |

    Examples: while the model is fetched
      | role   | moment                     | tokens | line                                                                 |
      | keeper | while the model is fetched | 20     | queen: asked hive to download model HF:author/endless-llama          |
      | queen  | while the model is fetched | 20     | queen: asked hive to download model HF:author/endless-llama          |
      | hive   | while the model is fetched | 20     | queen: asked hive to download model HF:author/endless-llama          |

    Examples: while the worker loads
      | role   | moment                     | tokens | line                                                                 |
      | keeper | while the worker loads     | 20     | queen: worker registered, waiting for heartbeat...                   |
      | queen  | while the worker loads     | 20     | queen: worker registered, waiting for heartbeat...                   |
      | hive   | while the worker loads     | 20     | queen: worker registered, waiting for heartbeat...                   |
      | worker | while the worker loads     | 20     | queen: worker registered, waiting for heartbeat...                   |

    Examples: while tokens flow
      | role   | moment                     | tokens | line                                                                 |
      | keeper | while tokens flow          | 300    | queen: connection to worker established; starting inference          |
      | queen  | while tokens flow          | 300    | queen: connection to worker established; starting inference          |
      | hive   | while tokens flow          | 300    | queen: connection to worker established; starting inference          |
      | worker | while tokens flow          | 300    | queen: connection to worker established; starting inference          |

  @fault.hive.keep-descriptors @only-asks
  Scenario: A program that began as a copy of another holds nothing of its
    Given a swarm that is warm
    When I look at the pipes between the programs
    Then no end of a pipe is held by two of them

  Scenario: A hive that dies while it wakes is woken again
    Given "rbee-keeper infer --temperature 0 'hello'" runs until it narrates "queen: waking the beehive at localhost:8600"
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
