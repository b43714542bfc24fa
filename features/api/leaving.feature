@needs-clients
Feature: Whoever leaves stops the work that he asked for
  A closed connection is all that the queen learns of it, whichever client it was, and wherever the
  job stood.

  Scenario Outline: <client> leaves before the first token
    Given a hub that holds "author/endless-llama"
    And a worker that hangs while it loads
    And a worker takes 2 jobs at once
    And programs are told at once that an answer takes its time
    And a queen that is awake
    When <client> leaves while each of these is the case
      | the case                  |
      | the model is fetched      |
      | the worker loads          |
      | others have all the slots |
      | a long prompt is read     |
    Then the jobs that were left are cancelled at once
    And each worker has all its slots free

    Examples:
      | client          |
      | OpenAI's client |
      | litellm         |
      | LangChain       |
      | the command llm |
