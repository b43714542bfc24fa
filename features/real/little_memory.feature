@needs-real-models @needs-linux
Feature: Little memory for a real model
  The control group of a container or a service leaves a part of the machine's memory.

  @needs-control-groups
  Scenario: A worker has as many slots as the group has memory for
    Given a control group that allows 600 MiB of memory
    When I type "rbee-keeper infer --model file:$MODELS/smollm2.gguf --max-tokens 12 --temperature 0 'What color is the sky?'"
    Then stdout contains "blue"
    And the exit status is 0
    And nothing is left running

  @needs-control-groups
  Scenario: What does not fit is refused before it is loaded, with what would
    Given a control group that allows 400 MiB of memory
    When I type "rbee-keeper infer --model file:$MODELS/smollm2.gguf --ctx 8192 'What color is the sky?'"
    Then stderr contains "error: file:"
    And stderr contains "try: a context of 4096 tokens would fit: --ctx 4096"
    And the exit status is 1
    And nothing is left running

  @needs-control-groups
  Scenario: An encoder takes no memory for what it does not keep
    Given a control group that allows 800 MiB of memory
    And a queen that is awake
    When a program asks for the vectors of these texts from "file:$MODELS/encoder.gguf"
      | text  |
      | hello |
    Then each vector has 1024 numbers
    And 1 worker is running

  @needs-control-groups
  Scenario: A worker that the kernel ends is not started again as it was
    Given a control group that allows 2000 MiB of memory
    And a swarm that is warm with "file:$MODELS/smollm2.gguf"
    And a program has asked "file:$MODELS/smollm2.gguf" for an answer with 3 words
    And its memory is all but used up
    When a program asks "file:$MODELS/smollm2.gguf" for an answer with 600 words
    Then it is answered
    And the kernel has ended 1 program of the group
    And the log of the hive says "out of memory"

  Scenario: What a shell lets each program have is what there is
    Given each program may have 930 MiB of address space
    When I type "rbee-keeper infer --model file:$MODELS/smollm2.gguf --ctx 8192 'What color is the sky?'"
    Then stderr contains "error: file:"
    And stderr contains "try: a context of 4096 tokens would fit: --ctx 4096"
    And the exit status is 1
    And nothing is left running
