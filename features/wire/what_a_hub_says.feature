Feature: What a hub says is taken in with bounds
  A hub is somebody else's program. A name that it lists becomes a path, a size a promise about the
  disk, a header a number that somebody waits for, and a redirect a question to somebody else.

  Scenario Outline: A listing whose <field> is <value>
    When a hub's listing has the <field> <value>
    Then it counts as <verdict>

    Examples:
      | field   | value                                                              | verdict |
      | commit  | "0123456789abcdef0123456789abcdef01234567"                         | taken   |
      | commit  | null                                                               | taken   |
      | commit  | "../../../../"                                                     | refused |
      | commit  | "0123456789abcdef0123456789abcdef01234567\n"                       | refused |
      | commit  | "0123456789ABCDEF0123456789ABCDEF01234567"                         | refused |
      | commit  | "main"                                                             | refused |
      | commit  | 7                                                                  | refused |
      | size    | 1125899906842624                                                   | taken   |
      | size    | 1125899906842625                                                   | refused |
      | size    | 9223372036854775808                                                | refused |
      | size    | -1                                                                 | refused |
      | size    | 1.5                                                                | refused |
      | size    | "12"                                                               | refused |
      | size    | null                                                               | taken   |
      | blob_id | "../../../etc/cron.d/x"                                            | refused |
      | blob_id | "٠123456789abcdef0123456789abcdef01234567"                         | refused |
      | sha256  | "0123"                                                             | refused |
      | sha256  | "../456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0" | refused |
      | files   | "all of them"                                                      | refused |
      | files   | [{"rfilename": "\ud800"}]                                          | refused |
      | files   | [7]                                                                | refused |
      | files   | [{}]                                                               | refused |
      | files   | [{"rfilename": ["a"]}]                                             | refused |

  Scenario Outline: An answer that is <value>
    When a hub's listing has the body <value>
    Then it counts as refused

    Examples:
      | value                                      |
      | brackets, 100,000 deep                     |
      | objects in something unknown, 100,000 deep |
      | more than 100,000 files                    |
      | a page for people                          |
      | bytes that are no text                     |
      | nothing                                    |

  @fault.hive.believe-the-hub
  Scenario Outline: A file called <name>
    When a hub lists a file called <name>
    Then it counts as <verdict>

    Examples:
      | name                    | verdict  |
      | "model-q8_0.gguf"       | offered  |
      | "Q8_0/model é (1).gguf" | offered  |
      | "..gguf"                | offered  |
      | "../model.gguf"         | left out |
      | "a/../../model.gguf"    | left out |
      | "/etc/model.gguf"       | left out |
      | "a//model.gguf"         | left out |
      | "./model.gguf"          | left out |
      | "a/"                    | left out |
      | ""                      | left out |
      | "..\\model.gguf"        | left out |
      | "C:model.gguf"          | left out |
      | "model\u0000.gguf"      | left out |
      | "model\u001b[2J.gguf"   | left out |
      | "model\u202egguf.exe"   | left out |
      | 300 letters             | left out |
      | 17 folders              | left out |

  Scenario Outline: A <header> of <value>
    When a hub's header "<header>" says "<value>"
    Then it counts as <reading>

    Examples: The moment is noon of 27 November 2026, in UTC
      | header         | value                         | reading    |
      | Retry-After    | 7                             | 7.0        |
      | Retry-After    | Fri, 27 Nov 2026 12:01:00 GMT | 60.0       |
      | Retry-After    | Fri, 27 Nov 2020 12:01:00 GMT | 0.0        |
      | Retry-After    | ²                             | nothing    |
      | Retry-After    | ٣                             | nothing    |
      | Retry-After    | -1                            | nothing    |
      | Retry-After    | nan                           | nothing    |
      | Retry-After    | 99999999999999999999999999    | 31622400.0 |
      | Retry-After    | Fri, 99 Nov 2026 12:01:00 GMT | nothing    |
      | Content-Length | 1000                          | 1000       |
      | Content-Length | ²                             | nothing    |
      | Content-Length | 1e3                           | nothing    |
      | Content-Length | 9223372036854775808           | nothing    |
      | Content-Range  | bytes 5-9/10                  | (5, 10)    |
      | Content-Range  | bytes 9-5/10                  | nothing    |
      | Content-Range  | bytes 5-10/10                 | nothing    |
      | Content-Range  | bytes ٥-9/10                  | nothing    |
      | ETag           | W/\"abc\"                     | abc        |
      | ETag           | ../../x                       | nothing    |

  Scenario Outline: A question to <hub> that is sent on to <end>
    When the hub "<hub>" sends a question on to "<end>"
    Then it counts as <verdict>

    Examples:
      | hub                    | end                                   | verdict                               |
      | https://huggingface.co | https://cas-bridge.xethub.hf.co/a     | followed                              |
      | http://attic:8080      | http://10.0.0.5:9000/a                | followed                              |
      | http://127.0.0.1:8080  | http://127.0.0.1:9000/a               | followed                              |
      | https://huggingface.co | http://huggingface.co/a               | not, as it has no encryption          |
      | https://huggingface.co | file:///etc/passwd                    | not, as it is no web address          |
      | http://attic:8080      | http://127.0.0.1:8500/health          | not, as it is this machine's own      |
      | http://attic:8080      | http://127.1/a                        | not, as it is this machine's own      |
      | http://attic:8080      | http://2130706433/a                   | not, as it is this machine's own      |
      | http://attic:8080      | http://[::1]/a                        | not, as it is this machine's own      |
      | http://attic:8080      | http://[::ffff:127.0.0.1]/a           | not, as it is this machine's own      |
      | http://attic:8080      | http://LOCALHOST./a                   | not, as it is this machine's own      |
      | http://attic:8080      | http://169.254.169.254/latest/        | not, as it is this machine's own      |
      | http://attic:8080      | http://attic:99999/a                  | not, as it cannot be read             |
