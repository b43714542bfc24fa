Feature: Nothing is told to whoever happens to listen
  While the swarm sleeps its ports are free, and any user of the machine may take one. So each
  program proves that it knows the secret before a secret or a prompt is sent to it, on the very
  connection that is used then. The swarm's token stays with its owner: each hive and each worker
  has a secret of its own.

  @fault.shared.trust-the-port
  Scenario: Another user holds the queen's port
    Given another user of the machine holds the queen's port and says to be the queen
    When I type "rbee-keeper infer 'a private prompt'"
    Then stderr contains "was told nothing"
    And the exit status is 1
    And that user has heard neither a secret nor "a private prompt"

  Scenario: Another user holds the hive's port
    Given another user of the machine holds the hive's port and says to be the hive
    When I type "rbee-keeper infer 'a private prompt'"
    Then stderr contains "is held by another program"
    And the exit status is 1
    And that user has heard neither a secret nor "a private prompt"

  @only-asks
  @fault.shared.believe-any-connection
  Scenario: Another user passes on to the queen what is meant for her
    Given a queen that is awake
    And another user of the machine passes on to the queen what commands say to her
    When I type "rbee-keeper infer 'a private prompt'"
    Then stderr contains "was told nothing"
    And that user has heard neither a secret nor "a private prompt"

  @only-asks
  @fault.shared.believe-whose-port-ever
  Scenario: Another user passes on what is meant for a queen that a person names
    Given a queen that is awake
    And another user of the machine passes on to the queen what commands say to her
    When I type "rbee-keeper infer 'a private prompt'" and name that user's address as the queen's
    Then stderr contains "was told nothing"
    And that user has heard neither a secret nor "a private prompt"

  @only-asks
  @fault.shared.ask-who-listens
  Scenario: Another user has accepted what is meant for a queen that a person names
    Given a queen that is awake
    And another user of the machine passes on to the queen what is said, and listens no more
    When I type "rbee-keeper infer 'a private prompt'" and name that user's address as the queen's
    Then stderr contains "was told nothing"
    And that user has heard neither a secret nor "a private prompt"

  @needs-linux @fault.keeper.show-the-prompt
  Scenario: Another user looks at the list of processes
    Given a hub that holds "author/endless-llama"
    And "rbee-keeper infer --model HF:author/endless-llama 'a private prompt'" runs until tokens come
    When another user looks at its command line
    Then that does not hold "a private prompt"
    And the first command still runs until I press Ctrl+C

  @timing
  Scenario: Another user takes the port of a queen who was killed
    Given heartbeats come every 50 ms
    And a hive without a queen stays awake for 4000 ms
    And a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
    And the queen has just been killed
    When another user of the machine takes the queen's port
    Then that user has heard neither a secret nor "minillama"

  @only-asks
  Scenario: Who has one secret has no other
    Given a swarm that is warm
    When each secret is shown to each program
    Then each program lets in its own secret alone

  @only-asks
  @fault.queen.any-heartbeat
  Scenario: A heartbeat counts only from the hive that it names
    Given a swarm that is warm
    When hive attic sends a heartbeat that names hive localhost
    Then that heartbeat is refused

  @fault.keeper.keep-the-token
  Scenario: The token is replaced by another one
    Given a swarm that is warm
    When the token is rotated
    Then the old token opens nothing, and the new one is its owner's alone
