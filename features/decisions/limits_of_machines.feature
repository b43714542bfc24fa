@phase-4
Feature: What a program may use is what the machine has
  A container or a service is given a share of a machine: of its memory, its processors, and of
  their time. Whoever takes more is killed or stopped by the kernel.

  @fault.hive.whole-machine
  Scenario Outline: The smallest limit on the way to the root counts
    Given a machine on paper whose control groups of version <version> are
      | group   | limit   | used   | idle files |
      | slice   | <slice> | 300    | 100        |
      | service | <limit> | <used> | <idle>     |
    When it is asked for its memory
    Then it has <total> MiB, of which <free> MiB are free

    Examples:
      | version | slice | limit | used | idle | total | free |
      | 1       |       | 450   | 250  |      | 450   | 200  |
      | 2       |       | 450   | 250  |      | 450   | 200  |
      | 1       | 400   | 450   | 250  | 50   | 400   | 200  |
      | 2       | 400   | 450   | 250  | 50   | 400   | 200  |
      | 1       | 600   | 450   | 250  | 240  | 450   | 400  |
      | 2       | 320   |       | 250  |      | 320   | 120  |
      | 1       | 250   |       | 250  |      | 250   | 50   |
      | 2       | 200   |       | 250  |      | 200   | 0    |
      | 1       |       |       | 250  |      | all   | all  |
      | 2       |       |       | 250  |      | all   | all  |

  Scenario: Where a group is throttled it is as full as at its limit
    Given a machine on paper whose control groups of version 2 are
      | group   | limit | throttled above | used |
      | service | 900   | 700             | 300  |
    When it is asked for its memory
    Then it has 700 MiB, of which 400 MiB are free

  @fault.hive.no-bounds-of-shells
  Scenario Outline: What each program may have counts, too: <space> MiB of address space, <data> of data
    A worker takes some of it before it has a model.

    When each program may have <space> MiB of address space and <data> MiB of data
    Then a model may take <room> MiB of it

    Examples:
      | space | data | room |
      | all   | all  | all  |
      | 2048  | all  | 1408 |
      | all   | 1024 | 768  |
      | 4096  | 512  | 256  |
      | 600   | all  | 0    |

  Scenario Outline: The kernel counts whom it killed for want of memory
    Given a machine on paper whose control groups of version <version> are
      | group   | limit | killed |
      | slice   |       | 7      |
      | service | 450   | 2      |
    When it is asked for its memory
    Then 2 processes were killed there for want of memory

    Examples:
      | version |
      | 1       |
      | 2       |

  @fault.hive.count-processors
  Scenario Outline: An engine has a thread for each core that it may keep busy
    A second thread on the same core only waits for the first. A model of next to no size is done
    with a step before two threads have met.

    Given a machine on paper with the cores "<cores>", <share> of them for us
    When a program may run on the processors "<allowed>"
    Then an engine gets <threads> threads for a model of <size> MiB

    Examples:
      | cores           | allowed         | share | size | threads |
      | 0 1             | 0 1             | all   | 98   | 2       |
      | 0 1             | 0 1             | all   | 1    | 1       |
      | 0,4 1,5 2,6 3,7 | 0 1 2 3 4 5 6 7 | all   | 98   | 4       |
      | 0,4 1,5 2,6 3,7 | 0 4             | all   | 98   | 1       |
      | 0,4 1,5 2,6 3,7 | 1 6 7           | all   | 98   | 3       |
      | 0 1 2 3 4 5 6 7 | 5               | all   | 98   | 1       |
      | 0 1 2 3 4 5 6 7 | 0 1 2 3 4 5 6 7 | 3.0   | 98   | 3       |
      | 0 1 2 3 4 5 6 7 | 0 1 2 3 4 5 6 7 | 1.5   | 98   | 1       |
      | 0 1 2 3 4 5 6 7 | 0 1 2 3 4 5 6 7 | 0.5   | 98   | 1       |
      | 0 1             | 0 1             | 6.0   | 98   | 2       |
