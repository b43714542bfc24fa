Feature: What holds for any input
  The tables of the other features show examples. Here inputs are made up, the same ones each time,
  and a rule is tried on all of them; of those that break it the smallest is told.

  Scenario Outline: Of <inputs>: <rule>
    When "<rule>" is tried on <count> made-up <inputs>
    Then no counterexample is found

    Examples: What travels
      | inputs            | count | rule                                 |
      | streams of events | 100   | what was written is read             |
      | bytes             | 100   | it is read alike, wherever it is cut |

    Examples: What people type and read
      | inputs                      | count | rule                                |
      | model references            | 100   | its text means the same             |
      | texts for a model           | 100   | what is not refused means itself    |
      | names of machines and users | 300   | no shell finds anything in it       |
      | texts for a terminal        | 100   | it moves no cursor                  |
      | settings                    | 100   | it is the same, wherever it is said |

    @fault.hive.fill-to-the-brim
    Examples: Models and where they fit
      | inputs                   | count | rule                                    |
      | headers of models        | 100   | it costs little to read                 |
      | headers of models        | 100   | what it says is read                    |
      | models                   | 100   | more tokens take no less, and slots no more than alone |
      | models in parts          | 200   | each part has room, and none is lost    |
      | states of a device       | 100   | no more is given than there is          |
      | listings of a repository | 100   | the order decides nothing               |

    Examples: What an answer may be
      | inputs           | count | rule                                               |
      | forms of answers | 100   | a grammar lets through what fits, and nothing else |

    Examples: Who goes first
      | inputs            | count | rule                                                    |
      | shelves of jobs   | 100   | what was over first goes first, and no more than has to |
      | downloads in line | 100   | each has its turn, within the bounds                    |
      | jobs that come and end | 300 | nobody is passed over, and nobody waits in vain      |
