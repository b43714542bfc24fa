Feature: A command that is interrupted while it hands a job in
  By then the queen may have the job, and only her answer tells its id: without that nobody cancels
  it. So a first Ctrl+C waits for her answer. Whoever does not want to wait presses it again.

  @fault.keeper.interrupt-at-once
  Scenario Outline: <signals> while a job is handed in
    When "<signals>" come while a job is handed in
    Then it is cancelled: <cancelled>
    And the command ends as interrupted
    And whatever takes these signals is as before

    Examples:
      | signals         | cancelled |
      | SIGINT          | yes       |
      | SIGTERM         | yes       |
      | SIGINT SIGINT   | no        |
      | SIGINT SIGTERM  | no        |
      | SIGTERM SIGTERM | no        |
