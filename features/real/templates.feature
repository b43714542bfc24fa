@needs-real-models
Feature: A chat template that cannot be used
  Plain text needs none; a conversation is refused with the reason, or has with another template.

  Background:
    Given a worker takes 1 job at once
    And a worker has a context of 1024 tokens

  @only-asks
  Scenario: Another template is taken for the model's own
    Given a swarm that was left warm by "rbee-keeper up"
    And a chat template of my own called "chatml.jinja"
    When I type "rbee-keeper infer --model file:$MODELS/smollm2-broken-template.gguf --chat-template chatml.jinja --temperature 0 --max-tokens 20 'What is the capital of France?'"
    Then stdout contains "Paris"
    And the exit status is 0

  @only-asks
  @fault.worker.answer-nothing
  Scenario: One that writes nothing is told as that
    Given a swarm that was left warm by "rbee-keeper up"
    And a chat template in "silent.jinja" that says "{# nothing #}"
    When I type "rbee-keeper infer --model file:$MODELS/smollm2-small.gguf --chat-template silent.jinja 'hello'"
    Then stderr contains "error: the model's chat template writes nothing for these messages"
    And the exit status is 2

  Scenario: Without one the reason is told at once
    When I type "rbee-keeper infer --model file:$MODELS/smollm2-broken-template.gguf 'hello'"
    Then stderr contains "error: the model's chat template cannot be used: Unexpected token"
    And stderr contains "--chat-template FILE"
    And the exit status is 2
    And nothing is left running
