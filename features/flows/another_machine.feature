@needs-hosts
Feature: From nothing to tokens on another machine, and back to nothing
  The person sits at blep. The prompt is answered on mac, which is woken over SSH, loads the model
  and goes to sleep again.

  Scenario: A machine is added once, and answers from then on
    Given the machines "blep, mac"
    And the person at "blep" knows the host key of "mac"
    And a hub that holds "TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF"
    And I sit at "blep"
    And I have typed "rbee-keeper add-hive mac"
    When I type "rbee-keeper infer --node mac --model hf:TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF --max-tokens 20 --temperature 0.7 'write a short story'"
    Then the terminal narrates
      """
      bee-keeper: starting inference request for HF:TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF
      bee-keeper: queen is asleep, waking queen...
      bee-keeper: queen is awake and healthy
      queen: reaching mac over SSH...
      queen: waking the beehive at mac:8600
      queen: first heartbeat from hive mac; checking capabilities...
      queen: hive mac has CPU; models: 0, workers: 0
      queen: basic scheduler picked CPU on hive mac (for advanced scheduling, see docs)
      queen: asking hive if there's room on CPU...
      queen: there is room in CPU for model HF:TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF
      queen: asked hive to download model HF:TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF
      hive: model downloaded in <duration>
      hive: waking worker on :8601 with model=<path>, device=cpu
      queen: CPU worker is awake and ready
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
