Feature: What happens when a worker is in the way
  What a worker was promised is not given to another. One that idles makes room, one that works
  never does.

  @fault.hive.never-unload
  Scenario: An idle worker is unloaded to make room
    Given its simulated GPUs are
      | name    | VRAM in GB |
      | Tiny GT | 0.455      |
    And a hub that holds "author/minillama"
    And a swarm that is warm
    When I type "rbee-keeper infer --model HF:author/minillama:Q8_0 --device gpu0 'hello'"
    Then the terminal narrates
      """
      queen: there is room in GPU0 for model HF:author/minillama:Q8_0
      hive: unloaded idle worker <worker id> to make room
      queen: CUDA worker is awake and ready
      """
    And the exit status is 0
    And 1 worker is running

  @fault.hive.unload-busy
  Scenario: A busy worker is never unloaded
    Given its simulated GPUs are
      | name    | VRAM in GB |
      | Tiny GT | 0.468      |
    And a hub that holds "author/endless-llama"
    And a queen that is awake
    And "rbee-keeper infer --model HF:author/endless-llama 'write a short story'" keeps a worker busy
    And "rbee-keeper infer --device gpu0 'hello'" runs beside it until it narrates "queen: number 1 in the queue for GPU0 on hive localhost"
    When I type "rbee-keeper ps"
    Then 1 worker is running
    And the first command still runs until I press Ctrl+C
