Feature: The page is opened: open
  "rbee-keeper open" wakes the queen where she sleeps, lets her stay, and opens her page in a browser,
  signed in by a link that works once. It is printed where no browser can be shown.

  Scenario: A browser is shown a file, and no secret on its command line
    Given a browser that writes down what it is told to open, and opens it
    When I type "rbee-keeper open"
    Then the terminal narrates
      """
      bee-keeper: opening the page at http://127.0.0.1:<queen port> in your browser...
      queen: a browser is signed in on the page
      """
    And the exit status is 0
    And the browser was told no secret, and the file it was shown is gone
    And the swarm stays

  Scenario: Where no browser can be shown, the link is printed
    When I type "rbee-keeper open"
    Then stdout is a link that signs in
    And stderr contains "this link signs a browser in once, within 5 minutes"
    And the swarm stays

  Scenario: A browser that does not start
    Given a browser that fails
    When I type "rbee-keeper open"
    Then stdout is a link that signs in
    And the swarm stays

  @only-asks
  Scenario: Who asks without being a browser is told that she runs
    Given a queen that is awake
    When a program asks for the page
    Then the program reads "rbee is running"

  @only-asks
  Scenario: A code for a phone, on a terminal
    Given a swarm that was left warm by "rbee-keeper up --host 0.0.0.0"
    When I type "COLUMNS=80 rbee-keeper open --qr" on a terminal
    Then the terminal shows a code, and the link by https:// that it holds
    And stderr contains "this link signs a browser in once, within 5 minutes"
    And stderr contains the SHA-256 of the certificate that is shown at that address
    And the exit status is 0

  @only-asks
  Scenario: A code on a terminal without colours
    Given a swarm that was left warm by "rbee-keeper up --host 0.0.0.0"
    When I type "NO_COLOR=1 COLUMNS=80 rbee-keeper open --qr" on a terminal
    Then the terminal shows a code, and the link by https:// that it holds
    And stdout holds no escape sequences

  @only-asks
  Scenario Outline: No code is drawn <where>
    Given a swarm that was left warm by "rbee-keeper up --host 0.0.0.0"
    When I type "<command>" <where>
    Then the link by https:// is printed without a code
    And stderr contains "<words>"

    Examples:
      | where          | command                                        | words                 |
      | on a terminal  | COLUMNS=30 rbee-keeper open --qr               | the QR code wants a terminal of |
      | into a pipe    | rbee-keeper open --qr                          | a QR code wants a terminal      |

  Scenario: A code where no phone gets through
    When I type "rbee-keeper open --qr"
    Then stderr contains "which no other machine reaches"
    And stderr contains "rbee-keeper up --host 0.0.0.0"
    And the exit status is 2
    And nothing is left running

  @only-asks
  Scenario: Her certificate, for what is to believe it without a warning
    Given a swarm that was left warm by "rbee-keeper up --host 0.0.0.0"
    When I type "rbee-keeper certificate > rbee.pem && openssl x509 -in rbee.pem -noout -subject"
    Then stdout contains "subject="
    And stderr contains "a browser shows the SHA-256 "
    And the exit status is 0
