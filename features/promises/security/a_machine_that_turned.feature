@needs-linux
Feature: A machine that turns on its owner takes nothing down
  Who has added a machine trusts it with what runs there, and with nothing else. When it is somebody
  else's by now its hive still has a secret, and whatever it says with that is bounded.

  @fault.shared.read-without-end @fault.shared.unpack-answers
  Scenario Outline: It answers <how> when it is asked for its models
    Given a hive that is somebody else's by now, and answers "GET /models" <how>
    When I type "rbee-keeper models"
    Then stderr contains "localhost does not answer"
    And the exit status is 0
    And the queen has grown by less than 100 MiB

    Examples:
      | how                           |
      | never                         |
      | without an end                |
      | with a gigabyte in a megabyte |

  @fault.shared.go-where-sent
  Scenario: It sends the queen elsewhere
    Given a hive that is somebody else's by now, and sends on who asks for "GET /models"
    When I type "rbee-keeper models"
    Then stderr contains "localhost does not answer"
    And nobody was asked for anything in its place

  @fault.keeper.trust-what-workers-say @fault.queen.keep-all-that-is-told
  Scenario Outline: Its worker answers <how>
    Given a hive that is somebody else's by now, and answers "POST /infer" <how>
    And it says that it has a worker
    When I type "rbee-keeper infer --keep-alive 'hello'"
    Then stderr contains "<says>"
    And the queen has grown by less than 100 MiB

    Examples:
      | how                        | says                                      |
      | with a token that is none  | error: what is told of the job            |
      | with a line without an end | error: a stream has an event of more than |
      | with tokens without an end | error: worker worker-1 says more than     |
