@needs-clients
Feature: Clients that others wrote
  Whoever speaks to a server of OpenAI's kind is told two things, where the queen is and the key, and
  works: `rbee-keeper up --print-env` prints both.

  Background:
    Given a hub that holds "author/endless-llama"
    And a swarm that is warm

  Scenario: litellm
    When a program with litellm asks her for each of these
      | asked for                                         | got                              |
      | an answer                                         | Hello! How can I help you today? |
      | an answer in pieces                               | Hello! How can I help you today? |
      | an answer in pieces, side by side with other work | Hello! How can I help you today? |
      | the count of its tokens                           | 10 read, 14 written              |
      | an answer in the form of a class                  | a Mood                           |
      | a text to go on with                              | a time                           |
      | an answer, with another key                       | AuthenticationError              |
      | an answer to a text that is too long              | BadRequestError                  |
      | an answer of a model of somebody else             | NotFoundError                    |
      | an endless answer, which it leaves                | 5 pieces                         |
    Then each of them gets what it asked for
    And the job that it left is cancelled at once
    And each worker has all its slots free

  Scenario: LangChain
    When a program with LangChain asks her for each of these
      | asked for                                         | got                              |
      | an answer                                         | Hello! How can I help you today? |
      | an answer in pieces                               | Hello! How can I help you today? |
      | an answer in pieces, side by side with other work | Hello! How can I help you today? |
      | two answers at once                               | Hello / Hello                    |
      | the count of its tokens                           | 10 read, 14 written              |
      | an answer in the form of a class                  | a Mood                           |
      | a call of a function, which it makes              | weather                          |
      | an answer, with another key                       | OpenAIAuthenticationError        |
      | an answer to a text that is too long              | OpenAIContextOverflowError       |
      | an answer of a model of somebody else             | OpenAIModelNotFoundError         |
      | an endless answer, which it leaves                | 5 pieces                         |
    Then each of them gets what it asked for
    And the job that it left is cancelled at once
    And each worker has all its slots free

  Scenario: The command llm
    Given the command "llm" of somebody who has told it of the queen
    When I type each of these commands
      | command                                                     | says                             | status |
      | llm -m bee -o temperature 0 hello                           | Hello! How can I help you today? | 0      |
      | llm -m bee --schema 'awake bool' hello                      | {"awake":                        | 0      |
      | llm -m bee --key nobody hello                               | invalid_api_key                  | 1      |
      | llm -m endless -o temperature 0 hello 2> told \| head -c 20 | Hello! How can I he              | 0      |
    Then each of them says what its row tells, and ends with its status
    And the job that it left is cancelled at once
    And each worker has all its slots free
