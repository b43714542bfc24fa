@needs-sshd
Feature: The way to another machine, without anything of root's
  An SSH server of the user's own, and behind it rbee with a home of its own: the same programs and
  the same steps as between machines.

  Scenario: Added, used, asleep again
    Given an SSH server of my own called "attic"
    And I have typed "rbee-keeper add-hive attic"
    When I type "rbee-keeper infer --node attic --temperature 0 'hello'"
    Then the terminal narrates
      """
      queen: reaching attic over SSH...
      queen: waking the beehive at attic:8600
      queen: first heartbeat from hive attic; checking capabilities...
      [DONE]
      queen: goodbye
      """
    And stdout holds the answer of minillama to "hello" alone
    And nothing is left running
