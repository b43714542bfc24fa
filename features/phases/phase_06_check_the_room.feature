@phase-6
Feature: Phase 6: a model is placed only where it fits
  The hive reads the header of the model on the hub, before anything is downloaded.

  @fault.hive.no-fit-check
  @fault.queen.first-or-none
  Scenario: No room on the strongest GPU, nor on the next, but in RAM
    Given its simulated GPUs are
      | name     | VRAM in GB |
      | GTX 1650 | 1          |
      | GTX 1660 | 2          |
    And a hub that holds "author/bigllama"
    When I type "rbee-keeper infer --model HF:author/bigllama:Q4_K_M --no-cpu 'hello'"
    Then the terminal narrates
      """
      queen: basic scheduler picked GPU1 on hive localhost (for advanced scheduling, see docs)
      queen: insufficient VRAM on GPU1 for HF:author/bigllama:Q4_K_M; trying next candidate...
      queen: basic scheduler picked GPU0 on hive localhost (for advanced scheduling, see docs)
      queen: insufficient VRAM on GPU0 for HF:author/bigllama:Q4_K_M; trying next candidate...
      """
    And stderr contains "error: no device has room for HF:author/bigllama:Q4_K_M"
    And the exit status is 1
    And the hub has served no download

  @fault.hive.no-advice
  Scenario: A named device without room fails at once, with a quant that would fit
    Given its simulated GPUs are
      | name     | VRAM in GB |
      | RTX 3090 | 24         |
      | RTX 3070 | 8          |
    And a hub that holds "author/bigllama"
    When I type "rbee-keeper infer --model HF:author/bigllama:Q8_0 --device gpu1 'hello'"
    Then stderr contains "error: HF:author/bigllama:Q8_0 needs"
    And stderr contains "try: --model HF:author/bigllama:Q5_K_M would fit"
    And the terminal does not narrate
      """
      queen: basic scheduler picked GPU0 on hive localhost (for advanced scheduling, see docs)
      """
    And the exit status is 1
    And nothing is left running

  @fault.queen.no-fallback
  @fault.queen.silent-fallback
  Scenario: The CPU is used when no GPU has room, and nobody can miss it
    Given its simulated GPUs are
      | name     | VRAM in GB |
      | GT 210   | 0.4        |
    When I type "rbee-keeper infer 'hello'"
    Then the terminal narrates
      """
      queen: insufficient VRAM on GPU0 for minillama; trying next candidate...
      queen: no GPU has room for minillama; FALLING BACK TO THE CPU (slow)
      queen: CPU worker is awake and ready
      """
    And the exit status is 0
