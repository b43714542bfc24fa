Feature: One hub serves all scenarios, and each finds it as new
  Starting a hub for each scenario would cost as much as starting a worker. Whatever one scenario
  does to its hub, the next one finds it at its beginning.

  Scenario: What one scenario did to its hub is gone for the next
    Given a rehearsed scenario whose hub was asked, was given a new version and a fault
    And an answer of that hub is stalled
    When the rehearsed scenario ends
    Then the harness complains about nothing
    And the stalled answer has been cut off
    And the next scenario gets the same hub as at its beginning

  Scenario: A hub that was killed is not given to the next
    Given a rehearsed scenario whose hub was killed
    When the rehearsed scenario ends
    Then the next scenario gets another hub as at its beginning

  Scenario: A hub that broke fails the scenario that had it
    Given a rehearsed scenario whose hub has broken
    When the rehearsed scenario ends
    Then the harness complains that "the fixture hub broke"
    And the next scenario gets another hub as at its beginning
