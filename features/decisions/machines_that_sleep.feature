Feature: Which machine is woken, and when one goes back to sleep
  A machine that sleeps is a place like any other, the last of its kind: nobody is woken for what one
  that is awake has room for. Hives and jobs are on paper, as in the feature of what happens next.

  @fault.queen.wake-first
  Scenario Outline: <what>
    When it happens that <happens>
    Then job <job> <stands>
    And "<woken>" was woken

    Examples: What is awake is used first
      | what                                    | happens                           | job | stands         | woken  |
      | A GPU that is awake has room            | attic joins with 24; attic sleeps; 1 wants A | 1 | runs on gpu0 | nobody |
      | A worker has the model already          | attic joins; 1 wants A; 1 ends; attic sleeps; 2 wants A | 2 | runs on gpu0 | nobody |
      | A slot of it is waited for              | attic joins; 1 wants A; attic sleeps; 2 wants A | 2 | waits for busy | nobody |
      | Whoever wants the processor gets it     | attic joins; attic sleeps; 1 wants A on cpu | 1 | runs on cpu | nobody |

    Examples: What sleeps is woken for what it can do better
      | what                                    | happens                           | job | stands         | woken  |
      | No GPU that is awake is large enough    | attic joins with 24; attic sleeps; 1 wants C | 1 | runs on gpu0 of attic | attic |
      | The GPU that is awake works for others  | attic joins; attic sleeps; 1 wants A; 2 wants B | 2 | runs on gpu0 of attic | attic |
      | The strongest of those that sleep       | attic joins with 12; shed joins with 24; attic sleeps; shed sleeps; 1 wants C | 1 | runs on gpu0 of shed | shed |
      | Of equals the one that has the model    | attic joins with 24; shed joins with 24; attic sleeps; shed sleeps with C; 1 wants C | 1 | runs on gpu0 of shed | shed |
      | Two want it at once                     | attic joins with 24; attic sleeps; 1 wants F at once; 2 wants F | 2 | waits for busy | attic |

    Examples: As many are woken as one model takes
      | what                                    | happens                           | job | stands         | woken  |
      | One that sleeps and one that is awake   | attic joins; attic sleeps; 1 wants C without a CPU | 1 | runs on gpu0+gpu0@attic | attic |
      | No more than it takes                   | attic joins; shed joins; attic sleeps; shed sleeps; 1 wants F without a CPU | 1 | runs on gpu0+gpu0@attic | attic |
      | All that it takes                       | attic joins with 15; shed joins with 15; attic sleeps; shed sleeps; 1 wants D without a CPU | 1 | runs on gpu0+gpu0@attic+gpu0@shed | attic, shed |
      | Who is awake comes first                | attic joins; shed joins; shed sleeps; 1 wants F without a CPU | 1 | runs on gpu0+gpu0@attic | nobody |
      | Nobody where it may be spread no further | attic joins; attic sleeps; 1 wants C | 1 | runs on gpu0+cpu | nobody |
      | One that does not wake is not counted   | attic joins; shed joins; attic sleeps for good; shed sleeps; 1 wants F without a CPU | 1 | runs on gpu0+gpu0@shed | attic, shed |

    Examples: Nobody is woken in vain
      | what                                    | happens                           | job | stands         | woken  |
      | Its GPU is known to be too small        | attic joins with 8; attic sleeps; 1 wants C | 1 | runs on gpu0+cpu | nobody |
      | One that does not wake is gone on without | attic joins with 24; attic sleeps for good; 1 wants C | 1 | runs on gpu0+cpu | attic |
      | And so is the next                      | attic joins with 24; shed joins with 16; attic sleeps for good; shed sleeps; 1 wants C | 1 | runs on gpu0 of shed | attic, shed |
      | Nobody is left                          | attic joins with 24; attic sleeps for good; localhost sleeps for good; 1 wants A | 1 | is refused | attic, localhost |
      | It is refused when no other is left     | attic joins with 24; attic sleeps for good; 1 wants C without a CPU | 1 | is refused | attic |

  @fault.queen.let-them-go
  Scenario Outline: A queen lets a machine go to sleep: <what>
    When it happens that <happens>
    Then she lets "attic" be suspended: <answer>

    Examples:
      | what                                | happens                                                  | answer |
      | Nobody wants it                     | attic joins                                              | yes    |
      | A job works elsewhere               | attic joins; 1 wants A                                   | yes    |
      | A job works there                   | attic joins with 24; 1 wants C                           | no     |
      | A job has ended there               | attic joins with 24; 1 wants C; 1 ends                   | yes    |
      | It is just decided where one works  | attic joins; 1 wants A at once                           | no     |
      | A job waits for room elsewhere      | attic joins with 8; 1 wants E on gpu0; 2 wants B on gpu0 | no     |

  @fault.queen.packets-each
  Scenario Outline: Packets are sent once for all who wait: <what>
    When <happens> with a machine that sleeps
    Then <packets> packets were sent, and it ended so: <ends>

    Examples:
      | what                                  | happens                     | packets | ends                          |
      | It wakes                              | 1 waits                     | 1       | 1 has it                      |
      | Two want it at once                   | 1 waits, 2 waits            | 1       | 1 has it, 2 has it            |
      | It does not wake                      | 1 waits in vain, 2 waits in vain | 1  | 1 is told why, 2 is told why  |
      | One of two has left                   | 1 waits and leaves, 2 waits | 1       | 1 has left, 2 has it          |
      | Everybody has left                    | 1 waits in vain and leaves  | 1       | 1 has left                    |

  @fault.hive.suspend-anyway
  Scenario Outline: A hive has its machine suspended, or not: <what>
    Given a machine is looked at that <is>
    When its hive asks itself whether it may be suspended
    Then it answers "<may>"

    Examples:
      | what                                | is                                                       | may                                                    |
      | nobody needs it                     | was woken                                                | may                                                    |
      | it was awake before                 | was awake                                                | may not: it was awake before it was wanted             |
      | a model is loaded                   | was woken, has 1 worker                                  | may not: 1 worker has a model loaded                   |
      | models are loaded                   | was woken, has 2 workers                                 | may not: 2 workers have a model loaded                 |
      | something is fetched                | was woken, has 1 download                                | may not: 1 download is under way                       |
      | somebody sits at it                 | was woken, has anna on tty2                              | may not: anna on tty2 is logged in                     |
      | its user may not do that            | was woken, has no right                                  | may not: hives may not suspend it                      |

  Scenario Outline: Who is logged in where <what>
    When who says "<who>", loginctl "<sessions>", and SSH servers have "<ssh>"
    Then "<people>" are there

    Examples:
      | what | who | sessions | ssh | people |
      | nobody is | nothing | nothing | nothing | nobody |
      | somebody has a terminal | anna  pts/0  2026-11-27 20:00 (10.0.0.7) | nothing | nothing | anna on pts/0 |
      | a desktop is used | nothing | anna user active seat0 tty2 | nothing | anna on tty2 |
      | the login screen waits | nothing | gdm greeter active seat0 tty1 | nothing | nobody |
      | our tunnel comes in | nothing | anna user active | nothing | nobody |
      | a session is being closed | nothing | anna user closing seat0 tty2 | nothing | nobody |
      | both say the same | anna  tty2   2026-11-27 20:00 | anna user active seat0 tty2 | nothing | anna on tty2 |
      | a program runs over SSH | nothing | nothing | anna rsync | anna over SSH (rsync) |

  Scenario Outline: How a machine is suspended: <what>
    When "<user>" wants to suspend a machine of "<platform>" that has "<has>"
    Then it does so by "<command>", and is advised "<advice>"

    Examples:
      | what | user | platform | has | command | advice |
      | by root | root | linux | /bin/systemctl | /bin/systemctl suspend | nothing |
      | where polkit lets it | anna | linux | /bin/systemctl, polkit yes | /bin/systemctl suspend | nothing |
      | where sudo lets it | anna | linux | /bin/systemctl, polkit challenge, sudo | sudo -n /bin/systemctl suspend | nothing |
      | where nothing lets it | anna | linux | /bin/systemctl, polkit challenge | nothing | echo 'anna ALL=(root) NOPASSWD: /bin/systemctl suspend' \| sudo tee /etc/sudoers.d/rbee-suspend |
      | where it cannot be | root | linux | /bin/systemctl, polkit na | nothing | look into /sys/power/state and the settings of its firmware |
      | without systemd | anna | linux | nothing | nothing | install systemd there, or leave --wake out |
      | on a Mac | anna | darwin | /usr/bin/pmset | /usr/bin/pmset sleepnow | nothing |
