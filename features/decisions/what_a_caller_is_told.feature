Feature: What whoever calls the API is told of an error
  He sits at another machine than the swarm, with a program that may try again by itself: he gets
  advice that he can follow, and his program is told whether that is of any use.

  @fault.queen.advise-the-impossible
  Scenario Outline: <what>
    When a job of a program fails with "<code>", the advice "<advice>" and <details>
    Then the program is told "<told>" about "<param>", with "<again>" for trying again

    Examples:
      | what                                | code              | advice                                | details                    | told                           | param      | again |
      | a worker that was lost once         | worker_crashed    | rbee-keeper logs worker-7             | {}                         | 500 server_error: ask again    |            | true  |
      | one that never came up              | worker_crashed    | rbee-keeper logs worker-7             | {"device": "gpu0"}         | 500 server_error: ask again    |            | false |
      | several that one request has ended  | worker_crashed    | rbee-keeper logs worker-7             | {"places": [{}, {}]}       | 500 server_error: ask again    |            | false |
      | an engine that stands still         | worker_stuck      | rbee-keeper logs w; RBEE_TOKEN_STALL=9 | {}                        | 504 server_error: ask for less, or another model | | false |
      | an engine that failed               | engine_failed     | rbee-keeper logs worker shows why     | {}                         | 500 server_error: ask whoever runs the swarm | | false |
      | too little memory                   | insufficient_ram  | a context of 512 would fit: --ctx 512 | {}                         | 503 server_error: take a smaller model |    | false |
      | another file that would fit         | insufficient_ram  | --model HF:o/r:Q4_0 would fit         | {}                         | 503 server_error: model HF:o/r:Q4_0 would fit | | false |
      | too much time                       | deadline_exceeded | allow more time with --deadline       | {}                         | 408 invalid_request_error: ask for less: a lower max_tokens | | false |
      | a wrong key                         | unauthorized      | a key that rbee-keeper add-key makes  | {}                         | 401 authentication_error: send a key of this swarm as `Authorization: Bearer KEY` | | false |
      | a full queue                        | queue_full        | try again in a moment                 | {"retry_after_s": 3}       | 429 rate_limit_error: try again in a moment | | true |
      | a form, in the word that was sent   | invalid_request   | leave it out                          | {"field": "json_schema"}   | 400 invalid_request_error: leave it out | guided_json | false |
      | a keyword of it, where it was sent  | invalid_request   | leave it out                          | {"field": "json_schema", "path": "$.items.pattern"} | 400 invalid_request_error: leave it out | guided_json.items.pattern | false |
      | thoughts, in the word that was sent | invalid_request   | leave it out                          | {"field": "think"}         | 400 invalid_request_error: leave it out | enable_thinking | false |
      | a penalty, in another word          | invalid_request   | run it elsewhere (--engine)           | {"field": "repeat_penalty"} | 400 invalid_request_error: run it elsewhere | repetition_penalty | false |
