Feature: Which place is the best one
  The strongest GPU first; among equals the machine that has the model on its disk. Devices on which
  the workers of a model kept dying are its last choice, and yet a choice.

  Background:
    Given a job for "HF:author/minillama"

  Scenario Outline: <what>
    Given the devices
      | hive  | device | GB   |
      | attic | gpu0   | 24   |
      | blep  | gpu0   | <GB> |
    And "<holder>" holds the model
    And workers keep dying on "<degraded>"
    When places are looked for
    Then the first is "<first>"
    And the last is "<last>"

    Examples:
      | what                                              | GB | holder | degraded   | first      | last       |
      | Of equals the first                               | 24 | none   | nothing    | gpu0@attic | cpu@blep   |
      | Of equals the one that has the model              | 24 | blep   | nothing    | gpu0@blep  | cpu@attic  |
      | A stronger one goes before one that has the model | 12 | blep   | nothing    | gpu0@attic | cpu@attic  |
      | A degraded GPU comes after the processors         | 24 | none   | gpu0@attic | gpu0@blep  | gpu0@attic |
      | A degraded processor comes last of all            | 24 | none   | cpu@blep   | gpu0@attic | cpu@blep   |

  Scenario: The strongest GPU of all machines
    Given the devices
      | hive        | device | GB |
      | mac         | gpu0   | 8  |
      | workstation | gpu0   | 12 |
      | workstation | gpu1   | 24 |
    And "none" holds the model
    When places are looked for
    Then the first is "gpu1@workstation"
    And the last is "cpu@workstation"

  Scenario: The only device is tried although workers keep dying on it
    Given the devices
      | hive | device | GB |
      | blep | gpu0   | 24 |
    And "none" holds the model
    And workers keep dying on "gpu0@blep"
    When places are looked for on device "gpu0"
    Then the first is "gpu0@blep"

  @fault.queen.spread-at-once
  Scenario Outline: What no GPU has room for is spread: <what>
    Given the devices
      | hive  | device | GB |
      | attic | gpu0   | 8  |
      | attic | gpu1   | 24 |
      | attic | gpu2   | 12 |
      | blep  | gpu0   | 16 |
    And "none" holds the model
    And workers keep dying on "<degraded>"
    When places are looked for with "<spread>" as its spread
    Then it goes to "<places>"

    Examples:
      | what                       | spread  | degraded   | places |
      | over nothing               | no      | nothing    | gpu1@attic, gpu0@blep, gpu2@attic, gpu0@attic, cpu@attic, cpu@blep |
      | over the GPUs of a machine | cards   | nothing    | gpu1@attic, gpu0@blep, gpu2@attic, gpu0@attic, gpu1+gpu2@attic, gpu0+gpu1+gpu2@attic, cpu@attic, cpu@blep |
      | over its RAM, too          | machine | nothing    | gpu1@attic, gpu0@blep, gpu2@attic, gpu0@attic, gpu1+gpu2@attic, gpu0+gpu1+gpu2@attic, gpu0+gpu1+gpu2+cpu@attic, gpu0+cpu@blep, cpu@attic, cpu@blep |
      | over several machines      | swarm   | nothing    | gpu1@attic, gpu0@blep, gpu2@attic, gpu0@attic, gpu1+gpu2@attic, gpu0+gpu1+gpu2@attic, gpu0+gpu1+gpu2+cpu@attic, gpu0+cpu@blep, gpu0+gpu1+gpu2+gpu0@blep@attic, cpu@attic, cpu@blep, gpu0+gpu1+gpu2+cpu+gpu0@blep+cpu@blep@attic |
      | not where workers died     | cards   | gpu1@attic | gpu0@blep, gpu2@attic, gpu0@attic, gpu0+gpu2@attic, cpu@attic, cpu@blep, gpu1@attic, gpu0+gpu1+gpu2@attic |

  @fault.queen.spread-over-the-useless
  Scenario: Where the engines have no use of the GPUs, the RAM of all machines is left
    Given the devices
      | hive  | device | GB |
      | attic | gpu0   | 24 |
      | blep  | gpu0   | 24 |
    And "none" holds the model
    And it may be spread over a "swarm"
    When it has had the troubles "insufficient_vram at gpu0@attic, insufficient_vram at gpu0@blep, no use of gpu0+cpu@attic, no use of gpu0+cpu@blep"
    Then it goes to "cpu@attic, cpu@blep, cpu+cpu@blep@attic"

  @fault.queen.share-with-all
  Scenario Outline: A machine that cannot share a model is left out: <what>
    Given the devices
      | hive  | device | GB |
      | attic | gpu0   | 24 |
      | blep  | gpu0   | 16 |
      | shed  | gpu0   | 12 |
      | mac   | gpu0   | 8  |
    And "none" holds the model
    When the engines of its machines speak "<versions>"
    Then over several machines it goes to "<places>"

    Examples:
      | what                     | versions                                                           | places |
      | the strongest            | 7.1.0 on attic, 8.0.0 on blep, 8.0.0 on shed                       | gpu0+gpu0@shed@blep, gpu0+gpu0@shed+gpu0@mac@blep |
      | one of three             | 8.0.0 on attic, 8.0.0 on blep, 7.1.0 on shed               | gpu0+gpu0@blep@attic, gpu0+gpu0@blep+gpu0@mac@attic |
      | of two the one that is asked last | 8.0.0 on attic, 7.1.0 on blep                             | gpu0+gpu0@shed@attic, gpu0+gpu0@shed+gpu0@mac@attic |

  Scenario Outline: A GPU that has its memory from the processor: <what>
    Given the devices
      | hive  | device | GB   |
      | attic | igpu0  | 48   |
      | blep  | gpu0   | <GB> |
    And "none" holds the model
    When places are looked for with "<spread>" as its spread
    Then it goes to "<places>"

    Examples:
      | what                                    | GB | spread  | places |
      | it is weaker than any card              | 8  | no      | gpu0@blep, igpu0@attic, cpu@attic, cpu@blep |
      | its RAM is not there twice              | 8  | machine | gpu0@blep, igpu0@attic, gpu0+cpu@blep, cpu@attic, cpu@blep |
      | over several machines its RAM takes part | 8 | swarm   | gpu0@blep, igpu0@attic, gpu0+cpu@blep, cpu@attic, cpu@blep, cpu+gpu0@blep+cpu@blep@attic |

  @fault.queen.any-version
  Scenario Outline: Machines share a model if their engines speak alike: <what>
    Given a job for "HF:author/bigllama"
    When the engines of its machines speak "<versions>"
    Then the place for it is <judged>

    Examples:
      | what        | versions                     | judged  |
      | they do     | 8.0.0 on attic, 8.0.0 on mac | tried   |
      | they do not | 8.0.0 on attic, 7.1.0 on mac | refused |

  @fault.queen.spread-over-the-broken
  Scenario Outline: Over several GPUs, after <what>
    Given the devices
      | hive  | device | GB |
      | attic | gpu0   | 8  |
      | attic | gpu1   | 24 |
      | attic | gpu2   | 12 |
    And "none" holds the model
    And it may be spread over a "machine"
    When it has had the troubles "<troubles>"
    Then it goes to "<places>"

    Examples:
      | what                              | troubles                                                | places |
      | one that had no room              | insufficient_vram at gpu1@attic                         | gpu2@attic, gpu0@attic, gpu1+gpu2@attic, gpu0+gpu1+gpu2@attic, gpu0+gpu1+gpu2+cpu@attic, cpu@attic |
      | one that workers do not start on  | worker_start_timeout at gpu1@attic                      | gpu2@attic, gpu0@attic, gpu0+gpu2@attic, gpu0+gpu2+cpu@attic, cpu@attic |
      | one that its engine has no use of | insufficient_vram at gpu1@attic, no use of gpu0+gpu1+gpu2+cpu@attic | cpu@attic |
      | two that had no room together     | insufficient_vram at gpu1@attic, insufficient_vram at gpu1+gpu2@attic | gpu2@attic, gpu0@attic, gpu0+gpu1+gpu2@attic, gpu0+gpu1+gpu2+cpu@attic, cpu@attic |
