@needs-hosts
@needs-real-models
@needs-rpc
Feature: What happens to a model that no machine has room for
  It is spread over several: the worker that answers is on one of them, and on each of the others a
  process computes its part. The answer is that of a model in one piece. What they say to one another
  goes through the queen, by the ways that she has to their hives anyway.

  Background:
    Given a swarm of my machine "blep" and the machine "attic", each with a GPU of 0.524 GB

  @fault.queen.one-machine-alone
  Scenario: Two machines together have room for it, and it is planned as it is done
    When I type "rbee-keeper up && rbee-keeper plan --no-cpu file:$MODELS/smollm2-short.gguf && rbee-keeper infer --model file:$MODELS/smollm2-short.gguf --max-tokens 2 --no-cpu 'hello' && rbee-keeper down"
    Then the terminal narrates
      """
      queen: basic scheduler picked GPU0 + GPU0 of attic on hive localhost (for advanced scheduling, see docs)
      queen: there is room in GPU0 + GPU0 of attic for model <path>
      queen: parts of the model are awake on attic
      queen: CUDA worker is awake and ready
      """
    And stdout shows a row "3 localhost gpu0 <count> <size> <size> taken"
    And stdout shows a row "3 attic gpu0 <count> <size> <size> taken"
    And the exit status is 0
    And nothing is left running
    And nothing runs on "attic"

  Scenario: It says what a model in one piece says, to four callers at once, too
    Given the GPUs of all machines have 0.64 GB
    And "rbee-keeper infer --model file:$MODELS/smollm2.gguf --max-tokens 8 --temperature 0 --ctx 1024 --device cpu --node localhost 'Repeat: the bee, the bee, the bee'" was typed for comparison
    And a swarm that was left warm by "rbee-keeper infer --keep-alive --ctx 1024 --model file:$MODELS/smollm2.gguf --max-tokens 2 --no-cpu 'hello'"
    When I type "rbee-keeper infer --model file:$MODELS/smollm2.gguf --max-tokens 8 --temperature 0 --no-cpu 'Repeat: the bee, the bee, the bee'" in 4 terminals at once
    Then each of them has worked
    And all of them have shown the same
    And one of its workers takes 4 jobs at once on "gpu0+gpu0@attic"

  Scenario: Its parts stand in the list of workers, nothing new listens, and no plan counts what would leave
    Given a swarm that was left warm by "rbee-keeper infer --keep-alive --model file:$MODELS/smollm2-short.gguf --max-tokens 2 --no-cpu 'hello'"
    When I type "rbee-keeper ps && rbee-keeper plan --no-cpu file:$MODELS/smollm2-short-tools.gguf"
    Then stdout shows these rows
      | row                                                           |
      | <worker id> localhost file:<path> gpu0+gpu0@attic ready 1/1   |
      | - localhost = <count> layers gpu0 - - <size> MB               |
      | - attic = <count> layers gpu0 - - <size> MB                   |
      | 3 localhost gpu0 7 <size> <size> taken                        |
      | 3 attic gpu0 6 <size> <size> taken                            |
    And the part on "attic" has one socket, and no port

  @fault.queen.measure-for-ever
  Scenario Outline: How fast the network is was measured <when> ago, as 1 kB per second
    Given the way to "attic" was measured <minutes> minutes ago, as 1 kB per second
    When I type "rbee-keeper plan --json --no-cpu file:$MODELS/smollm2-short.gguf"
    Then its weights pass the network for <time>
    And the queen's catalog knows the way to "attic" since <known>

    Examples:
      | when    | minutes | time       | known |
      | minutes | 30      | many hours | then  |
      | hours   | 120     | a moment   | now   |

  Scenario: Their RAM together has room for it, and that of neither alone
    Given no machine has a GPU, and RAM for five sixths of "smollm2-small"
    When I type "rbee-keeper infer --model file:$MODELS/smollm2-small.gguf --max-tokens 2 'hello'"
    Then the terminal narrates
      """
      queen: there is room in CPU + CPU of attic for model <path>
      queen: parts of the model are awake on attic
      queen: CPU worker is awake and ready
      """
    And the exit status is 0
    And nothing is left running
    And nothing runs on "attic"

  @timing
  @fault.queen.give-up-the-slow
  Scenario: A machine that is needed is waited for, however slow it is to wake
    Given "attic" is slower to wake than it is waited for
    And "rbee-keeper infer --model file:$MODELS/smollm2-short.gguf --max-tokens 2 --no-cpu 'hello'" runs until it narrates "queen: nobody else is left; waiting for hive attic, which is slow to wake..."
    When "attic" has woken
    Then the command ends
    And the exit status is 0
    And nothing is left running
    And nothing runs on "attic"

  @timing
  @fault.hive.wake-for-nobody
  Scenario: Ctrl+C while a machine that is slow to wake is waited for
    Given "attic" is slower to wake than it is waited for
    And "rbee-keeper infer --model file:$MODELS/smollm2-short.gguf --max-tokens 2 --no-cpu 'hello'" runs until it narrates "queen: nobody else is left; waiting for hive attic, which is slow to wake..."
    When I press Ctrl+C, and "attic" has woken then
    Then the exit status is 130
    And nothing is left running
    And nothing runs on "attic"

  @timing
  Scenario: A machine that would be needed is off
    Given the plug of "attic" has been pulled
    When I type "rbee-keeper infer --model file:$MODELS/smollm2-short.gguf --max-tokens 2 --no-cpu 'hello'"
    Then stderr contains "error: no device has room for file:"
    And stderr contains "; hive attic: "
    And the exit status is 1
    And nothing is left running

  @timing
  Scenario: A machine that would be needed is off, and that is planned
    Given the plug of "attic" has been pulled
    When I type "rbee-keeper plan --no-cpu file:$MODELS/smollm2-short.gguf"
    Then stdout shows a row "3 localhost gpu0 <count> <size> <size> yes (attic is off)"
    And stdout shows a row "3 attic gpu0 <count> <size> <size> yes (attic is off)"
    And stderr contains "with attic switched on there would be room"
    And nothing is left running

  Scenario: Three have room for what two have not, and where they are too small each is named with what it has
    Given the machine "shed" has joined them
    And the GPUs of all machines have 0.515 GB
    When I type each of these commands
      | command                                                                                    | status | says |
      | rbee-keeper up                                                                             | 0      | |
      | rbee-keeper infer --model file:$MODELS/smollm2-short.gguf --ctx 49152 --max-tokens 2 --no-cpu 'hello' | 1 | has too little room on 3 machines together: ... MB on attic & has too little room on 3 machines together: ... MB on shed |
      | rbee-keeper infer --model file:$MODELS/smollm2-short.gguf --max-tokens 2 --no-cpu 'hello'  | 0      | there is room in GPU0 + GPU0 of ... + GPU0 of ... for model ... parts of the model are awake on ... , |
      | rbee-keeper down                                                                           | 0      | |
    Then each of them says what its row tells, and ends with its status
    And nothing is left running
    And nothing runs on "shed"

  @fault.queen.outlive-a-part
  Scenario: A part dies in the middle of a story, while somebody waits
    Given "rbee-keeper infer --model file:$MODELS/smollm2-short-endless.gguf --no-cpu 'hello'" runs until tokens come
    And "rbee-keeper infer --model file:$MODELS/smollm2-short-endless.gguf --max-tokens 2 --no-cpu 'hello'" runs beside it until it narrates "queen: number 1 in the queue for <ref>"
    When "attic" loses its part
    Then the first command fails with "has lost its part on hive attic"
    And the command ends
    And the exit status is 0
    And nothing is left running

  Scenario: A part dies while nobody asks it anything
    Given a swarm that was left warm by "rbee-keeper infer --keep-alive --model file:$MODELS/smollm2-short.gguf --max-tokens 2 --no-cpu 'hello'"
    And "attic" has lost its part
    When I type "rbee-keeper infer --model file:$MODELS/smollm2-short.gguf --max-tokens 2 --no-cpu 'hello'"
    Then the terminal narrates
      """
      queen: parts of the model are awake on attic
      [DONE]
      """
    And the exit status is 0

  Scenario: A part dies while the model is loaded
    Given the GPUs of all machines have 0.56 GB
    And "rbee-keeper infer --model file:$MODELS/smollm2-small.gguf --max-tokens 2 --no-cpu 'hello'" runs until it narrates "worker: loading model from <path>"
    When "attic" loses its part
    Then the command ends
    And the exit status is 0
    And nothing is left running
    And nothing runs on "attic"

  @timing
  Scenario: The plug of a part is pulled while nobody asks it anything, and put back
    Given heartbeats come every 50 ms
    And a swarm that was left warm by "rbee-keeper infer --keep-alive --model file:$MODELS/smollm2-short.gguf --max-tokens 2 --no-cpu 'hello'"
    And the plug of "attic" has been pulled
    And the plug of "attic" has been put back
    When I type "rbee-keeper infer --model file:$MODELS/smollm2-short.gguf --max-tokens 2 --no-cpu 'hello'"
    Then the terminal narrates
      """
      queen: parts of the model are awake on attic
      [DONE]
      """
    And the exit status is 0

  @timing
  Scenario Outline: In the middle of a story the <role> is killed
    Given heartbeats come every 200 ms
    And a hive without a queen stays awake for 1000 ms
    And "rbee-keeper infer --model file:$MODELS/smollm2-short-endless.gguf --no-cpu 'hello'" runs until tokens come
    When the <role> is killed
    Then nothing is left running
    And nothing runs on "attic"

    Examples:
      | role   |
      | keeper |
      | queen  |

  Scenario Outline: In the middle of a story somebody <does>
    Given "rbee-keeper infer --model file:$MODELS/smollm2-short-endless.gguf --no-cpu 'hello'" runs until tokens come
    When I <do>
    Then nothing is left running
    And nothing runs on "attic"

    Examples:
      | does             | do                                            |
      | presses Ctrl+C   | press Ctrl+C                                  |
      | puts it to sleep | put the swarm to sleep with "rbee-keeper down" |

  Scenario: The hive of a part dies in the middle of a story
    Given "rbee-keeper infer --model file:$MODELS/smollm2-short-endless.gguf --no-cpu 'hello'" runs until tokens come
    When somebody kills the hive of "attic"
    Then the command fails with "has lost its part on hive attic"
    And nothing is left running
    And nothing runs on "attic"

  Scenario: The machine of a part is removed in the middle of a story
    Given "rbee-keeper infer --model file:$MODELS/smollm2-short-endless.gguf --no-cpu 'hello'" runs until tokens come
    When I type "rbee-keeper remove-hive attic" beside it
    Then the first command fails with "has lost its part on hive attic"
    And nothing is left running
    And nothing runs on "attic"

  @timing
  Scenario: The machine of a part goes off in the middle of a story
    Given heartbeats come every 50 ms
    And "rbee-keeper infer --model file:$MODELS/smollm2-short-endless.gguf --no-cpu 'hello'" runs until tokens come
    When the plug of "attic" is pulled
    Then the command fails with "has lost its part on hive attic"
    And nothing is left running

  @fault.queen.believe-in-the-hive-of-a-part
  Scenario Outline: The hive of a part dies <when>
    Given a worker that hangs while it loads
    And "rbee-keeper infer --model file:$MODELS/smollm2-short.gguf --max-tokens 2 --no-cpu 'hello'" runs until it narrates "<line>"
    When somebody kills the hive of "attic"
    Then the command ends
    And the exit status is 0
    And nothing is left running
    And nothing runs on "attic"

    Examples:
      | when                       | line                                      |
      | before the head is started | queen: parts of the model are awake on <hives> |
      | while it loads             | worker: GPU0 is simulated: the engine runs on the CPU of this machine |

  Scenario: The head dies while it loads
    Given a worker that is killed while it loads, 1 time
    When I type "rbee-keeper infer --model file:$MODELS/smollm2-short.gguf --max-tokens 2 --no-cpu 'hello'"
    Then the exit status is 0
    And nothing is left running
    And nothing runs on "attic"

  @fault.queen.keep-idle-parts
  Scenario: Where it idles, its parts make room for another over both machines, and for one on one of them
    Given a swarm that was left warm by "rbee-keeper infer --keep-alive --model file:$MODELS/smollm2-short.gguf --max-tokens 2 --no-cpu 'hello'"
    When I type each of these commands
      | command                                                                                          | status | says |
      | rbee-keeper infer --max-tokens 2 --model file:$MODELS/smollm2-short-tools.gguf --no-cpu 'hello'  | 0      | queen: unloaded idle worker ... of hive localhost to make room ... queen: CUDA worker is awake and ready |
      | rbee-keeper infer --max-tokens 2 --model file:$MODELS/smollm2-short.gguf --ctx 1024 --node attic --device gpu0 'hello' | 0 | queen: unloaded idle worker ... of hive localhost to make room ... queen: CUDA worker is awake and ready |
    Then each of them says what its row tells, and ends with its status

  @fault.queen.refuse-beside-others
  Scenario: While it works, another one that wants its room waits
    Given "rbee-keeper infer --model file:$MODELS/smollm2-short-endless.gguf --no-cpu 'hello'" runs until tokens come
    And "rbee-keeper infer --model file:$MODELS/smollm2-short.gguf --max-tokens 2 --no-cpu 'hello'" runs beside it until it narrates "queen: number 1 in the queue for GPU0 + GPU0 of attic on hive localhost"
    When I press Ctrl+C in the first terminal
    Then the command ends
    And the exit status is 0
    And nothing is left running
    And nothing runs on "attic"

  Scenario: It is spread no further than allowed, and where they are too small, a machine that joins brings the room
    When I type each of these commands
      | command                                                                                       | status | says |
      | rbee-keeper up                                                                                | 0      | |
      | rbee-keeper infer --model file:$MODELS/smollm2-short.gguf --max-tokens 2 --no-cpu --spread machine 'hello' | 1 | error: no device has room for file: |
      | rbee-keeper infer --model file:$MODELS/smollm2-short.gguf --ctx 24576 --max-tokens 2 --no-cpu 'hello' | 1 | has too little room on 2 machines together |
      | rbee-keeper remove-hive attic                                                                 | 0      | |
      | rbee-keeper infer --model file:$MODELS/smollm2-short.gguf --max-tokens 2 --no-cpu 'hello'           | 1      | insufficient VRAM on GPU0 |
      | rbee-keeper add-hive attic                                                                    | 0      | |
      | rbee-keeper infer --model file:$MODELS/smollm2-short.gguf --max-tokens 2 --no-cpu 'hello'           | 0      | there is room in GPU0 + GPU0 of attic |
      | rbee-keeper down                                                                              | 0      | |
    Then each of them says what its row tells, and ends with its status
    And nothing is left running
    And nothing runs on "attic"

  Scenario: Its queen is killed
    Given a swarm that was left warm by "rbee-keeper infer --keep-alive --model file:$MODELS/smollm2-short.gguf --max-tokens 2 --no-cpu 'hello'"
    And the queen has just been killed
    And "attic" computes no part any more
    When I type "rbee-keeper infer --temperature 0 'hello'"
    Then stdout holds the answer of minillama to "hello" alone
    And everything is asleep
