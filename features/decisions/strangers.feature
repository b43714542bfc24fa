Feature: Who is let in, and what is told of it
  Decided on values alone, in the program of each daemon.

  Scenario Outline: One stranger too many: <case>
    When these strangers are there, the oldest first: "<there>"
    Then number <number> gives way

    Examples: a, b and c are addresses; one with a ! is being answered
      | case                                          | there       | number |
      | all from one address: the oldest              | a a a       | 1      |
      | one address has most: the oldest of those     | b a a c     | 2      |
      | as many from each: the oldest of all          | c b a       | 1      |
      | whoever is being answered stays               | a! a a      | 2      |
      | also where that address has most              | a! a! a! b  | 4      |
      | where all are answered: the oldest            | a! b!       | 1      |

  @fault.shared.bodies-are-heads
  Scenario Outline: A request of which <head> kB of head and <body> kB of body come before it is taken up
    When <head> kB of a head and <body> kB of its body have come, and nobody has looked yet
    Then what is answered is "<answered>"

    Examples:
      | head | body | answered |
      | 1    | 0    |          |
      | 1    | 2000 |          |
      | 60   | 300  |          |
      | 200  | 0    | 431      |

  Scenario Outline: How many may come where <descriptors> descriptors may be open
    When <descriptors> descriptors may be open
    Then there are <connections> places, <strangers> for strangers and <key> for one key

    Examples:
      | descriptors | connections | strangers | key  |
      | 16384       | 4096        | 256       | 2048 |
      | 1024        | 512         | 128       | 256  |
      | 256         | 128         | 32        | 64   |
      | 10          | 8           | 4         | 4    |

  Scenario Outline: A request for "<host>" at a machine that is called "bee"
    When a request for "<host>" comes to the machine "bee" that is allowed "<allowed>"
    Then it is a name <verdict>

    Examples:
      | host                 | allowed         | verdict         |
      | 127.0.0.1            | nothing         | of this machine |
      | localhost            | nothing         | of this machine |
      | LocalHost.           | nothing         | of this machine |
      | [::1]                | nothing         | of this machine |
      | 192.168.1.7          | nothing         | of this machine |
      | bee                  | nothing         | of this machine |
      | Bee.local            | nothing         | of this machine |
      | bee.fritz.box        | nothing         | of this machine |
      | evil.example         | nothing         | of another one  |
      | bee.evil.example     | nothing         | of another one  |
      | 127.0.0.1.nip.io     | nothing         | of another one  |
      | localhost.evil.com   | nothing         | of another one  |
      | 127.0.0.1@evil    | nothing         | of another one  |
      | bee.example.org      | bee.example.org | of this machine |
      | evil.example         | bee.example.org | of another one  |
      | any.example          | *               | of this machine |

  @fault.shared.tell-each
  Scenario: A fault that comes again and again
    When one fault comes 1139 times, and another once
    Then 2 lines tell of them
    And at the end a line tells of 1,138 more
