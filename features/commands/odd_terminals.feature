Feature: Whatever stands behind the terminal, an answer is never lost in silence
  A disk is full, a reader has gone, a stream is closed, a terminal has fewer characters than the
  answer, a word is no text: what cannot be done is said, the job is cancelled, and what can be done
  is done all the same.

  Rule: An answer that cannot be written is an error

    @fault.keeper.lose-the-answer
    Scenario: The disk is full
      Given a hub that holds "author/endless-llama"
      And a swarm that is warm
      When I type "rbee-keeper infer --model HF:author/endless-llama 'write a short story' > /dev/full"
      Then the terminal narrates
        """
        bee-keeper: cancelling the job
        error: the answer cannot be written: No space left on device
        """
      And the exit status is 1
      And each worker has all its slots free

    Scenario: Whatever a command has to show
      When I type each of these commands
        | command                                                            | status | says                                           |
        | rbee-keeper status > /dev/full                                     | 1      | error: the answer cannot be written: No space  |
        | rbee-keeper status --json > /dev/full                              | 1      | "code":"answer_lost"                           |
        | rbee-keeper status >&-                                             | 1      | error: the answer cannot be written: stdout is closed |
        | rbee-keeper --version > /dev/full                                  | 1      | error: the answer cannot be written: No space  |
        | rbee-keeper infer --help >&-                                       | 1      | error: the answer cannot be written: stdout is closed |
        | _RBEE_KEEPER_COMPLETE=bash_source rbee-keeper > /dev/full          | 1      | error: the answer cannot be written: No space  |
      Then each of them says what its row tells, and ends with its status

    @only-asks
    Scenario: A key that nobody has seen is none
      Given a queen that is awake
      And "rbee-keeper add-key laptop > /dev/full" has failed
      When I type "rbee-keeper keys"
      Then stderr contains "no keys yet"

    Scenario: A reader who has seen enough ends a command without a word
      When I type each of these commands
        | command                                                                       | status | says |
        | { rbee-keeper infer hello; echo "ended with $?" >&2; } 2> told \| true; tail -n 1 told            | 0 | ended with 141 |
        | { rbee-keeper infer --quiet hello 2>&1; echo "ended with $?" >&2; } \| true                       | 0 | ended with 141 |
        | { rbee-keeper down 2>&1; echo "ended with $?" >&2; } \| true                                      | 0 | ended with 141 |
        | { until test -e gone; do :; done; rbee-keeper --help; echo "ended with $?" >&2; } \| touch gone   | 0 | ended with 141 |
      Then each of them says what its row tells, and ends with its status
      And nothing is left running

  Rule: Narration that nobody gets costs nobody the answer

    Scenario Outline: Without a stderr, by "<redirection>"
      When I type "rbee-keeper infer 'hello' <redirection>"
      Then stdout holds the answer of minillama to "hello" alone
      And the exit status is 0
      And nothing is left running

      Examples:
        | redirection  |
        | 2>&- <&-     |
        | 2> /dev/full |

    Scenario: What was typed wrongly has its status all the same
      When I type each of these commands
        | command                              | status | says |
        | rbee-keeper infr 2> /dev/full        | 2      |      |
        | rbee-keeper infer --modle x hi 2>&-  | 2      |      |
      Then each of them says what its row tells, and ends with its status

  Rule: A character that the terminal does not have is shown as a sign

    @fault.keeper.strict-terminal
    Scenario: A terminal of one byte for each character
      Given a log called "hive-attic" that reads "naïve 日本"
      When I type "PYTHONUTF8=0 PYTHONIOENCODING=latin-1 rbee-keeper logs hive-attic | iconv -f latin1 -t utf8"
      Then stdout holds "naïve ??" alone

    Scenario: Programs get what they can read
      When I type "PYTHONUTF8=0 PYTHONIOENCODING=ascii rbee-keeper infer --json --node '日本' 'hello'"
      Then stderr contains "\u65e5\u672c"
      And the exit status is 1
      And nothing is left running

  Rule: What is no text is named, before anything is started

    Scenario: Bytes that are no text
      When I type each of these commands
        | command                                                                   | status | says                       |
        | rbee-keeper infer --stop "$(printf 'caf\351')" hello                      | 2      | '--stop': 'caf� |
        | rbee-keeper infer "$(printf 'caf\351')"                                   | 2      | '[PROMPT]': 'caf�          |
        | rbee-keeper infer --model "$(printf 'file:/tmp/caf\351.gguf')" hello      | 2      | caf�.gguf' is no text      |
        | rbee-keeper pull "$(printf 'HF:author/caf\351')"                          | 2      | 'REF': 'HF:author/caf� |
        | rbee-keeper stop "$(printf 'caf\351')"                                    | 2      | 'WORKER': 'caf� |
        | rbee-keeper logs "$(printf 'caf\351')"                                    | 2      | '[ROLE\|ID]': 'caf� |
        | rbee-keeper add-hive --key "$(printf 'caf\351')" attic                    | 2      | '--key': 'caf� |
        | printf 'caf\351' \| rbee-keeper infer -                                   | 2      | the prompt is no UTF-8 text |
        | rbee-keeper infer - <&-                                                   | 2      | standard input is closed   |
        | rbee-keeper chat <&-                                                      | 2      | standard input is closed   |
      Then each of them says what its row tells, and ends with its status
      And nothing was started

    @only-asks
    Scenario: A terminal that says nothing of its characters gets text all the same
      Given a swarm that is warm
      When I type "PYTHONUTF8=0 LC_ALL=C PYTHONCOERCECLOCALE=0 rbee-keeper infer --quiet --stop 'é' 'hello'"
      Then stdout holds the answer of minillama to "hello" alone

  Rule: What has no end is not waited for

    @timing
    Scenario: Input without an end
      When I type each of these commands
        | command                                           | status | says                                              |
        | rbee-keeper infer - < /dev/zero                   | 2      | the prompt is longer than 16777216 bytes          |
        | rbee-keeper infer --chat-template /dev/zero hello | 2      | '/dev/zero': it is longer than 1048576 characters |
        | rbee-keeper chat < /dev/zero                      | 2      | error: a line is longer than 16777216 characters  |
        | (echo '"""'; yes $(printf %0100000d 0)) \| rbee-keeper chat | 2 | error: a message is longer than 16777216 characters |
      Then each of them says what its row tells, and ends with its status
      And nothing is left running
