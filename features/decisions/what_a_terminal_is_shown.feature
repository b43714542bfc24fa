Feature: What a terminal is shown
  Names, errors, logs and what a model writes come from elsewhere. What of them would steer a terminal
  is shown as its escape and does nothing; honest text of any language is shown as it is. In the
  tables characters are spelt as Python does, and those that stay what they are stand in <brackets>.

  Scenario: On one line, and in a text of several
    When each of these texts is shown
      | text                              | on one line                        | in a text                                   |
      | hello                             | hello                              | hello                                       |
      | a\tb\nc                           | a\tb\nc                            | a<\t>b<\n>c                                 |
      | a\r\nb                            | a\r\nb                             | a<\n>b                                      |
      | a\rb                              | a\rb                               | a\rb                                        |
      | \x1b]52;c;aGk=\x07                | \x1b]52;c;aGk=\x07                 | \x1b]52;c;aGk=\x07                          |
      | \x1b[2J\x1b[3A                    | \x1b[2J\x1b[3A                     | \x1b[2J\x1b[3A                              |
      | \x9b2J\x85\x7f\x08\x00            | \x9b2J\x85\x7f\x08\x00             | \x9b2J\x85\x7f\x08\x00                      |
      | a\u202eb\u2066c\u2069             | a\u202eb\u2066c\u2069              | a\u202eb\u2066c\u2069                       |
      | a\u2028b\u2029                    | a\u2028b\u2029                     | a<\u2028>b<\u2029>                          |
      | mini\u200bllama\ufeff             | mini\u200bllama\ufeff              | mini<\u200b>llama<\ufeff>                   |
      | mini\u200dllama                   | mini\u200dllama                    | mini<\u200d>llama                           |
      | \ud800x                           | \ud800x                            | \ud800x                                     |
      | x\U000e0041                       | x\U000e0041                        | x<\U000e0041>                               |
      | \U0001f468\u200d\U0001f469        | <\U0001f468\u200d\U0001f469>       | <\U0001f468\u200d\U0001f469>                |
      | \u0645\u0631\u062d\u0628\u0627    | <\u0645\u0631\u062d\u0628\u0627>   | <\u0645\u0631\u062d\u0628\u0627>            |
      | \u0645\u06cc\u200c\u062e          | <\u0645\u06cc\u200c\u062e>         | <\u0645\u06cc\u200c\u062e>                  |
      | e\u0301 \u2764\ufe0f              | e<\u0301> <\u2764\ufe0f>           | e<\u0301> <\u2764\ufe0f>                    |
    Then a terminal gets what its row tells, wherever the text was cut on its way

  @fault.keeper.colour-anyway
  Scenario Outline: Narration <where>
    When "<does>" happens "<where>"
    Then there stands written "<shown>"

    Examples:
      | does                               | where                             | shown |
      | queen and hive narrate             | on a terminal                     | \x1b[2mqueen: picked GPU0\x1b[0m\n\x1b[2mhive: waking worker\x1b[0m\n |
      | queen and hive narrate             | on a terminal with NO_COLOR       | queen: picked GPU0\nhive: waking worker\n |
      | queen and hive narrate             | on a terminal that is dumb        | queen: picked GPU0\nhive: waking worker\n |
      | queen and hive narrate             | in a pipe with --calm             | queen: picked GPU0\nhive: waking worker\n |
      | queen and hive narrate             | on a terminal with --calm         | \r\x1b[K\x1b[2mqueen: picked GPU0\x1b[0m\r\x1b[K\x1b[2mhive: waking worker\x1b[0m\r\x1b[K |
      | queen narrates before an answer    | on a terminal with --calm         | \r\x1b[K\x1b[2mqueen: picked GPU0\x1b[0m\r\x1b[Kbuzz\n |
      | the CPU is fallen back to          | on a terminal with --calm         | \x1b[2mqueen: FALLING BACK\x1b[0m\n |

  Scenario: Whatever the keeper shows
    When everything that the keeper shows holds what would steer a terminal
    Then nothing of it steers the terminal
    And no line of what is quoted can be taken for one of its own

  Scenario: An answer in a pipe is data, and stays as the model wrote it
    When a model writes what would steer a terminal into a pipe
    Then the pipe holds what the model wrote

  Scenario: Nothing in the keeper writes past its screen
    When the modules of the keeper are looked through for what writes to a terminal
    Then its screen is the only one

  @fault.queen.forged-log
  Scenario: A line of a log cannot be forged
    When a log quotes "x\nqueen: goodbye\r\x1b[2Jy"
    Then it has one line for each that was written, and the rest indented below it

  Scenario Outline: Something that is called <name>
    When something is called "<name>"
    Then as a name, a reference, and a field that is "<told>"

    Examples:
      | name            | told            |
      | attic           | taken           |
      | attic\n         | invalid_request |
      | at\x1b[2Jtic    | invalid_request |
      | at\x9btic       | invalid_request |
      | at\u202etic     | invalid_request |
      | at\u200btic     | invalid_request |
      | at\x00tic       | invalid_request |
      | \u0645\u0631    | taken           |

  Scenario: A name that is too long
    When something is called by 513 letters
    Then as a name, a reference, and a field that is "invalid_request"

  @fault.shared.count-characters
  Scenario: Columns of a table stand below one another
    When a table has these cells in its first column
      | cell                           | takes |
      | attic                          | 5     |
      | \u65e5\u672c                   | 4     |
      | e\u0301t\u00e9                 | 3     |
      | \uff21                         | 2     |
      | \u0645\u06cc\u200c\u062e       | 3     |
    Then each takes so many columns, and the second one begins behind the widest
