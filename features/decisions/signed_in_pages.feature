Feature: Who may ask from the queen's page
  A link lets a browser in once. What the browser shows from then on are a cookie, which pages
  cannot read, and a token, which no other server of the machine is sent.

  Scenario Outline: A link that is followed <when>
    Given a queen's page to which somebody was given a link
    When the link is followed <when>
    Then the last of that <outcome>

    Examples:
      | when                                     | outcome                         |
      | at once                                  | signs in                        |
      | after 299 seconds                        | signs in                        |
      | after 300 seconds                        | is refused, "used already, or"  |
      | twice                                    | is refused, "used already, or"  |
      | with a letter changed                    | is refused, "used already, or"  |
      | after 15 other links were made           | signs in                        |
      | after 16 other links were made           | is refused, "used already, or"  |

  @fault.queen.page-for-ever
  Scenario Outline: A page that was signed in, and <what>
    Given a queen's page on which somebody is signed in
    When <what>
    Then what the page asks is <outcome>

    Examples:
      | what                                        | outcome                            |
      | nothing more happens                        | answered                           |
      | it asks for nothing for 86399 seconds       | answered                           |
      | it asks for nothing for 86400 seconds       | refused, "not signed in any more"  |
      | it asks each hour for 167 hours             | answered                           |
      | it asks each hour for 168 hours             | refused, "not signed in any more"  |
      | 31 others sign in                           | answered                           |
      | 32 others sign in                           | refused, "not signed in any more"  |
      | it signs out                                | refused, "not signed in any more"  |
      | the queen is another one                    | refused, "not signed in any more"  |

  @fault.queen.any-page-will-do
  Scenario Outline: A request with the page's cookie, and <headers>
    Given a queen's page on which somebody is signed in
    When a request comes with its cookie and with <headers>
    Then that is <outcome>

    Examples:
      | headers                                                  | outcome  |
      | its token                                                | answered |
      | its token, Origin http://127.0.0.1:8500                  | answered |
      | its token, Sec-Fetch-Site same-origin                    | answered |
      | its token, Origin https://127.0.0.1:8500                 | answered |
      | nothing else                                             | refused, "X-Rbee-Page" |
      | the token of another page                                | refused, "X-Rbee-Page" |
      | its token, Origin http://127.0.0.1:3000                  | refused, "comes from"  |
      | its token, Origin http://evil.example                    | refused, "comes from"  |
      | its token, Origin null                                   | refused, "comes from"  |
      | its token, Origin http://[                               | refused, "comes from"  |
      | its token, Sec-Fetch-Site same-site                      | refused, "same-site"   |
      | its token, Sec-Fetch-Site cross-site                     | refused, "cross-site"  |

  Scenario Outline: A browser for whoever types "open" on <system> with <variables>
    When "rbee-keeper open" is typed on <system> with <variables>
    Then it <does>

    Examples:
      | system | variables                             | does             |
      | linux  | DISPLAY=:0                            | opens a browser  |
      | linux  | WAYLAND_DISPLAY=wayland-0             | opens a browser  |
      | linux  | none                                  | prints the link  |
      | linux  | DISPLAY=:10 SSH_CONNECTION=10.0.0.1   | prints the link  |
      | linux  | SSH_CONNECTION=10.0.0.1 BROWSER=/bin/b | opens a browser |
      | darwin | none                                  | opens a browser  |
      | darwin | SSH_TTY=/dev/ttys001                  | prints the link  |
