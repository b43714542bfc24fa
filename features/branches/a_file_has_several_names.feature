Feature: What happens when a file has several names
  A worker is known by what it has loaded, not by the name that was asked for.

  @fault.shared.names-are-files
  Scenario: Asked for by all of them at once
    Given a queen that is awake
    And a file on the shelf with a link to it and a second name
    When all of its names are asked for at once
    Then each terminal shows a finished answer
    And 1 worker is running
