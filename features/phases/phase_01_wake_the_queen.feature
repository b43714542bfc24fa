@phase-1
Feature: Phase 1: the keeper finds the queen or wakes her
  That a sleeping queen is woken is told in features/flows/cold_infer.feature.

  @only-asks
  @fault.keeper.always-wake
  Scenario: A queen that is awake is used and left alone
    Given a swarm that is warm
    When I type "rbee-keeper infer 'hello'"
    Then the terminal narrates
      """
      bee-keeper: starting inference request for minillama
      bee-keeper: queen is awake and healthy
      bee-keeper: connected to queen via SSE
      [DONE]
      """
    And the terminal does not narrate
      """
      bee-keeper: queen is asleep, waking queen...
      bee-keeper: asking queen to cascade shutdown
      """
    And 1 queen is running

  Scenario: The queen's port is held by another program
    Given another program holds the queen's port
    When I type "rbee-keeper infer 'hello'"
    Then stderr contains "is held by a program that is no queen"
    And stderr contains "try: end that program, or choose another port: export RBEE_QUEEN_PORT="
    And the exit status is 1
    And nothing was started

  @fault.shared.trust-the-port
  Scenario: The queen who is awake has another token
    Given a queen that is awake with another token
    When I type "rbee-keeper infer 'hello'"
    Then stderr contains "has another token than this RBEE_HOME"
    And the exit status is 1

  Scenario: The token was lost while the queen is awake
    Given a swarm that was left warm by "rbee-keeper up"
    And the file of the token is gone
    When I type what "rbee-keeper down" advises me to end her by
    Then nothing is left running

  Scenario: Two keepers at the same instant share one queen
    When I type "rbee-keeper infer 'hello'" in two terminals at once
    Then both terminals show a finished answer
    And nothing is left running
