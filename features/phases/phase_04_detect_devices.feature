@phase-4
Feature: Phase 4: the hive tells what its machine has
  A machine without a GPU is that of features/flows/cold_infer.feature.

  Scenario: The processor's name is found once, beside the work, and kept
    Given a hive that looks for its processor's name at once
    And a swarm that is warm
    When the processor's name has been found
    Then the hive tells that name of its processor
    And it tells how fast its RAM is read
    And the queen's catalog has the name of its processor

  Scenario: Simulated GPUs are said to be simulated, one of another maker too
    Given its simulated GPUs are
      | name       | VRAM in GB | backend |
      | RX 7900 XT | 20         | rocm    |
    When I type "rbee-keeper infer --backend rocm 'hello'"
    Then the terminal narrates
      """
      queen: hive localhost has CPU, GPU0 RX 7900 XT (20GB); models: 0, workers: 0
      hive: the GPUs of this machine are simulated: GPU0 RX 7900 XT
      queen: basic scheduler picked GPU0 on hive localhost (for advanced scheduling, see docs)
      worker: GPU0 is simulated: the engine runs on the CPU of this machine
      queen: ROCm worker is awake and ready
      """
    And the exit status is 0

  @needs-nvml-stub @only-asks
  Scenario: An engine without CUDA refuses a CUDA device instead of using the CPU in silence
    Given a driver that reports
      | name                    | VRAM in GB | used in GB |
      | NVIDIA GeForce RTX 3090 | 24         | 2          |
    And a swarm that was left warm by "rbee-keeper up"
    When I type "rbee-keeper infer --device gpu0 'hello'"
    Then stderr contains "finds no cuda device on this machine"
    And stderr contains "try: pip install --force-reinstall xllamacpp"
    And the exit status is 1

  @needs-nvml-stub @only-asks
  Scenario: A plan knows of it
    Given a driver that reports
      | name                    | VRAM in GB | used in GB |
      | NVIDIA GeForce RTX 3090 | 24         | 2          |
    And a swarm that was left warm by "rbee-keeper up"
    When I type "rbee-keeper plan minillama"
    Then stdout shows a row "1 localhost gpu0 all <size> <size> engine llamacpp <version> finds no cuda device"
    And stdout shows a row "3 localhost cpu all <size> <size> taken"

  @needs-nvml-stub
  @fault.hive.any-engine
  Scenario: GPUs are found through NVML, and no worker starts on one that its engine does not find
    Given a driver that reports
      | name                    | VRAM in GB | used in GB | memory in MHz | bus in bits |
      | NVIDIA GeForce RTX 3060 | 12         | 1          | 0             | 0           |
      | NVIDIA GeForce RTX 3090 | 24         | 2          | 9751          | 384         |
    And a swarm that was left warm by "rbee-keeper infer --device cpu --keep-alive 'hello'"
    When the hive is told to start a worker on "gpu1"
    Then it refuses, as "backend_unavailable"
    And 1 worker is running
    And the terminal narrates
      """
      queen: hive localhost has CPU, GPU0 RTX 3060 (12GB), GPU1 RTX 3090 (24GB); models: 0, workers: 0
      """
    And the queen's catalog has "gpu1" with 936.1 GB per second

  @needs-nvml-stub
  Scenario: A driver that does not answer means no GPU
    Given a driver that is broken
    When I type "rbee-keeper infer 'hello'"
    Then the terminal narrates
      """
      queen: hive localhost has CPU; models: 0, workers: 0
      """
    And the exit status is 0

  Scenario: A description of simulated GPUs that cannot be read
    Given a description of simulated GPUs that is broken
    When I type "rbee-keeper infer 'hello'"
    Then stderr contains "error: RBEE_SIMULATE_GPUS="
    And the exit status is 2
    And nothing is left running
