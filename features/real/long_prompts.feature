@needs-real-models @timing
Feature: A prompt that takes longer to read than a token may take
  A batch of it takes more than a second here, and a second without a sign of work is all that is
  granted. Whatever is read, computed or written is a sign of work.

  Background:
    Given an engine that does nothing for 1000 ms counts as stuck

  @fault.worker.count-output-alone
  Scenario: A person watches it being read
    When I type "rbee-keeper infer --model file:$MODELS/smollm2.gguf --max-tokens 5" on a terminal with a prompt of 550 words
    Then the exit status is 0
    And stderr contains "prompt ██"
    And stderr contains "worker: read the prompt: 580 tokens in "
    And stderr contains "bee-keeper: 580 tokens in, "
    And nothing is left running

  Scenario: A program that is answered in one piece, beside one that is told a story
    Given a hub that holds "author/smollm2"
    And a queen that is awake
    And a program that reads a story of "author/smollm2"
    When a program asks "author/smollm2" for an answer with 300 words
    Then it is answered
    And the story has not broken off
    And no worker was started a second time

  Scenario: A program that wants a vector of a long text
    Given a hub that holds "author/smollm2"
    And a queen that is awake
    When a program asks "author/smollm2" for a vector with 300 words
    Then it is answered
    And no worker was started a second time

  @fault.worker.read-on-in-any-case
  Scenario: Somebody else's short prompt beside it
    The first piece of its answer may come with the batch that reads the last of the long one, the
    second one cannot.
    Given a queen that is awake
    And a job with a prompt of 1050 words that "file:$MODELS/smollm2-short.gguf" has begun to read
    When a job with a prompt of 1 word comes to it
    Then that has two pieces of its answer before the long one is read
    And both answers end well
    And no worker was started a second time
