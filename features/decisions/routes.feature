Feature: The page of routes lists what is served

  Scenario Outline: Every route of the <role>
    When the page of routes is compared with what the <role> serves
    Then it lists all of that and nothing else

    Examples:
      | role   |
      | queen  |
      | hive   |
      | worker |
