@phase-9
Feature: Why a worker ended, and what is done about it
  The kernel ends a program without a word where memory runs out. It counts whom it has ended: so
  rbee tells it from a signal that somebody sent, and does not try again what would end the same.

  @fault.hive.blame-nobody
  Scenario Outline: A signal, who sent it, and whom the kernel has killed meanwhile
    When a worker ends with the status <status>, sent by <sender>, <killed> killed meanwhile
    Then the cause is <cause>

    Examples:
      | status | sender   | killed | cause          |
      | -9     | nobody   | 1      | memory         |
      | -9     | nobody   | 0      | perhaps memory |
      | -9     | its hive | 0      | itself         |
      | -9     | its hive | 1      | itself         |
      | -11    | nobody   | 1      | itself         |
      | 1      | nobody   | 0      | itself         |

  @fault.hive.fail-without-a-status
  Scenario: A copy of a hive has ended, and the kernel tells nobody how
    It does so where whoever has started the hive ignores the ends of its children.
    When a copy of a hive has ended whose status was lost
    Then its end is seen, with the status 0

  @fault.hive.outlive-the-template
  Scenario Outline: A worker has ended by <status> while it <does>, of <cause>
    When a worker of the CPU has ended by <status> while it <does>, of <cause>, with <has>
    Then this is done about it: <done>

    Examples: What serves is started again, as often as is allowed
      | status | does   | cause          | has                 | done          |
      | -11    | served | itself         | a draft, a projector | AGAIN        |
      | -9     | served | perhaps memory | a draft             | AGAIN         |
      | -9     | served | memory         | a draft             | OUT_OF_MEMORY |
      | 1      | served | itself         | no restart left     | TOO_OFTEN     |
      | -9     | served | memory         | no restart left     | OUT_OF_MEMORY |

    Examples: What crashes while it loads is tried without what it can do without, one by one
      | status | does   | cause          | has                       | done              |
      | -11    | loaded | itself         | a draft and a projector   | WITHOUT_DRAFT     |
      | -6     | loaded | itself         | a projector               | WITHOUT_PROJECTOR |
      | -11    | loaded | itself         | nothing else              | WITHOUT_TEMPLATE  |
      | -11    | loaded | itself         | a crash before that       | DEADLY            |
      | -11    | loaded | itself         | a crash before that, on a GPU | WITHOUT_TEMPLATE |
      | -11    | loaded | itself         | a draft, but no restart left | TOO_OFTEN      |
      | 1      | loaded | itself         | a draft                   | AGAIN             |
      | -9     | loaded | perhaps memory | a projector               | AGAIN             |
      | -9     | loaded | memory         | a projector               | OUT_OF_MEMORY     |
