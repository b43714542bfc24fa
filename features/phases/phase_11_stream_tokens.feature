@phase-11
Feature: Phase 11: tokens stream over three hops

  @only-asks
  @fault.worker.drop-token
  Scenario: No token is lost on the way
    Given a swarm that is warm
    When I type "rbee-keeper infer --temperature 0 'write a short story'"
    Then stdout holds what the engine alone writes to "write a short story"

  @only-asks
  Scenario: Without streaming the text is the same
    Given a swarm that is warm
    When I type "rbee-keeper infer --no-stream --temperature 0 'write a short story'"
    Then stdout holds what the engine alone writes to "write a short story"

  @only-asks
  Scenario: The length is limited
    Given a swarm that is warm
    When I type "rbee-keeper infer --json --max-tokens 5 --temperature 0 'write a short story'"
    Then the event "done" tells "finish_reason" as "length"
    And the event "done" tells "tokens_out" as "5"

  @only-asks
  @fault.worker.no-terminal-event
  Scenario: The end of an answer is learnt
    Given a swarm that is warm
    When I type "rbee-keeper infer --json --temperature 0 'hello'"
    Then the event "done" tells times and counts

  @only-asks
  Scenario Outline: A stop text ends the answer before it
    Given a swarm that is warm
    When I type "rbee-keeper infer --engine <engine> --temperature 0 --stop help 'hello'"
    Then stdout holds " Hello! How can I " alone

    Examples:
      | engine        |
      | llamacpp      |
      | ctransformers |

  Scenario Outline: The same seed draws the same story, another seed another one
    Given a swarm that was left warm by "rbee-keeper infer --engine <engine> --keep-alive 'tell me a story'"
    And I have typed "rbee-keeper infer --engine <engine> --seed 7 'tell me a story'"
    And I have typed "rbee-keeper infer --engine <engine> --seed 8 'tell me a story'"
    When I type "rbee-keeper infer --engine <engine> --seed 7 'tell me a story'"
    Then the first of the last three answers is the same as the last
    And the second of them is another

    Examples:
      | engine        |
      | llamacpp      |
      | ctransformers |

  @only-asks
  Scenario: The likeliest token alone makes the temperature irrelevant
    Given a swarm that is warm
    When I type "rbee-keeper infer --top-k 1 --temperature 2 'write a short story'"
    Then stdout holds what the engine alone writes to "write a short story"

  @only-asks
  Scenario: A tiny nucleus makes the temperature irrelevant
    Given a swarm that is warm
    When I type "rbee-keeper infer --top-p 0.0001 --temperature 1 'write a short story'"
    Then stdout holds what the engine alone writes to "write a short story"

  Scenario: A prompt that does not fit into the context
    When I type "rbee-keeper infer --ctx 256 -" with a prompt of 2000 words
    Then stderr contains "error: the prompt does not fit"
    And stderr contains "try: send a shorter prompt"
    And the exit status is not 0
    And nothing is left running

  @only-asks
  Scenario: An answer that was cut says so
    Given a swarm that is warm
    When I type "rbee-keeper infer --max-tokens 3 'hello'"
    Then stdout holds " Hello" alone
    And the terminal narrates
      """
      queen: worker finished inference
      bee-keeper: the answer stops here: 3 tokens are what --max-tokens allows
      """

  @only-asks
  @fault.worker.hide-the-cut
  Scenario: An answer that fills the context says so
    Given a hub that holds "author/endless-llama"
    And a swarm that is warm
    When I type "rbee-keeper infer --model HF:author/endless-llama --ctx 256 'write a short story'"
    Then the terminal narrates
      """
      queen: worker finished inference
      bee-keeper: the answer stops here: the context of 256 tokens is full; ask for more with --ctx N
      """
    And the exit status is 0

  @only-asks
  Scenario: Who wants no narration hears of that all the same
    Given a hub that holds "author/endless-llama"
    And a swarm that is warm
    When I type "rbee-keeper infer --quiet --model HF:author/endless-llama --ctx 256 'write a short story'"
    Then the terminal narrates
      """
      bee-keeper: the answer stops here: the context of 256 tokens is full; ask for more with --ctx N
      """
    And the terminal does not narrate
      """
      queen: worker finished inference
      """
    And the exit status is 0

  @fault.queen.ignore-cancel
  @fault.worker.ignore-cancel
  Scenario: A cancelled job frees its slot at once
    Given a hub that holds "author/endless-llama"
    And a queen that is awake
    And "rbee-keeper infer --model HF:author/endless-llama 'write a short story'" runs until tokens come
    And the queen has seen each worker busy
    When I press Ctrl+C
    Then the exit status is 130
    And each worker has all its slots free

  @timing
  @fault.queen.ignore-deadline
  Scenario: A deadline ends the job, with a status of its own
    Given a hub that holds "author/endless-llama"
    When I type "rbee-keeper infer --model HF:author/endless-llama --deadline 0.5 'write a short story'"
    Then stderr contains "error: the job was not done within 0.5 s"
    And the exit status is 124
    And nothing is left running
