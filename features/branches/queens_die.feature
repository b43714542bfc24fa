Feature: What happens when the queen of a warm swarm dies

  @fault.queen.no-adoption
  Scenario: A new queen takes the hive over, with the worker it kept
    Given a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
    And the queen has just been killed
    When I type "rbee-keeper infer 'hello'"
    Then the terminal narrates
      """
      bee-keeper: queen is asleep, waking queen...
      queen: hive localhost is awake already; taking it over
      queen: worker <worker id> on hive localhost already has minillama loaded
      [DONE]
      bee-keeper: asking queen to cascade shutdown
      queen: goodbye
      """
    And everything is asleep

  @timing
  @fault.hive.ignore-lease
  Scenario: Without a new queen the hive goes to sleep when its lease ends
    Given heartbeats come every 50 ms
    And a hive without a queen stays awake for 4000 ms
    And a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
    When the queen is killed
    Then everything is asleep
