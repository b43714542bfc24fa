Feature: Nobody is left behind
  A scenario is over when all that it woke has gone. Whoever is still there makes it fail, and is
  ended so that the next scenario finds a clean machine.

  Scenario: A daemon that stays is named and ended
    Given a daemon that outlives the program which started it
    When the rehearsed scenario ends
    Then the harness complains that "1 left behind after 0.5 s"
    And the daemon is gone

  @needs-linux
  Scenario: A daemon that hides its home comes back as an orphan
    Given a daemon that outlives the program which started it and has an empty environment
    When the rehearsed scenario ends
    Then the harness complains that "1 left behind after 0.5 s"
    And the daemon is gone

  Scenario: Two daemons that stay are both named
    Given a daemon that outlives the program which started it
    And a daemon that outlives the program which started it
    When the rehearsed scenario ends
    Then the harness complains that "2 left behind after 0.5 s"
    And the daemon is gone

  @needs-linux
  Scenario: An orphan that ends is reaped at once, as init does it
    When a program ends after the one that started it
    Then it leaves the process table by itself

  Scenario: A program with another home that stays is named and ended
    Given a rehearsed program "RBEE_HOME=/nowhere sleep 60" that runs
    When the rehearsed scenario ends
    Then the harness complains that "1 left behind after 0.5 s"

  Scenario: A program to which no orphan comes back knows them by their home
    Given a daemon that outlives the program which started it
    When a program that adopts nobody looks for who belongs to that home
    Then it finds that daemon

  Scenario: A program that has ended is no reason to complain
    Given a rehearsed program "python -c 'print(1)'" that has ended
    When the rehearsed scenario ends
    Then the harness complains about nothing
