Feature: What costs more than its bytes is bounded
  A request may be a megabyte long. What an engine does with some of it takes far longer than to read
  it, and others wait: of that there may be so much and no more, and whoever sends more is told which
  field it is.

  Scenario Outline: <most> <what>, and not more
    When a program asks with <more> <what>
    Then it is refused for "<field>"

    Examples:
      | what                          | most                | more                | field                   |
      | messages                      | 2048                | 2049                | messages                |
      | functions                     | 128                 | 129                 | tools                   |
      | calls in one message          | 128                 | 129                 | messages[0].tool_calls   |
      | words to stop at              | 32                  | 33                  | stop                    |
      | letters in a word to stop at  | 1000                | 1001                | stop                    |
      | tokens weighed                | 1024                | 1025                | logit_bias              |
      | answers                       | 16                  | 17                  | n                       |
      | answers to each of 16 prompts | 4                   | 5                   | n                       |
      | prompts                       | 64                  | 65                  | prompt                  |
      | values for the template       | 64                  | 65                  | chat_template_kwargs    |
      | of the likeliest tokens       | 2147483647          | 2147483648          | top_k                   |

  Scenario Outline: <most> <what> are taken
    When a program asks with <most> <what>
    Then it is taken

    Examples:
      | what                          | most                |
      | messages                      | 2048                |
      | functions                     | 128                 |
      | calls in one message          | 128                 |
      | words to stop at              | 32                  |
      | letters in a word to stop at  | 1000                |
      | tokens weighed                | 1024                |
      | answers                       | 16                  |
      | answers to each of 16 prompts | 4                   |
      | prompts                       | 64                  |
      | values for the template       | 64                  |
      | for a seed                    | 18446744073709551615 |
      | of the likeliest tokens       | 2147483647          |

  @fault.worker.read-all-marks
  Scenario Outline: <count> times "<mark>" for a context of <context> tokens
    When a text of <count> times "<mark>" is meant for a context of <context> tokens
    Then it is <verdict> before it is read

    Examples:
      | count | mark            | context | verdict |
      | 80000 | <\|im_start\|>  | 8192    | refused |
      | 8193  | <\|im_start\|>  | 8192    | refused |
      | 8192  | <\|im_start\|>  | 8192    | taken   |
      | 9000  | <start_of_turn> | 8192    | refused |
      | 9000  | [INST]          | 8192    | refused |
      | 9000  | a < b           | 8192    | taken   |

  Scenario: Large bodies that come at once
    When 18 bodies of 16 MiB come at once, and one of 1 MiB
    Then 17 of the large ones are taken, and the small one
    And there is room for as many once those are whole

  @fault.queen.chatty-streams
  Scenario Outline: Whoever waits <minutes> minutes, and <hears>
    When a program waits <minutes> minutes for its answer, and <hears>
    Then its stream has <least> to <most> lines without data, and no blank one among them

    Examples: Fewer than the 300 after which some clients leave
      | minutes | hears                   | least | most |
      | 1       | hears of it each second | 55    | 65   |
      | 30      | hears of it each second | 100   | 200  |
      | 30      | hears nothing           | 100   | 130  |
