Feature: What a worker answers on the wire

  Rule: An inference that comes to its end

    Background:
      Given a swarm that is warm

    @only-asks
    Scenario: An inference
      When a program asks the worker "POST /infer" with
        """
        {"prompt": "hello", "temperature": 0}
        """
      Then the answer is 202 with the fields "infer_id, events_url"
      And the worker's stream of that inference ends with "token, done, [DONE]"

    @only-asks
    Scenario: An inference whose events are the answer
      When a program asks the worker "POST /infer" for events with
        """
        {"prompt": "hello", "temperature": 0, "infer_id": "mine"}
        """
      Then the stream ends with "token, done, [DONE]"
      And each worker has all its slots free

    Scenario: The next prompt reaches the worker on the same connection
      Given the connection on which the queen has asked the worker
      When I type "rbee-keeper infer --keep-alive 'hello'"
      Then the exit status is 0
      And the queen has that connection to the worker, and no other

  Rule: An inference that comes to no end by itself

    Background:
      Given a hub that holds "author/endless-llama"
      And a swarm that is warm with "HF:author/endless-llama"

    @only-asks
    Scenario: An inference is ended by the name that was given to it
      Given an inference called "mine" that runs
      When a program asks the worker "DELETE /infer/mine"
      Then the answer is 204 without a body
      And each worker has all its slots free

    @only-asks
    Scenario: All that runs is ended, with the reason that its hive tells
      Given an inference called "mine" that runs
      When a program asks the worker "POST /infer/fail" with
        """
        {"code": "worker_stuck", "message": "its engine does nothing", "suggestion": "read its log"}
        """
      Then the answer is 204 without a body
      And each worker has all its slots free

    @only-asks
    @fault.worker.leave-anyway
    Scenario: A worker that somebody has just come to is not unloaded as idle
      Given an inference called "mine" that runs
      When a program asks the worker "POST /shutdown?unless=busy"
      Then the answer is 503 with the error "worker_busy"
      And 1 worker is running

    Scenario: Every slot is taken
      Given a worker whose slots are all taken
      When a program asks the worker "POST /infer" with
        """
        {"prompt": "hello"}
        """
      Then the answer is 503 with the error "worker_busy"
      And the answer says when to try again
