@timing
Feature: What counts as life
  A long prompt is read for minutes before its first token comes. Whoever takes silence for death ends
  a worker that reads, has it read again, and ends it again. So every sign of work counts: a hive ends
  a worker whose engine does nothing at all, and nobody else does.

  Rule: Every sign of work of an engine counts

    Scenario Outline: An engine that has a request
      When <this> happens between two looks that are 10 seconds apart
      Then the engine is seen to be <judged>

      Examples:
        | this                              | judged     |
        | a batch of the prompt is read     | at work    |
        | a token is made                   | at work    |
        | a vector is made                  | at work    |
        | the request is over               | at work    |
        | computing for 8 seconds           | at work    |
        | computing for 0.02 seconds        | at work    |
        | computing for 0.0006 seconds      | idle       |
        | another request                   | idle       |
        | nothing                           | idle       |

    Scenario Outline: An engine that has been idle for a while
      Given an engine that has had a request for 50 seconds and done nothing
      When <this> happens within 10 seconds more
      Then it has been idle for <seconds> seconds

      Examples:
        | this                          | seconds |
        | nothing                       | 60      |
        | another request               | 60      |
        | a batch of the prompt is read | 0       |
        | the request is over           | 0       |

  Rule: A hive judges a worker as a whole, by what the worker says of its engine

    Scenario Outline: What is due for a worker
      Its engine may do nothing for 60 seconds, it may be silent for 45, idle for 300, and load for 300.
      When a hive last heard of a <state> worker that its engine had done nothing for <idle> seconds
      Then it will "<measure>" after <seconds> seconds of silence

      Examples:
        | state   | idle  | measure                                                   | seconds |
        | ready   | 0     | it sends no heartbeats                                    | 45      |
        | busy    | 59    | it sends no heartbeats                                    | 45      |
        | ready   | 60    | its engine does nothing at all although jobs wait for it  | 0       |
        | busy    | 75    | its engine does nothing at all although jobs wait for it  | 0       |
        | loading | 0     | it loads, and makes no progress                           | 300     |
        | loading | 100   | it loads, and makes no progress                           | 200     |

    @fault.hive.overlook-the-short
    Scenario Outline: Since when a worker has had nothing to do
      A worker tells that it works only after half a second. A request that is over sooner is known by the
      number of requests that have ended.

      When a worker that has been idle for 100 seconds tells that <what>
      Then it has been idle since: <then>

      Examples:
        | what                                      | then          |
        | nothing has happened                      | before        |
        | it works                                  | it works      |
        | a request has come and ended in between   | now           |
        | one has ended, and it works for another   | it works      |

  Rule: A request that waits for its turn is not forgotten

    Scenario Outline: A request whose prompt is not read yet
      When others got <tokens> tokens in the 30 seconds since it came, and it got <own>
      Then it is told to wait for its turn: <told>

      Examples:
        | tokens | own | told |
        | 5000   | 0   | yes  |
        | 0      | 0   | no   |
        | 5000   | 512 | no   |

    Scenario Outline: A request that is silent while its engine works for others
      Its engine has 4 slots of 8192 tokens, and a silence of 60 seconds counts.
      When a request has been silent for <seconds> seconds while others got <tokens> tokens
      Then the request is seen to be <judged>

      Examples:
        | seconds | tokens | judged    |
        | 59      | 100000 | waiting   |
        | 600     | 0      | waiting   |
        | 600     | 32767  | waiting   |
        | 60      | 32768  | forgotten |

  Rule: A long prompt is told of while it is read, a short one is not

    Scenario Outline: Reading a prompt and writing an answer
      When <prompt> tokens are read at <speed> a second, and <answer> are written at <pace> a second
      Then a bar moves <often> times, and <lines>

      Examples:
        | prompt | speed | answer | pace | often | lines                                      |
        | 20     | 300   | 50     | 60   | 0     | no line is told                            |
        | 512    | 10    | 50     | 60   | 0     | no line is told                            |
        | 2000   | 300   | 50     | 60   | 4     | these are told: prompt.read                |
        | 2000   | 9000  | 50     | 60   | 0     | these are told: prompt.read                |
        | 4000   | 200   | 50     | 60   | 8     | these are told: prompt.progress, prompt.read |
        | 20     | 300   | 300    | 10   | 0     | these are told: answer.progress, answer.progress, answer.progress |
        | 20     | 300   | 300    | 1000 | 0     | no line is told                            |

    @fault.worker.tell-the-wait-as-reading
    Scenario: A prompt that stops for others half way
      When 4000 tokens are read at 400 a second, with 60 seconds between for the prompts of others
      Then the bar ends at 400 tokens a second, and the prompt is told to be read in 10.0 seconds

  Rule: A stream is followed as long as anything comes on it

    @fault.queen.follow-the-mute
    Scenario: A peer that sends comments, then an event, and then nothing
      When a peer that may be silent for 3 seconds sends comments for 4 seconds, an event, and no more
      Then the event has come
      And its stream is given up since "worker w sent nothing for 3 s, not even a sign of life"
