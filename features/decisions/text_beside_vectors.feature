Feature: A worker writes, or it makes vectors
  The engine does not work on text and on vectors at the same time, so the queen keeps them apart: on
  one worker by turns as long as nobody waits, on two where somebody would have to.

  Scenario Outline: <job>, where A <A> and B <B>: <outcome>
    Given worker "A" that <A>
    And worker "B" that <B>
    When a job for <job> comes
    Then it <outcome>

    Examples: text
      | job  | A                  | B                      | outcome              |
      | text | is idle            | is not there           | goes to A            |
      | text | writes             | is not there           | goes to A            |
      | text | writes             | is idle for vectors    | goes to A            |
      | text | makes a vector     | is not there           | waits for A          |
      | text | makes many vectors | is not there           | has one started beside A |
      | text | makes many vectors | is idle                | goes to B            |
      | text | is not there       | is idle for vectors    | finds nobody         |
      | text | is waited for      | is not there           | waits for A          |

    Examples: vectors
      | job                     | A                  | B                      | outcome              |
      | a vector                | is idle            | is not there           | goes to A            |
      | a vector                | makes many vectors | is not there           | goes to A            |
      | a vector                | writes             | is not there           | has one started beside A |
      | many vectors            | writes             | is not there           | has one started beside A |
      | a vector                | writes             | is idle                | goes to B            |
      | a vector                | is idle            | is idle for vectors    | goes to B            |
      | a vector                | writes             | loads for vectors      | waits for B          |
      | a vector of a long text | writes             | is idle for vectors    | has one started beside A |
      | a vector of a long text | is idle            | is idle for vectors    | goes to A            |

  Scenario Outline: For a text of <bytes> bytes a worker takes inputs of <tokens> tokens
    When a job for a vector of <bytes> bytes has a worker started
    Then that takes inputs of up to <tokens> tokens

    Examples:
      | bytes | tokens |
      | 5     | 2048   |
      | 2040  | 2048   |
      | 2041  | 4096   |
      | 30000 | 32768  |

  Scenario Outline: <job> beside a worker on <in the way>, with <degraded> degraded, goes to <first>
    Given a hive "attic" with a GPU of 24 GB and a hive "blep" with one of 12 GB
    When a worker for <job> is to run beside one on "<in the way>" with "<degraded>" degraded
    Then the places for it begin with "<first>"

    Examples:
      | job      | in the way | degraded   | first      | # because                          |
      | text     | gpu0@blep  | nothing    | gpu0@blep  | that machine has the model         |
      | a vector | gpu0@blep  | nothing    | gpu0@blep  | that machine has the model         |
      | a vector | gpu0@blep  | gpu0@blep  | cpu@blep   | a processor will do for vectors    |
      | text     | gpu0@blep  | gpu0@blep  | gpu0@attic | text is not moved to a processor   |
      | text     | cpu@blep   | gpu0@blep  | cpu@blep   | it is on one anyway                |
