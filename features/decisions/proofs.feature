Feature: What proves that somebody knows a secret
  Whoever connects asks with a number that is used once; the answer is made of it, the secret, whose
  secret that is, and the two ends of the connection.

  @fault.shared.any-key
  Scenario Outline: <who> answers <how>
    When <who> answers the challenge <how>
    Then that answer is <verdict>

    Examples: Those who know the secret
      | who                 | how              | verdict  |
      | the queen           | at once          | believed |
      | a hive              | at once          | believed |
      | the queen of a hive | at once          | believed |
      | a hive              | through a tunnel | believed |
      | the queen           | encrypted        | believed |
      | the queen           | encrypted, to whom a person has named | believed |

    Examples: Those who do not, or pass on the answer of somebody who does
      | who                         | how                                   | verdict      |
      | the queen                   | of another connection                 | not believed |
      | a hive                      | of another connection                 | not believed |
      | the queen                   | of another time                       | not believed |
      | the queen                   | with words of its own                 | not believed |
      | the queen                   | with nothing                          | not believed |
      | a queen with another token  | at once                               | not believed |
      | another hive                | at once                               | not believed |
      | a hive in its queen's place | at once                               | not believed |
      | a hive in its queen's place | of another connection, through a tunnel | not believed |
      | the queen                   | decrypted between                     | not believed |
      | the queen                   | decrypted between, to whom a person has named | not believed |
      | the queen                   | encrypted anew between                | not believed |
      | the queen                   | encrypted anew between, to whom a person has named | not believed |

  @fault.shared.proved-once-for-all
  Scenario: What one hive has proved opens nothing for the secret of another
    Given a hive that has proved itself to the queen
    When the queen speaks to another hive, which is said to be at the same address
    Then the secret of that one is not sent

  Scenario Outline: Somebody answers a challenge with <bytes>
    When a challenge is answered with <bytes>
    Then what it proves is <proved>

    Examples:
      | bytes                                                                        | proved           |
      | nothing so far                                                               | not known yet    |
      | HTT                                                                          | not known yet    |
      | HTTP/1.1 200 OK\r\nX-Rbee-Proof: abc                                         | not known yet    |
      | HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Rbee-Proof: abc\r\n\r\n{           | not known yet    |
      | HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Rbee-Proof: abc\r\n\r\n{}          | what it says     |
      | HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Rbee-Proof: abc\r\n\r\n{}HTTP/1.1  | nothing          |
      | HTTP/1.1 200 OK\r\nX-Rbee-Proof: abc\r\n\r\n                                 | nothing          |
      | HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\nX-Rbee-Proof: abc\r\n\r\n      | nothing          |
      | HTTP/1.1 401 No\r\nContent-Length: 0\r\nX-Rbee-Proof: abc\r\n\r\n            | nothing          |
      | SSH-2.0-OpenSSH_9.2                                                          | nothing          |
