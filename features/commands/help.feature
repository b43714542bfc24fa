Feature: The commands explain themselves

  Scenario: The help of a command starts nothing
    When I type "rbee-keeper chat --help"
    Then stdout contains "Example"
    And stdout contains "rbee-keeper chat"
    And the exit status is 0
    And nothing was started

  Scenario Outline: The help of "<command>" shows an example
    When the help of "<command>" is read
    Then it shows an example of "rbee-keeper <command>"

    Examples:
      | command      |
      | infer        |
      | chat         |
      | name         |
      | names        |
      | wake         |
      | rotate-token |
      | add-hive     |
      | remove-hive  |
      | up           |
      | down         |
      | open         |
      | status       |
      | devices      |
      | hives        |
      | ps           |
      | top          |
      | models       |
      | plan         |
      | pull         |
      | rm           |
      | stop         |
      | logs         |
      | doctor       |
      | upgrade      |
      | add-key      |
      | keys         |
      | remove-key   |

  Scenario: The examples run as printed, one after the other
    Given a hub that holds "author/minillama"
    And a swarm that was left warm by "rbee-keeper up"
    And I have typed "rbee-keeper pull HF:author/minillama"
    When I type every example of the help of these commands
      | command    |
      | up         |
      | chat       |
      | status     |
      | devices    |
      | hives      |
      | ps         |
      | top        |
      | models     |
      | logs       |
      | plan       |
      | pull       |
      | rm         |
      | add-key    |
      | keys       |
      | remove-key |
      | infer      |
    Then each of them has worked

  Scenario: The example of "stop" runs as printed where there is one worker
    Given a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
    When I type every example of the help of "stop"
    Then each of them has worked
    And 0 worker is running

  Scenario: The shell completes commands
    When I type "COMP_WORDS='rbee-keeper st' COMP_CWORD=1 _RBEE_KEEPER_COMPLETE=bash_complete rbee-keeper"
    Then stdout contains "status"
    And stdout contains "stop"
    And nothing was started
