Feature: What the keeper says of its connection to the queen is so

  @fault.keeper.claim-connection
  Scenario Outline: A queen whose events <are>
    Given a queen whose events <are>
    When a keeper begins to listen to her
    Then it says that it is <connected>

    Examples:
      | are            | connected     |
      | can be read    | connected     |
      | cannot be read | not connected |
