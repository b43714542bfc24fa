Feature: A machine is added to the swarm: localhost
  No prompt is answered here: one machine is woken, asked what it has, written into the catalog,
  and everything goes to sleep again.

  Scenario: From a machine where nothing runs
    Given a machine where nothing runs
    And its simulated GPUs are
      | name     | VRAM in GB |
      | RTX 3060 | 12         |
      | RTX 3090 | 24         |
    When I type "rbee-keeper add-hive localhost"
    Then the terminal narrates
      """
      bee-keeper: queen is asleep, waking queen...
      bee-keeper: queen is awake and healthy
      bee-keeper: requesting queen to add localhost to hive catalog
      queen: adding localhost to hive catalog
      queen: waking the beehive at localhost:8600
      queen: first heartbeat from hive localhost; checking capabilities...
      queen: hive localhost has CPU, GPU0 RTX 3060 (12GB), GPU1 RTX 3090 (24GB); models: 0, workers: 0
      bee-keeper: hive localhost is in the catalog
      bee-keeper: asking queen to cascade shutdown
      queen: shutting down hives...
      queen: goodbye
      """
    And the exit status is 0
    And the queen's catalog holds hive "localhost" with 2 GPUs
    And nothing is left running
    And the next "rbee-keeper infer --device gpu1 'hello'" works
