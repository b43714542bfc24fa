Feature: Bodies as the documents show them from which this system was made
  Programs that were written by those documents are understood. What was decided otherwise stands in
  docs/decisions.md, with the reason.

  Background:
    Given heartbeats come every 2000 ms
    And its simulated GPUs are
      | name     | VRAM in GB |
      | RTX 3060 | 12         |
      | RTX 3090 | 24         |
    And a swarm that is warm

  Scenario: Each of them is accepted
    When a program sends each of these
      | to     | request                                          | body                                                                            |
      | queen  | POST /jobs                                       | {"model_ref": "minillama", "prompt": "hello"}                                   |
      | queen  | POST /heartbeat                                  | {"hive_id": "localhost", "timestamp": "2025-10-19T00:00:00Z", "workers": []}    |
      | hive   | GET /devices                                     |                                                                                 |
      | hive   | GET /capacity?device=gpu1&model=minillama        |                                                                                 |
      | hive   | GET /models/minillama                            |                                                                                 |
      | hive   | POST /models/provision                           | {"model_ref": "minillama"}                                                      |
      | hive   | POST /workers/provision                          | {"kind": "cuda-llm-worker-rbee"}                                                |
      | hive   | POST /heartbeat/workers                          | {"worker_id": "<worker id>", "state": "Ready"}                                  |
      | worker | POST /infer                                      | {"prompt": "hello", "stream": true}                                             |
      | hive   | POST /workers/start                              | {"device": "gpu1", "model_ref": "minillama", "port_hint": 8601}                 |
      | queen  | POST /shutdown?cascade=true                      |                                                                                 |
    Then each of them is accepted
    And everything is asleep

  Scenario: A heartbeat without an address leaves the one that is known
    When a program asks the queen "POST /heartbeat" with
      """
      {"hive_id": "localhost", "timestamp": "2025-10-19T00:00:00Z", "workers": []}
      """
    Then the answer is 200 with the fields "status"
    And the next "rbee-keeper infer 'hello'" works
