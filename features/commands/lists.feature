Feature: What there is: devices, hives, ps, top, models
  Lists are plain columns for people and one answer for programs. What runs is asked of the queen,
  and nobody is woken; machines and their devices are remembered, and told also while all sleeps.

  Rule: A warm swarm tells everything it has

    @only-asks
    @fault.queen.hide-devices
    @fault.queen.hide-hives
    @fault.queen.hide-models
    @fault.queen.hide-workers
    Scenario: Each list tells people what is there, under its heading
      Given a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
      When I type each of these commands
        | command                             | heading                               | row                                           |
        | rbee-keeper devices                 | HIVE DEVICE NAME CORES MEMORY BACKEND | localhost cpu                                 |
        | rbee-keeper devices localhost       | HIVE DEVICE NAME CORES MEMORY BACKEND | localhost cpu                                 |
        | rbee-keeper hives                   | HIVE STATE HOST                       | localhost online localhost                    |
        | rbee-keeper ps                      | WORKER HIVE MODEL DEVICE STATE SLOTS CONTEXT MEMORY TOKENS/S UNLOADS | <worker id> localhost minillama cpu ready 4/4 |
        | rbee-keeper top                     | WORKER HIVE MODEL DEVICE STATE SLOTS CONTEXT MEMORY TOKENS/S UNLOADS | <worker id> localhost minillama cpu ready 4/4 |
        | rbee-keeper models                  | MODEL HIVE SIZE QUANT STATE           | minillama localhost                           |
        | rbee-keeper models --node localhost | MODEL HIVE SIZE QUANT STATE           | minillama localhost                           |
      Then each of them has worked
      And each of them shows its heading and its row
      And none of them says anything on stderr

    @only-asks
    Scenario: Each list tells programs what is there, in one answer
      Given a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
      When I type each of these commands
        | command                    | fields        |
        | rbee-keeper devices --json | hives         |
        | rbee-keeper hives --json   | hives         |
        | rbee-keeper ps --json      | workers, jobs, operations |
        | rbee-keeper models --json  | models, unreachable |
      Then each of them has worked
      And each of them is one answer for programs with its fields
      And none of them says anything on stderr

    @only-asks
    Scenario: A list that is empty says what would fill it
      Given a swarm that was left warm by "rbee-keeper up"
      When I type "rbee-keeper models"
      Then stderr contains "no models yet; fetch one with rbee-keeper pull HF:owner/repo"
      And the exit status is 0

    Scenario: A model that is pulled is listed with what else is under way
      Given a hub that holds "author/minillama"
      And the hub stops in the middle of "minillama-f16.gguf"
      And a swarm that was left warm by "rbee-keeper up"
      And "rbee-keeper pull HF:author/minillama:F16" waits for it in another terminal
      When I type "rbee-keeper ps"
      Then stdout shows a row "OPERATION DOING WHAT HIVE PROGRESS AGE"
      And stdout contains " of 1.9 MB"

    Scenario: What is at work is watched, on one page
      Given a hub that holds "author/endless-llama"
      And a queen that is awake
      And "rbee-keeper top" is watched on a terminal
      When "rbee-keeper infer --model HF:author/endless-llama 'write a story'" is typed elsewhere, and tokens come
      Then a page shows "running" and "3/4"
      And Ctrl+C ends the watching

  Rule: A list that needs the queen says that she is asleep

    Scenario Outline: <command> while everything sleeps
      When I type "rbee-keeper <command>"
      Then stderr contains "error: the queen is asleep"
      And stderr contains "try: rbee-keeper up"
      And the exit status is 1
      And nothing was started

      Examples:
        | command            |
        | ps                 |
        | models             |
        | stop worker-abcdef |

  Rule: Machines are remembered while everything sleeps

    Scenario: What was added is listed with what is known of it
      Given its simulated GPUs are
        | name     | VRAM in GB |
        | RTX 3060 | 12         |
      And I have typed "rbee-keeper add-hive localhost"
      When I type each of these commands
        | command             | heading                               | row                                               |
        | rbee-keeper hives   | HIVE STATE HOST                       | localhost offline localhost                       |
        | rbee-keeper devices | HIVE DEVICE NAME CORES MEMORY BACKEND | localhost gpu0 RTX 3060 (simulated) - 12.0 GB cuda |
      Then each of them has worked
      And each of them shows its heading and its row
      And none of them says anything on stderr
      And nothing is left running

  Rule: A machine that does not answer is named under a list

    @timing
    @fault.keeper.hasty-lists
    Scenario: However long a machine may take, the queen is waited for longer
      Given a machine is waited for 6000 ms
      And a hive that is frozen is given 1000 ms to leave
      And a swarm that was left warm by "rbee-keeper up"
      And the hive has just been frozen
      When I type "rbee-keeper models"
      Then stderr contains "localhost does not answer: its models are not listed (it takes longer than 6 s)"
      And the exit status is 0

  Rule: A name that nobody has is answered with the closest

    @only-asks
    Scenario: A hive whose name is misspelt
      Given a swarm that was left warm by "rbee-keeper up"
      When I type each of these commands
        | command                                               | error                           | advice                  |
        | rbee-keeper devices localhots                         | no hive is called 'localhots'   | did you mean localhost? |
        | rbee-keeper models --node localhots                   | no hive is called 'localhots'   | did you mean localhost? |
        | rbee-keeper pull --node localhots HF:author/minillama | no hive is called 'localhots'   | did you mean localhost? |
        | rbee-keeper rm --node localhots HF:author/minillama   | no hive is called 'localhots'   | did you mean localhost? |
        | rbee-keeper infer --node localhots 'hello'            | no hive is called 'localhots'   | did you mean localhost? |
        | rbee-keeper infer --node attic 'hello'                | no hive is called 'attic'       | rbee-keeper hives lists them: localhost |
      Then each of them is refused with its error and its advice

    @fault.queen.any-name
    Scenario: A hive whose name is misspelt, where nothing is awake
      When I type "rbee-keeper infer --node localhots 'hello'"
      Then the terminal narrates
        """
        error: no hive is called 'localhots'
        try: did you mean localhost?
        """
      And the exit status is 1
      And nothing is left running
