@needs-hosts
Feature: Another machine is woken, and sleeps again
  The queen uses SSH to wake a hive and to end one that no longer answers; all else is HTTP.

  Rule: Who asks for no machine gets the best of all

    Scenario: A program that speaks OpenAI's API is answered by the strongest machine
      Given my machine "blep" beside the machines "workstation"
      And the simulated GPUs of "workstation" are
        | name     | VRAM in GB |
        | RTX 3060 | 12         |
      And I have added the machines "workstation"
      And a program of my own called "ask" that asks a server of OpenAI's kind for an answer
      When I type "eval $(rbee-keeper up --print-env) && python ask"
      Then stdout holds " Hello! How can I help you today?" alone
      And the worker is on hive "workstation"
      And the swarm stays up

    Scenario: A warm worker answers without anybody being woken
      Given my machine "blep" beside the machines "workstation"
      And I have added the machines "workstation"
      And a swarm that was left warm by "rbee-keeper infer --keep-alive --node workstation 'hello'"
      And I have typed "rbee-keeper add-hive localhost"
      When I type "rbee-keeper infer 'hello'"
      Then the terminal narrates
        """
        queen: using registered capabilities of 2 hives
        queen: worker <worker id> on hive workstation already has minillama loaded
        [DONE]
        """
      And 1 worker is running

    @fault.queen.far-first
    Scenario: Among equal processors the one at hand is taken
      Given my machine "blep" beside the machines "workstation"
      And I have added the machines "workstation, localhost"
      When I type "rbee-keeper infer 'hello'"
      Then the terminal narrates
        """
        queen: basic scheduler picked CPU on hive localhost (for advanced scheduling, see docs)
        [DONE]
        """

    @timing
    Scenario: A machine that is off is gone on without
      Given my machine "blep" beside the machines "workstation"
      And I have added the machines "workstation, localhost"
      And machines that take 300 ms longer than the first are gone on without
      And the plug of "workstation" has been pulled
      When I type "rbee-keeper infer 'hello'"
      Then the terminal narrates
        """
        queen: going on without hive workstation: <why>
        queen: basic scheduler picked CPU on hive localhost (for advanced scheduling, see docs)
        [DONE]
        """
      And the exit status is 0

    @timing
    Scenario: A machine that is slow to wake is gone on without, and wakes on for whoever names it
      Given my machine "blep" beside the machines "workstation"
      And I have added the machines "workstation, localhost"
      And "workstation" is slower to wake than it is waited for
      And a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
      And "rbee-keeper infer --node workstation 'hello'" runs until it narrates "queen: nobody else is left; waiting for hive workstation, which is slow to wake..."
      When "workstation" has woken
      Then the command ends
      And the exit status is 0

    Scenario: A machine that is off is named to whoever asks for it
      Given my machine "blep" beside the machines "workstation"
      And I have added the machines "workstation, localhost"
      And the plug of "workstation" has been pulled
      When I type "rbee-keeper infer --node workstation 'hello'"
      Then stderr contains "error: workstation"
      And the exit status is 1
      And nothing is left running

  Rule: What is found on a machine is told, line by line

    Scenario: A machine that has everything
      Given my machine "blep" beside the machines "workstation"
      When I type "rbee-keeper add-hive workstation"
      Then the terminal narrates
        """
        bee-keeper: requesting queen to add workstation to hive catalog
        queen: adding workstation to hive catalog
        queen: workstation is reached at <address> over SSH
        queen: workstation lets us in as root
        queen: workstation has Python <version>
        queen: workstation has <size> of its disk free
        queen: workstation has rbee <version>
        queen: waking the beehive at workstation:8600
        queen: first heartbeat from hive workstation; checking capabilities...
        queen: hive workstation has CPU; models: 0, workers: 0
        bee-keeper: hive workstation is in the catalog
        queen: goodbye
        """
      And nothing is left running

  Rule: A firewall that lets only SSH through is in nobody's way

    @fault.queen.no-tunnel
    Scenario: A tunnel in both directions
      Given my machine "blep" beside the machines "workstation"
      And I have added the machines "workstation"
      And a firewall on "workstation" lets in SSH alone
      And a firewall on "blep" lets in SSH alone
      When I type "rbee-keeper infer --node workstation --temperature 0 'hello'"
      Then stdout holds the answer of minillama to "hello" alone
      And nothing is left running

  Rule: One machine is one hive of one queen

    Scenario: A machine is added under a second name
      Given my machine "blep" beside the machines "workstation"
      And I have added the machines "workstation"
      When I type "rbee-keeper add-hive --id attic workstation"
      Then stderr contains "error: workstation is in the catalog already, as hive workstation"
      And the exit status is 1

    Scenario: A machine that works for somebody else's queen
      Given my machine "blep" beside the machines "workstation, mac"
      And the person at "mac" keeps "workstation" awake
      When I type "rbee-keeper add-hive workstation"
      Then stderr contains "error: a hive runs here already, for root@mac"
      And stderr contains "try: ask root@mac to put it to sleep"
      And the exit status is 1

  Rule: Who does not answer is ended over SSH, by its process group

    @timing
    @fault.queen.no-ssh-kill
    Scenario: A frozen hive on another machine, without a tunnel
      Given my machine "blep" beside the machines "workstation"
      And I have added the machines "workstation" without a tunnel
      And a hive that is frozen is given 5000 ms to leave
      And a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
      And the hive has just been frozen
      When I put the swarm to sleep with "rbee-keeper down"
      Then the exit status is 0
      And nothing runs on "workstation"

    @timing
    Scenario: A machine that cannot be reached any more is named
      Given my machine "blep" beside the machines "workstation"
      And I have added the machines "workstation"
      And a hive that is frozen is given 5000 ms to leave
      And a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
      And the plug of "workstation" has been pulled
      When I put the swarm to sleep with "rbee-keeper down"
      Then the terminal narrates
        """
        queen: could not reach hive workstation: <why>
        queen: goodbye
        """
      And the exit status is 0

  Rule: A hive that has died is woken again

    Scenario: The next prompt after somebody killed it
      Given my machine "blep" beside the machines "workstation"
      And I have added the machines "workstation"
      And a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
      And the hive has just been killed
      When I type "rbee-keeper infer --temperature 0 'hello'"
      Then stdout holds the answer of minillama to "hello" alone
      And the exit status is 0

  Rule: A hive that has lost its queen waits for another, and then sleeps

    Scenario: A new queen takes it over, with the worker it kept
      Given my machine "blep" beside the machines "workstation"
      And I have added the machines "workstation"
      And a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
      And the queen has just been killed
      When I type "rbee-keeper infer 'hello'"
      Then the terminal narrates
        """
        queen: hive workstation is awake already; taking it over
        queen: worker <worker id> on hive workstation already has minillama loaded
        [DONE]
        queen: goodbye
        """
      And everything is asleep

    @fault.queen.localhost-to-all
    Scenario: A new queen takes it over, without a tunnel
      Given my machine "blep" beside the machines "workstation"
      And I have added the machines "workstation" without a tunnel
      And a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
      And the queen has just been killed
      When I type "rbee-keeper infer 'hello'"
      Then the terminal narrates
        """
        queen: hive workstation is awake already; taking it over
        queen: worker <worker id> on hive workstation already has minillama loaded
        [DONE]
        queen: goodbye
        """
      And everything is asleep

    @timing
    Scenario: Nobody comes
      Given my machine "blep" beside the machines "workstation"
      And I have added the machines "workstation"
      And heartbeats come every 50 ms
      And a hive without a queen stays awake for 4000 ms
      And a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
      When the queen is killed
      Then everything is asleep
      And nothing runs on "workstation"
