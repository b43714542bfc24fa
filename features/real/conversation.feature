@needs-real-models
Feature: A conversation with a real model
  Each answer knows what was said before it.

  Background:
    Given a worker takes 1 job at once
    And a worker has a context of 1024 tokens

  Scenario: What was said first decides what is meant later
    When I type "rbee-keeper chat --model file:$MODELS/smollm2-small.gguf --temperature 0 --max-tokens 20" and the lines
      """
      What color is the sky?
      And what color is grass?
      """
    Then stdout contains "blue"
    And stdout contains "green"
    And the exit status is 0
    And nothing is left running
