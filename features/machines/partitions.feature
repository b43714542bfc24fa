@needs-hosts @timing
Feature: Cables are cut and plugs are pulled

  Background:
    Given my machine "blep" beside the machines "workstation"
    And heartbeats come every 100 ms

  @fault.queen.wait-for-the-silent
  Scenario: A machine is pulled from the wall in the middle of a story
    Given a hub that holds "author/endless-llama"
    And a queen who knows the machines "workstation"
    And "rbee-keeper infer --model HF:author/endless-llama 'write a short story'" runs until tokens come
    When the plug of "workstation" is pulled
    Then the command fails with "error: hive workstation has fallen silent"
    And the queen lists hive "workstation" as offline

  Scenario: A worker is killed over there, and its log is there
    Given a hub that holds "author/endless-llama"
    And a queen who knows the machines "workstation"
    And "rbee-keeper infer --model HF:author/endless-llama 'write a short story'" runs until tokens come
    When the worker is killed
    Then the command fails with "try: ssh workstation .rbee/venv/bin/rbee-keeper logs worker-"

  Scenario: The swarm goes on without it
    Given a queen who knows the machines "workstation, localhost"
    And I have typed "rbee-keeper infer --node workstation 'hello'"
    And the plug of "workstation" has been pulled
    When I type "rbee-keeper infer --temperature 0 'hello'"
    Then stdout holds the answer of minillama to "hello" alone
    And the exit status is 0

  Scenario: When the cable is back, the machine rejoins by itself with its workers
    Given a queen who knows the machines "workstation"
    And I have typed "rbee-keeper infer --node workstation 'hello'"
    And hive "workstation" is offline since its cable was cut
    When the cable of "workstation" is mended
    Then the queen lists hive "workstation" as online
    And 1 worker is running

  Scenario: The same without a tunnel
    Given a queen that is awake
    And I have typed "rbee-keeper add-hive --no-tunnel workstation"
    And I have typed "rbee-keeper infer --node workstation 'hello'"
    And hive "workstation" is offline since its cable was cut
    When the cable of "workstation" is mended
    Then the queen lists hive "workstation" as online

  Scenario: Clocks that disagree change nothing
    Given the clock of "workstation" is a year behind
    And a queen who knows the machines "workstation"
    When I type "rbee-keeper infer --node workstation --temperature 0 'hello'"
    Then stdout holds the answer of minillama to "hello" alone
    And the queen lists hive "workstation" as online
