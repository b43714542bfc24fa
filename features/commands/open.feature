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
