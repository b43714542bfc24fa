Feature: What is run of each role is counted, whoever runs it and however it ends

  Scenario: A prompt runs something of each role
    Given the lines that programs run are counted
    When I type "rbee-keeper infer 'hello'"
    Then lines of "keeper, queen, hive, worker, process, http, wire" are counted
    And no program has ended without being counted

  Scenario: A worker that is killed is counted, too
    Given the lines that programs run are counted every 50 ms that they live
    And a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
    When the worker is killed
    Then what it ran is counted

  Scenario: Files come to a line for each role
    Given these files have lines of which some were run
      | file            | lines | run |
      | queen/a.py      | 60    | 30  |
      | queen/ssh/b.py  | 40    | 40  |
      | wire/c.py       | 10    | 0   |
      | __init__.py     | 5     | 5   |
    When they are added up by role
    Then they come to
      | role  | lines | run |
      | queen | 100   | 70  |
      | wire  | 10    | 0   |
