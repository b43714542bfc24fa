Feature: Tokens travel together
  Each trip of tokens takes time from an engine that works on all cores. What is told soon after a
  trip waits for the next one, a twentieth of a second later, which takes along what all inferences
  of the worker have told.

  Scenario Outline: <what>
    When inferences tell something at "<told>" milliseconds
    Then it goes on its way at "<trips>" milliseconds

    Examples:
      | what                                   | told       | trips     |
      | What comes first does not wait         | 0          | 0         |
      | What comes soon after waits            | 0 10 20    | 0 50 50   |
      | Slow tokens do not wait                | 0 60 130   | 0 60 130  |
      | One trip follows another while it goes | 0 30 70 99 | 0 50 100 100 |
      | After a pause nothing waits            | 0 30 500   | 0 50 500  |
