Feature: What happens when a hive is known, dies or falls silent

  Rule: What a hive told of its devices is believed for a while

    @fault.queen.believe-for-ever
    Scenario: Old capabilities are asked for again
      Given capabilities are old at once
      And a swarm that is warm
      When I type "rbee-keeper infer 'hello'"
      Then the terminal narrates
        """
        queen: capabilities of hive 'localhost' are old; asking again...
        queen: hive localhost has CPU; models: 1, workers: 1
        [DONE]
        """
      And 1 hive is running

  Rule: A hive that dies takes its workers with it and is woken again

    @fault.queen.leave-the-dead
    Scenario: The next prompt wakes another hive
      Given a swarm that is warm
      When the hive is killed
      Then 0 worker is running
      And the next "rbee-keeper infer 'hello'" works
      And 1 hive is running
      And the queen has told the cluster
        """
        queen: hive localhost has ended, and its workers with it
        queen: hive localhost is back
        """

  Rule: A hive that misses three heartbeats is offline

    @timing
    @fault.queen.never-offline
    @fault.queen.never-rejoin
    Scenario: A frozen hive is listed as offline, and is back when it beats again
      Given heartbeats come every 100 ms
      And a swarm that is warm
      When the hive is frozen
      Then the queen lists hive "localhost" as offline
      And once it is thawed the queen lists hive "localhost" as online
      And the queen has told the cluster
        """
        queen: hive localhost was silent for <time>; offline
        queen: hive localhost is back
        """

    @timing
    Scenario: A prompt does not wait for a hive that is frozen
      Given heartbeats come every 100 ms
      And a swarm that is warm
      When the hive is frozen
      Then the queen lists hive "localhost" as offline
      And the next "rbee-keeper infer 'hello'" works

    @timing
    @fault.queen.awake-for-ever
    Scenario: A hive that is frozen is not said to be awake
      Given a machine is waited for 1000 ms
      And a hive that is frozen is given 1000 ms to leave
      And a swarm that was left warm by "rbee-keeper up"
      And the hive has just been frozen
      When I type "rbee-keeper wake localhost"
      Then stderr contains "error: hive localhost does not answer"
      And the exit status is 1

    @timing
    Scenario: The only machine is waited for, though it does not answer
      Given heartbeats come every 2000 ms
      And a machine is waited for 200 ms
      And a swarm that was left warm by "rbee-keeper up"
      And the hive has just been frozen
      When I type "rbee-keeper infer 'hello'"
      Then the terminal narrates
        """
        queen: nobody else is left; waiting for hive localhost, which is silent...
        queen: waking the beehive at <address>
        [DONE]
        """
      And the exit status is 0
