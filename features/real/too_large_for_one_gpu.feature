@needs-real-models
Feature: What happens to a model that no GPU has room for
  It is spread: over several GPUs of a machine, else over its GPUs and its RAM, before it would run on
  the processor alone. Each part is promised its memory, and the answer is that of a model in one
  piece.

  Background:
    Given its simulated GPUs are
      | name     | VRAM in GB |
      | GTX 1630 | 0.524      |
      | GTX 1650 | 0.524      |

  @fault.queen.one-device-alone
  Scenario: Two GPUs together have room for it
    When I type "rbee-keeper infer --model file:$MODELS/smollm2-short.gguf --max-tokens 2 'hello'"
    Then the terminal narrates
      """
      queen: insufficient VRAM on GPU1 for <path>; trying next candidate...
      queen: basic scheduler picked GPU0 + GPU1 on hive localhost (for advanced scheduling, see docs)
      queen: there is room in GPU0 + GPU1 for model <path>
      queen: spread: 6 layers on GPU0 (<size> MB), 7 layers on GPU1 (<size> MB)
      queen: expecting about <count> tokens/s with GPU0 + GPU1 on hive localhost; no other place would be faster
      hive: waking worker on :8601 with model=<path>, device=gpu0+gpu1
      queen: CUDA worker is awake and ready
      """
    And the exit status is 0
    And nothing is left running

  Scenario: What does not fit on them lies in RAM
    When I type "rbee-keeper infer --model file:$MODELS/smollm2-short.gguf --ctx 24576 --max-tokens 2 'hello'"
    Then the terminal narrates
      """
      queen: insufficient VRAM on GPU0 + GPU1 for <path>; trying next candidate...
      queen: basic scheduler picked GPU0 + GPU1 + CPU on hive localhost (for advanced scheduling, see docs)
      hive: waking worker on :8601 with model=<path>, device=gpu0+gpu1+cpu
      queen: CUDA worker is awake and ready
      """
    And the exit status is 0

  @fault.keeper.spread-anyway
  Scenario: It is spread no further than allowed
    When I type "rbee-keeper infer --model file:$MODELS/smollm2-short.gguf --max-tokens 2 --spread no 'hello'"
    Then the terminal narrates
      """
      queen: insufficient VRAM on GPU1 for <path>; trying next candidate...
      queen: no GPU has room for <path>; FALLING BACK TO THE CPU (slow)
      """
    And the exit status is 0

  Scenario: It says what a model in one piece says
    Given its simulated GPUs are
      | name     | VRAM in GB |
      | GTX 1630 | 0.56       |
      | GTX 1650 | 0.56       |
    When I type each of these commands
      | command                                                                                                       |
      | rbee-keeper infer --model file:$MODELS/smollm2-small.gguf --max-tokens 8 --temperature 0 --no-cpu 'Who are you?'     |
      | rbee-keeper infer --model file:$MODELS/smollm2-small.gguf --max-tokens 8 --temperature 0 --device cpu 'Who are you?' |
    Then each of them has worked
    And all of them have shown the same

  @fault.keeper.hide-the-parts
  Scenario: Its parts stand in the list of workers
    Given a swarm that is warm with "file:$MODELS/smollm2-short.gguf"
    When I type "rbee-keeper ps"
    Then stdout shows a row "<worker id> localhost file:<path> gpu0+gpu1 ready 1/1"
    And stdout shows a row "- localhost = 6 layers gpu0 - - <size> MB"
    And stdout shows a row "- localhost = 7 layers gpu1 - - <size> MB"

  Scenario: Where it idles, its parts make room on any of their devices
    Given a swarm that is warm with "file:$MODELS/smollm2-short.gguf"
    When I type "rbee-keeper infer --model file:$MODELS/smollm2-short.gguf --ctx 1024 --device gpu1 --max-tokens 2 'hello'"
    Then the terminal narrates
      """
      hive: unloaded idle worker <worker id> to make room
      queen: CUDA worker is awake and ready
      """
    And 1 worker is running
