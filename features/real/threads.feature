@needs-real-models @needs-linux
Feature: The threads of an engine with a real model

  Scenario: A thread for each core, where nobody says otherwise
    Given the number of engine threads is left open
    And a worker has a context of 1024 tokens
    And a swarm that is warm with "file:$MODELS/smollm2-short.gguf"
    When the hive tells of its worker
    Then the worker has a thread for each core that it may use
