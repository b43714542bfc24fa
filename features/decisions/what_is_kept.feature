Feature: What has been told is kept as long as there is room
  Whoever comes late, or comes back, is told a story from its beginning. Stories that are over are
  kept for a while, as many as there is room for; of the others the end stays, and a line that says
  so.

  @fault.queen.keep-every-byte
  Scenario: A thousand long jobs
    Given a queen who keeps 4 MiB of what jobs have told
    When 1000 jobs have told 100 kB each, of prompts of 1000 kB
    Then no more than that is kept of all of them, their prompts included
    And the last of them tells all that it told
    And the first of them tells "no longer kept" and its end, "done"

  Scenario Outline: Of <stories>, with room for <room>
    When of the stories <stories> as many stay as have room in <room>
    Then those that go are "<gone>"

    Examples:
      | stories                | room | gone |
      | a 5, b 5, c 5          | 15   |      |
      | a 5, b 5, c 5          | 14   | a    |
      | a 5, b 5, c 5          | 9    | a, b |
      | a 5 read, b 5, c 5     | 10   | b    |
      | a 5 read, b 9 read     | 1    |      |
      | a 50                   | 10   | a    |

  @fault.hive.keep-all-progress
  Scenario: A download that takes hours
    When a download tells 20000 times how far it is, and 100 lines between
    Then its story is less than 30 kB, and tells whoever comes now all lines and how far it is

  @fault.queen.room-for-all
  Scenario: What jobs ask for is kept until they are over, as much as there is room for
    Given a queen who keeps 4 MiB of what jobs ask for
    When 10 jobs come that ask for 1000 kB each
    Then 4 of them are taken in, and the others told to come again until one is over

  Scenario Outline: A worker may tell what an answer can take, and no more
    When <asked> is asked of a worker whose context is of <context> tokens
    Then an answer of <tokens> may be told, and one that is <times> times as long may not

    Examples:
      | asked                           | context | tokens        | times |
      | a prompt                        | 512     | 512 tokens    | 100   |
      | a prompt                        | 8192    | 8192 tokens   | 10    |
      | a prompt                        | 2000000 | 131072 tokens | 10    |
      | a prompt, up to 100 tokens      | 8192    | 100 tokens    | 1000  |
      | a prompt, with the 20 likeliest | 512     | 512 tokens    | 10    |
      | the vectors of 2048 texts       | 512     | 2048 vectors  | 10    |
