Feature: What happens to a job that is cancelled before its first token
  Ctrl+C while tokens flow, in a download and in each phase of a cold run stands with phase 12, a
  reader that vanishes in "nobody listens".

  Background:
    Given a hub that holds "author/endless-llama"
    And a queen that is awake, whose workers take 1 job at once

  Scenario: While it waits for a slot
    Given "rbee-keeper infer --model HF:author/endless-llama 'write a short story'" runs until tokens come
    And "rbee-keeper infer --model HF:author/endless-llama 'hello'" runs beside it until it narrates "queen: worker <worker id> is busy; waiting for a slot"
    When I press Ctrl+C
    Then the exit status is 130
    And the first command still runs until I press Ctrl+C
    And each worker has all its slots free

  Scenario: While a long prompt is read
    Given "rbee-keeper infer --model HF:author/endless-llama -" with a prompt of 7500 words runs until it narrates "queen: connection to worker established; starting inference"
    And the queen has seen each worker busy
    When I press Ctrl+C
    Then the exit status is 130
    And stdout holds nothing
    And each worker has all its slots free
