@needs-real-models @only-asks
Feature: A model that thinks before it answers
  The thought is no part of the answer: a person at a terminal sees it dimmed, a pipe gets the answer
  alone, and a form or a call that is demanded comes behind it.

  Background:
    Given a worker takes 1 job at once
    And a worker has a context of 1024 tokens
    And a swarm that is warm with "file:$MODELS/smollm2-thinking.gguf"

  Scenario: Only the answer goes into a pipe
    When I type "rbee-keeper infer --model file:$MODELS/smollm2-thinking.gguf --temperature 0 'Repeat after me: easy.</think>Paris'"
    Then stdout holds "Paris" alone
    And the exit status is 0

  Scenario: At a terminal the thought is seen
    When I type "rbee-keeper infer --model file:$MODELS/smollm2-always-thinking.gguf --temperature 0 'Repeat after me: easy.</think>Paris'" on a terminal
    Then the terminal has shown the thought "Repeat after me: easy." dimmed
    And stdout contains "Paris"

  Scenario: A thought that takes every token is told of
    When I type "rbee-keeper infer --model file:$MODELS/smollm2-thinking.gguf --temperature 0 --max-tokens 5 'What is the capital of France?'"
    Then stdout holds nothing
    And stderr contains "the thought took all 5 tokens, and there is no answer"
    And the exit status is 0

  @fault.worker.end-in-a-thought
  Scenario: What ends an answer ends no thought
    When I type "rbee-keeper infer --model file:$MODELS/smollm2-thinking.gguf --temperature 0 --stop easy --stop is 'Repeat after me: easy.</think>Paris'"
    Then stdout holds "Par" alone
    And the exit status is 0

  Scenario: Who wants no thought gets the answer at once
    When I type "rbee-keeper infer --no-think --model file:$MODELS/smollm2-always-thinking.gguf --temperature 0 --max-tokens 20 'What is the capital of France?'"
    Then stdout contains "Paris"
    And the exit status is 0

  @fault.worker.form-over-thought
  Scenario: A form and a call that are demanded
    When programs ask each of these models for a city, in a form and as a call
      | its template                   | wanted     | model                   | told      |
      | has a switch                   | a thought  | smollm2-thinking        | a thought |
      | has one, and nobody thinks     | no thought | smollm2-thinking        | nothing   |
      | has none, and nobody thinks    | no thought | smollm2-always-thinking | nothing   |
      | has a channel for thoughts     | no thought | smollm2-channels        | nothing   |
    Then the city stands where answers and calls belong
    And beside each is told what its row says
