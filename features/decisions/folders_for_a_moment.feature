Feature: What a program writes for a moment goes when it has ended
  Each worker has a folder of its own for that. One that is killed cannot remove it, so hives look for
  such folders when they begin, and when a worker was killed.

  Scenario Outline: The folder of a program that <state>
    Given a folder of a program that <state>
    When somebody looks for what was left
    Then that folder <fate>

    Examples:
      | state                         | fate    |
      | was killed                    | is gone |
      | works                         | stays   |
      | has only just begun           | stays   |
      | was killed before it had begun | is gone |
