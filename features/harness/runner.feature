Feature: The runner counts what ran, and a green run can be believed

  Rule: Each scenario is counted, each skip has its reason

    Scenario: One passes, one fails, one is skipped
      Given a rehearsed project
      And its feature "queen" reads
        '''
        Feature: Queen
          Scenario: The queen works
            Given a quiet home
            When nothing bad happens
            Then all is well

          @needs-moon
          Scenario: The queen flies to the moon
            When nothing bad happens
            Then all is well
        '''
      And its feature "hive" reads
        '''
        Feature: Hive
          Rule: A hive keeps its promise

            Scenario: The hive keeps it
              When nothing bad happens
              Then it is not as it was promised
        '''
      When the runner runs it
      Then its last line is "1 passed, 1 failed, 1 skipped"
      And its output holds "the promise was broken"
      And its output holds "The queen flies to the moon: no moon is near"
      And the exit status is 1

    Scenario: All pass
      Given a rehearsed project
      And its feature "queen" reads
        '''
        Feature: Queen
          Scenario Outline: The queen works with <name>
            Given a quiet home
            When nothing bad happens
            Then all is well

            Examples:
              | name |
              | one  |
              | two  |
        '''
      When the runner runs it
      Then its last line is "2 passed, 0 failed, 0 skipped"
      And its output holds "behave process 1: 1 feature file in "
      And the exit status is 0

    Scenario: A selection that matches nothing is no success
      Given a rehearsed project
      And its feature "queen" reads
        '''
        Feature: Queen
          Scenario: The queen works
            When nothing bad happens
            Then all is well
        '''
      When the runner runs it with "-n nobody"
      Then its last line is "0 passed, 0 failed, 0 skipped"
      And the exit status is 1

    Scenario: A feature that loses its scenarios is missed
      Given a rehearsed project
      And its feature "queen" reads
        '''
        Feature: Queen
          Scenario: The queen works
            When nothing bad happens
            Then all is well
        '''
      And its feature "hive" reads
        '''
        Feature: Hive
          Scenaro: The hive keeps it
        '''
      When the runner runs it
      Then its last line is "1 passed, 1 failed, 0 skipped"
      And the exit status is 1

  Rule: Runs one after the other come to one line

    Scenario Outline: <first>, and then <second>
      Given a run that tells "<first>"
      And a run that tells "<second>"
      When they are added up
      Then they come to "<sum>"
      And that is <judged>

      Examples:
        | first                         | second                                          | sum                            | judged      |
        | 7 passed, 0 failed, 2 skipped | 5 scenarios passed, 0 failed, 1 skipped         | 12 passed, 0 failed, 3 skipped | a success   |
        | 7 passed, 0 failed, 2 skipped | 5 scenarios passed, 1 failed, 0 skipped         | 12 passed, 1 failed, 2 skipped | no success  |
        | 7 passed, 1 failed, 0 skipped | 1 scenario passed, 0 failed, 2 error, 0 skipped | 8 passed, 3 failed, 0 skipped  | no success  |
        | make: *** [check] Error 1     | 5 scenarios passed, 0 failed, 0 skipped         | 5 passed, 1 failed, 0 skipped  | no success  |
        | 0 passed, 0 failed, 2 skipped | 0 scenarios passed, 0 failed, 3 skipped         | 0 passed, 0 failed, 5 skipped  | no success  |

  Rule: What other runners only mutter about fails the scenario

    Scenario: Each of them fails, and says why
      Given a rehearsed project
      And its feature "queen" reads
        '''
        Feature: Queen
          Scenario Outline: The queen works, and <fault>
            Given a quiet home
            When <fault>
            Then all is well

            Examples:
              | fault                                    |
              | a coroutine is never awaited             |
              | a task fails in the background           |
              | a task is still pending at the end       |
              | a log holds a traceback                  |
              | a log holds the token                    |
              | somebody else holds the port of the hive |
        '''
      When the runner runs it
      Then its last line is "0 passed, 6 failed, 0 skipped"
      And its output holds each of these
        | complaint                       |
        | was never awaited               |
        | nobody looks at this            |
        | still pending at the end: <Task |
        | holds 'Traceback'               |
        | holds a secret: Bearer <secret> |
        | is still held                   |

  Rule: A fault has to turn red what is named for it

    Scenario Outline: A scenario that <teeth>
      Given a rehearsed project
      And its feature "queen" reads
        '''
        Feature: Queen
          @fault.queen.wrong-answer
          Scenario: The queen works
            When <event>
            Then all is well
        '''
      And it keeps the fault "queen/wrong-answer"
        '''
        --- steps/steps.py
        -    context.fault = ""
        +    context.fault = "a wrong answer"
        '''
      When each of its faults is tried
      Then its last line is "<count> of 1 faults turned red what is named for them"
      And the exit status is <status>

      Examples:
        | teeth             | event               | count | status |
        | notices the fault | the queen is asked  | 1     | 0      |
        | notices nothing   | nothing bad happens | 0     | 1      |

    Scenario Outline: A fault is kept true: <what>
      Given a rehearsed project
      And its feature "queen" reads
        '''
        Feature: Queen
          @fault.queen.<tag>
          Scenario: The queen works
            When the queen is asked
            Then all is well
        '''
      And it keeps the fault "queen/wrong-answer"
        '''
        --- steps/steps.py
        -    <as it is>
        +    <as it would be wrong>
        '''
      When its faults are checked
      Then its output holds "<complaint>"
      And the exit status is 1

      Examples:
        | what                          | tag          | as it is             | as it would be wrong | complaint                                  |
        | its lines have gone           | wrong-answer | context.fault = "" + | context.fault = 1    | queen:wrong-answer does not apply any more |
        | its lines stand there twice   | wrong-answer | import               | import               | queen:wrong-answer does not apply any more |
        | what comes of it is no Python | wrong-answer | context.fault = ""   | context.fault = )    | is no Python with it                       |
        | no scenario is named for it   | other        | context.fault = ""   | context.fault = "1"  | queen:wrong-answer is named by no scenario |
        | a scenario is named for none  | other        | context.fault = ""   | context.fault = "1"  | there is no fault for @fault.queen.other   |
