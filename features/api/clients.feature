@needs-clients
Feature: Clients that others wrote
  Whoever speaks to a server of OpenAI's kind is told two things, where the queen is and the key, and
  works: `rbee-keeper up --print-env` prints both. What the clients say of an error is their own; what
  the queen sends is hers, and it tells them not to try again what would fail again.

  Rule: Whoever asks is answered, and told what is wrong in words that his client knows

    Background:
      Given a hub that holds "author/endless-llama"
      And a swarm that is warm

    @only-asks
    Scenario: litellm
      When a program with litellm asks her for each of these
        | asked for                                         | she sends                   | got                              |
        | an answer                                         | 200                         | Hello! How can I help you today? |
        | an answer in pieces                               | 200                         | Hello! How can I help you today? |
        | an answer in pieces, side by side with other work | 200                         | Hello! How can I help you today? |
        | the count of its tokens                           | 200                         | 10 read, 14 written              |
        | an answer in the form of a class                  | 200                         | a Mood                           |
        | a text to go on with                              | 200                         | a time                           |
        | an answer, with another key                       | 401 invalid_api_key         | nothing                          |
        | an answer to a text that is too long              | 400 context_length_exceeded | nothing                          |
        | an answer of a model of somebody else             | 404 model_not_found         | nothing                          |
        | an endless answer, which it leaves                | 200                         | 5 pieces                         |
      Then she has sent for each of them what its row tells, and was asked once
      And each of them gets what it asked for
      And the job that it left is cancelled at once
      And each worker has all its slots free

    @only-asks
    Scenario: LangChain
      When a program with LangChain asks her for each of these
        | asked for                                         | she sends                   | got                              |
        | an answer                                         | 200                         | Hello! How can I help you today? |
        | an answer in pieces                               | 200                         | Hello! How can I help you today? |
        | an answer in pieces, side by side with other work | 200                         | Hello! How can I help you today? |
        | two answers at once                               | 200, 200                    | Hello / Hello                    |
        | the count of its tokens                           | 200                         | 10 read, 14 written              |
        | an answer in the form of a class                  | 200                         | a Mood                           |
        | a call of a function, which it makes              | 200                         | weather                          |
        | an answer, with another key                       | 401 invalid_api_key         | nothing                          |
        | an answer to a text that is too long              | 400 context_length_exceeded | nothing                          |
        | an answer of a model of somebody else             | 404 model_not_found         | nothing                          |
        | an endless answer, which it leaves                | 200                         | 5 pieces                         |
      Then she has sent for each of them what its row tells, and was asked once
      And each of them gets what it asked for
      And the job that it left is cancelled at once
      And each worker has all its slots free

    @only-asks
    @needs-instructor
    Scenario: instructor
      When a program with instructor asks her for each of these
        | asked for                             | she sends           | got                 |
        | a journey, by a tool                  | 200                 | a journey of Places |
        | a journey, by a schema                | 200                 | a journey of Places |
        | a journey, by a tool, in pieces       | 200                 | a journey of Places |
        | a journey, by a schema, in pieces     | 200                 | a journey of Places |
        | the count of its tokens               | 200                 | 10 read             |
        | a journey, with another key           | 401 invalid_api_key | nothing             |
        | a journey of a model of somebody else | 404 model_not_found | nothing             |
      Then she has sent for each of them what its row tells, and was asked once
      And each of them gets what it asked for

    @only-asks
    Scenario: pydantic-ai
      Given a hub that holds "author/caller-llama"
      When a program with pydantic-ai asks her for each of these
        | asked for                             | she sends                   | got                              |
        | an answer                             | 200                         | Hello! How can I help you today? |
        | an answer in pieces                   | 200                         | Hello! How can I help you today? |
        | a journey, by a tool                  | 200                         | a journey of Places              |
        | a journey, by a schema                | 200                         | a journey of Places              |
        | a journey, by a schema of responses   | 200                         | a journey of Places              |
        | what a model says of its call         | 200, 200                    | The weather is fine. Of Rome.    |
        | an answer, with another key           | 401 invalid_api_key         | nothing                          |
        | an answer to a text that is too long  | 400 context_length_exceeded | nothing                          |
        | an answer of a model of somebody else | 404 model_not_found         | nothing                          |
      Then she has sent for each of them what its row tells, and was asked once
      And each of them gets what it asked for

    @only-asks
    @needs-node
    Scenario: The clients of openai, anthropic and ollama for JavaScript
      Given a hub that holds "author/caller-llama"
      When a program with JavaScript asks her for each of these
        | asked for                                      | she sends           | got                              |
        | an answer                                      | 200                 | Hello! How can I help you today? |
        | an answer in pieces                            | 200                 | Hello! How can I help you today? |
        | an answer of responses                         | 200                 | Hello! How can I help you today? |
        | the same in pieces                             | 200                 | Hello! How can I help you today? |
        | what a model says of its call                  | 200, 200            | The weather is fine.             |
        | the same, in pieces                            | 200, 200            | The weather is fine.             |
        | an answer, with another key                    | 401 invalid_api_key | nothing                          |
        | an answer of a model of somebody else          | 404 model_not_found | nothing                          |
        | an answer of messages                          | 200                 | Hello! How can I help you today? |
        | an answer of messages in pieces                | 200                 | Hello! How can I help you today? |
        | a call of messages, in pieces                  | 200                 | weather of Rome                  |
        | the count of its tokens                        | 200                 | 10 read                          |
        | an answer of ollama's                          | 200                 | Hello! How can I help you today? |
        | an answer of ollama's in pieces                | 200                 | Hello! How can I help you today? |
        | a call of ollama's                             | 200                 | weather of Rome                  |
        | an endless answer of ollama's, which it leaves | 200                 | 5 pieces                         |
        | an endless answer, which it leaves             | 200                 | 5 pieces                         |
      Then she has sent for each of them what its row tells, and was asked once
      And each of them gets what it asked for
      And the job that it left is cancelled at once
      And each worker has all its slots free

    @needs-aider
    Scenario: aider
      Given a hub that holds "author/writer-llama"
      When somebody who has told aider of the queen types each of these
        | command                                                                             | she sends           | says          | ends |
        | aider --model openai/author/writer-llama --message 'of bees' bee.txt && cat bee.txt | 200                 | The bee hums. | well |
        | OPENAI_API_KEY=nobody aider --model openai/minillama --message 'of bees'            | 401 invalid_api_key |               | well |
      Then she has sent for each of them what its row tells, and was asked once
      And each of them says what its row tells, and ends as it tells

    @only-asks
    Scenario: The command llm
      When somebody who has told llm of the queen types each of these
        | command                                                     | she sends           | says                             | ends  |
        | llm -m bee -o temperature 0 hello                           | 200                 | Hello! How can I help you today? | well  |
        | llm -m bee --schema 'awake bool' hello                      | 200                 | {"awake":                        | well  |
        | llm -m bee --key nobody hello                               | 401 invalid_api_key |                                  | badly |
        | llm -m endless -o temperature 0 hello 2> told \| head -c 20 | 200                 | Hello! How can I he              | well  |
      Then she has sent for each of them what its row tells, and was asked once
      And each of them says what its row tells, and ends as it tells
      And the job that it left is cancelled at once
      And each worker has all its slots free

  Rule: Whoever leaves stops the work that he asked for
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
