Feature: Work in the background always has somebody who sees its end
  Jobs, downloads and watches go on by themselves. However such work ends, whoever waits for it is
  told how, and whoever asks next begins anew.

  @expects-traceback
  @fault.shared.nobody-sees-the-end
  Scenario Outline: Work that <ends> is told as "<told>"
    When work in the background <ends>
    Then whoever waits for it is told "<told>"

    Examples:
      | ends                             | told                                        |
      | raises what nobody foresaw       | internal: ValueError: the moon is full      |
      | raises what says nothing         | internal: KeyError                          |
      | raises what a future cannot hold | internal: RuntimeError: StopIteration: 7    |
      | asks the whole program to end    | internal: RuntimeError: SystemExit: 3       |
      | fails as it is meant to fail     | minillama is not here                       |
      | is cancelled before it began     | cancelled                                   |
      | has nothing to say               | done                                        |

  Scenario: Work of one kind that hangs keeps no other kind waiting
    Given more work that waits for a disk than there are threads for it hangs
    When a database is asked in a thread
    Then it has answered at once

  Scenario: Nobody makes a pool for several kinds
    When the code is searched for pools of threads
    Then there is none but where each kind of work has its own

  @fault.hive.one-host-for-all
  Scenario Outline: Of downloads from <waiting>, while <running> are under way, <next> begins
    When downloads from "<waiting>" wait while "<running>" are under way, of at most 4, and 3 from a host
    Then the next that begins is "<next>"

    Examples:
      | waiting   | running             | next |
      | slow      | fast                | slow |
      | slow      | slow slow           | slow |
      | slow      | slow slow slow      | none |
      | slow fast | slow slow slow      | fast |
      | slow fast | slow slow           | slow |
      | fast      | slow slow here here | none |
