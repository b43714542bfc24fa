@needs-clients
Feature: Programs that ask OpenAI's API for responses
  Newer programs, Codex among them, speak to `/v1/responses`: what is said is a list of items, and the
  server keeps it, for whoever goes on from there. The client here is OpenAI's own.

  Rule: What they ask for, they get

    @only-asks
    @fault.queen.cut-the-stream
    Scenario: Answers of every kind
      Given a hub that holds "author/endless-llama"
      And a swarm that is warm
      When a program with OpenAI's client for responses asks her for each of these
        | asked for                                         | she sends | got                                 |
        | an answer                                         | 200       | Hello! How can I help you today?    |
        | an answer to items                                | 200       | Hello! How can I help you today?    |
        | an answer in pieces                               | 200       | Hello! How can I help you today?    |
        | an answer, by the stream of its client            | 200       | Hello! How can I help you today?    |
        | an answer in pieces, side by side with other work | 200       | Hello! How can I help you today?    |
        | the count of its tokens                           | 200, 200  | 10 read, 14 written                 |
        | at most 3 tokens                                  | 200       | Hello, incomplete by max_output_tokens |
        | the two likeliest first tokens                    | 200       | H before Once                       |
        | any JSON object                                   | 200       | dict                                |
        | an answer in the form of a class                  | 200       | a Mood                              |
        | a call of some function                           | 200       | weather                             |
        | a call of one function, in pieces                 | 200       | weather                             |
        | a call of a tool that takes text                  | 200       | note, a str                         |
        | an endless answer, which it cancels               | 200, 200  | cancelled                           |
      Then she has sent for each of them what its row tells, and was asked once
      And each of them gets what it asked for

    @only-asks
    Scenario: An answer is made meanwhile, and asked for later
      Given a hub that holds "author/endless-llama"
      And a swarm that is warm
      When a program with OpenAI's client for responses asks her for each of these
        | asked for                        | got                              |
        | an answer that is made meanwhile | Hello! How can I help you today? |
        | an endless one, which it cancels | cancelled                        |
      Then each of them gets what it asked for
      And each worker has all its slots free

    @only-asks
    @fault.queen.forget-what-was-said
    @fault.queen.silent-about-items
    Scenario: A conversation is kept for who goes on from it, for as long as its job
      Given a swarm that is warm
      When a program with OpenAI's client for responses asks her for each of these
        | asked for                           | she sends                     | got                           |
        | an answer that goes on              | 200, 200, 200                 | the same as if all were sent  |
        | an answer that goes on from an item by its id | 200, 200, 200       | the same as if all were sent  |
        | an answer to what was begun elsewhere | 200                         | left out of the conversation: web_search_call, which no model here can be told |
        | an answer told again                | 200, 200, 200                 | Hello! How can I help you today? |
        | an answer that was let go of        | 200, 200, 404 not_found       | nothing                       |
        | an answer that was not kept         | 200, 404 not_found            | nothing                       |
        | an answer that goes on from nowhere | 400 invalid_request           | nothing                       |
        | an item that nobody keeps           | 400 invalid_request           | nothing                       |
      Then she has sent for each of them what its row tells, and was asked once
      And each of them gets what it asked for

    @only-asks
    Scenario: A model that was taught to call, and tools that nobody here has
      Given a hub that holds "author/caller-llama"
      And a swarm that is warm
      When a program with OpenAI's client for responses asks her for each of these
        | asked for                               | she sends | got                                  |
        | a call that the model decides on        | 200       | weather of Rome                      |
        | what it says of the answer to its call  | 200, 200  | The weather is fine.                 |
        | the same, of a call that is kept        | 200, 200  | The weather is fine.                 |
        | what Codex asks for                     | 200       | tools were left out: web_search      |
      Then she has sent for each of them what its row tells, and was asked once
      And each of them gets what it asked for

    @needs-real-models
    Scenario: Real weights think, in an item of its own, and call
      Given a worker takes 1 job at once
      And a queen that is awake
      When a program with OpenAI's client for responses asks her for each of these
        | asked for                               | she sends | got                |
        | what a model thinks                     | 200       | a thought          |
        | a summary of it                         | 200       | a thought          |
        | an answer without a thought             | 200       | no thought         |
        | a call, and words about what came of it | 200, 200  | weather, and words |
      Then she has sent for each of them what its row tells, and was asked once
      And each of them gets what it asked for

  Rule: What cannot be had is refused, and whoever asked knows what is wrong with it

    @only-asks
    Scenario: Requests that ask for something wrong
      Given a swarm that is warm
      When a program with OpenAI's client for responses asks her for each of these
        | asked for                             | she sends                   | got     |
        | an answer, with another key           | 401 invalid_api_key         | nothing |
        | an answer to a text that is too long  | 400 context_length_exceeded | nothing |
        | an answer of a model of somebody else | 404 model_not_found         | nothing |
        | an answer that is made meanwhile, and not kept | 400 invalid_request | nothing |
        | something that nobody knows           | 400 invalid_request         | nothing |
        | what is in a picture                  | 400 invalid_request         | nothing |
        | a call of a tool that nobody has      | 400 invalid_request         | nothing |
      Then she has sent for each of them what its row tells, and was asked once
      And each of them gets what it asked for

    Scenario: Tools that nobody here has are refused, for who wants it so
      Given tools that a model was not taught are refused
      And a hub that holds "author/caller-llama"
      And a queen that is awake
      When a program with OpenAI's client for responses asks her for each of these
        | asked for           | she sends           | got     |
        | what Codex asks for | 400 invalid_request | nothing |
      Then she has sent for each of them what its row tells, and was asked once
      And each of them gets what it asked for

    @only-asks
    @fault.queen.tell-all-keys-what-was-said
    Scenario: What is kept for one key is nobody else's
      Given a swarm that is warm
      And the keys "desk" and "tv"
      When the program with the key "desk" keeps an answer
      Then the program with the key "tv" gets 404 for it, and 400 where it goes on

    @only-asks
    Scenario: An answer that breaks off in the middle is told as failed
      Given a hub that holds "author/endless-llama"
      And a swarm that is warm
      When the worker is killed in the middle of a response of "author/endless-llama"
      Then the last two events of that answer are "response.failed" and "error"
