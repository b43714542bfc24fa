Feature: Who names a queen of another machine is told that others can read what is typed
  Before anything is sent, and with the line that leads through SSH. On this machine nobody listens
  between, and nothing is said.

  @timing
  @fault.keeper.silent-in-the-open
  Scenario: A queen of another machine
    Given a server that says nothing is waited for 100 ms
    When I type "rbee-keeper status --queen http://192.0.2.7:9000"
    Then the terminal narrates
      """
      the queen at http://192.0.2.7:9000 is spoken to without encryption: whoever is on that network reads what is typed and answered
      encrypted: --queen https://192.0.2.7:9000; through SSH: ssh -N -L 9010:192.0.2.7:9000 192.0.2.7, and --queen http://127.0.0.1:9010
      """
    And the exit status is 1

  Scenario: A queen of this machine, to which a tunnel leads as well
    When I type "rbee-keeper status --queen http://127.0.0.1:9010"
    Then the terminal does not narrate
      """
      the queen at http://127.0.0.1:9010 is spoken to without encryption: whoever is on that network reads what is typed and answered
      """
    And the exit status is 1

  Scenario: A host that is none is no address of a queen
    When I type "rbee-keeper status --queen 'http://x;id:8500'"
    Then stderr contains "is no address of a queen"
    And the exit status is 2
