@needs-clients
Feature: Programs that ask for tokens, for how likely a text is, and for rankings
  What measures models, retrieves texts and cuts prompts to their length speaks in tokens: those of the
  very model, told by a worker that has it.

  @fault.worker.likely-in-any-case
  @fault.queen.best-as-they-come
  Scenario: Answers of every kind
    Given a hub that holds "author/caller-llama"
    And a hub that holds "author/minirank"
    And what names no model is for "minillama"
    And a swarm that is warm
    When programs with OpenAI's client ask her for each of these
      | asked for                                 | got                                  |
      | the tokens of a text, and their text      | 5 of 512, and Once upon a bee        |
      | the tokens of a conversation              | as many as are read                  |
      | tokens in words of llama.cpp              | Once/ upon/ a/ bee                   |
      | tokens to go on with                      | a time                               |
      | how likely a text is                      | as when it was written               |
      | how likely a text is, and nothing more    | 0 written, cut by length             |
      | how likely strange letters are, in pieces | 14 tokens of 13 letters              |
      | how likely the letters of an answer are   | 7 tokens of 3 letters                |
      | how likely an answer is, beside tools     | The weather is fine.                 |
      | what lm-evaluation-harness asks for       | time, which is greedy: True; time    |
      | what guidellm asks for                    | 5 written, told 5 times              |
      | what stands between two texts             | one in between                       |
      | which texts answer a query best           | 1 and 3, a bee is an insect          |
      | what the models are for                   | minillama: completion+embedding, minirank: rerank |
    Then each of them gets what it asked for

  @only-asks
  Scenario: Requests that ask for something wrong
    Given a hub that holds "author/minirank"
    And a swarm that is warm
    When programs with OpenAI's client ask her wrongly
      | asked                                            | status | code                    | about     |
      | for the middle of a text, of a model that cannot | 400    | invalid_request         | suffix    |
      | for nobody's tokens to go on with                | 400    | invalid_request         | prompt    |
      | that a token of nobody's be likelier             | 400    | invalid_request         | logit_bias |
      | how likely nobody's tokens are                   | 400    | invalid_request         | prompt    |
      | for the text of nobody's tokens                  | 400    | invalid_request         | tokens    |
      | how likely too long a text is                    | 400    | context_length_exceeded | prompt    |
      | for a ranking, of a model that writes            | 400    | invalid_request         | model     |
      | for a ranking of too long a text                 | 400    | context_length_exceeded | documents |
      | for a vector, of a model that ranks              | 400    | invalid_request         | model     |
      | for an answer, of a model that ranks             | 400    | invalid_request         | model     |
      | for tokens of no model                           | 400    | invalid_request         | model     |
      | for a short name that is nobody's                | 404    | model_not_found         | model     |
    Then each of them is refused with what its row tells, and fails
