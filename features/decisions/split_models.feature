@phase-6
Feature: A model in several files is one model
  A large model comes in numbered files. Whichever of them a person names, all of them are meant.

  @fault.hive.count-one-part
  Scenario Outline: Any of its files leads to all
    Given a model in <parts> files
    When the model is looked up by its file <number>
    Then all of its files are found, in order

    Examples:
      | parts | number |
      | 2     | 1      |
      | 3     | 2      |
      | 5     | 5      |

  Scenario: The first may hold no weights
    Given a model in 4 files, the first of which is empty
    When the model is looked up by its file 1
    Then all of its files are found, in order

  Scenario Outline: A file that is missing is named
    Given a model in 3 files
    And its file <lost> is missing
    When the model is looked up by its file <number>
    Then it is refused as "model_not_found", naming "model-0000<lost>-of-00003.gguf"

    Examples:
      | lost | number |
      | 3    | 1      |
      | 1    | 3      |
      | 2    | 2      |

  Scenario: A file that has lost its number
    Given a model in 3 files
    And its file 2 was renamed
    When the model is looked up by the renamed file
    Then it is refused as "model_invalid", naming "-00002-of-00003.gguf"

  Scenario: A link of another name leads to all
    Given a model in 3 files
    And a link of another name to its file 2
    When the model is looked up by the renamed file
    Then all of its files are found, in order

  Scenario: Files that were mixed up
    Given a model in 3 files
    And its files 2 and 3 have each other's names
    When the model is looked up by its file 1
    Then it is refused as "model_invalid", naming "is not part 2 of 3"
