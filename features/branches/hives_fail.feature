Feature: What happens when a hive is known, dies or falls silent

  Rule: What a hive told of its devices is believed for a while

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

    Scenario: The next prompt wakes another hive
      Given a swarm that is warm
      When the hive is killed
      Then 0 worker is running
      And the next "rbee-keeper infer 'hello'" works
      And 1 hive is running

  Rule: A hive that misses three heartbeats is offline

    @timing
    Scenario: A frozen hive is listed as offline, and is back when it beats again
      Given heartbeats come every 100 ms
      And a swarm that is warm
      When the hive is frozen
      Then the queen lists hive "localhost" as offline
      And once it is thawed the queen lists hive "localhost" as online

    @timing
    Scenario: A prompt does not wait for a hive that is frozen
      Given heartbeats come every 100 ms
      And a swarm that is warm
      When the hive is frozen
      Then the queen lists hive "localhost" as offline
      And the next "rbee-keeper infer 'hello'" works
