Feature: For whom the queen's certificate speaks, and when it is made anew
  An authority of her own signs it, which others trust once. The certificate is made anew before it
  ends, and where she is reached by another address; its key stays, and with it what keepers know
  her by.

  Scenario Outline: A certificate that was made for 192.168.1.5 is wanted <how>
    Given a certificate that was made for "192.168.1.5"
    When that certificate is wanted <how>
    Then that certificate is <what>

    Examples:
      | how                                | what       |
      | for 192.168.1.5, at once           | kept       |
      | for 127.0.0.1, at once             | kept       |
      | for ::ffff:192.168.1.5, at once    | kept       |
      | for 192.168.1.7, at once           | made anew  |
      | for fe80::1%eth0, at once          | made anew  |
      | for 192.168.1.5, 365 days later    | kept       |
      | for 192.168.1.5, 366 days later    | made anew  |
      | for 192.168.1.5, 0.9 days before   | kept       |
      | for 192.168.1.5, 1.1 days before   | made anew  |
      | by another name                    | made anew  |

  Scenario Outline: A machine called <machine>, with <allowed> in allowed_hosts
    When a certificate is made on "<machine>", with "<allowed>" in allowed_hosts
    Then it speaks for the names "<names>" and no others

    Examples:
      | machine     | allowed                  | names                                                                                                         |
      | Bee         | nothing                  | localhost, bee, bee.local, bee.localdomain, bee.lan, bee.home, bee.home.arpa, bee.internal, bee.fritz.box      |
      | bee         | 192.168.1.5, x y, -x     | localhost, bee, bee.local, bee.localdomain, bee.lan, bee.home, bee.home.arpa, bee.internal, bee.fritz.box, 192.168.1.5 |
      | b_e         | llm.example.org., *      | localhost, b_e, b_e.local, b_e.localdomain, b_e.lan, b_e.home, b_e.home.arpa, b_e.internal, b_e.fritz.box, llm.example.org |

  @fault.queen.draw-another-key
  Scenario: What is made anew is believed by whoever believed the one before
    Given a certificate of a queen that was made for "192.168.1.5"
    When these want it, one after the other
      | address     | days later |
      | 192.168.1.7 | 1          |
      | 192.168.1.7 | 400        |
      | 10.0.0.3    | 800        |
    Then each is another certificate, with the same key, that the same authority has signed
    And the last one speaks for "192.168.1.5, 192.168.1.7, 10.0.0.3", too
    And the last one is valid for at most 398 days, and the authority at any time

  Scenario: A machine that has had many addresses
    Given a certificate that was made for "192.168.1.5"
    When 40 other addresses have wanted it
    Then it speaks for 32 addresses, among them the last one and the loopback addresses

  Scenario: An address to which a router leads
    When the certificate of a queen with "203.0.113.9, bee.example.org" in allowed_hosts is made for "192.168.1.5"
    Then it speaks for the address "203.0.113.9" and the name "bee.example.org", and its authority has signed it

  Scenario Outline: In the folder of the certificate there is <what>
    Given a certificate of a queen that was made for "192.168.1.5"
    And of its files <what> since then
    When the next queen of that home shows hers
    Then what she shows is <outcome>

    Examples:
      | what                         | outcome                                    |
      | nothing has changed          | the same certificate                       |
      | the certificate is garbage   | another one, with the same key             |
      | the certificate is gone      | another one, with the same key             |
      | the authority is gone        | another one, with the same key             |
      | the key is garbage           | none, and she says "holds no key"          |

  Scenario: Its keys are their owner's alone
    Given a certificate of a queen that was made for "192.168.1.5"
    When somebody looks at the files of it
    Then each of them has the mode 600
    And a home in which others may read one of its keys is not used
