Feature: Who is answered without encryption
  What is said to the queen on this machine is read by nobody between. Another machine has to speak
  TLS, but for what holds neither a secret nor a prompt.

  @fault.shared.answer-in-the-open
  Scenario Outline: <what> from <where>
    When "<what>" is asked without encryption from <where>
    Then that question is <outcome>

    Examples: From this machine
      | what                        | where                        | outcome  |
      | GET /jobs                   | 127.0.0.1 to 127.0.0.1       | answered |
      | GET /jobs                   | 192.168.1.5 to 192.168.1.5   | answered |
      | GET /jobs                   | ::1 to ::1                   | answered |
      | GET /jobs                   | ::ffff:127.0.0.1 to 127.0.0.1 | answered |

    Examples: From another one
      | what                        | where                        | outcome  |
      | GET /health                 | 192.168.1.9 to 192.168.1.5   | answered |
      | GET /health, to be proved   | 192.168.1.9 to 192.168.1.5   | refused  |
      | GET /health, to be proved to a hive | 192.168.1.9 to 192.168.1.5 | answered |
      | POST /heartbeat             | 192.168.1.9 to 192.168.1.5   | answered |
      | GET /jobs                   | 192.168.1.9 to 192.168.1.5   | refused  |
      | POST /v1/chat/completions   | 192.168.1.9 to 192.168.1.5   | refused  |
      | GET /                       | 192.168.1.9 to 192.168.1.5   | refused  |
      | GET /metrics                | 2001:db8::9 to 2001:db8::5   | refused  |
