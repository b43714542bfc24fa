Feature: What the queen answers in OpenAI's words
  Below /v1 the queen speaks OpenAI's API, errors included. The key is the swarm's token.

  Rule: Some answers need nobody but her

    Scenario: Errors have OpenAI's form, and say whether to try again
      Given the queue of a model has 1 place
      And a queen that is awake
      When a program asks the queen each of these, with its body
        | request                   | body                                                   | status | code            | type                  | param            | again |
        | GET /v1/nothing           |                                                        | 404    | unknown_url     | invalid_request_error |                  | false |
        | GET /v1/models/nothing    |                                                        | 404    | model_not_found | invalid_request_error | model            | false |
        | POST /v1/chat/completions | {"model":                                              | 400    | invalid_request | invalid_request_error |                  | false |
        | POST /v1/chat/completions | {"model": "minillama"}                                 | 400    | invalid_request | invalid_request_error | messages         | false |
        | POST /v1/chat/completions | {"model": "minillama", "messages": [{"role": "bee"}]}  | 400    | invalid_request | invalid_request_error | messages[0].role | false |
        | POST /v1/completions      | {"model": "minillama", "prompt": "x", "best_of": 3}    | 400    | invalid_request | invalid_request_error | best_of          | false |
        | POST /v1/completions      | {"model": "minillama", "prompt": "x", "n": 2}          | 429    | queue_full      | rate_limit_error      |                  | true  |
      Then each answer is an error in OpenAI's form

    @only-asks
    @fault.shared.no-marks
    Scenario: Every answer has a mark that it can be spoken of by
      Given a queen that is awake
      When a program asks the queen each of these
        | request                   |
        | GET /v1/models            |
        | HEAD /v1/models           |
        | GET /v1/models/nothing    |
        | GET /v1/nothing           |
        | POST /v1/chat/completions |
        | GET /health               |
        | GET /nothing              |
      Then each answer has an "x-request-id" of its own

    @only-asks
    @fault.shared.no-heads
    Scenario: Whoever asks with HEAD gets the head of what GET gets
      Given a queen that is awake
      When a program asks the queen each of these
        | request                   | status |
        | HEAD /health              | 200    |
        | HEAD /v1/models           | 200    |
        | HEAD /openapi.json        | 200    |
        | HEAD /events              | 200    |
        | HEAD /v1/models/nothing   | 404    |
        | HEAD /v1/chat/completions | 405    |
      Then each answer has its status and no body

    @only-asks
    @fault.shared.deaf-to-methods
    Scenario: Whoever asks by a method that a path does not take is told which it takes
      Given a queen that is awake
      When a program asks the queen each of these
        | request                           | status | allowed            |
        | GET /v1/chat/completions          | 405    | OPTIONS, POST      |
        | HEAD /v1/chat/completions         | 405    | OPTIONS, POST      |
        | DELETE /v1/models                 | 405    | GET, HEAD, OPTIONS |
        | PUT /v1/models/author/minillama   | 405    | GET, HEAD, OPTIONS |
        | GET /v1/responses                 | 405    | OPTIONS, POST      |
        | PATCH /v1/responses/resp_1        | 405    | DELETE, GET, HEAD, OPTIONS |
        | GET /v1/messages                  | 405    | OPTIONS, POST      |
        | GET /api/chat                     | 405    | OPTIONS, POST      |
        | GET /api/delete                   | 405    | DELETE, OPTIONS    |
        | POST /health                      | 405    | GET, HEAD          |
        | PUT /jobs                         | 405    | GET, HEAD, POST    |
        | GET /v1/nothing                   | 404    |                    |
        | POST /api/nothing                 | 404    |                    |
        | POST /nothing                     | 404    |                    |
      Then each answer has its status, and tells what is allowed

    @only-asks
    @fault.shared.count-the-slashes
    Scenario: A path leads where it is meant, whatever slashes an address has brought
      Given a queen that is awake
      When a program asks the queen each of these
        | request                       | status |
        | GET /v1/models/               | 200    |
        | GET //v1/models               | 200    |
        | GET /v1//models               | 200    |
        | GET //api/version             | 200    |
        | GET /api/tags/                | 200    |
        | GET //health                  | 200    |
        | GET /v1//models/minillama     | 200    |
        | GET /v1/chat//completions/    | 405    |
        | GET //nothing/                | 404    |
      Then each answer has its status

    @only-asks
    @fault.queen.small-bodies
    Scenario Outline: A body of <bytes> bytes for "<request>"
      Given a queen that is awake
      When a program asks the queen "<request>" with <bytes> bytes
      Then the answer is <status> in OpenAI's form with the error "<code>"

      Examples: 1 MiB is taken, and of texts for vectors 16 MiB, whatever is in it
        | request                   | bytes    | status | code              |
        | POST /v1/chat/completions | 1048576  | 400    | invalid_request   |
        | POST /v1/chat/completions | 1048577  | 413    | payload_too_large |
        | POST /v1/embeddings       | 16777216 | 400    | invalid_request   |
        | POST /v1/embeddings       | 16777217 | 413    | payload_too_large |

    @only-asks
    Scenario: Without the key nobody is let in
      Given a queen that is awake
      When a program asks the queen "GET /v1/models" without a token
      Then the answer is 401 in OpenAI's form with the error "invalid_api_key"

    @only-asks
    Scenario: A document for programs tells what she can be asked
      Given a queen that is awake
      When a program asks the queen "GET /openapi.json"
      Then the answer describes these routes
        | route                     | body              |
        | POST /v1/chat/completions | ChatRequest       |
        | POST /v1/completions      | CompletionRequest |
        | POST /v1/embeddings       | EmbeddingRequest  |
        | GET /v1/models            |                   |
        | POST /jobs                | JobRequest        |

    @only-asks
    Scenario: A page in a browser is kept out
      Given a queen that is awake
      When a page of "http://localhost:3000" asks the queen for the models
      Then the browser keeps them from the page

    Scenario: A page whose origin is in the settings is let in
      Given pages of "http://localhost:3000" are let in
      And a queen that is awake
      When a page of "http://localhost:3000" asks the queen for the models
      Then the browser lets the page of "http://localhost:3000" read them

    @fault.queen.pages-below-v1-alone
    Scenario: Such a page is let in wherever programs ask
      Given pages of "http://localhost:3000" are let in
      And a queen that is awake
      When a page of "http://localhost:3000" asks the queen for an answer at each of these
        | path                      |
        | /v1/chat/completions      |
        | /chat/completions         |
        | /responses                |
        | /v1/messages/count_tokens |
        | /messages                 |
        | /messages/count_tokens    |
        | /api/chat                 |
        | //api/chat                |
      Then the browser lets the page of "http://localhost:3000" read each answer

  Rule: Others need a swarm

    Background:
      Given a swarm that is warm

    @only-asks
    Scenario: An answer in one piece
      When a program asks the queen "POST /v1/completions" with
        """
        {"model": "minillama", "prompt": "Once upon", "max_tokens": 2, "temperature": 0, "logprobs": 1}
        """
      Then the answer is 200 with the fields "id, object, created, model, choices, usage"
      And the field "object" is "text_completion"

    @only-asks
    @fault.queen.remarks-for-all
    Scenario: An answer as it comes, and no remark for who has not to wait
      When a program asks the queen "POST /v1/chat/completions" with
        """
        {"model": "minillama", "stream": true, "stream_options": {"include_usage": true}, "max_tokens": 1,
         "temperature": 0, "messages": [{"role": "user", "content": "hello"}]}
        """
      Then the answer is the stream
        """
        data: {"id":"<id>","created":<time>,"model":"minillama","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"object":"chat.completion.chunk"}
        data: {"id":"<id>","created":<time>,"model":"minillama","choices":[{"index":0,"delta":{"content":" H"},"logprobs":null,"finish_reason":null}],"object":"chat.completion.chunk"}
        data: {"id":"<id>","created":<time>,"model":"minillama","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"length"}],"object":"chat.completion.chunk"}
        data: {"id":"<id>","created":<time>,"model":"minillama","choices":[],"object":"chat.completion.chunk","usage":{"prompt_tokens":10,"completion_tokens":1,"total_tokens":11}}
        data: [DONE]
        """

    @only-asks
    @fault.shared.halves-end-all
    @fault.queen.names-as-they-come
    Scenario: What programs send that is not quite right, and plain enough
      When a program asks the queen each of these, with its body
        | request                   | body | status | says |
        | POST /v1/chat/completions | {"model": "minillama", "max_tokens": 1, "messages": [{"role": "user", "content": "cut off \ud83d"}]} | 200 | "choices" |
        | POST /v1/chat/completions | {"model": "minillama", "max_tokens": 1, "messages": [{"role": "user", "content": "\ude00 \\ud83d \ud83d\ude00"}]} | 200 | "choices" |
        | POST /v1/chat/completions | {"model": "minillama:latest", "max_tokens": 1, "messages": [{"role": "user", "content": "hello"}]} | 200 | "choices" |
        | POST /v1/v1/chat/completions | {"model": "minillama"} | 404 | did you mean /v1/chat/completions? |
        | POST /v1/bees             | {"model": "minillama"}    | 404    | unknown_url |
      Then each answer has its status, and says what its row tells

    @only-asks
    @fault.shared.keep-the-old-open
    Scenario: A stream that is asked for by HTTP/1.0 ends with its connection
      When a program that speaks HTTP/1.0, and would keep its connection, asks for an answer in pieces
      Then it has read all of the stream, and its connection has ended

    @needs-clients
    Scenario: The document is true, as a program finds that tries each kind of it
      When Schemathesis tries each kind of what the document allows, and of what it forbids
      Then it has found nothing that the document does not tell, and no 500
