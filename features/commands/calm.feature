Feature: Narration becomes calm once a person has read it often
  Who has seen all of it as often as calm_after says is told so, and it is one line from then on.

  @only-asks
  Scenario: The last time that it is told in full, that is said
    Given a swarm that is warm
    And narration is one line after 3 commands, of which 2 were told in full
    When I type "TERM=xterm rbee-keeper infer 'hello'" on a terminal
    Then stderr contains "this was told 3 times, and is one line from now on; --no-calm shows it (calm_after)"
    And stderr contains "[DONE]"

  @only-asks
  Scenario Outline: Then <typed> <where> <shows>
    Given a swarm that is warm
    And narration is one line after <after> commands, of which 3 were told in full
    When I type "TERM=xterm rbee-keeper <typed> 'hello'" on a terminal
    Then stderr <shows> "[DONE]"
    And stderr does not contain "calm_after"

    Examples:
      | typed           | where             | after | shows            |
      | infer           | at a terminal     | 3     | does not contain |
      | infer --no-calm | at a terminal     | 3     | contains         |
      | infer           | where it never is | 0     | contains         |

  @only-asks @fault.keeper.calm-in-pipes
  Scenario: A pipe gets all of it
    Given a swarm that is warm
    And narration is one line after 3 commands, of which 3 were told in full
    When I type "TERM=xterm rbee-keeper infer 'hello'"
    Then stderr contains "[DONE]"
