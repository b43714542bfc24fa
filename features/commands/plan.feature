Feature: rbee-keeper plan
  Tells each place that a job would be tried in, with what the model takes there and what is free, and
  which one it would be; loads no model, and fetches none.

  Background:
    Given its simulated GPUs are
      | name     | VRAM in GB |
      | RTX 3060 | 12         |
      | RTX 3070 | 8          |
    And a hub that holds "author/bigllama"

  @fault.queen.plan-the-first
  Scenario: A model that no GPU has room for
    When I type "rbee-keeper plan HF:author/bigllama:F16"
    Then stdout shows a row "1 localhost gpu0 all <size> <size> <size> too little"
    And stdout shows a row "3 localhost gpu0 <count> <size> <size> taken"
    And stdout shows a row "3 localhost gpu1 <count> <size> <size> taken"
    And the hub has served no download
    And nothing is left running

  @only-asks
  Scenario: The best place alone is taken
    Given a swarm that was left warm by "rbee-keeper up"
    When I type "rbee-keeper plan HF:author/bigllama:Q4_K_M"
    Then stdout shows a row "1 localhost gpu0 all <size> <size> taken"
    And stdout shows a row "2 localhost gpu1 all <size> <size> yes"

  @only-asks
  @fault.queen.slow-cards
  Scenario: How fast it would be in each place
    Given its simulated GPUs are
      | name     | VRAM in GB | GB/s |
      | RTX 3060 | 12         | 0    |
      | RTX 3070 | 8          | 0.05 |
    And a swarm that was left warm by "rbee-keeper up"
    When I type "rbee-keeper plan HF:author/bigllama:Q4_K_M"
    Then stdout shows a row "1 localhost gpu0 all <size> <size> taken (about <count> tokens/s)"
    And stdout shows a row "2 localhost gpu1 all <size> <size> yes (less than 0.1 tokens/s)"

  @only-asks
  Scenario: What a job would be refused for
    Given a swarm that was left warm by "rbee-keeper up"
    When I type "rbee-keeper plan --spread no --no-cpu HF:author/bigllama:F16"
    Then stdout shows a row "2 localhost gpu1 all <size> <size> <size> too little"
    And stderr contains "no place has room: a job would be refused"
    And the exit status is 0

  @only-asks
  Scenario: A file that is nowhere
    Given a swarm that was left warm by "rbee-keeper up"
    When I type "rbee-keeper plan file:/no/such.gguf"
    Then stderr contains "/no/such.gguf is not on this machine: a job would be refused"
    And the exit status is 0

  @only-asks
  Scenario: A worker that has the model is named
    Given a swarm that was left warm by "rbee-keeper up"
    And I have typed "rbee-keeper infer 'hello'"
    When I type "rbee-keeper plan minillama"
    Then stdout shows a row "1 localhost gpu0 all <size> <size> yes"
    And stderr contains "has minillama loaded already and would answer"

  @only-asks
  Scenario: For programs
    Given a swarm that was left warm by "rbee-keeper up"
    When I type "rbee-keeper plan --json HF:author/bigllama:F16"
    Then stdout is one answer for programs with "model_ref, outcome, places, worker_id, away"
