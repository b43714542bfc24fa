Feature: A hub says what it holds, and nothing else
  Whatever a hub answers, nothing is written outside of the home, the disk and the memory are not
  filled, and whoever waits is told. A cache into which others may write is a hub, too.

  @fault.hive.believe-the-commit
  Scenario: A hub whose listing leads out of the home
    Given a hub that holds "author/minillama"
    And a hive that gives up at the first trouble
    And the hub's listing names a commit that leads out of the home
    When I type "rbee-keeper infer --model HF:author/minillama 'hello'"
    Then stderr contains "it does not answer as a model hub does"
    And the exit status is 1
    And the hub was asked for no byte of a file

  Scenario: A hub whose listing never ends
    Given a hub that holds "author/minillama"
    And a hive that gives up at the first trouble
    And the hub's listing never ends
    When I type "rbee-keeper infer --model HF:author/minillama 'hello'"
    Then stderr contains "it does not answer as a model hub does"
    And the exit status is 1

  @fault.hive.believe-the-cache
  Scenario: A cache that others may write to does not hold what the hub lists
    Given a hub that holds "author/minillama"
    And "minillama-q8_0.gguf" of "author/minillama" lies in the cache of the hub's own tool
    And somebody else has put another content into "minillama-q8_0.gguf" of that cache
    When I type "rbee-keeper infer --model HF:author/minillama:Q8_0 'hello'"
    Then the terminal narrates
      """
      hive: others may write to the Hugging Face cache; checking <size> in it
      hive: minillama-q8_0.gguf in the Hugging Face cache is not what the hub lists
      """
    And the exit status is 0
    And the hub was asked for "minillama-q8_0.gguf" from its beginning, 1 time

  Scenario: A cache that others may write to, and no hub that could tell what belongs there
    Given a hub that holds "author/minillama"
    And "minillama-q8_0.gguf" of "author/minillama" lies in the cache of the hub's own tool
    And somebody else has put another content into "minillama-q8_0.gguf" of that cache
    And a hub that nobody can reach
    When I type "rbee-keeper infer --model HF:author/minillama:Q8_0 'hello'"
    Then stderr contains "others may have put minillama-q8_0.gguf into the Hugging Face cache"
    And stderr contains "chmod -R go-w"
    And the exit status is 1
