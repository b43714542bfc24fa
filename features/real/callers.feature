@needs-real-models
Feature: Several callers of a real model
  One worker reads and writes for all of them at the same time.

  Background:
    Given a worker has a context of 2048 tokens
    And a queen that is awake

  Scenario: Four at once
    When 4 programs begin to read stories of "file:$MODELS/smollm2-short-endless.gguf"
    Then all of them get tokens at the same time
    And 1 worker is running

  Scenario: Vectors of texts
    When a program asks for the vectors of these texts from "file:$MODELS/smollm2-small.gguf"
      | text                          |
      | A bee collects honey.         |
      | Bees gather nectar for honey. |
      | The stock market fell today.  |
    Then the vector of the first text is nearer to the second than to the third
    And 1 worker is running

  Scenario: Vectors beside a story
    The engine makes no vector while it writes: they are made by a worker of their own.
    Given a program that reads a story of "file:$MODELS/smollm2-short-endless.gguf"
    When a program asks for the vectors of these texts from "file:$MODELS/smollm2-short-endless.gguf"
      | text                          |
      | A bee collects honey.         |
      | Bees gather nectar for honey. |
      | The stock market fell today.  |
    Then the vector of the first text is nearer to the second than to the third
    And all of them get tokens at the same time
