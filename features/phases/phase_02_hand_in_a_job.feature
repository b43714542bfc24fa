@phase-2
Feature: Phase 2: the keeper hands in the job and shows its story

  @only-asks
  @fault.keeper.tokens-on-stderr
  Scenario: Tokens and narration go separate ways
    Given a swarm that is warm
    When I type "rbee-keeper infer --temperature 0 'hello' > answer.txt 2> narration.txt"
    Then the file "answer.txt" holds "Hello! How can I help you today?"
    And the file "narration.txt" holds "queen: worker finished inference"
    And the file "answer.txt" does not hold "queen:"

  @only-asks
  Scenario: The prompt comes through a pipe
    Given a swarm that is warm
    When I type "echo hello | rbee-keeper infer --temperature 0"
    Then stdout holds the answer of minillama to "hello" alone
    And the exit status is 0

  @only-asks
  Scenario: Quiet means quiet
    Given a swarm that is warm
    When I type "rbee-keeper infer --quiet --temperature 0 'hello'"
    Then stdout holds the answer of minillama to "hello" alone
    And stderr holds nothing

  Scenario: Programs get one event a line
    When I type "rbee-keeper infer --json --temperature 0 'hello'"
    Then stdout holds the answer of minillama to "hello" alone
    And each line of stderr is an event for programs
    And the events for programs end with "done" before the cascade

  Scenario: The reader of a pipe leaves early
    Given a hub that holds "author/endless-llama"
    When I type "rbee-keeper infer --model HF:author/endless-llama 'write a short story' | head -c 10"
    Then the terminal narrates
      """
      bee-keeper: cancelling the job
      bee-keeper: asking queen to cascade shutdown
      queen: goodbye
      """
    And nothing is left running
