Feature: A queen that is named with --queen, and her token's file
  Who names a queen means that one. She is never woken from here.

  @only-asks
  Scenario: A queen of another home is reached by every command
    Given a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
    When I type each of these commands in another home, naming the queen and her token's file
      | command                    |
      | rbee-keeper infer 'hello'  |
      | rbee-keeper up             |
      | rbee-keeper status         |
      | rbee-keeper devices        |
      | rbee-keeper hives          |
      | rbee-keeper ps             |
      | rbee-keeper models         |
      | rbee-keeper pull minillama |
    Then each of them has worked
    And 1 queen is running

  Scenario: Down ends a queen that is named
    Given a swarm that was left warm by "rbee-keeper up"
    When I put the swarm to sleep with "rbee-keeper down" in another home, naming the queen
    Then the exit status is 0
    And nothing is left the moment the keeper has ended

  Scenario Outline: <command> wakes no queen that was named
    When I type "rbee-keeper <command>" naming a queen that is not there
    Then stderr contains "no queen answers at"
    And the exit status is 1
    And nothing was started

    Examples:
      | command              |
      | infer 'hello'        |
      | up                   |
      | down                 |
      | status               |
      | devices              |
      | hives                |
      | ps                   |
      | models               |
      | pull minillama       |
      | rm minillama         |
      | stop worker-abcdef   |

  @only-asks
  Scenario: Without her token a named queen lets nobody in
    Given a swarm that was left warm by "rbee-keeper up"
    When I type "rbee-keeper ps" in another home, naming the queen without her token's file
    Then stderr contains "has another token than this RBEE_HOME"
    And stderr contains "--token-file"
    And the exit status is 1

  Scenario Outline: What cannot be a queen's address is refused at once
    When I type "rbee-keeper status --queen <text>"
    Then stderr contains "is no address of a queen"
    And the exit status is 2
    And nothing was started

    Examples:
      | text             |
      | localhost        |
      | ftp://localhost  |
      | http://          |
      | http://box:99999 |
      | https://box      |
      | https://box:8500#sha256=abc |
      | https://box:8500#anything |
