Feature: What happens when a catalog or a model on disk is damaged

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
