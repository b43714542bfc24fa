Feature: Whose trouble an error is, and where a job goes with it
  A job that fails before its first token goes on where another machine, or another device, may
  do better. What would be the same everywhere ends it at once.

  Scenario Outline: <error> while <model> is prepared is the trouble of the <whose>
    Given a job for "<model>"
    When its hive answers "<error>"
    Then that is the trouble of the <whose>

    Examples: what would be the same everywhere
      | model                | error             | whose   |
      | HF:author/minillama  | invalid_request   | request |
      | HF:author/minillama  | payload_too_large | request |
      | HF:author/minillama  | deadline_exceeded | request |
      | HF:author/minillama  | worker_stuck      | request |

    Examples: what each machine would hear that has to fetch the model
      | model                | error           | whose |
      | HF:author/minillama  | model_not_found | hub   |
      | HF:author/minillama  | model_invalid   | hub   |

    Examples: what another machine may do better
      | model                | error             | whose   |
      | file:/models/a.gguf  | model_not_found   | machine |
      | file:/models/a.gguf  | model_invalid     | machine |
      | HF:author/minillama  | model_gated       | machine |
      | HF:author/minillama  | download_failed   | machine |
      | HF:author/minillama  | checksum_mismatch | machine |
      | HF:author/minillama  | insufficient_disk | machine |
      | HF:author/minillama  | home_unusable     | machine |
      | HF:author/minillama  | database_unusable | machine |
      | HF:author/minillama  | port_in_use       | machine |
      | HF:author/minillama  | internal          | machine |
      | HF:author/minillama  | unauthorized      | machine |

    Examples: what another device may do better
      | model                | error                | whose  |
      | HF:author/minillama  | insufficient_vram    | device |
      | HF:author/minillama  | insufficient_ram     | device |
      | HF:author/minillama  | backend_unavailable  | device |
      | HF:author/minillama  | worker_start_timeout | device |

    Examples: what may be over in a moment
      | model                | error            | whose  |
      | HF:author/minillama  | worker_crashed   | moment |
      | HF:author/minillama  | worker_stale     | moment |
      | HF:author/minillama  | worker_busy      | moment |
      | HF:author/minillama  | worker_not_found | moment |
      | HF:author/minillama  | hive_unreachable | moment |

  @fault.queen.blame-the-hub-alone
  Scenario Outline: <error> is the trouble of the <whose> where it says "<detail>"
    Given a job for "HF:author/minillama"
    When its hive tells the detail "<detail>" of "<error>"
    Then that is the trouble of the <whose>

    Examples:
      | error            | detail | whose   | # because                                        |
      | worker_crashed   | device | device  | its hive has restarted it as often as it does    |
      | invalid_request  | device | device  | a GPU that was listed is gone                    |
      | model_invalid    | device | machine | the engine of that machine could not load it     |
      | model_invalid    | on_disk | machine | the file on the disk of that machine is damaged |
      | model_not_found  | status 401 | machine | who is logged in elsewhere may be shown it    |
      | model_not_found  | status 404 | hub  | the hub has no such repository                   |
      | hive_unreachable | silent | machine | it does not even say that it is well             |

  Scenario Outline: <what> leaves <next>
    Given the devices
      | hive        | device | GB |
      | workstation | gpu0   | 12 |
      | workstation | gpu1   | 24 |
      | localhost   | gpu0   | 8  |
    And "<holder>" holds the model
    When a job for "<model>" has had the troubles "<what>"
    Then it goes to "<next>"

    Examples:
      | model               | holder      | what                                                                          | next                                                               |
      | file:/a.gguf        | none        | nothing                                                                       | gpu1@workstation, gpu0@workstation, gpu0@localhost, cpu@localhost, cpu@workstation |
      | file:/a.gguf        | none        | model_not_found at gpu1@workstation                                           | gpu0@localhost, cpu@localhost                                      |
      | HF:author/minillama | none        | insufficient_disk at gpu1@workstation                                         | gpu0@localhost, cpu@localhost                                      |
      | HF:author/minillama | none        | insufficient_vram at gpu1@workstation                                         | gpu0@workstation, gpu0@localhost, cpu@localhost, cpu@workstation   |
      | HF:author/minillama | none        | model_not_found at gpu1@workstation                                           | nowhere                                                            |
      | HF:author/minillama | localhost   | model_not_found at gpu1@workstation                                           | gpu0@localhost, cpu@localhost                                      |
      | HF:author/minillama | none        | worker_busy at gpu1@workstation                                               | gpu1@workstation, gpu0@workstation, gpu0@localhost, cpu@localhost, cpu@workstation |
      | HF:author/minillama | none        | worker_crashed at gpu1@workstation, worker_crashed at gpu1@workstation        | gpu0@workstation, gpu0@localhost, cpu@localhost, cpu@workstation   |
      | HF:author/minillama | none        | hive_unreachable at gpu1@workstation, hive_unreachable at gpu0@workstation    | gpu0@localhost, cpu@localhost                                      |

  Scenario Outline: Who names <wish> and has had <what> <ending>
    Given the devices
      | hive        | device | GB |
      | workstation | gpu0   | 24 |
      | localhost   | gpu0   | 8  |
    And "none" holds the model
    When a job for "HF:author/minillama" that names <wish> has had the troubles "<what>"
    Then it <ending>

    Examples:
      | wish             | what                                  | ending                                |
      | device gpu0      | backend_unavailable at gpu0@workstation | ends                                |
      | device gpu0      | insufficient_disk at gpu0@workstation | ends                                  |
      | device gpu0      | worker_crashed at gpu0@workstation    | may go on                             |
      | backend cuda     | insufficient_vram at gpu0@workstation | ends                                  |
      | backend cuda     | insufficient_disk at gpu0@workstation | may go on                             |
      | node workstation | insufficient_vram at gpu0@workstation | may go on                             |

  Rule: The error in the end tells each place with its reason

    Scenario: Two machines, each with another trouble
      Given a job for "file:/a.gguf"
      When it has had the troubles "model_not_found at gpu1@workstation, insufficient_ram at cpu@localhost"
      Then its error is "model_not_found" and names "GPU1 on hive workstation, CPU on hive localhost"

    Scenario: Nothing but a lack of room
      Given a job for "HF:author/minillama"
      When it has had the troubles "insufficient_vram at gpu0@localhost, insufficient_ram at cpu@localhost"
      Then its error is "insufficient_ram" and names "GPU0 on hive localhost, CPU on hive localhost"

    @fault.queen.forget-who-is-off
    Scenario: Room is lacking, and a machine could not be woken
      Given a job for "HF:author/minillama"
      And "attic" could not be woken
      When it has had the troubles "insufficient_vram at gpu0@localhost"
      Then its error is "insufficient_vram" and names "GPU0 on hive localhost, hive attic"

    Scenario: Something else is lacking, and a machine could not be woken
      Given a job for "HF:author/minillama"
      And "attic" could not be woken
      When it has had the troubles "backend_unavailable at gpu0@localhost"
      Then its error is as its hive told it

    Scenario: What has come of a model that was replaced is the reason
      Given a job for "file:/a.gguf"
      When it has had the troubles "worker_stale at cpu@localhost, model_not_found at cpu@localhost"
      Then its error is as its hive told it

    Scenario: One place alone tells its reason as it stands
      Given a job for "file:/a.gguf"
      When it has had the troubles "model_not_found at cpu@localhost"
      Then its error is as its hive told it
