@needs-real-models
Feature: The context of a real model is full
  A context holds the prompt and the answer together.

  Scenario: An answer that reaches the end of the context
    When I type "rbee-keeper infer --model file:$MODELS/smollm2.gguf --ctx 256 --temperature 0 --json 'Write a very long story about a bee.'"
    Then the exit status is 0
    And the event "done" tells "finish_reason" as "length"
    And nothing is left running

  Scenario: A prompt that is longer than the context
    When I type "rbee-keeper infer --model file:$MODELS/smollm2.gguf --ctx 256" with a prompt of 300 words
    Then the exit status is 2
    And stderr contains "error: the prompt does not fit: it is "
    And nothing is left running
