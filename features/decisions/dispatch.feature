Feature: What happens next to the jobs that want a worker
  One function decides, from all that is known. Here hives and jobs are on paper: a machine with a
  GPU of 10 and a processor of 20, workers that take one job at once, models A and B that take 6, C
  that takes 12, D that takes 40, E that takes 10 and F that takes 19. Machines that join are like it,
  but for their GPU where that is told.

  Scenario Outline: <what>
    When it happens that <happens>
    Then job <job> <stands>

    Examples: A worker that is there
      | what                                    | happens                           | job | stands         |
      | The best device gets a worker           | 1 wants A                         | 1   | runs on gpu0   |
      | A worker that is free is used           | 1 wants A; 1 ends; 2 wants A on gpu0 | 2 | runs on gpu0  |
      | On a busy one a slot is waited for      | 1 wants A; 2 wants A              | 2   | waits for busy |
      | Who waited first gets it                | 1 wants A; 2 wants A; 3 wants A; 1 ends | 2 | runs on gpu0 |
      | The others wait on                      | 1 wants A; 2 wants A; 3 wants A; 1 ends | 3 | waits for busy |

    Examples: Room
      | what                                    | happens                           | job | stands         |
      | Idle workers make room                  | 1 wants A; 1 ends; 2 wants B      | 2   | runs on gpu0   |
      | What fits beside others starts there    | 1 wants A on cpu; 2 wants B       | 2   | runs on gpu0   |
      | What no GPU takes runs on it and in RAM | 1 wants C                         | 1   | runs on gpu0+cpu |
      | And beside others on what they leave    | 1 wants A; 2 wants C              | 2   | runs on gpu0+cpu |
      | What fits nowhere is refused            | 1 wants D                         | 1   | is refused     |
      | It is refused, too, while others run    | 1 wants A; 2 wants D              | 2   | is refused     |
      | And where it may not run                | 1 wants C without a CPU           | 1   | is refused     |

    @fault.queen.impatient
    Examples: A shortage that passes
      | what                                    | happens                           | job | stands         |
      | Who may runs on the processor meanwhile | 1 wants A; 2 wants B              | 2   | runs on cpu    |
      | Who may not waits for the GPU           | 1 wants A; 2 wants B without a CPU | 2  | waits for gpu0 |
      | Who named it waits for it               | 1 wants A; 2 wants B on gpu0      | 2   | waits for gpu0 |
      | Once it has room it is used             | 1 wants A; 2 wants B without a CPU; 1 ends | 2 | runs on gpu0 |
      | A processor can be waited for, too      | 1 wants C on cpu; 2 wants E on cpu | 2 | waits for cpu |

    @fault.queen.late-ones-in
    Examples: Who came first has the room first
      | what                                    | happens                           | job | stands         |
      | Nobody late is let into what is to go   | 1 wants A; 2 wants B on gpu0; 3 wants A on gpu0 | 3 | waits for to make room |
      | Who came first is served first          | 1 wants A; 2 wants B on gpu0; 3 wants A on gpu0; 1 ends | 2 | runs on gpu0 |
      | Then who came next                      | 1 wants A; 2 wants B on gpu0; 3 wants A on gpu0; 1 ends | 3 | waits for gpu0 |
      | And he has it in the end                | 1 wants A; 2 wants B on gpu0; 3 wants A on gpu0; 1 ends; 2 ends | 3 | runs on gpu0 |

    @fault.queen.deaf-to-idle-parts
    Examples: A model over several machines that idles makes room
      | what                                    | happens                           | job | stands         |
      | For another over the same machines      | attic joins; 1 wants C without a CPU; 1 ends; 2 wants F without a CPU | 2 | runs on gpu0+gpu0@attic |
      | And for one on one of them              | attic joins; 1 wants C without a CPU; 1 ends; 2 wants E on gpu0 | 2 | runs on gpu0 |
      | Not where that would not be enough      | attic joins; 1 wants C without a CPU; 1 ends; 2 wants D without a CPU; 3 wants C without a CPU | 3 | runs on gpu0+gpu0@attic |

    @fault.queen.refuse-beside-others
    Examples: A model over several machines works, and another one wants its room
      | what                                    | happens                           | job | stands         |
      | It waits                                | attic joins; 1 wants C without a CPU; 2 wants F without a CPU | 2 | waits for gpu0+gpu0@attic |
      | Until that has its answer               | attic joins; 1 wants C without a CPU; 2 wants F without a CPU; 1 ends | 2 | runs on gpu0+gpu0@attic |
      | Who may use RAM does not wait           | attic joins; 1 wants C without a CPU; 2 wants F | 2 | runs on gpu0+cpu of attic |
      | What it would not be enough for is told | attic joins; 1 wants C without a CPU; 2 wants D without a CPU | 2 | is refused |
      | Who came first has the room first       | attic joins; 1 wants C without a CPU; 2 wants F without a CPU; 3 wants C without a CPU; 1 ends | 2 | runs on gpu0+gpu0@attic |

    @fault.queen.refuse-what-is-left
    Examples: A model over several machines is ending, and has its parts until it has
      | what                                    | happens                           | job | stands         |
      | Their room is waited for                | attic joins; 1 wants C without a CPU; 1 breaks; 2 wants F without a CPU | 2 | waits for gpu0+gpu0@attic |
      | Until it is there                       | attic joins; 1 wants C without a CPU; 1 breaks; 2 wants F without a CPU; 1 is gone | 2 | runs on gpu0+gpu0@attic |
      | What it would not be enough for is told | attic joins; 1 wants C without a CPU; 1 breaks; 2 wants D without a CPU; 1 is gone | 2 | is refused |
      | Elsewhere nobody waits for it           | attic joins; 1 wants C without a CPU; 1 breaks; 2 wants A | 2 | runs on gpu0 of attic |

    Examples: A machine joins
      | what                                    | happens                           | job | stands         |
      | Who waits for a GPU gets that one       | 1 wants A; 2 wants B without a CPU; attic joins | 2 | runs on gpu0 of attic |
      | Who waits for a slot gets a worker there | 1 wants A; 2 wants A; attic joins | 2  | runs on gpu0 of attic |
      | What was refused fits on both           | 1 wants C without a CPU; attic joins; 2 wants C without a CPU | 2 | runs on gpu0+gpu0@attic |

    @fault.queen.refuse-without-the-dead
    Examples: A machine dies
      | what                                    | happens                           | job | stands         |
      | Who had looked around looks again, and wakes it | attic joins; 1 wants C without a CPU as attic dies | 1 | runs on gpu0+gpu0@attic |

    @fault.queen.refuse-before-they-wake
    Examples: A machine takes long to wake, and is gone on without
      | what                                    | happens                           | job | stands         |
      | Where another has room nobody waits     | attic takes long; 1 wants A       | 1   | runs on gpu0   |
      | Nor where a processor has               | attic takes long; 1 wants A; 2 wants B | 2 | runs on cpu  |
      | Where none has room it is waited for    | attic takes long; 1 wants C without a CPU | 1 | waits for attic to wake |
      | Until it is there                       | attic takes long; 1 wants C without a CPU; attic joins | 1 | runs on gpu0+gpu0@attic |
      | Or does not wake                        | attic takes long; 1 wants C without a CPU; attic wakes not | 1 | is refused |
      | Or turns out to be too small            | attic takes long; 1 wants D without a CPU; attic joins | 1 | is refused |
      | One after the other                     | attic takes long; shed takes long; 1 wants C without a CPU; attic wakes not | 1 | waits for shed to wake |
      | Others wait for running jobs first      | attic takes long; 1 wants A; 2 wants B on gpu0 | 2 | waits for gpu0 |
      | Who comes meanwhile waits for it, too   | attic takes long; 1 wants C without a CPU; 2 wants C without a CPU; attic joins; 1 ends | 2 | runs on gpu0+gpu0@attic |

  @fault.queen.first-come
  Scenario Outline: Slots go in turn to <waiting>, while <running> run and <served> was served last
    When <waiting> wait, <running> run and <served> was served last
    Then slots go to <order>

    Examples:
      | waiting                     | running | served | order                       |
      | laptop, laptop              | nobody  | nobody | laptop, laptop              |
      | laptop, laptop, phone       | nobody  | nobody | laptop, phone, laptop       |
      | laptop, phone               | laptop  | nobody | phone, laptop               |
      | laptop, phone               | nobody  | laptop | phone, laptop               |
      | laptop, laptop, phone, desk | phone   | laptop | desk, laptop, phone, laptop |

  Scenario Outline: A worker on the processor and a GPU that was busy: <what>
    When it happens that <happens>
    Then the workers are <workers>

    Examples:
      | what                               | happens                                  | workers              |
      | Both run                           | 1 wants A; 2 wants B                     | A on gpu0, B on cpu  |
      | It moves once the GPU has room     | 1 wants A; 2 wants B; 2 ends; 1 ends     | B on gpu0            |
      | Not as long as it works            | 1 wants A; 2 wants B; 1 ends             | B on cpu, B on gpu0  |
      | But then                           | 1 wants A; 2 wants B; 1 ends; 2 ends     | B on gpu0            |
      | Not where others were used since   | 1 wants A; 2 wants B; 2 ends; 3 wants A; 1 ends; 3 ends | A on gpu0, B on cpu |
      | Not where somebody waits for it    | 1 wants A; 2 wants B; 2 ends; 3 wants E on gpu0; 1 ends | B on cpu, E on gpu0 |

  @fault.queen.blind-to-who-leaves
  Scenario Outline: A worker on the processor, and a GPU that a game had: <what>
    When it happens that <happens>
    Then the workers are <workers>

    Examples:
      | what                                | happens                                           | workers              |
      | It moves once that has ended        | game begins; 1 wants A; 1 ends; game ends         | A on gpu0            |
      | Once nobody uses it any more        | game begins; 1 wants A; game ends                 | A on cpu, A on gpu0  |
      | Not before                          | game begins; 1 wants A; 1 ends                    | A on cpu             |
      | Not where that would not be enough  | game begins; 1 wants C; 1 ends; game ends         | C on cpu             |
      | Not where somebody said where to be | game begins; 1 wants A on cpu; 1 ends; game ends  | A on cpu             |
      | Not where others were used since    | game begins; 1 wants A; 1 ends; game ends; 2 wants E on gpu0 | E on gpu0 |
      | To a slot more before that          | game begins; 1 wants A; game ends; 2 wants A      | A on cpu, A on gpu0  |

  @fault.queen.blind-to-who-joins
  Scenario Outline: A worker that is not where it would be best, and a machine that joins: <what>
    When it happens that <happens>
    Then the workers are <workers>

    Examples:
      | what                                | happens                                           | workers              |
      | It moves from the processor         | 1 wants A; 2 wants B; 2 ends; attic joins         | A on gpu0, B on gpu0 of attic |
      | It moves out of the RAM             | 1 wants C; 1 ends; attic joins with 24            | C on gpu0 of attic   |
      | From several machines to one        | attic joins; 1 wants C without a CPU; 1 ends; shed joins with 24 | C on gpu0 of shed |
      | Once nobody uses it any more        | 1 wants C; attic joins with 24                    | C on gpu0 of attic, C on gpu0+cpu |
      | Not from one machine to several     | 1 wants C; 1 ends; attic joins                    | C on gpu0+cpu        |
      | Not where somebody said where to be | 1 wants A on cpu; 1 ends; attic joins             | A on cpu             |
      | To the one that has room            | 1 wants C; 1 ends; attic joins; shed joins with 24 | C on gpu0 of shed   |
