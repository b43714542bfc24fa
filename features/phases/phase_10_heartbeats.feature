@phase-10
Feature: Phase 10: heartbeats tell what is ready
  A worker reports to its hive, the hive to its queen: at once on a change, else at an interval.

  @only-asks
  Scenario: The queen waits for the heartbeat before she uses a worker
    Given a swarm that was left warm by "rbee-keeper up"
    When I type "rbee-keeper infer 'hello'"
    Then the terminal narrates
      """
      queen: worker registered, waiting for heartbeat...
      queen: CPU worker is awake and ready
      queen: connection to worker established; starting inference
      """

  @only-asks
  @fault.queen.never-reuse
  Scenario: A warm worker is used as it is
    Given a swarm that is warm
    When I type "rbee-keeper infer --temperature 0 'hello'"
    Then the terminal narrates
      """
      queen: worker <worker id> on hive localhost already has minillama loaded
      queen: connection to worker established; starting inference
      """
    And the terminal does not narrate
      """
      queen: worker registered, waiting for heartbeat...
      """
    And stdout holds the answer of minillama to "hello" alone
    And 1 worker is running

  @timing
  Scenario: Heartbeats go on while nothing changes
    Given heartbeats come every 50 ms
    And a swarm that is warm
    When three more heartbeats have come
    Then the queen lists hive "localhost" as online
