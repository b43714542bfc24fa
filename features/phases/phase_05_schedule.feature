@phase-5
Feature: Phase 5: the scheduler picks a device

  Background:
    Given its simulated GPUs are
      | name     | VRAM in GB |
      | RTX 3060 | 12         |
      | RTX 3090 | 24         |
      | RTX 3070 | 8          |

  @fault.queen.wrong-gpu
  Scenario: The GPU with the most memory is picked
    When I type "rbee-keeper infer 'hello'"
    Then the terminal narrates
      """
      queen: basic scheduler picked GPU1 on hive localhost (for advanced scheduling, see docs)
      queen: CUDA worker is awake and ready
      """

  @fault.queen.ignore-device
  Scenario: A device that is named is used
    When I type "rbee-keeper infer --device gpu2 'hello'"
    Then the terminal narrates
      """
      queen: basic scheduler picked GPU2 on hive localhost (for advanced scheduling, see docs)
      hive: waking worker on :8601 with model=<path>, device=gpu2
      """

  @fault.queen.ignore-device
  Scenario: The CPU is used when it is asked for
    When I type "rbee-keeper infer --backend cpu 'hello'"
    Then the terminal narrates
      """
      queen: basic scheduler picked CPU on hive localhost (for advanced scheduling, see docs)
      queen: CPU worker is awake and ready
      """

  @fault.queen.ignore-node
  Scenario Outline: What nobody has is refused with what there is
    When I type "rbee-keeper infer <choice> 'hello'"
    Then stderr contains "<message>"
    And the exit status is 1
    And nothing is left running

    Examples:
      | choice          | message                                                                           |
      | --device gpu7   | no hive has a gpu7                                                                |
      | --backend metal | try: name one of these: localhost: cpu, gpu0 (cuda), gpu1 (cuda), gpu2 (cuda)     |
      | --node attic    | no hive is called 'attic'                                                         |
