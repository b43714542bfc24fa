@phase-7
Feature: Phase 7: a hub in trouble is asked again, and then named
  What a hive is told when it asks a hub which files a model has, without a swarm around it.

  Scenario: A gated model, for somebody who was not let in
    Given a hub that holds "author/gated"
    And the access token "hf_of_somebody_else"
    When a hive asks it for "HF:author/gated"
    Then it is refused with "author/gated is gated: <hub> answered 403"
    And it is advised "accept the licence at <page>, then: hf auth login (or set HF_TOKEN)"

  @fault.hive.blame-the-hub
  Scenario Outline: What is wrong on the side of who asks is told as that: <what>
    Given a hub that holds "author/minillama"
    And <what>
    When a hive asks it for "HF:author/minillama"
    Then it is refused with "<told>"

    Examples: a token that cannot be read, or sent
      | what                                             | told                                                                                              |
      | the access token "hf_bïen"                       | the hub is not asked, since the access token for it cannot be used: it holds what no token does   |
      | the token file of the hub's client is a folder   | the hub is not asked, since the access token for it cannot be used: is a directory: <path>        |
      | the token file of the hub's client is no text    | the hub is not asked, since the access token for it cannot be used: it is no text in UTF-8        |

    Examples: variables of the hub's client, and of what it is made of
      | what                                             | told                                                                                              |
      | the variable HF_ENDPOINT is "hub.example"                     | the hub's client cannot be used: HF_ENDPOINT is no web address (https://HOST)                     |
      | the variable HF_ENDPOINT is "http://[::1"                     | the hub's client cannot be used: ValueError: <reason>                                              |
      | the variable HF_HUB_DOWNLOAD_TIMEOUT is "soon" | the hub's client cannot be used: ValueError: <reason>              |
      | the variable HF_ENDPOINT is "https://localhost:99999" | the hub's client cannot be used: ValueError: <reason> |
      | the variable SSL_CERT_FILE is "/nonexistent/ca.pem" | the hub's client cannot be used: SSL_CERT_FILE: no such file or directory |
      | the variable SSL_CERT_FILE is "/etc/passwd" | the hub's client cannot be used: SSL_CERT_FILE: it holds no certificate |

  Scenario Outline: A cache of the hub's client that is <what> keeps nobody from the hub
    Given a hub that holds "author/minillama"
    And the variable HF_HUB_CACHE is "<what>"
    And the variable HF_HUB_OFFLINE is "<offline>"
    When a hive asks it for "HF:author/minillama"
    Then it is <told>

    Examples:
      | what      | offline | told |
      | /dev/null | 0       | told of "minillama-q4_0.gguf" |
      | /dev/null | 1       | refused with "HF:author/minillama is not on this machine, and HF_HUB_OFFLINE forbids to fetch it" |

  Scenario Outline: A hub that answers <status> to everything
    Given a hub that holds "author/minillama"
    And a hive that gives up at the first trouble
    And the hub answers <status> to everything
    When a hive asks it for "HF:author/minillama"
    Then it is refused with "<hub> answered <status> for author/minillama: <why>"
    And it is advised "try again in a minute; what has been downloaded is kept"

    Examples:
      | status | why                 |
      | 500    | an error of the hub |
      | 429    | too many requests   |

  Scenario: A hub that asks for a long pause is not waited for
    Given a hub that holds "author/minillama"
    And the hub has had too many requests and asks for ten minutes of peace
    When a hive asks it for "HF:author/minillama"
    Then it is refused with "<hub> answered 429 for author/minillama: too many requests"
    And it is advised "try again in 600 seconds; what has been downloaded is kept"

  Scenario: A hub that is busy for a moment is asked again
    Given a hub that holds "author/minillama"
    And the hub answers 503 once
    When a hive asks it for "HF:author/minillama"
    Then it is told of "minillama-q4_0.gguf"

  Scenario: A hub that never answers
    Given a hub that holds "author/minillama"
    And a hive that gives up at the first trouble
    And the hub answers nothing
    When a hive asks it for "HF:author/minillama"
    Then it is refused with "cannot read author/minillama from <hub>: it stopped sending"
    And it is advised "check the network (and HF_ENDPOINT); what has been downloaded is kept"
