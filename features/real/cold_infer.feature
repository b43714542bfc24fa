@needs-real-models
Feature: A prompt from nothing, with a real model
  The weights are those of SmolLM2-135M-Instruct, 98 MB, in the chat form it was taught.

  Scenario: From a house where nothing runs to an answer, and back to sleep
    When I type "rbee-keeper infer --model file:$MODELS/smollm2.gguf --max-tokens 24 --temperature 0 'What is the capital of France?'"
    Then the exit status is 0
    And stdout contains "Paris"
    And everything is asleep
