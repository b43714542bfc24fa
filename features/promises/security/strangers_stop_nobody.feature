Feature: Strangers stop nobody
  Whoever reaches a port may connect to it. What that costs is bounded, in connections, in time, in
  memory and in lines of the log, so that the owner and those with a key are served meanwhile.

  @timing
  @fault.shared.no-bounds
  @fault.shared.wait-for-heads
  Scenario: Half-sent requests
    Given strangers have 20 places and 3 s for a request
    And a swarm that is warm
    When a stranger sends the first half of 300 requests to each program
    Then no program holds more than 30 connections
    And the owner lists and infers meanwhile
    And all that the stranger began is closed within 5 s
    And the logs have grown by less than 20 kB

  @fault.shared.log-nonsense
  @fault.shared.take-any-text
  Scenario: What is no text
    Given a swarm that is warm
    When a stranger sends each program these
      | what                                | sent                                                          |
      | a token that is no text             | GET /jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer \xff |
      | a mark that is no text              | GET /jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Correlation-Id: \xff\xfe |
      | a name of a program that is no text | GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: \xfcber      |
      | a number in another script          | GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\nLast-Event-ID: \xc2\xb2  |
      | a zero byte in a header             | GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nA: a\0b                  |
      | a zero byte in a path               | GET /jobs/%00 HTTP/1.1\r\nHost: 127.0.0.1                           |
      | bytes in a query                    | GET /health?a=%ff HTTP/1.1\r\nHost: 127.0.0.1                       |
      | two lengths                         | POST /jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 2 |
      | a length and chunks                 | POST /jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked |
      | the beginning of HTTP/2             | PRI * HTTP/2.0\r\n\r\nSM                                            |
      | a method that there is not          | BREW /jobs HTTP/1.1\r\nHost: 127.0.0.1                              |
    Then each of them is refused
    And no log tells of it

  @fault.shared.unpack-for-all
  Scenario: A body that becomes a gigabyte
    Given a queen that is awake
    When a stranger sends her a gigabyte packed into one megabyte
    Then it is refused with "unauthorized", and she has not unpacked it
    And the owner's is refused with "payload_too_large"
    And a packed request of the owner is understood

  @timing
  @fault.shared.wait-for-bodies
  Scenario: A slow line
    Given the body of a request may pause for 1 s
    And a queen that is awake
    When the owner sends her one that comes in pieces for 3 s, and one that stops
    Then the first is accepted
    And the other is refused with "deadline_exceeded"

  @only-asks
  @fault.shared.any-name
  Scenario: A name that is none of this machine
    Given a swarm that is warm
    When a page of "evil.example" asks each program how it is, under that name
    Then each of them says "unknown_host"
    And each answers under an address of the machine

  @timing
  @fault.shared.let-it-grow
  Scenario: A log that grows
    Given a log may have 1 MiB
    And a swarm that is warm
    When 3 MiB are written into the log of each program
    Then no log is larger than 1 MiB after 5 s
    And each log goes on with what its program says
