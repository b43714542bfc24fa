Feature: Scenarios that begin alike and only ask share a swarm
  Waking one is most of what such a scenario costs. Each of them finds the swarm as the first one did:
  who has said that it only asks, and changes anything, fails, and its swarm is nobody else's. Whose
  worker computes on for nobody is named: all the others would pay for it.

  Scenario: The next one that begins alike goes on with it
    Given a rehearsed scenario that only asks a queen, with settings of its own
    When that scenario is over
    Then the next one that begins alike has the same queen
    And the next one that begins otherwise has another queen

  Scenario: One that only says so
    Given a rehearsed scenario that only asks a queen, and adds a machine
    When that scenario is over
    Then it is told that "it has not left the swarm as it was"
    And the next one that begins alike has another queen

  Scenario: One that leaves its swarm at work
    Given a rehearsed scenario that only asks a queen, and is over
    When its queen works on for nobody
    Then whoever ends her is told that "a rehearsal has left it at work"
