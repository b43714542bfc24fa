@needs-real-models
Feature: A prompt from nothing, with a real model
  The weights are those of SmolLM2-135M-Instruct, 98 MB, in the chat form it was taught.

  Scenario: From a house where nothing runs to an answer, and back to sleep
    Given a hub that holds "author/smollm2"
    When I type "rbee-keeper infer --model HF:author/smollm2 --max-tokens 24 --temperature 0 'What color is the sky?'"
    Then the exit status is 0
    And stdout contains "blue"
    And the terminal narrates
      """
      bee-keeper: queen is asleep, waking queen...
      queen: asked hive to download model HF:author/smollm2
      hive: model size = 98.4 MB; starting download
      worker: loading model from <path>
      queen: CPU worker is awake and ready
      [DONE]
      bee-keeper: asking queen to cascade shutdown
      queen: goodbye
      """
    And nothing is left running

  Scenario: A file of my own in several pieces
    Given a worker has a context of 1024 tokens
    When I type "rbee-keeper infer --model file:$MODELS/smollm2-in-three-00001-of-00003.gguf --max-tokens 24 --temperature 0 'What color is the sky?'"
    Then the exit status is 0
    And stdout contains "blue"
    And nothing is left running
