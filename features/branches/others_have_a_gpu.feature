Feature: What happens when another program has the memory of a GPU
  No job of the swarm keeps it, so nobody waits for it: the model goes to the next place. When the
  program has ended, what its hive tells next says so, and the worker moves.

  @fault.queen.blind-to-who-leaves
  Scenario: A worker that had to be started on the CPU moves to the GPU that a game has left
    Given capabilities are old at once
    And a game that has all of the GPU "RTX 3060", of 12 GB
    And a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
    And the game has ended
    When I type "rbee-keeper infer 'hello'"
    Then the queen has told the cluster
      """
      queen: GPU0 on hive localhost has room again; starting minillama there, which is on a CPU
      queen: worker <worker id> on a CPU is replaced by one on a GPU
      """
    And the only worker has "minillama" on "gpu0"
