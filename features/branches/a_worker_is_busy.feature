Feature: What happens when the worker that holds the model is busy

  Background:
    Given a worker takes 1 job at once

  Scenario: Where there is room on a GPU, another worker is started
    Given its simulated GPUs are
      | name     | VRAM in GB |
      | RTX 3060 | 12         |
    And a hub that holds "author/endless-llama"
    And a queen that is awake
    And "rbee-keeper infer --model HF:author/endless-llama 'write a short story'" runs until tokens come
    When I type "rbee-keeper infer --model HF:author/endless-llama --max-tokens 5 'hello'" beside it
    Then the terminal narrates
      """
      queen: worker <worker id> is busy and there is room for another
      queen: CUDA worker is awake and ready
      [DONE]
      """
    And the first command still runs until I press Ctrl+C

  Scenario: On the CPU it is waited for
    Given a hub that holds "author/endless-llama"
    And a queen that is awake
    And "rbee-keeper infer --model HF:author/endless-llama --max-tokens 700 'write a story'" runs until tokens come
    When I type "rbee-keeper infer --model HF:author/endless-llama --max-tokens 5 'hello'" beside it
    Then the terminal narrates
      """
      queen: worker <worker id> is busy; waiting for a slot
      queen: worker <worker id> on hive localhost already has HF:author/endless-llama loaded
      [DONE]
      """
    And 1 worker is running
