Feature: A link as a code for a camera
  It is drawn with blocks of half a line, light ones on a dark ground, where a terminal can show it.

  Scenario: The code holds the link
    When a link of 90 characters is drawn as a code
    Then its blocks are the modules of a QR code of that link, with a light border of 2
    And the code is 41 columns wide

  Scenario Outline: A code on <where>
    When a link of 90 characters is to be drawn on <where>
    Then the code is <outcome>

    Examples:
      | where                                    | outcome                                              |
      | a terminal of 80 columns, utf-8          | drawn                                          |
      | a terminal of 41 columns, utf-8          | drawn                                          |
      | a terminal of 40 columns, utf-8          | not drawn, since "wants a terminal of 41 columns, and this one has 40" |
      | a terminal of 80 columns, ascii          | not drawn, since "characters that ascii does not have" |
      | a pipe of 80 columns, utf-8              | not drawn, since "wants a terminal"                  |
