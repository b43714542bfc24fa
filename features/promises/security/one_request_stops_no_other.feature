Feature: One request stops no other
  What a request may cost is bounded and written down (docs/limits.md). Whoever asks for more is told
  which field asks for too much, and nobody else has waited for it.

  @only-asks
  Scenario: More is asked for than there may be, beside somebody's story
    Given a hub that holds "author/endless-llama"
    And a swarm that is warm
    And a program that reads a story of "author/endless-llama"
    When another program asks "author/endless-llama" for each of these
      | asked for                                            | about           |
      | a form: ten-fold type lists 30 deep                  | response_format |
      | a form: 20,000 values                                | response_format |
      | a form: 4,000 bounded strings                        | response_format |
      | a form: 900 strings of up to 500                     | response_format |
      | a form: a tree of two kinds that nothing tells apart | response_format |
      | a call: 200 properties that may be left out          | tools           |
      | 20,000 messages                                      | messages        |
      | 10,000 words to stop at                              | stop            |
      | a word of 100 kB to stop at                          | stop            |
      | 40,000 tokens weighed                                | logit_bias      |
      | 1,000 functions                                      | tools           |
    Then each is refused by the name of its field
    And the story goes on all the while, without a second of silence

  @fault.hive.one-pool-for-all
  Scenario: A hub takes its time with each of ten models
    Given a hub that holds "TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF"
    And that hub sends a few bytes at a time
    And a swarm that is warm
    When the hive is asked to fetch 10 models from it
    Then 2 of them wait for their turn, and are told "waiting for other downloads"
    And the hive lists, loads another model and answers as ever
