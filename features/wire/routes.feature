Feature: What each daemon can be asked, and by whom
  Who has the secret of a daemon owns it. What is open to anybody else stands in the row of the route.

  @fault.shared.open-routes
  Scenario Outline: What a <role> answers to <caller>
    When <caller> asks for each route of a <role>
    Then it is let in to "<routes>" alone

    Examples: The queen
      | role  | caller                   | routes                                       |
      | queen | its owner                | every route                                  |
      | queen | a hive for itself        | GET /, GET /health, GET /page/{id}, POST /page/session, OPTIONS /api/{rest}, OPTIONS /v1/messages, OPTIONS /v1/messages/{rest}, OPTIONS /v1/{rest}, POST /heartbeat, POST /suspending |
      | queen | a stranger               | GET /, GET /health, GET /page/{id}, POST /page/session, OPTIONS /api/{rest}, OPTIONS /v1/messages, OPTIONS /v1/messages/{rest}, OPTIONS /v1/{rest} |
      | queen | its page, signed in      | GET /, GET /health, GET /page/{id}, POST /page/session, OPTIONS /api/{rest}, OPTIONS /v1/messages, OPTIONS /v1/messages/{rest}, OPTIONS /v1/{rest}, DELETE /page/session, GET /devices, GET /events, GET /hives, GET /jobs, GET /models, GET /names, GET /operations, GET /workers, POST /v1/chat/completions |
      | queen | the holder of an API key | GET /, GET /health, GET /page/{id}, POST /page/session, OPTIONS /api/{rest}, OPTIONS /v1/messages, OPTIONS /v1/messages/{rest}, OPTIONS /v1/{rest}, GET /openapi.json, GET /api/ps, GET /api/tags, GET /api/version, POST /api/chat, POST /api/create, POST /api/copy, POST /api/push, DELETE /api/delete, POST /api/blobs/{digest}, POST /api/embed, POST /api/embeddings, POST /api/generate, POST /api/pull, POST /api/show, GET /v1/models, GET /v1/models/{id}, POST /v1/chat/completions, POST /v1/completions, POST /v1/detokenize, POST /v1/embeddings, POST /v1/messages, POST /v1/messages/count_tokens, POST /v1/rerank, POST /v1/responses, POST /v1/responses/input_tokens, GET /v1/responses/{id}, DELETE /v1/responses/{id}, POST /v1/responses/{id}/cancel, POST /v1/tokenize |

    Examples: A hive and a worker, which have secrets of their own
      | role   | caller                         | routes                             |
      | hive   | its owner                      | every route                        |
      | hive   | a worker for itself            | GET /health, POST /heartbeat/workers |
      | hive   | who has the token of the swarm | GET /health                        |
      | hive   | a stranger                     | GET /health                        |
      | worker | its owner                      | every route                        |
      | worker | who has the token of the swarm | GET /health                        |
      | worker | a stranger                     | GET /health                        |

  @only-asks
  @fault.shared.hide-routes
  Scenario: The document of each lists its routes, all of them and nothing else
    Given a swarm that is warm
    When a program asks each daemon for the document of its routes
    Then each lists exactly what it serves
