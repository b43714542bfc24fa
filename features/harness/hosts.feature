@needs-hosts
Feature: A scenario may have several machines
  Each has a name, a home, an SSH server, and all ports to itself. Cables are cut, plugs are pulled,
  and nothing of it stays behind, however the test run ends.

  Scenario: A person at one machine works on the other
    Given the machines "blep, workstation"
    And the person at "blep" knows the host key of "workstation"
    And I sit at "blep"
    When I type "hostname && ssh workstation 'hostname; ls -A; ps -A -o comm='"
    Then stdout contains "blep"
    And stdout contains "workstation"
    And stdout contains ".rbee"
    And the exit status is 0

  Scenario: Both machines have all ports
    Given the machines "blep, workstation"
    And a server on the hive's port of "blep"
    When a server listens on the hive's port of "workstation"
    Then each machine reaches both servers

  Scenario: A cable that was cut is mended
    Given the machines "blep, workstation"
    And a server on the hive's port of "workstation"
    And the cable of "workstation" is cut
    When the cable of "workstation" is mended
    Then "blep" reaches the hive's port of "workstation"

  Scenario: A firewall lets nobody in but SSH
    Given the machines "blep, workstation"
    And a server on the hive's port of "workstation"
    When a firewall on "workstation" lets in SSH alone
    Then "blep" does not reach the hive's port of "workstation"
    And "blep" reaches the SSH server of "workstation"
    And "workstation" reaches the SSH server of "blep"

  Scenario: A plug that is pulled takes everything with it
    Given the machines "blep, workstation"
    And the person at "blep" has left "sleep 60" running on "workstation"
    When the plug of "workstation" is pulled
    Then nothing runs on "workstation"
    And "blep" does not reach the SSH server of "workstation"

  Scenario: A program that stays on another machine is named and ended
    Given a rehearsed person at "blep" who has left "sleep 60" running on "workstation"
    When the rehearsed scenario ends
    Then the harness complains that "1 left behind after 0.5 s"
    And nothing of the rehearsed machines is left

  Scenario: What a killed test run left behind is removed by the next
    Given a test run with a machine on which "sleep 60" runs has been killed
    When the machines "blep, workstation" are set up
    Then nothing of the killed test run is left
