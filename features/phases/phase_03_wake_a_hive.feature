@phase-3
Feature: Phase 3: the queen wakes a hive
  That an empty catalog gets the local machine is told in features/flows/cold_infer.feature.

  @only-asks
  @fault.queen.always-ask
  Scenario: A hive that is awake is not woken again
    Given a swarm that is warm
    When I type "rbee-keeper infer 'hello'"
    Then the terminal narrates
      """
      queen: using registered capabilities of hive 'localhost'
      """
    And the terminal does not narrate
      """
      queen: waking the beehive at localhost:8600
      """
    And 1 hive is running

  @needs-ipv6
  @fault.shared.no-brackets
  Scenario: Addresses of the newer internet
    When I type "RBEE_QUEEN_HOST=::1 RBEE_HIVE_HOST=::1 rbee-keeper infer --quiet 'hello'"
    Then stdout holds the answer of minillama to "hello" alone
    And the exit status is 0
    And nothing is left running

  Scenario: The hive's port is held by another program
    Given another program holds the hive's port
    When I type "rbee-keeper infer 'hello'"
    Then stderr contains "is held by another program"
    And the exit status is 1
    And no process of rbee is left
