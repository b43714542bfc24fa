@phase-5
Feature: Phase 5: the scheduler picks a device

  Background:
    Given its simulated GPUs are
      | name     | VRAM in GB |
      | RTX 3060 | 12         |
      | RTX 3090 | 24         |
      | RTX 3070 | 8          |
    And a swarm that was left warm by "rbee-keeper up"

  @only-asks
  Scenario: What there is to pick from is listed
    When I type "rbee-keeper devices"
    Then stdout shows a row "localhost gpu0 RTX 3060 (simulated) - 12.0 GB cuda"
    And stdout shows a row "localhost gpu1 RTX 3090 (simulated) - 24.0 GB cuda"

  @only-asks
  @fault.queen.wrong-gpu
  Scenario: The GPU with the most memory is picked
    When I type "rbee-keeper infer 'hello'"
    Then the terminal narrates
      """
      queen: basic scheduler picked GPU1 on hive localhost (for advanced scheduling, see docs)
      queen: CUDA worker is awake and ready
      """

  @only-asks
  @fault.queen.ignore-device
  Scenario: A device that is named is used
    When I type "rbee-keeper infer --device gpu2 'hello'"
    Then the terminal narrates
      """
      queen: basic scheduler picked GPU2 on hive localhost (for advanced scheduling, see docs)
      hive: waking worker on <port> with model=<path>, device=gpu2
      """

  @only-asks
  @fault.queen.ignore-device
  Scenario: The CPU is used when it is asked for
    When I type "rbee-keeper infer --backend cpu 'hello'"
    Then the terminal narrates
      """
      queen: basic scheduler picked CPU on hive localhost (for advanced scheduling, see docs)
      queen: CPU worker is awake and ready
      """

  @only-asks
  @fault.queen.ignore-node
  Scenario: What nobody has is refused with what there is
    When I type each of these commands
      | command                                   | status | says                                                                          |
      | rbee-keeper infer --device gpu7 'hello'   | 1      | no hive has a gpu7                                                            |
      | rbee-keeper infer --backend metal 'hello' | 1      | try: name one of these: localhost: cpu, gpu0 (cuda), gpu1 (cuda), gpu2 (cuda) |
      | rbee-keeper infer --node attic 'hello'    | 1      | no hive is called 'attic'                                                     |
    Then each of them says what its row tells, and ends with its status
    And 0 worker is running
