@phase-12
Feature: Phase 12: everything goes to sleep again
  That who woke the queen puts the swarm to sleep is told in features/flows/cold_infer.feature.

  Scenario: A failed job ends the swarm, too
    When I type "rbee-keeper infer --device gpu5 'hello'"
    Then the terminal narrates
      """
      bee-keeper: asking queen to cascade shutdown
      queen: goodbye
      """
    And the exit status is 1
    And nothing is left running

  @only-asks
  Scenario: Kept alive, the swarm stays warm, and the next prompt starts nothing
    Given a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
    When I type "rbee-keeper infer 'hello'"
    Then the terminal narrates
      """
      bee-keeper: queen is awake and healthy
      queen: using registered capabilities of hive 'localhost'
      queen: worker <worker id> on hive localhost already has minillama loaded
      [DONE]
      """
    And the terminal does not narrate
      """
      bee-keeper: asking queen to cascade shutdown
      """
    And 1 worker is running

  Scenario: A queen that is told to leave takes the swarm with her
    Given a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
    When the queen gets SIGTERM
    Then nothing is left running

  Scenario Outline: Ctrl+C cancels the job and puts the swarm to sleep
    Given a hub that holds "author/endless-llama"
    And "rbee-keeper infer --model HF:author/endless-llama 'write a short story'" runs until it narrates "<line>"
    When I press Ctrl+C
    Then the exit status is 130
    And nothing is left running

    Examples:
      | line                                                                   |
      | bee-keeper: starting inference request for HF:author/endless-llama     |
      | bee-keeper: queen is asleep, waking queen...                           |
      | bee-keeper: launching queen on :8500 and waiting for health...         |
      | queen: waking the beehive at localhost:8600                            |
      | queen: first heartbeat from hive localhost; checking capabilities...   |
      | queen: asking hive if there's room on CPU...                           |
      | queen: asked hive to download model HF:author/endless-llama            |
      | queen: worker registered, waiting for heartbeat...                     |
      | queen: connection to worker established; starting inference            |

  Scenario: Ctrl+C in the middle of a story
    Given a hub that holds "author/endless-llama"
    And "rbee-keeper infer --model HF:author/endless-llama 'write a short story'" runs until tokens come
    When I press Ctrl+C
    Then the terminal narrates
      """
      bee-keeper: cancelling the job
      bee-keeper: asking queen to cascade shutdown
      queen: goodbye
      """
    And the exit status is 130
    And nothing is left the moment the keeper has ended

  Scenario: Ctrl+C while the job is handed in
    Given a hub that holds "author/endless-llama"
    And "rbee-keeper infer --model HF:author/endless-llama 'write a short story'" runs until it narrates "bee-keeper: connected to queen via SSE"
    When I press Ctrl+C
    Then the terminal narrates
      """
      bee-keeper: asking queen to cascade shutdown
      queen: goodbye
      """
    And the exit status is 130
    And nothing is left the moment the keeper has ended

  Scenario: Ctrl+C twice leaves at once, and nothing stays
    Given a hub that holds "author/endless-llama"
    And "rbee-keeper infer --model HF:author/endless-llama 'write a short story'" runs until tokens come
    When I press Ctrl+C twice
    Then the exit status is 130
    And nothing is left running
