Feature: Programs are watched as they run

  Scenario: Waiting ends as soon as the program is gone
    Given the watched program "python -c 'import sys; sys.exit(3)'"
    When the harness waits for its line "ready"
    Then the harness complains that "has ended without the line 'ready'"

  Scenario: Ctrl+C reaches the program
    Given the watched program "sh -c 'echo awake >&2; exec sleep 60'"
    And its line "awake" has come
    When its user presses Ctrl+C
    Then the watched program ends with status -2

  Scenario: Output that a child holds open is found out
    Given the watched program "sh -c 'sleep 12 & exit 0'"
    When the harness waits for its end
    Then the harness complains that "holds its stdout"

  Scenario: A terminal is a terminal
    Given the watched program "python -c 'import sys; print(input(), sys.stderr.isatty())'" on a terminal
    When its user types "hello"
    Then the watched program shows "hello True"
    And the watched program ends with status 0

  Scenario: A pipe on the command line
    Given the watched program "echo hello | python -c 'print(input().upper())'"
    When the harness waits for its end
    Then the watched program shows "HELLO"

  Scenario: A stream that is cut off shows as one
    When a rehearsed server streams
      """
      id: 1
      event: token
      data: {"t":" upon","i":1}

      : still here

      data: [DONE]
      """
    Then the client has seen "token, [DONE]"
