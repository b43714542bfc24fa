Feature: Handshakes that come to nothing
  The queen's port speaks TLS to whoever begins with it. What begins so and does not go on costs her
  as little as a request that does not, and holds nobody up.

  @timing
  @fault.shared.wait-for-handshakes
  Scenario: Half-sent handshakes
    Given strangers have 20 places and 3 s for a request
    And a swarm that is warm
    When a stranger begins 300 handshakes with the queen, and leaves them
    Then she holds no more than 30 connections
    And the owner lists by http:// and by https:// meanwhile
    And all that was begun with her is closed within 5 s
    And her log tells nothing of it

  @only-asks
  Scenario: What begins like TLS, and is none
    Given a swarm that is warm
    When a stranger sends the queen each of these
      | sent                                              |
      | \x16                                              |
      | \x16\x03\x01\x00\x05hello                          |
      | \x16GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n |
      | \x16\x03\x01\xff\xff                               |
      | \x16\xff\xff\x00\x01\x00                           |
    Then each of them is hung up on, or waited for no longer than a request is
    And her log tells nothing of it

  @needs-linux
  @fault.shared.keep-what-failed
  Scenario: Handshakes that fail over and over
    Given a queen that is awake
    And she has been asked by https:// before
    When 1000 handshakes are begun with her, and hung up on, 50 at a time
    Then she has grown by less than 25 MB
    And her log tells nothing of it

  @only-asks
  Scenario: Many handshakes at once
    Given a swarm that is warm
    When 100 programs ask her for her health by https:// at once
    Then all of these are answered
    And the owner lists by http:// and by https:// meanwhile

  Scenario: A swarm that goes to sleep waits for no handshake
    Given a swarm that was left warm by "rbee-keeper up"
    And a stranger has begun 20 handshakes with the queen
    When I put the swarm to sleep with "rbee-keeper down"
    Then the exit status is 0
    And nothing is left the moment the keeper has ended
