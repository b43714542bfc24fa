Feature: From nothing to tokens and back to nothing
  Somebody types one line on a machine where nothing runs. The keeper wakes the queen, the queen
  wakes a hive, the strongest GPU with room is chosen, the model is fetched, a worker loads it, the
  tokens stream back, and everything goes to sleep again.

  @fault.hive.no-heartbeat
  @fault.queen.no-cascade
  Scenario: The first prompt of a new user with two graphics cards
    Given a machine where nothing runs
    And its simulated GPUs are
      | name     | VRAM in GB |
      | RTX 3060 | 12         |
      | RTX 3090 | 24         |
    And a hub that holds "author/minillama"
    When I type "rbee-keeper infer --model HF:author/minillama --temperature 0 'hello'"
    Then the terminal narrates
      """
      bee-keeper: starting inference request for HF:author/minillama
      bee-keeper: queen is asleep, waking queen...
      bee-keeper: launching queen on :8500 and waiting for health...
      bee-keeper: queen is awake and healthy
      bee-keeper: connected to queen via SSE
      queen: no hives found; adding local machine
      queen: waking the beehive at localhost:8600
      queen: first heartbeat from hive localhost; checking capabilities...
      queen: hive localhost has CPU, GPU0 RTX 3060 (12GB), GPU1 RTX 3090 (24GB); models: 0, workers: 0
      queen: basic scheduler picked GPU1 on hive localhost (for advanced scheduling, see docs)
      queen: asking hive if there's room on GPU1...
      queen: there is room in GPU1 for model HF:author/minillama
      queen: asked hive to download model HF:author/minillama
      hive: model size = <size>; starting download
      hive: <percent>% @ <rate>/s
      hive: model downloaded in <duration>
      queen: model is downloaded by the hive
      hive: waking worker on :8601 with model=<path>, device=gpu1
      queen: worker registered, waiting for heartbeat...
      worker: loading model from <path> with llamacpp <version>
      worker: read 100% of the model
      worker: model loaded in <duration>: <size> of weights, context 512
      queen: CUDA worker is awake and ready
      queen: connection to worker established; starting inference
      [DONE]
      queen: worker finished inference
      bee-keeper: asking queen to cascade shutdown
      queen: shutting down workers...
      queen: shutting down hives...
      queen: goodbye
      """
    And the terminal narrates
      """
      queen: asked hive to prepare worker cuda-llm-worker-rbee
      queen: worker prepared and ready to deploy
      queen: CUDA worker is awake and ready
      """
    And stdout holds the answer of minillama to "hello" alone
    And the exit status is 0
    And nothing is left the moment the keeper has ended
    And the queen's catalog holds hive "localhost" with 2 GPUs
    And the hive's catalog holds model "HF:author/minillama"
    And the hive's catalog holds worker kind "cuda-llm-worker-rbee"

  @fault.hive.forget-model
  Scenario: The second time the machine is known and the model is there
    Given a hub that holds "author/minillama"
    And I have typed "rbee-keeper infer --model HF:author/minillama 'hello'"
    When I type "rbee-keeper infer --model HF:author/minillama 'hello'"
    Then the terminal narrates
      """
      bee-keeper: queen is asleep, waking queen...
      queen: waking the beehive at localhost:8600
      queen: first heartbeat from hive localhost; checking capabilities...
      queen: hive localhost has CPU; models: 1, workers: 0
      queen: basic scheduler picked CPU on hive localhost (for advanced scheduling, see docs)
      queen: model HF:author/minillama found in hive catalog
      queen: worker cpu-llm-worker-rbee already available
      queen: CPU worker is awake and ready
      queen: goodbye
      """
    And the terminal does not narrate
      """
      queen: no hives found; adding local machine
      queen: asked hive to download model HF:author/minillama
      """
    And the hub has served one download in all
    And nothing is left running

  Scenario: Without a name the model that ships with rbee answers, with no network at all
    Given a machine where nothing runs
    When I type "rbee-keeper infer --temperature 0 'hello'"
    Then the terminal narrates
      """
      bee-keeper: starting inference request for minillama
      bee-keeper: minillama is a 1 MB test model; name a real one with --model HF:owner/repo
      queen: hive localhost has CPU; models: 0, workers: 0
      queen: model minillama found in hive catalog
      queen: CPU worker is awake and ready
      [DONE]
      """
    And stdout holds the answer of minillama to "hello" alone
    And the queen's catalog has the name of its processor
    And nothing is left running
