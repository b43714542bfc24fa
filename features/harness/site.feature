Feature: The documentation is a site, and the features are pages of it
  make docs builds it, and fails where a link leads nowhere.

  Scenario: A feature is told with what became of each scenario in the last run
    Given a report in which these scenarios of "features/commands/tea" ended so
      | scenario          | ended   |
      | Tea is made       | passed  |
      | A cup of 1        | passed  |
      | A cup of 2        | skipped |
    When this feature becomes a page
      """
      Feature: Tea
        For people.

        Scenario: Tea is made
          Given water

        @timing
        Scenario Outline: A cup of <size>
          When it is poured
      """
    Then the page holds "# Tea"
    And the page holds "*✔ passed*"
    And the page holds "### A cup of &lt;size>"
    And the page holds "*✔ 1 passed, – 1 skipped*"

  Scenario: A scenario that was not run says so
    Given a report of nothing
    When this feature becomes a page
      """
      Feature: Tea
        Scenario: Tea is made
          Given water
      """
    Then the page holds "*not run*"

  Scenario: Each page of the documentation is in it, and each feature
    When the sources of the site are written
    Then each page of the documentation is in its navigation
