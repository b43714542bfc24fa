@expects-traceback
Feature: What happens when a program meets something nobody foresaw
  Whatever it is ends what waits for it at once, is told by its name where it can be, and stands in a
  log. Nobody waits for ever.

  Scenario Outline: <what> meets an error that nobody foresaw
    Given <what> meets an error that nobody foresaw
    When I type "rbee-keeper infer 'hello'"
    Then stderr contains "error: <told>"
    And stderr contains "  try: rbee-keeper logs <log>"
    And the exit status is 1
    And nothing is left running

    Examples:
      | what                    | told                                                       | log            |
      | the watch over a worker | internal: OSError: a bee has flown in                      | hive           |
      | the reading of a model  | internal: OSError: a bee has flown in                      | worker-        |
      | the heartbeat of a hive | hive localhost started but ended before its first heartbeat | hive-localhost |
