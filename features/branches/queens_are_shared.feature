Feature: What happens when several people use one queen

  Rule: Who woke the queen does not take her away from others

    Background:
      Given a hub that holds "author/endless-llama"
      And a worker takes 2 jobs at once
      And "rbee-keeper infer --model HF:author/endless-llama 'write a short story'" runs until tokens come
      And "rbee-keeper infer --model HF:author/endless-llama 'write a long story'" runs beside it until tokens come

    @fault.queen.desert-others
    Scenario: Her sleep waits for somebody else's story
      When I press Ctrl+C in the first terminal
      Then the terminal narrates
        """
        bee-keeper: queen still works for somebody else and goes to sleep afterwards
        """
      And the second command still runs until I press Ctrl+C
      And nothing is left running

    Scenario: Until then she takes in new work
      Given I have pressed Ctrl+C in the first terminal
      When I type "rbee-keeper infer --temperature 0 'hello'"
      Then stdout holds the answer of minillama to "hello" alone
      And the second command still runs until I press Ctrl+C

  Rule: Who asks the swarm to stay keeps it, whoever woke it

    @fault.queen.ignore-stay
    Scenario: Another keeper asks her to stay
      Given a hub that holds "author/endless-llama"
      And "rbee-keeper infer --model HF:author/endless-llama 'write a short story'" runs until tokens come
      When I type "rbee-keeper up" beside it
      Then the swarm stays up
      And the first command still runs until I press Ctrl+C
      And the terminal narrates
        """
        bee-keeper: the swarm stays awake, as somebody asked for
        """
      And 1 queen is running

  Rule: A queen that is leaving is waited for

    @timing
    @fault.keeper.impatient
    Scenario: A prompt that comes while she puts everything to sleep
      Given a hive that is frozen is given 4000 ms to leave
      And a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
      And the hive has just been frozen
      And "rbee-keeper down" runs until it narrates "queen: shutting down hives..."
      When I type "rbee-keeper infer 'hello'" beside it
      Then the terminal narrates
        """
        bee-keeper: queen is going to sleep; waiting for that
        bee-keeper: queen is asleep, waking queen...
        [DONE]
        """
      And everything is asleep

  Rule: A queen of another version is named, not used

    @fault.keeper.any-queen
    Scenario: A queen that was started before an upgrade
      Given a queen of version "0.0.1" that is awake
      When I type "rbee-keeper infer 'hello'"
      Then stderr contains "is version 0.0.1, this keeper"
      And stderr contains "try: end her with the keeper that started her (rbee-keeper down)"
      And the exit status is 1

  Rule: A queen is who she is, whatever her address is called

    @fault.hive.trust-addresses
    Scenario Outline: A hive that a person has started for the queen at <host>
      Given a queen that is awake
      And a hive that a person has started for the queen at "<host>"
      When I type "rbee-keeper infer 'hello'"
      Then the terminal narrates
        """
        queen: hive localhost is awake already; taking it over
        [DONE]
        """
      And the exit status is 0

      Examples:
        | host      |
        | localhost |
        | 0.0.0.0   |
