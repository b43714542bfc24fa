Feature: A conversation, from waking to sleep
  One answer that is stopped, one whose worker is killed, and a third: the chat goes on.

  Scenario: Whoever chats is always asked for the next line
    Given a hub that holds "author/endless-llama"
    And "rbee-keeper chat --model HF:author/endless-llama" on a terminal asks for a line
    When I type the line "write a short story" and the answer has begun
    And I press Ctrl+C in the middle of the answer
    Then the chat asks for the next line
    And each worker has all its slots free
    When I type the line "write another story" and the answer has begun
    And the worker is killed
    Then the chat has told "broke off"
    And the chat asks for the next line
    When I type the line "write a third story" and the answer has begun
    And I press Ctrl+C in the middle of the answer
    Then the chat asks for the next line
    When I press Ctrl+D
    Then the exit status is 0
    And the terminal narrates
      """
      bee-keeper: queen is asleep, waking queen...
      queen: asked hive to download model HF:author/endless-llama
      queen: connection to worker established; starting inference
      bee-keeper: cancelling the job
      bee-keeper: cancelling the job
      bee-keeper: asking queen to cascade shutdown
      queen: goodbye
      """
    And nothing is left running
