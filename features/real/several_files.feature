@needs-real-models
Feature: A real model in several files
  A person names any of the files, and all of them count: those in the middle, and the first, which
  may hold no weights.

  Scenario: All of its files count
    Given a worker has a context of 1024 tokens
    And a swarm that is warm with "file:$MODELS/smollm2-short-in-four-00003-of-00004.gguf"
    When I type "rbee-keeper models"
    Then stdout contains "29.2 MB"

  Scenario: One of its files is missing
    Given a file of a real model whose neighbours are missing
    When I type "rbee-keeper infer --model file:$PWD/alone-00002-of-00003.gguf hello < /dev/null"
    Then the exit status is 1
    And stderr contains "alone-00001-of-00003.gguf, alone-00003-of-00003.gguf are missing"
    And nothing is left running
