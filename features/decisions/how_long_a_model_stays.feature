Feature: How long a model stays loaded behind who says so
  A request may say for how long its worker may idle behind it; the next one that says nothing has it
  idle as any other. The hive of the worker keeps that, and tells it with its heartbeats, so that a
  queen that has begun since knows it, too.

  @fault.queen.tell-each-time
  @fault.queen.forget-the-kept
  Scenario Outline: A worker that may idle <before> is used by those who say <what>
    When those who use a worker that may idle "<before>" say "<what>"
    Then its hive is told "<told>"

    Examples: It is told what is new to it
      | before   | what                         | told                      |
      | as usual | nothing, nothing             | nothing                   |
      | as usual | 3600                         | 3600                      |
      | as usual | 3600, 3600, 3600             | 3600                      |
      | as usual | 3600, nothing, nothing       | 3600, as usual            |
      | as usual | 3600, 60, nothing, 3600      | 3600, 60, as usual, 3600  |

    Examples: What it was told by a queen before, it is not told again
      | before   | what                         | told                      |
      | 3600     | 3600                         | nothing                   |
      | 3600     | nothing, nothing             | as usual                  |

  @fault.queen.tell-in-disorder
  Scenario: What is said while a hive has not answered is told it in that order, the last at least
    When those who use a worker that may idle "as usual" say "3600, nothing, 60" at once
    Then its hive is told "3600, 60"

  Scenario: A hive that does not answer is told the same again
    When those who use a worker that may idle "as usual" say "3600, 3600" to a hive that fails
    Then its hive is told "3600, 3600"
