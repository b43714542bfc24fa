Feature: The swarm is up whenever its machine is: up --stay, up --at-boot
  A service of the user's own runs "rbee-keeper up --stay", which is up as long as the swarm is, so
  that whatever starts programs can start it, end it, and see when it has died.

  Scenario: The swarm lives as long as the command
    Given "rbee-keeper up --stay" runs until it narrates "bee-keeper: the swarm is up as long as this command is; Ctrl+C ends both"
    When the keeper gets SIGTERM
    Then the command ends
    And the terminal narrates
      """
      bee-keeper: asking queen to cascade shutdown
      queen: goodbye
      """
    And the exit status is 130
    And nothing is left the moment the keeper has ended

  Scenario: The command fails when the queen has died
    Given "rbee-keeper up --stay" runs until it narrates "bee-keeper: the swarm is up as long as this command is; Ctrl+C ends both"
    When the queen is killed
    Then the command fails with "is gone, and has not said why"
    And nothing is left running

  Scenario: Where no service manager can be asked, that is said, and nothing is left of it
    Given a machine on which nobody answers systemctl or launchctl
    When I type "rbee-keeper up --at-boot"
    Then stderr contains "have what starts the machine run: rbee-keeper up --stay"
    And the exit status is 2
    And no service is written down
    And nothing is left running

  Scenario: The queen listens for the other machines of the house from each start on
    Given a machine whose service manager agrees to everything
    When I type "rbee-keeper up --at-boot --host 0.0.0.0"
    Then the exit status is 0
    And the service that is written down sets "RBEE_QUEEN_HOST" to "0.0.0.0"

  Scenario: Where it does not start with its machine, ending that says so
    Given a machine on which nobody answers systemctl or launchctl
    When I type "rbee-keeper down --at-boot"
    Then the terminal narrates
      """
      bee-keeper: the swarm did not start with this machine
      """
    And the exit status is 0
    And no service is written down

  @needs-systemd
  Scenario: systemd takes the service as it is written, with any path and value
    When systemd checks a service with odd characters in its program and its values
    Then it has nothing to object to

  Scenario: launchd gets the same program and values
    When launchd reads a service with odd characters in its program and its values
    Then it has that program and those values
