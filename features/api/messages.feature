@needs-clients
Feature: Programs that speak Anthropic's API
  Claude Code, and what is made with Anthropic's client, are told where the queen is and the key
  (`ANTHROPIC_BASE_URL`, `ANTHROPIC_API_KEY`), and work with the models of the swarm. The client here is
  Anthropic's own.

  Rule: What they ask for, they get

    @only-asks
    @fault.worker.stop-unsaid
    @fault.worker.count-the-words
    @fault.shared.keys-in-one-header
    Scenario: Answers of every kind
      Given a swarm that is warm
      When a program with Anthropic's client asks her for each of these
        | asked for                                         | she sends | got                              |
        | an answer                                         | 200       | Hello! How can I help you today? |
        | an answer in pieces                               | 200       | Hello! How can I help you today? |
        | an answer, by the stream of its client            | 200       | Hello! How can I help you today? |
        | an answer in pieces, side by side with other work | 200       | Hello! How can I help you today? |
        | the count of its tokens                           | 200, 200  | 10 read, 14 written              |
        | at most 3 tokens                                  | 200       | Hello, cut by max_tokens         |
        | an answer that stops before "help"                | 200, 200  | Hello! How can I, by stop_sequence help |
        | an answer that it has begun                       | 200       | can I help you today?            |
        | an answer in the form of a class                  | 200       | a Mood                           |
        | a call of some function                           | 200       | weather                          |
        | a call of one function                            | 200       | weather                          |
        | an answer, with the key as older clients send it  | 200       | Hello! How can I help you today? |
        | an answer, with that key and a path without /v1   | 200       | Hello! How can I help you today? |
        | a path that is nobody's, with that key            | 404 not_found | nothing                          |
        | an answer to what was begun elsewhere             | 200       | left out of the conversation: container_upload, which no model here can be told |
        | the mark of an answer                             | 200       | the same                         |
        | the models, page by page                          | 200, 200  | minillama                        |
        | a model that nobody has                           | 404       | nothing                          |
      Then she has sent for each of them what its row tells, and was asked once
      And each of them gets what it asked for

    @only-asks
    Scenario: A model that was taught to call, and tools that nobody here has
      Given a hub that holds "author/caller-llama"
      And a swarm that is warm
      When a program with Anthropic's client asks her for each of these
        | asked for                                   | she sends | got                                              |
        | a call that the model decides on            | 200       | weather of Rome                                  |
        | a call that the model decides on, in pieces | 200       | weather of Rome                                  |
        | what it says of the answer to its call      | 200, 200  | The weather is fine.                             |
        | what Claude Code asks for                   | 200       | tools were left out: web_search_20250305, which are tools of other servers |
      Then she has sent for each of them what its row tells, and was asked once
      And each of them gets what it asked for

    @needs-real-models
    Scenario: Real weights think, and call
      Given a worker takes 1 job at once
      And a queen that is awake
      When a program with Anthropic's client asks her for each of these
        | asked for                               | she sends | got                |
        | what a model thinks                     | 200       | a thought          |
        | an answer without a thought             | 200       | no thought         |
        | an answer whose thought is not told     | 200       | no thought         |
        | a call, and words about what came of it | 200, 200  | weather, and words |
      Then she has sent for each of them what its row tells, and was asked once
      And each of them gets what it asked for

    @only-asks
    Scenario: A program that leaves in the middle frees its place
      Given a hub that holds "author/endless-llama"
      And a swarm that is warm
      When a program with Anthropic's client asks her for each of these
        | asked for                          | she sends | got      |
        | an endless answer, which it leaves | 200       | 5 pieces |
      Then each of them gets what it asked for
      And the job that it left is cancelled at once
      And each worker has all its slots free

  Rule: What cannot be had is refused, and whoever asked knows what is wrong with it

    @only-asks
    Scenario: Requests that ask for something wrong
      Given a swarm that is warm
      When a program with Anthropic's client asks her for each of these
        | asked for                             | she sends | got     |
        | an answer, with another key           | 401       | nothing |
        | an answer to a text that is too long  | 400       | nothing |
        | an answer of a model of somebody else | 404       | nothing |
        | something that nobody knows           | 400       | nothing |
        | what is in a picture                  | 400       | nothing |
        | a call of a tool that nobody has      | 400       | nothing |
        | a list of nothing                     | 400       | nothing |
      Then she has sent for each of them what its row tells, and was asked once
      And each of them gets what it asked for

    @only-asks
    Scenario: The holder of a key gets what it may use, and that alone
      Given a hub that holds "author/minillama"
      And a swarm that is warm
      And the key "tv" of "rbee-keeper add-key tv --model 'HF:author/mini*' --may-fetch"
      When the program with the key "tv" asks with Anthropic's client for each of these
        | asked for                                  | she sends | got                              |
        | an answer of the model that may be fetched | 200       | Hello! How can I help you today? |
        | an answer                                  | 404       | nothing                          |
      Then she has sent for each of them what its row tells, and was asked once
      And each of them gets what it asked for

    @only-asks
    Scenario: Errors have Anthropic's form, whoever finds them
      Given a queen that is awake
      When a program asks the queen each of these, with its body
        | request                         | body                                                                    | status | type                  |
        | POST /v1/messages               | {"model":                                                               | 400    | invalid_request_error |
        | POST /v1/messages               | {"model": "minillama", "max_tokens": 5}                                 | 400    | invalid_request_error |
        | POST /v1/messages               | {"model": "nothing", "max_tokens": 5, "messages": [{"role": "user", "content": "x"}]} | 404 | not_found_error |
        | POST /v1/messages/count_tokens  | {"model": "minillama", "messages": [], "bees": 1}                       | 400    | invalid_request_error |
        | GET /v1/messages                |                                                                         | 405    | invalid_request_error |
        | GET /v1/messages/batches        |                                                                         | 404    | not_found_error       |
        | POST /v1/messages/batches       | {}                                                                      | 404    | not_found_error       |
      Then each answer is an error in Anthropic's form, with the mark of its head

    @only-asks
    Scenario: An answer that breaks off in the middle is told as an error
      Given a hub that holds "author/endless-llama"
      And a swarm that is warm
      When the worker is killed in the middle of an answer of "author/endless-llama" in Anthropic's words
      Then the last event of that answer is "error"
