@needs-postgresql
Feature: The queen's catalog can live on a PostgreSQL server
  The queen remembers her machines in a file of hers, unless a database is named to her. Whatever
  becomes of that server, no password of it is shown (that it stands in no log, no output and no
  command line is checked after every scenario).

  Scenario: What one queen has written, the next one finds
    Given an empty database for the queen's catalog
    And I have typed "rbee-keeper infer 'hello'"
    When I type "rbee-keeper infer 'hello'"
    Then the terminal does not narrate
      """
      queen: no hives found; adding local machine
      """
    And the exit status is 0
    And the database holds hive "localhost"
    And the queen keeps no file of hives

  Scenario Outline: A queen who cannot use her database says so and leaves: <what>
    Given an empty database for the queen's catalog
    And <what> in the name of the queen's database
    When I type "rbee-keeper infer 'hello'"
    Then the terminal narrates
      """
      error: <error>
        try: <advice>
      """
    And the exit status is <status>
    And nothing is left running

    Examples:
      | what                       | error                                   | advice                                                                | status |
      | a wrong password           | cannot use the database <url>: <reason> | start that server, or mend server, name, user and password in the URL | 1      |
      | a password with an @ in it | cannot use this database URL: <reason>  | write @ / : in a password as %40 %2F %3A                              | 2      |

  Scenario: A server that was started anew serves the next job
    Given an empty database for the queen's catalog
    And capabilities are old at once
    And a swarm that was left warm by "rbee-keeper up"
    And the database server has been started anew
    When I type "rbee-keeper infer 'hello'"
    Then the exit status is 0
    And the database holds hive "localhost"

  Scenario: A server that has gone keeps nobody awake
    Given an empty database for the queen's catalog
    And a swarm that was left warm by "rbee-keeper up"
    And the database server has gone
    When I put the swarm to sleep with "rbee-keeper down"
    Then the terminal narrates
      """
      queen: could not note in the catalog that hive localhost sleeps: <reason>
      queen: goodbye
      """
    And the exit status is 0
    And everything is asleep
