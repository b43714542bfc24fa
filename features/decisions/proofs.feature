Feature: What proves that somebody knows a secret
  Whoever connects asks with a number that is used once; the answer is made of it, the secret, whose
  secret that is, and the two ends of the connection.

  Scenario Outline: <who> answers <how>
    When <who> answers the challenge <how>
    Then it is <verdict>

    Examples: Those who know the secret
      | who                 | how              | verdict  |
      | the queen           | at once          | believed |
      | a hive              | at once          | believed |
      | the queen of a hive | at once          | believed |
      | a hive              | through a tunnel | believed |

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
