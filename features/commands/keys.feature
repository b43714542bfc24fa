Feature: Keys for programs: add-key, keys and remove-key
  The swarm's own token opens everything, also the command that ends the swarm. A key is for a program
  or a person that is to get answers and no more; whoever has one gets a fair share of the slots.

  @only-asks
  Scenario: A program is let in by a key of its own
    Given a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
    And a program of my own called "ask" that asks a server of OpenAI's kind for an answer
    When I type "eval $(rbee-keeper up --print-env) && OPENAI_API_KEY=$(rbee-keeper add-key laptop) python ask"
    Then stdout holds " Hello! How can I help you today?" alone
    And the swarm stays up

  @only-asks
  @fault.queen.keys-for-all
  Scenario: A key opens the API for programs, and nothing else
    Given a queen that is awake
    And the keys "laptop" and "phone"
    When the program with the key "laptop" asks the queen each of these
      | request           | status |
      | GET /v1/models    | 200    |
      | GET /openapi.json | 200    |
      | GET /jobs         | 401    |
      | GET /keys         | 401    |
      | POST /keys        | 401    |
      | POST /add-hive    | 401    |
      | POST /shutdown    | 401    |
    Then each of them has its status

  @only-asks
  Scenario: Keys are listed by name, without their secrets
    Given a swarm that was left warm by "rbee-keeper up"
    And I have typed "rbee-keeper add-key laptop > secret"
    When I type "rbee-keeper keys"
    Then stdout shows a row "KEY AGE MODELS FETCH"
    And stdout shows a row "laptop"
    And nothing but the file "secret" holds what is in it

  @only-asks
  @fault.queen.remember-keys
  Scenario: A key that was removed opens nothing any more
    Given a queen that is awake
    And the keys "laptop" and "phone"
    And the program with the key "laptop" is let in
    When I type "rbee-keeper remove-key laptop"
    Then the terminal narrates
      """
      bee-keeper: key laptop is removed; nobody gets in with it any more
      """
    And the program with the key "laptop" is turned away
    And the program with the key "phone" is let in

  Scenario: A key has so many requests a day, which are counted also when everything was off
    Given a queen that is awake
    And the key "guest" of "rbee-keeper add-key guest --requests 2"
    And the program with the key "guest" has asked "minillama" 3 times
    And I have typed "rbee-keeper down"
    When I type "rbee-keeper keys"
    Then the key was answered 200, 200, 429
    And stdout contains "2/2"

  @only-asks
  Scenario: What goes wrong with names says what to type
    Given a swarm that was left warm by "rbee-keeper up"
    And I have typed "rbee-keeper add-key laptop"
    When I type each of these commands
      | command                       | error                                                                 | advice                                                            |
      | rbee-keeper add-key laptop    | there is a key called laptop already, and nobody can read it any more | choose another name, or begin with: rbee-keeper remove-key laptop |
      | rbee-keeper remove-key labtop | no key is called 'labtop'                                             | did you mean laptop?                                              |
    Then each of them is refused with its error and its advice

  Scenario: A name that is none
    When I type "rbee-keeper add-key 'my phone'"
    Then stderr contains "error: a key cannot be called 'my phone'"
    And stderr contains "try: letters, digits, dots, dashes and underscores: rbee-keeper add-key tv"
    And the exit status is 2
    And nothing is left running
