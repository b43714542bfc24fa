Feature: What a hive answers on the wire

  Background:
    Given a swarm that is warm

  @only-asks
  Scenario: Its devices
    When a program asks the hive "GET /devices"
    Then the answer is 200 with the fields "cpu, gpus, models, workers"
    And the field "workers" is "1"

  @only-asks
  Scenario: Room for a model is told with what it takes
    When a program asks the hive "GET /capacity?device=cpu&model=minillama"
    Then the answer is 200 with the fields "parts, slots, context, estimate, sees"

  @only-asks
  Scenario: What the way to it is measured by
    When a program asks the hive "GET /sides/sample?count=200000"
    Then the answer is 200 with the fields "text"

  @only-asks
  Scenario: A method that a path does not take
    When a program asks the hive each of these
      | request             | status | allowed      |
      | DELETE /health      | 405    | GET, HEAD    |
      | POST /devices       | 405    | GET, HEAD    |
      | GET /power/         | 200    |              |
      | PUT /workers/x/keep | 405    | POST         |
      | GET /nothing        | 404    |              |
    Then each answer has its status, and tells what is allowed

  @only-asks
  Scenario: A question that does not fit
    When a program asks the hive each of these
      | request                                   | status | code            | message                      |
      | GET /capacity?model=minillama             | 400    | invalid_request | the query names no device    |
      | GET /capacity?device=cpu                  | 400    | invalid_request | the query names no model     |
      | GET /capacity?device=gpu3&model=minillama | 400    | invalid_request | this hive has no device gpu3 |
      | GET /capacity?device=cpu&model=nonsense   | 400    | invalid_request | nonsense                     |
      | GET /capacity?device=cpu&modle=minillama  | 400    | invalid_request | modle                        |
      | GET /capacity?device=cpu&model=minillama&ctx=many | 400 | invalid_request | ctx                    |
      | GET /sides/sample?count=0                 | 400    | invalid_request | count                        |
      | GET /sides/sample?count=5000000           | 400    | invalid_request | count                        |
    Then each answer has its status, its error and its message

  @only-asks
  Scenario: A kind of worker that this machine cannot run
    When a program asks the hive "POST /workers/provision" with
      """
      {"kind": "metal-llm-worker-rbee"}
      """
    Then the answer is 503 with the error "backend_unavailable"

  @only-asks
  Scenario: A model that is not here
    When a program asks the hive "GET /models/HF:author%2Fminillama"
    Then the answer is 404 with the error "model_not_found"

  Scenario: A worker is stopped on request
    When a program stops the worker
    Then the answer is 204 without a body
    And 0 worker is running
