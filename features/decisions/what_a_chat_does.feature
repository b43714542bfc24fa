Feature: What a chat makes of its lines
  A word behind a slash is a command of the chat; everything else is said to the model.

  Scenario Outline: <line>
    When the line "<line>" is typed in a chat
    Then the chat takes it for <what>

    Examples:
      | line             | what                                |
      | /help            | the command /help                   |
      | /nwe             | the command /nwe                    |
      | /set top-p 0.9   | the command /set with "top-p 0.9"   |
      | /model  a/b      | the command /model with "a/b"       |
      | /tmp is full     | said to the model                   |
      | /etc/passwd      | said to the model                   |
      | 1 / 2            | said to the model                   |
      | what is /help    | said to the model                   |

  Scenario Outline: /set <words>
    Given a chat that was begun with "--temperature 0.5"
    When "/set <words>" is typed
    Then the chat replies "<reply>"
    And its next answer is asked for with <asked>

    Examples:
      | words           | reply                                      | asked             |
      | temperature 0   | temperature: 0.0                           | temperature 0.0   |
      | temperature     | temperature: as the model has it           | temperature None  |
      | max-tokens 5    | max-tokens: 5                              | max_tokens 5      |
      | max_tokens 5    | max-tokens: 5                              | max_tokens 5      |
      | ctx 512         | ctx: 512                                   | ctx 512           |
      | temperature 9   | error: '9' is no temperature               | temperature 0.5   |
      | temperature hot | error: 'hot' is no temperature             | temperature 0.5   |
      | tempreture 1    | error: there is no tempreture to set       | temperature 0.5   |
      | model a/b       | error: there is no model to set            | temperature 0.5   |

  @fault.keeper.forget-everything
  Scenario Outline: Of <turns> turns that no longer fit the context <gone> are forgotten
    Given a chat of <turns> turns
    When the older half of it is let go
    Then <gone> turns are gone, and the newest are still there

    Examples:
      | turns | gone |
      | 0     | 0    |
      | 1     | 1    |
      | 2     | 1    |
      | 5     | 3    |

  Scenario Outline: A file that holds <what>
    When a chat goes on with a file that holds <what>
    Then <comes>

    Examples:
      | what                            | comes                                        |
      | a conversation                  | it goes on after 1 turn                      |
      | another kind of JSON            | it is refused as no conversation             |
      | a conversation of a later form  | it is refused as no conversation             |
      | something that is no text       | it is refused as no conversation             |

  Scenario: A file of somebody else is not written over
    When a chat is to be kept in a file that holds something else
    Then it is refused as no conversation
    And the file holds what it held
