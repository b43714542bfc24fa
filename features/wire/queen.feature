Feature: What the queen answers on the wire
  The contract for programs. Bodies are JSON; every route but the health route wants the token.

  @only-asks
  Rule: Some answers need nobody but her

    Background:
      Given a queen that is awake

    Scenario: Her health tells who she is
      When a program asks the queen "GET /health" without a token
      Then the answer is 200 with the fields "status, role, version, instance"
      And the field "role" is "queen"

    Scenario Outline: A body of <bytes> bytes
      When a program asks the queen "POST /jobs" with <bytes> bytes
      Then the answer is <status> with the error "<code>"

      Examples: 1 MiB is taken, whatever is in it
        | bytes   | status | code              |
        | 1048576 | 400    | invalid_request   |
        | 1048577 | 413    | payload_too_large |

    Scenario: A heartbeat of a hive that she does not know
      When a program asks the queen "POST /heartbeat" with
        """
        {"hive_id": "attic", "timestamp": "2026-01-01T00:00:00Z", "url": "http://127.0.0.1:1", "workers": []}
        """
      Then the answer is 404 with the error "hive_not_found"

    Scenario: A request that does not fit names what does
      When a program hands in each of these jobs
        | body                                                            | status | code            | message                                 |
        | {"model_ref": "minillama"}                                      | 400    | invalid_request | neither `prompt` nor `messages` is given |
        | {"model_ref": "minillama", "prompt": "x", "max_tokens": 0}      | 400    | invalid_request | max_tokens                              |
        | {"model_ref": "minillama", "prompt": "x", "temperature": "hot"} | 400    | invalid_request | temperature                             |
        | {"model_ref": "minillama", "prompt": "x", "top_p": 1.5}         | 400    | invalid_request | top_p                                   |
        | {"model_ref": "minillama", "prompt": "x", "tempreature": 1}     | 400    | invalid_request | tempreature                             |
        | {"model_ref": "HF:nobody", "prompt": "x"}                       | 400    | invalid_request | HF:nobody                               |
        | {"model_ref": "minillama", "prompt": ""}                        | 400    | invalid_request | prompt                                  |
        | {"model_ref": "minillama",                                      | 400    | invalid_request | is no JSON                              |
        | {"model_ref": "minillama", "prompt": "x", "messages": [{"role": "user", "content": "x"}]} | 400 | invalid_request | both `prompt` and `messages` are given |
        | {"model_ref": "minillama", "messages": [{"role": "bee", "content": "x"}]}       | 400 | invalid_request | messages[0].role                          |
        | {"model_ref": "minillama", "messages": [{"role": "assistant", "content": "x"}], "functions": [{"name": "f"}], "must_call": true} | 400 | invalid_request | the last of `messages` is not the user's  |
        | {"model_ref": "minillama", "messages": []}                                      | 400 | invalid_request | messages                                  |
        | {"model_ref": "minillama", "prompt": "x", "inputs": ["x"]}                      | 400 | invalid_request | `inputs` goes without `prompt`            |
      Then each answer has its status, its error and its message

  Rule: Others need a swarm

    Background:
      Given a swarm that is warm

    @only-asks
    Scenario: What is not there is told by what it is
      When a program asks the queen each of these
        | request                                       | status | code             | message |
        | GET /jobs/nothing                             | 404    | job_not_found    | nothing |
        | GET /nothing                                  | 404    | not_found        | nothing |
        | DELETE /workers/worker-nobody                 | 404    | worker_not_found | nobody  |
        | DELETE /models/HF:author%2Fnothing            | 404    | model_not_found  | nothing |
        | DELETE /models/HF:author%2Fnothing?node=attic | 404    | hive_not_found   | attic   |
        | DELETE /operations/nothing                    | 404    | not_found        | nothing |
      Then each answer has its status, its error and its message

    @only-asks
    Scenario: A job is accepted before it is done
      When a program asks the queen "POST /jobs" with
        """
        {"model_ref": "minillama", "prompt": "hello", "temperature": 0}
        """
      Then the answer is 202 with the fields "job_id, events_url"
      And the stream of that job ends with "token, narration, done, [DONE]"
      And the job is listed as "done" with its placement and counts

    @only-asks
    Scenario: The stream of a job is told from its beginning to whoever comes late
      Given a job that is done
      When a program reads the stream of that job
      Then the stream begins with "narration"
      And the stream ends with "token, narration, done, [DONE]"
      And the ids of the stream count up from 1

    @only-asks
    Scenario: A reader that was cut off resumes where it was
      Given a job that is done
      When a program reads the stream of that job from event 5 on
      Then the ids of the stream count up from 6

    @only-asks
    Scenario: An independent client reads the same stream
      Given a job that is done
      When a client that others wrote reads the stream of that job
      Then it has read the answer of minillama to "hello"

    @only-asks
    @fault.worker.stream-anyway
    Scenario: A conversation is answered without streaming by one event with the whole text
      When a program asks the queen "POST /jobs" with
        """
        {"model_ref": "minillama", "temperature": 0, "stream": false, "messages": [
          {"role": "system", "content": "Be brief."},
          {"role": "user", "content": "hello"},
          {"role": "assistant", "content": "Hello! How can I help you today?"},
          {"role": "user", "content": "tell me a story"}]}
        """
      Then the stream of that job holds 1 event called "token"
      And the stream of that job holds 1 event called "done"

    @only-asks
    Scenario: Texts and tokens are answered by a vector of each
      When a program asks the queen "POST /jobs" with
        """
        {"model_ref": "minillama", "engine": "ctransformers", "inputs": ["hello", [1, 392, 273, 709]]}
        """
      Then the stream of that job ends with "vector, narration, done, [DONE]"
      And both vectors are the same 128 numbers of length 1

    @only-asks
    Scenario: Cancelling a job that is over is no error
      Given a job that is done
      When a program cancels that job
      Then the answer is 204 without a body

    @only-asks
    Scenario: The lists of what there is
      When a program reads the lists of hives, workers and models
      Then hive "localhost" is online with a processor
      And a worker holds "minillama" with 4 slots
      And model "minillama" is on hive "localhost"

    @only-asks
    Scenario: A model is fetched without a job
      When a program asks the queen "POST /models/provision" with
        """
        {"model_ref": "minillama"}
        """
      Then the answer is 202 with the fields "operation_id, events_url"
      And the stream of that job ends with "narration, done, [DONE]"

    @only-asks
    Scenario: Hives are woken without a job
      When a program asks the queen "POST /hives/wake" with
        """
        {}
        """
      Then the answer is 202 with the fields "operation_id, events_url"
      And the stream of that job ends with "narration, done, [DONE]"

    @only-asks
    Scenario: A model that a worker has loaded is not removed
      When a program asks the queen "DELETE /models/minillama"
      Then the answer is 409 with the error "model_in_use"

  Rule: A job that is over is kept for a while, with its events

    @timing
    @fault.queen.keep-jobs
    Scenario: The oldest gives way to the newest, and time to all
      Given the queen keeps 2 jobs that are over for 6 s
      And a swarm that is warm
      When 3 jobs are done, the one after the other
      Then the first of them is forgotten
      And the last 2 tell their stream from the beginning
      And 6 s later they are forgotten, too
