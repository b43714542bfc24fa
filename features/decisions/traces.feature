Feature: What the trace of a job holds
  It is made of what was told of the job, once that is over; docs/traces.md has it for people.

  Scenario Outline: <what> is <asked>
    When the environment of a queen has "<variables>"
    Then traces are <asked>

    Examples:
      | what             | variables                                                           | asked         |
      | no variable      |                                                                     | not asked for |
      | a collector      | OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4318                           | asked for     |
      | one for traces   | OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://c/t                       | asked for     |
      | the default one  | OTEL_TRACES_EXPORTER=otlp                                           | asked for     |
      | one for the rest | OTEL_TRACES_EXPORTER=none OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4318 | not asked for |
      | one that is off  | OTEL_SDK_DISABLED=true OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4318    | not asked for |

  Scenario: A job that fetches a model and starts a worker
    When a job of 9000 ms was told so, and its worker took 300 ms to read, 1500 ms in all
      | ms   | by     | action          |
      | 10   | queen  | hive.wake       |
      | 900  | queen  | hive.heartbeat  |
      | 1000 | queen  | schedule.pick   |
      | 1100 | queen  | model.provision |
      | 1200 | hive   | model.size      |
      | 4000 | queen  | model.ready     |
      | 4100 | hive   | worker.wake     |
      | 4200 | worker | model.load      |
      | 6000 | worker | model.loaded    |
      | 6100 | queen  | worker.ready    |
      | 7000 | queen  | infer.start     |
      | 8500 | queen  | infer.done      |
    Then its trace has these parts
      | by          | part            | within       | from | to   |
      | rbee-queen  | choose a place  | job          | 0    | 1000 |
      | rbee-queen  | wake            | job          | 10   | 900  |
      | rbee-hive   | download        | job          | 1100 | 4000 |
      | rbee-hive   | start worker    | job          | 4100 | 6100 |
      | rbee-worker | load            | start worker | 4200 | 6000 |
      | rbee-worker | read the prompt | job          | 7000 | 7300 |
      | rbee-worker | write           | job          | 7300 | 8500 |

  Scenario: A job that waits in line, and is cancelled there
    When a job of 5000 ms was told so, and no worker has answered
      | ms   | by    | action         |
      | 100  | queen | schedule.wait  |
      | 100  | queen | schedule.place |
      | 2000 | queen | schedule.place |
    Then its trace has these parts
      | by         | part         | within | from | to   |
      | rbee-queen | wait in line | job    | 100  | 5000 |

  Scenario: A machine whose clock is wrong tells nothing from before the job or behind it
    When a job of 5000 ms was told so, and no worker has answered
      | ms     | by     | action        |
      | 100    | queen  | schedule.pick |
      | -90000 | hive   | worker.wake   |
      | -89000 | worker | model.load    |
      | 70000  | worker | model.loaded  |
      | 4000   | queen  | worker.ready  |
    Then its trace has these parts
      | by          | part           | within       | from | to   |
      | rbee-hive   | start worker   | job          | 0    | 4000 |
      | rbee-queen  | choose a place | job          | 0    | 100  |
      | rbee-worker | load           | start worker | 0    | 4000 |
