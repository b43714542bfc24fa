Feature: Work in the background always has somebody who sees its end
  Jobs, downloads and watches go on by themselves. However such work ends, whoever waits for it is
  told how, and whoever asks next begins anew.

  @expects-traceback
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
      | forgets to say how it ended      | cancelled                                   |
