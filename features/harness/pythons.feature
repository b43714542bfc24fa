Feature: The specification runs on each Python that is here, and those that are not are named

  Scenario Outline: <what> is <taken>
    Given a Python in a folder of the path that answers "<answer>"
    When Python "3.12" is looked for there
    Then it is <taken>

    Examples:
      | what                                      | answer                 | taken  |
      | One that is what its name says            | echo 3.12              | found  |
      | One that is another                       | echo 3.11              | missed |
      | A shim that leads nowhere                 | exit 127               | missed |
      | One that fails after it has answered      | echo 3.12; exit 1      | missed |

  Scenario: One behind a shim that leads nowhere is found where pyenv keeps it
    Given a Python in a folder of the path that answers "exit 127"
    And a Python that pyenv keeps and that answers "echo 3.12"
    When Python "3.12" is looked for there
    Then it is found

  Scenario: What is there and what is not is told
    Given a Python in a folder of the path that answers "echo 3.12"
    When Pythons "3.10, 3.12, 3.13" are looked for there
    Then it is told that "3.12" was found
    But it is told that "3.10, 3.13" were not found
