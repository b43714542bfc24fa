@needs-hosts
Feature: What leaves a machine is encrypted, unless somebody has asked for less
  A machine that is added is reached through SSH, in both directions: prompts, answers, tokens and
  heartbeats. Neither end listens to its neighbours. `--no-tunnel` asks for plain HTTP between the
  two; what that means is said.

  @fault.queen.in-the-open
  Scenario: Who listens on the cable reads nothing of it
    Given my machine "blep" beside the machines "workstation"
    And somebody listens on the cable of "workstation"
    And a queen who knows the machines "workstation"
    When I type "rbee-keeper infer --node workstation --temperature 0 'hello'"
    Then stdout holds the answer of minillama to "hello" alone
    And nobody on the cable can read "HTTP/1.1"

  Scenario: Neither machine listens to its neighbours
    Given my machine "blep" beside the machines "workstation"
    And I have added the machines "workstation"
    When I type "rbee-keeper infer --keep-alive --node workstation 'hello'"
    Then the SSH servers alone listen to other machines
    And the swarm stays up

  Scenario: Who asks for less is told what that means
    Given my machine "blep" beside the machines "workstation"
    And somebody listens on the cable of "workstation"
    And I have typed "rbee-keeper add-hive --no-tunnel workstation"
    When I type "rbee-keeper infer --keep-alive --node workstation --temperature 0 'hello'"
    Then the terminal narrates
      """
      queen: workstation is spoken to without encryption: whoever is on that network reads prompts and answers
      [DONE]
      """
    And whoever is on the cable can read "HTTP/1.1"
    And other programs listen to other machines, too
    And the swarm stays up

  @fault.queen.one-tunnel
  Scenario: A connection that breaks off is made anew, and the worker is still there
    Given my machine "blep" beside the machines "workstation"
    And I have added the machines "workstation"
    And a swarm that was left warm by "rbee-keeper infer --keep-alive --node workstation 'hello'"
    And the SSH connection to "workstation" has broken off, which the queen tells
      """
      queen: the SSH connection to hive workstation broke off; it is made anew
      """
    When I type "rbee-keeper infer --node workstation --temperature 0 'hello'"
    Then stdout holds the answer of minillama to "hello" alone
    And 1 worker is running
