@phase-7 @timing
Feature: A model file that means harm keeps nobody waiting
  Whoever may name a model may name a bad one. The hive refuses it, and everybody else's work goes
  on meanwhile: other models, other jobs, other questions.

  @only-asks
  @fault.hive.believe-numbers
  Scenario: A header of 200 bytes that promises millions of layers
    Given a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
    When I type "rbee-keeper infer --model file:$HERE/hostile.gguf 'hello'" for a file of 5,000,000 layers, while others ask the hive for its workers
    Then the hive has answered the others at once
    And the terminal narrates
      """
      error: <file> has llama.block_count 5000000; 0 to 2048 can be
      try: fetch the model again, or choose another file
      """
    And the exit status is 1
    And 1 worker is running

  @only-asks
  Scenario: A pipe that nobody writes to
    Given a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
    When I type "rbee-keeper infer --model file:$HERE/hostile.gguf 'hello'" for a file that is a pipe, while others ask the hive for its workers
    Then the hive has answered the others at once
    And the terminal narrates
      """
      error: <file> is a pipe, and no file
      try: check the path; it is read on the machine of the hive
      """
    And the exit status is 1
