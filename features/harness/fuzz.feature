Feature: What strangers send is made up, and tried
  Headers of models, streams, names, listings of a hub, settings, requests and the forms of answers
  come from others. Each part that reads one of them is fed with what is kept of its earlier
  stumbles, and with a few new inputs, always the same ones; `make fuzz` goes on for longer. It may
  refuse an input in so many words, within its time and its memory, and do nothing else.

  Scenario Outline: The reader of <what> is fed for a moment
    When the reader of <what> is fed with its corpus and <count> inputs
    Then it has done nothing that it may not

    Examples:
      | what        | count |
      | header      | 200   |
      | sse         | 50    |
      | model-ref   | 300   |
      | hub-listing | 100   |
      | settings    | 200   |
      | body        | 200   |
      | schema      | 100   |

  Scenario Outline: A reader that <does> is found out
    When a reader that <does> is fed with 200 inputs
    Then that is found: "<told>"

    Examples:
      | does                        | told            |
      | raises something else       | ZeroDivisionError |
      | never ends                  | more than       |
      | takes all memory there is   | MemoryError     |
      | dies                        | ended by SIGSEGV |
