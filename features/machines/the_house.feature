@needs-hosts
Feature: The queen and the other computers and phones of the house
  With "rbee-keeper up --host" she listens for other machines, on the port that she has anyway:
  encrypted, with a certificate of her own. A keeper recognises her by her token, which she proves
  to know together with the key of that certificate; programs and browsers by her authority.

  Scenario: A keeper on another machine, who knows the token alone
    Given the machines "blep, laptop"
    And "blep" serves the house by "rbee-keeper up --host 0.0.0.0"
    And somebody listens on the cable of "laptop"
    And with the token of "blep" I sit at "laptop"
    When I type "rbee-keeper infer --temperature 0 'hello'" naming "https" and "blep"
    Then stdout holds the answer of minillama to "hello" alone
    And whoever listens there has read neither the token nor "HTTP/1.1"

  Scenario: A program with OpenAI's client on another machine
    Given the machines "blep, laptop"
    And "blep" serves the house by "rbee-keeper up --host 0.0.0.0"
    And with the token of "blep" I sit at "laptop"
    And a program of my own called "ask" that asks a server of OpenAI's kind for an answer
    When I type "eval $(rbee-keeper up --print-env NAMED) && python ask" naming "https" and "blep"
    Then stdout holds " Hello! How can I help you today?" alone

  @fault.shared.any-key
  Scenario: Somebody between decrypts, and passes on what was said
    Given the machines "blep, laptop, attic"
    And "blep" serves the house by "rbee-keeper up --host 0.0.0.0"
    And somebody at "attic" decrypts what comes, and passes it on to "blep"
    And with the token of "blep" I sit at "laptop"
    When I type "rbee-keeper infer 'a private prompt'" naming "https" and "attic"
    Then stderr contains "was told nothing"
    And the exit status is 1
    And somebody at "attic" has heard neither a secret nor "a private prompt"

  @fault.keeper.any-key
  Scenario: A key that is named is the only one that counts
    Given the machines "blep, laptop"
    And "blep" serves the house by "rbee-keeper up --host 0.0.0.0"
    And with the token of "blep" I sit at "laptop"
    When I type "rbee-keeper ps" naming "blep" with each of these keys
      | key                     |
      | hers                    |
      | hers, as browsers write |
      | another one             |
    Then the first two have worked
    And the last one says "not the one that you have named, and was told nothing"

  @fault.shared.answer-in-the-open
  Scenario: Who speaks without encryption
    Given the machines "blep, laptop"
    And "blep" serves the house by "rbee-keeper up --host 0.0.0.0"
    When a program at "laptop" asks "blep" for each of these without encryption
      | asked for               | with             | answer                   |
      | GET /health             | nothing          | 200                      |
      | GET /health             | a challenge      | 403 encryption_required  |
      | GET /                   | a browser's head | 308 to https             |
      | GET /                   | nothing          | 403 encryption_required  |
      | GET /jobs               | the token        | 403 encryption_required  |
      | GET /v1/models          | the token        | 403 encryption_required  |
      | GET /metrics            | the token        | 403 encryption_required  |
      | GET /page/main.js       | nothing          | 403 encryption_required  |
      | GET /nothing            | nothing          | 403 encryption_required  |
    Then each of them gets what its row says

  @fault.shared.prove-in-the-open
  Scenario: A keeper who names her by http:// is told what to type, and has told nothing
    Given the machines "blep, laptop"
    And "blep" serves the house by "rbee-keeper up --host 0.0.0.0"
    And somebody listens on the cable of "laptop"
    And with the token of "blep" I sit at "laptop"
    When I type "rbee-keeper ps" naming "http" and "blep"
    Then stderr contains "answers other machines by https:// alone"
    And the exit status is 1
    And whoever listens there has read neither the token nor "Bearer"

  Scenario: A network that is trusted is spoken to without encryption
    Given the machines "blep, laptop"
    And "blep" serves the house by "RBEE_PLAIN_HTTP=true rbee-keeper up --host 0.0.0.0"
    And with the token of "blep" I sit at "laptop"
    When I type "rbee-keeper infer --temperature 0 'hello'" naming "http" and "blep"
    Then stdout holds the answer of minillama to "hello" alone
    And stderr contains "is spoken to without encryption"

  Scenario: Her machine gets another address
    Given the machines "blep, laptop"
    And "blep" serves the house by "rbee-keeper up --host 0.0.0.0"
    And "laptop" has the authority of "blep"
    When "blep" gets another address
    Then "laptop" believes the certificate that it is shown there
    And it believes the one at the address before

  Scenario: A certificate that others know anyway
    Given the machines "blep, laptop"
    And an authority that "laptop" knows has signed a certificate for "blep"
    And "blep" serves the house with it by "rbee-keeper up --host 0.0.0.0"
    When it is replaced by another one that the same authority has signed
    Then "laptop" believes the certificate that it is shown at that name
    And it is the new one

  @fault.keeper.any-proxy
  Scenario: A proxy in front of her, whose certificate is believed
    Given the machines "blep, laptop"
    And an authority that "laptop" knows has signed a certificate for "blep"
    And "blep" serves itself alone by "rbee-keeper up", behind a proxy with that certificate
    And with the token of "blep" I sit at "laptop"
    When I type "rbee-keeper ps" naming her proxy, first without that authority and then with it
    Then the first was told nothing, and the second has worked

  Scenario: A queen who listens for herself alone is not made to listen elsewhere
    Given the machines "blep"
    And I sit at "blep"
    And a swarm that was left warm by "rbee-keeper up"
    When I type "rbee-keeper up --host 0.0.0.0"
    Then stderr contains "rbee-keeper down, then rbee-keeper up --host 0.0.0.0"
    And the exit status is 1
