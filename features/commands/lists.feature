Feature: What there is: devices, hives, ps, models
  Lists are plain columns for people and one answer for programs. They ask the queen and wake nobody.

  Rule: A warm swarm tells everything it has

    Scenario Outline: <command> lists what is there
      Given a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
      When I type "rbee-keeper <command>"
      Then stdout shows a row "<heading>"
      And stdout shows a row "<row>"
      And stderr holds nothing
      And the exit status is 0

      Examples:
        | command           | heading                               | row                                   |
        | devices           | HIVE DEVICE NAME CORES MEMORY BACKEND | localhost cpu                         |
        | devices localhost | HIVE DEVICE NAME CORES MEMORY BACKEND | localhost cpu                         |
        | hives             | HIVE STATE HOST                       | localhost online localhost            |
        | ps                | WORKER HIVE MODEL DEVICE STATE SLOTS  | <worker id> localhost minillama cpu ready 1/1 |
        | models            | MODEL HIVE SIZE QUANT STATE           | minillama localhost                   |
        | models --node localhost | MODEL HIVE SIZE QUANT STATE     | minillama localhost                   |

    Scenario: The devices of a machine with two GPUs
      Given its simulated GPUs are
        | name     | VRAM in GB |
        | RTX 3060 | 12         |
        | RTX 3090 | 24         |
      And a swarm that was left warm by "rbee-keeper up"
      When I type "rbee-keeper devices"
      Then stdout shows a row "localhost gpu0 RTX 3060 (simulated) - 12.0 GB cuda"
      And stdout shows a row "localhost gpu1 RTX 3090 (simulated) - 24.0 GB cuda"

    Scenario Outline: <command> answers programs
      Given a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
      When I type "rbee-keeper <command> --json"
      Then stdout is one answer for programs with "<fields>"
      And stderr holds nothing
      And the exit status is 0

      Examples:
        | command | fields        |
        | devices | hives         |
        | hives   | hives         |
        | ps      | workers, jobs |
        | models  | models        |

    Scenario: A list that is empty says what would fill it
      Given a swarm that was left warm by "rbee-keeper up"
      When I type "rbee-keeper models"
      Then stderr contains "no models yet; fetch one with rbee-keeper pull HF:owner/repo"
      And the exit status is 0

  Rule: A list that needs the queen says that she is asleep

    Scenario Outline: <command> while everything sleeps
      When I type "rbee-keeper <command>"
      Then stderr contains "error: the queen is asleep"
      And stderr contains "try: rbee-keeper up"
      And the exit status is 1
      And nothing was started

      Examples:
        | command            |
        | devices            |
        | hives              |
        | ps                 |
        | models             |
        | stop worker-abcdef |

  Rule: A name that nobody has is answered with the closest

    Scenario Outline: <command>
      Given a swarm that was left warm by "rbee-keeper up"
      When I type "rbee-keeper <command>"
      Then stderr contains "error: no hive is called 'localhots'"
      And stderr contains "try: did you mean localhost?"
      And the exit status is 1

      Examples:
        | command                             |
        | devices localhots                   |
        | models --node localhots             |
        | pull --node localhots HF:author/minillama |
        | rm --node localhots HF:author/minillama   |
