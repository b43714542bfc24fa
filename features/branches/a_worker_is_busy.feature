Feature: What happens when the worker that holds the model is busy

  Background:
    Given a hub that holds "author/endless-llama"

  Scenario: Where there is room on a GPU, another worker is started
    Given its simulated GPUs are
      | name     | VRAM in GB |
      | RTX 3060 | 12         |
    And a queen that is awake, whose workers take 1 job at once
    And "rbee-keeper infer --model HF:author/endless-llama 'write a short story'" runs until tokens come
    When I type "rbee-keeper infer --model HF:author/endless-llama --max-tokens 5 'hello'" beside it
    Then the terminal narrates
      """
      queen: worker <worker id> is busy and there is room for another
      queen: CUDA worker is awake and ready
      [DONE]
      """
    And the first command still runs until I press Ctrl+C

  @fault.queen.crowd-the-cpu
  Scenario: On the CPU it is waited for
    Given a queen that is awake, whose workers take 1 job at once
    And "rbee-keeper infer --model HF:author/endless-llama 'write a story'" runs until tokens come
    And "rbee-keeper infer --model HF:author/endless-llama --max-tokens 5 'hello'" runs beside it until it narrates "queen: worker <worker id> is busy; waiting for a slot"
    When I press Ctrl+C in the first terminal
    Then the command ends
    And the terminal narrates
      """
      queen: worker <worker id> is busy; waiting for a slot
      queen: worker <worker id> on hive localhost already has HF:author/endless-llama loaded
      [DONE]
      """
    And 1 worker is running
