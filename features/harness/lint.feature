Feature: A lint of our own refuses what would be green and mean nothing

  Background:
    Given step definitions that read
      """
      from harness.rig.sentences import Context, given, then, when

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
      Then the lint objects to "lost-line" alone

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
      Then the lint objects to "lost-line" alone

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
      Then the lint objects to "parse-error, unused-step" alone

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
        from harness.rig.sentences import given, then, when

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
        | def       | pass                                 | never-asserts                  |
        | def       | assert True                          | never-asserts                  |
        | def       | print(context)                       | never-asserts                  |
        | def       | context.cluster.run("rbee-keeper up")| never-asserts                  |
        | async def | hark(context)                        | forgotten-await, never-asserts |
        | async def | assert hark(context)                 | forgotten-await                |
        | def       | return len([a for a in context.text])| never-asserts                  |

    Scenario: A Then that leaves it to one who only promises to check
      Given a feature that reads
        '''
        Feature: Bees
          Scenario: Morning
            When it wakes
            Then it hums
        '''
      And step definitions that read
        """
        from harness.rig.sentences import given, then, when

        def assert_heard(context):
            print(context)

        @when("it wakes")
        def wakes(context):
            context.cluster.run("rbee-keeper up")

        @then("it hums")
        def hums(context):
            assert_heard(context)
        """
      When the lint reads them
      Then the lint objects to "never-asserts" alone

  Rule: A feature and its steps are short

    Scenario: A step that is more than a call
      Given a feature that reads
        '''
        Feature: Bees
          Scenario: Morning
            When it wakes
            Then it hums
        '''
      And step definitions that read
        """
        from harness.rig.sentences import given, then, when

        @when("it wakes")
        def wakes(context):
            for _ in range(3):
                context.cluster.run("rbee-keeper up")

        @then("it hums")
        def hums(context):
            context.cluster.assert_status(0)
        """
      When the lint reads them
      Then the lint objects to "thick-step" alone

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
