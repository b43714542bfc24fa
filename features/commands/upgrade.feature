@needs-wheels
Feature: rbee is upgraded while it serves
  The new rbee is made beside the one in use, and has to answer before it takes its place. Whatever
  happens on the way, one that works is in use.

  Scenario: A newer one is tried, takes the place of the old, and the swarm serves on
    Given my own rbee is "0.0.8", and pip finds "0.0.9"
    And a swarm that was left warm by "rbee-keeper up"
    When I type "rbee-keeper upgrade"
    Then the terminal narrates
      """
      bee-keeper: looking for rbee that is newer, beside the 0.0.8 in use...
      bee-keeper: trying rbee 0.0.9 in a swarm of its own...
      queen: goodbye
      bee-keeper: nothing runs any more; rbee 0.0.9 takes the place of 0.0.8
      bee-keeper: rbee 0.0.9 has answered; 0.0.8 is removed
      """
    And my own rbee is "0.0.9", and nothing is left of another
    And the swarm stays up

  Scenario: Where there is nothing newer, nobody is disturbed
    Given my own rbee is "0.0.8", and pip finds "0.0.7"
    When I type "rbee-keeper upgrade --json"
    Then the exit status is 0
    And stdout contains "0.0.8"
    And my own rbee is "0.0.8", and nothing is left of another

  Rule: Two of them are in nobody's way

    Scenario: One that begins meanwhile waits, and finds it done
      Given my own rbee is "0.0.8", and pip finds "0.0.9"
      And an upgrade that narrates "bee-keeper: trying rbee 0.0.9 in a swarm of its own..."
      When I type "rbee-keeper upgrade"
      Then the terminal narrates
        """
        bee-keeper: rbee is being upgraded; waiting for that...
        bee-keeper: rbee 0.0.9 is the newest that pip finds
        """
      And the exit status is 0
      And the upgrade succeeds
      And my own rbee is "0.0.9", and nothing is left of another

  Rule: One that does not answer is not taken

    Scenario: It is found out before anybody is disturbed
      Given my own rbee is "0.0.8", and pip finds a "0.0.9" that does not start
      And a swarm that was left warm by "rbee-keeper up"
      When I type "rbee-keeper upgrade"
      Then stderr contains "error: rbee 0.0.9 does not answer on this machine; 0.0.8 stays in use"
      And the exit status is 1
      And my own rbee is "0.0.8", and nothing is left of another
      And the swarm stays up

    Scenario: It is found out where it takes over, and the old one serves again
      Given my own rbee is "0.0.8", and pip finds a "0.0.9" that starts in a new home alone
      And a swarm that was left warm by "rbee-keeper up"
      When I type "rbee-keeper upgrade"
      Then the terminal narrates
        """
        bee-keeper: nothing runs any more; rbee 0.0.9 takes the place of 0.0.8
        bee-keeper: rbee 0.0.8 is in use again, as before
        """
      And stderr contains "error: rbee 0.0.9 does not answer on this machine; 0.0.8 stays in use"
      And my own rbee is "0.0.8", and nothing is left of another
      And the swarm stays up

    Scenario: A version that nobody has
      Given my own rbee is "0.0.8", and pip finds "0.0.9"
      When I type "rbee-keeper upgrade --to 7.7.7"
      Then stderr contains "error: pip cannot install rbee==7.7.7"
      And the exit status is 1
      And my own rbee is "0.0.8", and nothing is left of another

  Rule: What runs comes to its end first

    Scenario: A job in the middle of its story
      Given my own rbee is "0.0.8", and pip finds "0.0.9"
      And a warm swarm, and a story in the middle of which its worker is stopped
      And an upgrade that narrates "queen: jobs that still run, and are ended first: 1; new ones wait"
      When the worker goes on
      Then the story has been told to its end
      And the upgrade succeeds
      And my own rbee is "0.0.9", and nothing is left of another

    @fault.queen.take-in-meanwhile
    Scenario: Who asks meanwhile waits, and is answered where the upgrade is called off
      Given a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
      And she takes nothing in as long as a program listens, and another asks for an answer
      When the first of them hangs up
      Then the other gets its answer, by a job that began since

    Scenario: Where nobody listens, she takes in what comes
      Given a queen that is awake
      And somebody has her take nothing in, and is gone at once
      When a program asks her for an answer
      Then that program gets it

    Scenario Outline: Who breaks it off by <how> while it waits has the old one, which serves on
      Given my own rbee is "0.0.8", and pip finds "0.0.9"
      And a warm swarm, and a story in the middle of which its worker is stopped
      And an upgrade that narrates "queen: jobs that still run, and are ended first: 1; new ones wait"
      When the upgrade is broken off by <how>, and the worker goes on
      Then the story has been told to its end
      And my own rbee is "0.0.8", and nothing is left of another

      Examples:
        | how     |
        | Ctrl+C  |
        | kill -9 |

    @fault.keeper.keep-the-untried
    Scenario: Killed where the new one has taken the place of the old, and has not answered yet
      Given my own rbee is "0.0.8", and pip finds a "0.0.9" that never answers in this home
      And I have typed "rbee-keeper infer 'hello'"
      And an upgrade that narrates "bee-keeper: nothing runs any more; rbee 0.0.9 takes the place of 0.0.8"
      And the upgrade is broken off by kill -9
      When I type "rbee-keeper infer --temperature 0 'hello'"
      Then the terminal narrates
        """
        bee-keeper: an upgrade was broken off; rbee 0.0.8 is in use again
        [DONE]
        """
      And stdout holds the answer of minillama to "hello" alone
      And my own rbee is "0.0.8", and nothing is left of another
