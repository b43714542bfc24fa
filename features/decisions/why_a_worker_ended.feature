@phase-9
Feature: Why a worker ended
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
