Feature: The commands explain themselves

  Scenario: The help of a command starts nothing
    When I type "rbee-keeper chat --help"
    Then stdout contains "Example"
    And stdout contains "rbee-keeper chat"
    And the exit status is 0
    And nothing was started

  Scenario: The help of each command shows an example of it
    When the help of each command is read
    Then each shows an example of its command

  @only-asks
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
    And each other command is typed elsewhere
      | command      | where                                               |
      | down         | features/commands/up_down_status.feature            |
      | open         | features/commands/open.feature                      |
      | certificate  | features/commands/open.feature                      |
      | rotate-token | harness/scenes/proving.py                           |
      | add-hive     | features/flows/add_localhost.feature                |
      | remove-hive  | features/commands/add_hive.feature                  |
      | wake         | features/branches/hives_fail.feature                |
      | name         | features/commands/names.feature                     |
      | names        | features/commands/names.feature                     |
      | stop         | harness/scenes/commands.py                          |
      | doctor       | features/phases/phase_08_prepare_the_worker.feature |
      | upgrade      | features/commands/upgrade.feature                   |

  @only-asks
  Scenario: The example of "stop" runs as printed where there is one worker
    Given a hub that holds "author/minillama"
    And a swarm that was left warm by "rbee-keeper up"
    And I have typed "rbee-keeper infer 'hello'"
    When I type every example of the help of "stop"
    Then each of them has worked
    And 0 worker is running

  Scenario: The shell completes commands
    When I type "COMP_WORDS='rbee-keeper st' COMP_CWORD=1 _RBEE_KEEPER_COMPLETE=bash_complete rbee-keeper"
    Then stdout contains "status"
    And stdout contains "stop"
    And nothing was started
