@phase-9
Feature: Phase 9: the hive starts a worker process

  Scenario: A worker takes the next port when its own is held
    Given another program holds the first worker's port
    When I type "rbee-keeper infer 'hello'"
    Then the terminal narrates
      """
      hive: waking worker on :8602 with model=<path>, device=cpu
      queen: CPU worker is awake and ready
      """
    And the exit status is 0

  @fault.hive.no-restart
  Scenario: A worker that dies while it loads is started again
    Given a worker that is killed while it loads, 1 time
    When I type "rbee-keeper infer 'hello'"
    Then the terminal narrates
      """
      hive: worker <worker id> died (signal 9); restart 1 in <delay> s
      hive: waking worker on <port> with model=<path>, device=cpu
      queen: CPU worker is awake and ready
      [DONE]
      """
    And nothing is left running

  Scenario: A worker that dies each time is given up with its log
    Given a worker that is killed while it loads, 9 times
    When I type "rbee-keeper infer 'hello'"
    Then the terminal narrates
      """
      hive: worker <worker id> died (signal 9); restart 1 in <delay> s
      hive: worker <worker id> died (signal 9); restart 2 in <delay> s
      hive: worker <worker id> died (signal 9); restart 3 in <delay> s
      """
    And stderr contains "was restarted 3 times in vain"
    And the exit status is 1
    And nothing is left running

  @timing
  Scenario: A worker that makes no progress while it loads is given up
    Given a worker that hangs while it loads
    And no progress for 0.3 seconds counts as a stall
    When I type "rbee-keeper infer 'hello'"
    Then stderr contains "made no progress for 0.3 s"
    And the exit status is 1
    And nothing is left running
