Feature: What happens to a job that nobody listens to any more

  @timing
  @fault.queen.ignore-gone-reader
  Scenario: A client that vanishes frees its slot
    Given jobs wait 100 ms for a reader that has left
    And a hub that holds "author/endless-llama"
    And a queen that is awake
    And "rbee-keeper infer --model HF:author/endless-llama 'write a short story'" runs until tokens come
    And the queen has seen each worker busy
    When the keeper is killed
    Then each worker has all its slots free
    And the queen lists its job as "cancelled"
