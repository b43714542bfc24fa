Feature: What the queen answers on the wire
  The contract for programs. Bodies are JSON; every route but the health route wants the token.

  Background:
    Given a swarm that is warm

  Scenario: Her health tells who she is
    When a program asks the queen "GET /health" without a token
    Then the answer is 200 with the fields "status, role, version, instance"
    And the field "role" is "queen"

  Scenario: A job is accepted before it is done
    When a program asks the queen "POST /jobs" with
      """
      {"model_ref": "minillama", "prompt": "hello", "temperature": 0}
      """
    Then the answer is 202 with the fields "job_id, events_url"
    And the stream of that job ends with "token, narration, done, [DONE]"
    And the job is listed as "done" with its placement and counts

  Scenario: The stream of a job is told from its beginning to whoever comes late
    Given a job that is done
    When a program reads the stream of that job
    Then the stream begins with "narration"
    And the stream ends with "token, narration, done, [DONE]"
    And the ids of the stream count up from 1

  Scenario: A reader that was cut off resumes where it was
    Given a job that is done
    When a program reads the stream of that job from event 5 on
    Then the ids of the stream count up from 6

  Scenario: An independent client reads the same stream
    Given a job that is done
    When a client that others wrote reads the stream of that job
    Then it has read the answer of minillama to "hello"

  Scenario: Without streaming there is one event with the whole text
    When a program asks the queen "POST /jobs" with
      """
      {"model_ref": "minillama", "prompt": "hello", "temperature": 0, "stream": false}
      """
    Then the stream of that job holds 1 event called "token"
    And the stream of that job holds 1 event called "done"

  Scenario Outline: A request that does not fit names what does
    When a program asks the queen "POST /jobs" with
      """
      <body>
      """
    Then the answer is 400 with the error "invalid_request"
    And its message contains "<message>"

    Examples:
      | body                                                             | message                                    |
      | {"model_ref": "minillama"}                                       | missing required field `prompt`            |
      | {"model_ref": "minillama", "prompt": "x", "max_tokens": 0}       | Expected `int` >= 1 - at `$.max_tokens`    |
      | {"model_ref": "minillama", "prompt": "x", "temperature": "hot"}  | Expected `float                            |
      | {"model_ref": "minillama", "prompt": "x", "top_p": 1.5}          | - at `$.top_p`                             |
      | {"model_ref": "minillama", "prompt": "x", "tempreature": 1}      | unknown field `tempreature`                |
      | {"model_ref": "HF:nobody", "prompt": "x"}                        | HF:nobody                                  |
      | {"model_ref": "minillama", "prompt": ""}                         | - at `$.prompt`                            |
      | {"model_ref": "minillama",                                       | is no JSON                                 |

  Scenario: A body that is too large
    When a program asks the queen "POST /jobs" with 2000000 bytes
    Then the answer is 413 with the error "payload_too_large"

  Scenario: A job that nobody knows
    When a program asks the queen "GET /jobs/nothing"
    Then the answer is 404 with the error "job_not_found"

  Scenario: A route that is none
    When a program asks the queen "GET /nothing"
    Then the answer is 404 with the error "not_found"

  Scenario: Cancelling a job that is over is no error
    Given a job that is done
    When a program cancels that job
    Then the answer is 204 without a body

  Scenario: A heartbeat of a hive that she does not know
    When a program asks the queen "POST /heartbeat" with
      """
      {"hive_id": "attic", "timestamp": "2026-01-01T00:00:00Z", "url": "http://127.0.0.1:1", "workers": []}
      """
    Then the answer is 404 with the error "hive_not_found"

  Scenario: The lists of what there is
    When a program reads the lists of hives, workers and models
    Then hive "localhost" is online with a processor
    And a worker holds "minillama" with 1 slot
    And model "minillama" is on hive "localhost"

  Scenario: A model is fetched without a job
    When a program asks the queen "POST /models/provision" with
      """
      {"model_ref": "minillama"}
      """
    Then the answer is 202 with the fields "errand_id, events_url"
    And the stream of that job ends with "narration, done, [DONE]"

  Scenario: Hives are woken without a job
    When a program asks the queen "POST /hives/wake" with
      """
      {}
      """
    Then the answer is 202 with the fields "errand_id, events_url"
    And the stream of that job ends with "narration, done, [DONE]"

  Scenario Outline: What is not there cannot be ended
    When a program asks the queen "DELETE <path>"
    Then the answer is 404 with the error "<code>"

    Examples:
      | path                                   | code             |
      | /workers/worker-nobody                 | worker_not_found |
      | /models/HF:author%2Fnothing            | model_not_found  |
      | /models/HF:author%2Fnothing?node=attic | hive_not_found   |
      | /errands/nothing                       | not_found        |

  Scenario: A model that a worker has loaded is not removed
    When a program asks the queen "DELETE /models/minillama"
    Then the answer is 409 with the error "model_in_use"
