Feature: A model harms itself alone
  A model file is anybody's: its header has a program in it, the chat template, and an engine reads
  the rest as it stands. What it does is told of that model, and nobody else's work suffers.

  @needs-linux
  @fault.worker.no-trial
  Scenario: A story goes on while the models of others come to grief
    Given these model files
      | file           | what it does             |
      | doubling.gguf  | doubles a string         |
      | calling.gguf   | calls itself             |
      | nesting.gguf   | nests 20,000 parentheses |
      | damaged.gguf   | damaged with the seed 457 |
    And a hub that holds "author/endless-llama"
    And "rbee-keeper infer --model HF:author/endless-llama 'write a short story'" runs until tokens come
    When each of these models is asked beside the story
      | file           | error                                      |
      | doubling.gguf  | the model's chat template cannot be used: it takes more than |
      | calling.gguf   | the model's chat template cannot be used: llama.cpp dies of reading it |
      | nesting.gguf   | the model's chat template cannot be used: llama.cpp dies of reading it |
      | damaged.gguf   | llamacpp dies of loading file:             |
    Then each of them is refused in its words
    And no device counts as degraded
    And the next "rbee-keeper infer 'hello'" works
    And the first command still runs until I press Ctrl+C

  @needs-linux
  @fault.worker.unbounded
  Scenario: What a template does with some messages is told of that model
    Given these model files
      | file          | what it does                       |
      | doubling.gguf | doubles a string at the word sting |
      | calling.gguf  | calls itself at the word sting     |
    And a worker may take 100 MiB more than was reckoned
    And a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
    When each of these models is asked
      | file          | prompt | error                                                |
      | doubling.gguf | sting  | the engine wants more memory for this than a worker may take |
      | calling.gguf  | sting  | the stream of worker                                 |
    Then each of them is refused in its words
    And the next "rbee-keeper infer 'hello'" works

  @fault.hive.forget-the-deadly
  Scenario: A model that has killed its engine is not loaded again for the next who asks
    Given these model files
      | file         | what it does              |
      | damaged.gguf | damaged with the seed 457 |
    And a queen that is awake
    And "rbee-keeper infer --model file:$SHELF/damaged.gguf 'hello'" has failed
    When I type "rbee-keeper infer --model file:$SHELF/damaged.gguf 'hello'"
    Then stderr contains "llamacpp dies of loading file:"
    And the terminal does not narrate
      """
      worker: read 100% of the model
      """
    And the exit status is 1
