Feature: Names of machines and users reach no shell unchecked
  Whoever types one that is none is refused before anybody is woken; so is whoever asks the queen.
  What is a name is told in features/decisions/names_of_machines.feature.

  Scenario Outline: <host> is refused where it is typed, whatever my SSH configuration does with it
    Given an SSH configuration of mine that runs a command for each host
    When I type "rbee-keeper add-hive '<host>'"
    Then stderr contains "cannot be the name of a machine"
    And the exit status is 2
    And nothing was started
    And my SSH configuration has run nothing

    Examples:
      | host    |
      | x;id    |
      | $(id)   |

  @fault.queen.add-any-name
  Scenario: The queen refuses it, whoever asks
    Given an SSH configuration of mine that runs a command for each host
    And a queen that is awake
    When a program asks her to add each of these machines
      | body                                                    | status | code            | message                         |
      | {"host": "x;id"}                                        | 400    | invalid_request | cannot be the name of a machine |
      | {"host": "`id`", "hive_id": "attic"}                    | 400    | invalid_request | cannot be the name of a machine |
      | {"host": "attic", "ssh": {"user": "-oProxyCommand=id"}} | 400    | invalid_request | cannot be the name of a user    |
      | {"host": "attic", "hive_id": "../../etc"}               | 400    | invalid_request | cannot be the name of a hive    |
      | {"host": "attic", "accept_host_key": "SHA256:x"}        | 400    | invalid_request | is no fingerprint of a host key |
    Then each answer has its status, its error and its message
    And my SSH configuration has run nothing
