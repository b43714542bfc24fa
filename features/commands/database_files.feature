Feature: The queen's catalog is a file where no server is named

  @needs-linux @only-asks @fault.shared.load-for-servers
  Scenario: What speaks to a server is loaded by nobody
    Given a swarm that is warm
    When I look at the libraries that its programs have loaded
    Then none of them is of "sqlalchemy"

  Scenario Outline: A URL that names neither a file nor a server is refused: <url>
    When I type "RBEE_DATABASE=<url> rbee-keeper infer 'hello'"
    Then stderr contains "error: cannot use this database URL: it names neither a file nor a server"
    And the exit status is 2
    And nothing is left running

    Examples:
      | url                          |
      | mysql://server/bees          |
      | sqlite:///:memory:           |
      | sqlite:////tmp/bees?mode=ro  |
