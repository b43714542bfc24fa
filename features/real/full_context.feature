@needs-real-models
Feature: The context of a real model is full
  A context holds the prompt and the answer together.

  Scenario: An answer that reaches the end of the context
    When I type "rbee-keeper infer --model file:$MODELS/smollm2-small.gguf --ctx 64 --temperature 0 --json 'Write a very long story about a bee.'"
    Then the exit status is 0
    And the event "done" tells "finish_reason" as "length"
    And nothing is left running

  @fault.queen.never-grow
  Scenario: A prompt that is longer than the context of the worker that is there
    Given a swarm that was left warm by "rbee-keeper infer --keep-alive --model file:$MODELS/smollm2-short.gguf --ctx 32 --max-tokens 2 'hello'"
    When I type "rbee-keeper infer --model file:$MODELS/smollm2-short.gguf --max-tokens 5" with a prompt of 75 words
    Then stderr contains " tokens, and 128 fit; looking for a worker with 256"
    And the exit status is 0
    And 2 workers are running

  Scenario: A prompt that is longer than the share of a slot, and fits into what the others leave
    Given a swarm that was left warm by "rbee-keeper infer --keep-alive --model file:$MODELS/smollm2-short.gguf --ctx 64 --max-tokens 2 'hello'"
    When I type "rbee-keeper infer --model file:$MODELS/smollm2-short.gguf --max-tokens 5" with a prompt of 60 words
    Then the exit status is 0
    And 1 worker is running

  Scenario: A prompt that is longer than the context
    When I type "rbee-keeper infer --model file:$MODELS/smollm2-short.gguf --ctx 256" with a prompt of 150 words
    Then the exit status is 2
    And stderr contains "error: the prompt does not fit: it is "
    And nothing is left running
