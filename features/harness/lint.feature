Feature: A lint of our own refuses what would be green and mean nothing

  Background:
    Given step definitions that read
      """
      from harness.sentences import Context, given, then, when

      @given("a hive")
      def a_hive(context):
          context.cluster.start("rbee-hive")

      @when("it wakes")
      def wakes(context):
          context.cluster.run("rbee-keeper up")

      @then("it hums")
      def hums(context):
          context.cluster.assert_status(0)
      """

  Rule: What is in order is left alone

    Scenario: A feature as it is meant
      Given a feature that reads
        '''
        Feature: Bees
          They live in hives. The keeper looks after them.

          Rule: A hive that is woken hums

            Scenario: Morning
              Given a hive
              When it wakes
              Then it hums
        '''
      When the lint reads them
      Then the lint has no objection

  Rule: What behave drops without a word is refused

    Scenario: A misspelt Scenario
      Given a feature that reads
        '''
        Feature: Bees
          Scenaro: Lost
            Given a hive
            When it wakes
            Then it hums

          Scenario: Morning
            Given a hive
            When it wakes
            Then it hums
        '''
      When the lint reads them
      Then the lint objects to "gherkin-in-description" alone

    Scenario: A misspelt first step
      Given a feature that reads
        '''
        Feature: Bees
          Scenario: Morning
            Givn a hive
            Given a hive
            When it wakes
            Then it hums
        '''
      When the lint reads them
      Then the lint objects to "gherkin-in-description" alone

    Scenario: A feature without scenarios
      Given a feature that reads
        '''
        Feature: Bees
        '''
      When the lint reads them
      Then the lint objects to "no-scenario, unused-step" alone

    Scenario: An outline without rows
      Given a feature that reads
        '''
        Feature: Bees
          Scenario Outline: Morning in <month>
            Given a hive
            When it wakes
            Then it hums

            Examples:
              | month |

          Scenario: Morning
            Given a hive
            When it wakes
            Then it hums
        '''
      When the lint reads them
      Then the lint objects to "outline-without-rows" alone

    Scenario: A scenario that does nothing and sees nothing
      Given a feature that reads
        '''
        Feature: Bees
          Scenario: Night
            Given a hive

          Scenario: Morning
            When it wakes
            Then it hums
        '''
      When the lint reads them
      Then the lint objects to "no-when, no-then" alone

    Scenario: A tag that is misspelt
      Given a feature that reads
        '''
        Feature: Bees
          @need-root
          Scenario: Morning
            Given a hive
            When it wakes
            Then it hums
        '''
      When the lint reads them
      Then the lint objects to "unknown-tag" alone

    Scenario: Steps that nobody defines and steps that nobody uses
      Given a feature that reads
        '''
        Feature: Bees
          Scenario: Morning
            When it wakes
            Then it hums
            And it dances
        '''
      When the lint reads them
      Then the lint objects to "undefined-step, unused-step" alone

    Scenario: Text that behave cannot read
      Given a feature that reads
        '''
        Feature: Bees
          Scenario: Morning
            Given a hive
            Whn it wakes
            Then it hums
        '''
      When the lint reads them
      Then the lint objects to "gherkin-in-description, parse-error, unused-step" alone

  Rule: A Then checks something

    Scenario Outline: A Then that cannot fail: <body>
      Given a feature that reads
        '''
        Feature: Bees
          Scenario: Morning
            Then it hums
            When it wakes
        '''
      And step definitions that read
        """
        from harness.sentences import given, then, when

        async def hark(context):
            assert context.cluster

        @when("it wakes")
        def wakes(context):
            context.cluster.run("rbee-keeper up")

        @then("it hums")
        <kind> hums(context):
            <body>
        """
      When the lint reads them
      Then the lint objects to "<rules>" alone

      Examples:
        | kind      | body                                 | rules                          |
        | def       | pass                                 | empty-step, never-asserts      |
        | def       | assert True                          | never-asserts                  |
        | def       | print(context)                       | never-asserts                  |
        | def       | context.cluster.run("rbee-keeper up")| never-asserts                  |
        | def       | context.hums = context.hums or 1/0   | never-asserts, then-sets       |
        | async def | hark(context)                        | forgotten-await                |
        | def       | return len([a for a in context.text])| never-asserts                  |

    Scenario: A step that fits every keyword
      Given a feature that reads
        '''
        Feature: Bees
          Scenario: Morning
            When it wakes
            Then it hums
        '''
      And step definitions that read
        """
        from behave import step

        @step("it wakes")
        def wakes(context):
            context.cluster.run("rbee-keeper up")

        @step("it hums")
        def hums(context):
            context.cluster.assert_status(0)
        """
      When the lint reads them
      Then the lint objects to "any-keyword" alone

    Scenario: Two phrases for one idea
      Given a feature that reads
        '''
        Feature: Bees
          Scenario: Morning
            When it wakes
            Then it hums
            And it sings
        '''
      And step definitions that read
        """
        from harness.sentences import given, then, when

        @when("it wakes")
        def wakes(context):
            context.cluster.run("rbee-keeper up")

        @then("it hums")
        def hums(context):
            context.cluster.assert_status(0)

        @then("it sings")
        def sings(context):
            context.cluster.assert_status(0)
        """
      When the lint reads them
      Then the lint objects to "two-phrases" alone

  Rule: A feature can be read by someone who does not program

    Scenario Outline: Words that do not belong in a step: <step>
      Given a feature that reads
        '''
        Feature: Bees
          Scenario: Morning
            Given a hive
            When it wakes
            Then it hums
            And <step>
        '''
      And step definitions that read
        """
        from harness.sentences import given, then, when

        @given("a hive")
        def a_hive(context):
            context.cluster.start("rbee-hive")

        @when("it wakes")
        def wakes(context):
            context.cluster.run("rbee-keeper up")

        @then("it hums{more}")
        def hums(context, more):
            context.cluster.assert_status(0)

        @then("it hums")
        def hums_alone(context):
            context.cluster.assert_stdout("hum")
        """
      When the lint reads them
      Then the lint objects to "<rule>" alone

      Examples:
        | step                          | rule      |
        | it hums if it is warm         | hedge     |
        | it hums or sings              | hedge     |
        | it hums as it should          | hedge     |
        | it hums on port 8600          | wire-talk |
        | it hums at /health            | wire-talk |
        | it hums {"status": "ok"}      | wire-talk |
        | it hums for 3 seconds         | seconds   |
        | it hums for hive X            | nameless  |

    Scenario: A scenario of nine steps with two actions
      Given a feature that reads
        '''
        Feature: Bees
          Scenario: Morning
            Given a hive
            And a hive
            And a hive
            And a hive
            When it wakes
            And it wakes
            Then it hums
            And it hums
            And it hums
        '''
      When the lint reads them
      Then the lint objects to "too-many-steps, two-actions" alone

    Scenario: A command line may be quoted
      Given a feature that reads
        '''
        Feature: Bees
          Scenario: Morning
            When I type "rbee-keeper status --queen http://127.0.0.1:8500"
            Then it hums
        '''
      And step definitions that read
        """
        from harness.sentences import then, when

        @when('I type "{line}"')
        def types(context, line):
            context.cluster.run(line)

        @then("it hums")
        def hums(context):
            context.cluster.assert_status(0)
        """
      When the lint reads them
      Then the lint has no objection

    Scenario: The contract may name ports and paths
      Given a feature of the contract that reads
        '''
        Feature: Bees
          Scenario: Morning
            When someone asks GET /health on port 8500
            Then it hums
        '''
      And step definitions that read
        """
        from harness.sentences import then, when

        @when("someone asks GET {path} on port 8500")
        def asks(context, path):
            context.cluster.http("GET", "queen", path)

        @then("it hums")
        def hums(context):
            context.cluster.assert_status(0)
        """
      When the lint reads them
      Then the lint has no objection
