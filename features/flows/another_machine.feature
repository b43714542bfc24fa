@needs-hosts
Feature: From nothing to tokens on another machine, and back to nothing
  The person sits at blep. The prompt is answered on mac, which is woken over SSH, loads the model
  and goes to sleep again.

  Scenario: A machine is added once, and answers from then on
    Given my machine "blep" beside the machines "mac"
    And the simulated GPUs of "mac" are
      | name     | VRAM in GB | backend |
      | Apple M2 | 16         | metal   |
    And a hub that holds "TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF"
    And I have typed "rbee-keeper add-hive mac"
    When I type "rbee-keeper infer --node mac --backend metal --model hf:TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF --prompt 'write a short story' --max-tokens 20 --temperature 0.7"
    Then the terminal narrates
      """
      bee-keeper: starting inference request for HF:TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF
      bee-keeper: queen is asleep, waking queen...
      bee-keeper: queen is awake and healthy
      queen: reaching mac over SSH...
      queen: waking the beehive at mac:8600
      queen: first heartbeat from hive mac; checking capabilities...
      queen: hive mac has CPU, GPU0 Apple M2 (16GB); models: 0, workers: 0
      hive: the GPUs of this machine are simulated: GPU0 Apple M2
      queen: basic scheduler picked GPU0 on hive mac (for advanced scheduling, see docs)
      queen: asking hive if there's room on GPU0...
      queen: there is room in GPU0 for model HF:TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF
      queen: asked hive to download model HF:TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF
      hive: model downloaded in <duration>
      hive: waking worker on :8601 with model=<path>, device=gpu0
      queen: METAL worker is awake and ready
      queen: connection to worker established; starting inference
      [DONE]
      queen: worker finished inference
      bee-keeper: asking queen to cascade shutdown
      queen: shutting down workers...
      queen: shutting down hives...
      queen: goodbye
      """
    And the exit status is 0
    And nothing is left running
