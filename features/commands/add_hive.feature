Feature: The machines of the swarm: add-hive and remove-hive

  @only-asks
  Scenario: A machine that is there is added again
    Given a swarm that was left warm by "rbee-keeper up"
    When I type "rbee-keeper add-hive localhost"
    Then stderr contains "error: there is a hive called 'localhost' already"
    And stderr contains "try: rbee-keeper remove-hive localhost"
    And the exit status is 1

  Scenario: A machine is removed
    Given I have typed "rbee-keeper add-hive localhost"
    When I type "rbee-keeper remove-hive localhost"
    Then the terminal narrates
      """
      bee-keeper: hive localhost is removed from the catalog
      """
    And the exit status is 0
    And the queen's catalog holds no hive
    And nothing is left running

  Scenario: A machine that works is not removed
    Given a hub that holds "author/endless-llama"
    And a queen that is awake
    And "rbee-keeper infer --model HF:author/endless-llama 'write a short story'" runs until tokens come
    When I type "rbee-keeper remove-hive localhost" beside it
    Then stderr contains "error: hive localhost works for 1 job"
    And the exit status is 1
    And the first command still runs until I press Ctrl+C

  @only-asks
  Scenario: A name that is slightly wrong
    Given a swarm that was left warm by "rbee-keeper up"
    When I type "rbee-keeper remove-hive localhots"
    Then stderr contains "error: no hive is called 'localhots'"
    And stderr contains "try: did you mean localhost?"
    And the exit status is 1

  @only-asks
  Scenario: A host that cannot be reached is named, and not remembered
    Given a queen that is awake
    When I type each of these commands
      | command                                      | status | says                                                      |
      | rbee-keeper add-hive no-such-host.invalid    | 1      | error: nobody knows a machine called no-such-host.invalid |
      | rbee-keeper add-hive --ssh-port 9 127.0.0.2  | 1      | error: no SSH server listens at 127.0.0.2                 |
    Then each of them says what its row tells, and ends with its status
    And the queen's catalog holds no hive
