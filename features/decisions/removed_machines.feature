Feature: The hive of a machine that was removed is not let back in
  A hive that falls silent rejoins by itself when its heartbeats come again; not one whose machine was
  removed meanwhile.

  @fault.queen.let-back-in
  Scenario Outline: Its machine was removed
    Given a queen who knows of a hive that it <state>
    When its machine is removed
    Then its heartbeats are refused

    Examples:
      | state             |
      | is awake          |
      | has fallen silent |

  Scenario: One that has fallen silent and was not removed
    Given a queen who knows of a hive that it has fallen silent
    When it beats again
    Then its heartbeats let it in again
