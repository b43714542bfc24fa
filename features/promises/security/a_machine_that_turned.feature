@needs-linux
Feature: A machine that turns on its owner takes nothing down
  Who has added a machine trusts it with what runs there, and with nothing else. When it is somebody
  else's by now its hive still has a secret, and whatever it says with that is bounded.

  @fault.shared.read-without-end @fault.shared.unpack-answers @fault.shared.go-where-sent
  Scenario: What it answers when it is asked for its models
    Given a hive that is somebody else's by now
    When I type "rbee-keeper models" while it answers "GET /models" in each of these ways
      | how                           | status | says                                                                                               |
      | never                         | 0      | localhost does not answer: its models are not listed (it takes longer than 2 s)                    |
      | without an end                | 0      | localhost does not answer: its models are not listed (hive localhost says more than 16777216 bytes |
      | with a gigabyte in a megabyte | 0      | localhost does not answer: its models are not listed (answer of hive localhost is no JSON          |
      | with another place to ask     | 0      | localhost does not answer: its models are not listed (hive localhost answered 307                  |
    Then each of them says what its row tells, and ends with its status
    And the queen has grown by less than 100 MiB
    And nobody was asked for anything in its place

  @fault.keeper.trust-what-workers-say @fault.queen.keep-all-that-is-told
  Scenario: What its worker answers
    Given a hive that is somebody else's by now
    And it says that it has a worker
    When I type "rbee-keeper infer --keep-alive 'hello'" while it answers "POST /infer" in each of these ways
      | how                        | status | says                                      |
      | with a token that is none  | 2      | error: what is told of the job            |
      | with a line without an end | 1      | error: a stream has an event of more than |
      | with tokens without an end | 1      | error: worker worker-1 says more than     |
    Then each of them says what its row tells, and ends with its status
    And the queen has grown by less than 100 MiB
