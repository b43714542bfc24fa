@phase-8
Feature: Phase 8: the hive prepares the kind of worker that the device needs
  Whether a kind of worker runs on a machine is the engine's word, never an assumption.

  Scenario: A kind that is new is prepared and remembered, and one that is known is used
    When I type "rbee-keeper infer 'hello' && rbee-keeper infer 'hello'"
    Then the terminal narrates
      """
      queen: asked hive to prepare worker cpu-llm-worker-rbee
      queen: worker prepared and ready to deploy
      queen: goodbye
      queen: worker cpu-llm-worker-rbee already available
      """
    And the exit status is 0
    And the hive's catalog holds worker kind "cpu-llm-worker-rbee"

  Scenario: The second engine runs the same model
    When I type "rbee-keeper infer --engine ctransformers --temperature 0 'hello'"
    Then the terminal narrates
      """
      worker: loading model from <path> with ctransformers <version>
      queen: CPU worker is awake and ready
      """
    And stdout holds the answer of minillama to "hello" alone
    And nothing is left running

  Scenario: An engine that is not installed is named with what installs it
    Given the engine "ctransformers" is not installed
    When I type "rbee-keeper infer --engine ctransformers 'hello'"
    Then stderr contains "error: engine ctransformers is not installed here"
    And stderr contains "try: pip install ctransformers jinja2"
    And the exit status is 1
    And nothing is left running

  @fault.shared.own-engines-alone
  Scenario: An engine of another package is told of
    Given a package that registers the engine "echo" is installed
    When I type "rbee-keeper doctor"
    Then stdout contains "echo 1.0, on cpu"
    And the exit status is 0

  Scenario: An engine of another package answers
    Given a package that registers the engine "echo" is installed
    When I type "rbee-keeper infer --engine echo 'say it again'"
    Then stdout contains " say it again"
    And the exit status is 0
    And nothing is left running

  @only-asks
  Scenario: An engine that nobody has is answered with the one that was meant
    Given a swarm that was left warm by "rbee-keeper up"
    When I type "rbee-keeper infer --engine lamacpp 'hello'"
    Then stderr contains "error: no engine is called lamacpp on this machine"
    And stderr contains "try: --engine llamacpp"
    And the exit status is 1
