Feature: Nothing from elsewhere steers the terminal
  A hostile hub, model file, machine and program can choose names, errors, logs and answers. None of
  them sets the clipboard and the title, clears the screen, and draws rows that nobody wrote. (What is
  shown, character by character, is in the decisions.)

  @fault.keeper.raw-terminal
  Scenario: A log in which somebody else has written
    Given a log called "queen" with what would steer a terminal in it
    When I type "rbee-keeper logs queen" on a terminal
    Then the terminal shows it, and is not steered

  Scenario: Names that hold what nobody sees are refused, and shown
    When I type each of these commands
      | command                                                          | status | says                         |
      | rbee-keeper infer --node "$(printf 'at\033[2Jtic')" hello        | 2      | at\x1b[2Jtic                 |
      | rbee-keeper infer --model "$(printf 'HF:a/b:\033]0;t\007')" hello | 2     | \x1b]0;t\x07                 |
      | rbee-keeper stop "$(printf 'worker\302\2333A')"                  | 2      | worker\x9b3A                 |
      | rbee-keeper "$(printf 'st\033[1mop')"                            | 2      | st\x1b[1mop                  |
    Then each of them says what its row tells, and ends with its status
