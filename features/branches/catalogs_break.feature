Feature: What happens when a catalog or a model on disk is damaged

  @fault.queen.keep-the-corrupt
  Scenario: Corrupt catalogs are set aside by name, and nothing is fetched again
    Given a hub that holds "author/minillama"
    And I have typed "rbee-keeper infer --model HF:author/minillama 'hello'"
    And both catalogs are corrupt
    When I type "rbee-keeper infer --model HF:author/minillama 'hello'"
    Then the terminal narrates
      """
      queen: the catalog of hives was corrupt; it is kept as <name>
      queen: no hives found; adding local machine
      hive: the catalog of models was corrupt; it is kept as <name>
      [DONE]
      """
    And the exit status is 0
    And the hive's catalog holds model "HF:author/minillama"
    And the hub has served one download in all

  @fault.hive.trust-disk
  Scenario: A model that was changed on disk is fetched again
    Given a hub that holds "author/minillama"
    And I have typed "rbee-keeper infer --model HF:author/minillama 'hello'"
    And a byte of its model has changed on disk
    When I type "rbee-keeper infer --model HF:author/minillama 'hello'"
    Then the terminal narrates
      """
      queen: asked hive to download model HF:author/minillama
      hive: model downloaded in <duration>
      [DONE]
      """
    And the exit status is 0

  @timing
  @fault.queen.locked-is-corrupt
  Scenario Outline: A catalog that another program has locked is named
    Given I have typed "rbee-keeper infer 'hello'"
    And a catalog that is locked is waited for 200 ms
    And another program has locked the <role>'s catalog
    When I type "rbee-keeper infer 'hello'"
    Then the terminal narrates
      """
      error: cannot use the database <path>: <reason>
        try: stop the program that holds it, then try again
      """
    And the exit status is 1
    And nothing is left running

    Examples:
      | role  |
      | queen |
      | hive  |

  @timing
  Scenario: A clock that jumps confuses nobody
    Given heartbeats come every 100 ms
    And the clock jumps back and forth by an hour
    And a swarm that is warm
    When three more heartbeats have come
    Then the queen lists hive "localhost" as online
    And 1 worker is running
    And the next "rbee-keeper infer 'hello'" works
