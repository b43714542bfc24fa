Feature: The swarm is whole again after chaos
  Under load, at moments that a seed draws, a program is killed, frozen, or has its connections cut,
  and so has the hub. `make chaos` does this hundreds of times; these rounds are always the same.

  @fault.worker.ignore-lifeline
  Scenario: Whoever is struck, the next prompt finds the swarm in order
    Given what happens is drawn from the seed "willow"
    When 3 rounds of it have passed
    Then every command and every job ended in exactly one way
    And nothing was left running
    And the catalogs agreed with the disk
    And the next prompt was answered each time

  Scenario: A seed always draws the same rounds
    Given what happens is drawn from the seed "willow"
    When 300 rounds are drawn twice
    Then both are the same
    And each role is struck, and so is the hub

  Scenario: Nor is anybody spared who has a part of a model over two machines
    Given what happens is drawn from the seed "willow"
    When 40 rounds of a model over two machines are drawn twice
    Then both are the same
    And head, side, hives, queen, keeper, cable and plug are struck in each eight of them
