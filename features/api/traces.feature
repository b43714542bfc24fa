Feature: OpenTelemetry has a trace of each job, over all four roles
  Where its own variables name a collector. A worker reaches none, nor does a hive behind a tunnel:
  what each of them has done is told by the queen in its name.

  @fault.queen.no-part-of-the-trace
  Scenario: From the command to the last token
    Given a hub that holds "author/minillama"
    And a collector of traces
    When I type "rbee-keeper infer --model HF:author/minillama 'hello'"
    Then one trace has these spans, each within the other
      | by          | span            | within       |
      | rbee-keeper | infer           |              |
      | rbee-queen  | job             | infer        |
      | rbee-queen  | wake            | job          |
      | rbee-queen  | choose a place  | job          |
      | rbee-hive   | download        | job          |
      | rbee-hive   | start worker    | job          |
      | rbee-worker | load            | start worker |
      | rbee-worker | read the prompt | job          |
      | rbee-worker | write           | job          |
    And no span holds what was asked, or answered

  Scenario: A program that has a trace of its own finds the job in it
    Given a collector of traces
    And a queen that is awake
    When a program asks for an answer as a part of the span "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    Then a span "job" of that trace is a part of "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

  @timing
  Scenario Outline: <what> keeps nobody waiting
    Given <given>
    When I type "rbee-keeper infer --temperature 0 'hello'"
    Then stdout holds the answer of minillama to "hello" alone
    And the exit status is 0
    And that has taken less than 60 seconds
    And stderr <tells>

    Examples:
      | what                           | given                                                     | tells                                                                                |
      | A collector that is not there  | a collector of traces that is not there                   | does not contain "OTEL"                                                              |
      | A collector that hangs         | a collector of traces that never answers                  | does not contain "OTEL"                                                              |
      | OpenTelemetry that is not here | a collector of traces, and OpenTelemetry that is not here | contains "try: pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http" |
      | Whoever has not asked          | OpenTelemetry that ends whoever imports it                | does not contain "OTEL"                                                              |
