@needs-hosts
Feature: The trouble of one machine is not the end of a job
  What one machine cannot do, another may. Only when none is left the job fails, and tells of each.

  Background:
    Given a swarm of my machine "blep" and the machine "workstation", which has a GPU

  Scenario: The strongest machine does not have the file
    Given a model "story.gguf" on the shelf of "blep" alone
    When I type "rbee-keeper infer --model file:$SHELF/story.gguf --temperature 0 'hello'"
    Then the terminal narrates
      """
      queen: basic scheduler picked GPU0 on hive workstation (for advanced scheduling, see docs)
      queen: GPU0 on hive workstation will not do: <why>; trying next candidate...
      queen: no GPU can run <model> now; FALLING BACK TO THE CPU (slow)
      [DONE]
      """
    And the exit status is 0

  Scenario: The disk of the strongest machine is full
    Given a hub that holds "author/minillama"
    And a full disk on "workstation"
    And a queen that is awake
    When I type "rbee-keeper infer --model HF:author/minillama 'hello'"
    Then the exit status is 0
    And the worker is on hive "localhost"

  Scenario: What the strongest machine has fetched is damaged on its disk
    Given a hub that holds "author/minillama"
    And I have typed "rbee-keeper pull --node workstation HF:author/minillama"
    And the model that "workstation" has fetched is damaged on its disk
    And a queen that is awake
    When I type "rbee-keeper infer --model HF:author/minillama 'hello'"
    Then the exit status is 0
    And the worker is on hive "localhost"

  @fault.queen.ignore-holders
  Scenario: Of two equal machines the one that has the model is taken
    Given a hub that holds "author/minillama"
    And I have typed "rbee-keeper pull --node workstation HF:author/minillama"
    When I type "rbee-keeper infer --model HF:author/minillama --device cpu 'hello'"
    Then the terminal narrates
      """
      queen: basic scheduler picked CPU on hive workstation (for advanced scheduling, see docs)
      queen: model HF:author/minillama found in hive catalog
      [DONE]
      """

  @timing
  @fault.queen.wait-for-the-frozen
  Scenario: A machine that is frozen holds nobody up
    Given a machine is waited for 4000 ms
    And a hive that is frozen is given 5000 ms to leave
    And a swarm that was left warm by "rbee-keeper up"
    And hive "workstation" is frozen
    When I type each of these commands
      | command                   | heading             | row                 |
      | rbee-keeper infer 'hello' |                     | Hello               |
      | rbee-keeper models        | MODEL HIVE SIZE     | minillama localhost |
    Then each of them has worked, in less than 40 seconds
    And stderr contains "workstation does not answer: its models are not listed"
