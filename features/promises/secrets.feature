Feature: Only who has the token is let in, and the token is nowhere to be seen
  The token is drawn on first use, readable by its owner alone, and handed to children through a
  pipe. (That it stands in no log, no output and no command line is checked after every scenario.)

  Scenario: The token is its owner's alone
    When I type "rbee-keeper infer 'hello'"
    Then the token can be read by its owner alone

  @only-asks
  @fault.queen.no-auth
  Scenario Outline: The <role> lets nobody in without the token
    Given a swarm that is warm
    When somebody without the token asks the <role> for everything it has
    Then each answer but that of its health says "unauthorized"

    Examples:
      | role   |
      | queen  |
      | hive   |
      | worker |

  @only-asks
  @fault.worker.engine-port
  Scenario: The engine has no port of its own
    Given a swarm that is warm
    When somebody asks each port that the worker listens on
    Then it is one port, and it answers nothing without a secret
