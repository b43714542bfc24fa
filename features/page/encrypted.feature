Feature: The queen's page by https://
  A phone follows the link of "rbee-keeper open --qr". Its browser is shown the certificate of the
  queen, which it believes when it knows her authority, or when its owner has compared it.

  @only-asks @needs-chromium
  Scenario: A browser that believes the certificate
    Given a swarm that was left warm by "rbee-keeper up --host 0.0.0.0"
    And a browser that believes the key of her certificate
    When the browser follows the link of "rbee-keeper open --qr"
    Then the page is awake at an address by https://
    And its cookie is for the browser alone, and for encrypted connections

  @only-asks @needs-chromium @fault.queen.cookie-for-all
  Scenario: A browser that follows her address without encryption, from this machine
    Given a swarm that was left warm by "rbee-keeper up --host 0.0.0.0"
    And a browser that believes the key of her certificate
    When the browser is signed in by https:// and then by http://, on the same machine
    Then both pages are awake

  @only-asks @needs-chromium
  Scenario: A browser that does not know the certificate
    Given a swarm that was left warm by "rbee-keeper up --host 0.0.0.0"
    And a browser that looks at the page
    When that browser follows the link of "rbee-keeper open --qr"
    Then it warns, and has signed in nobody
