Feature: Narration is matched as whole lines in order

  Rule: Other lines may stand between, the order is kept

    Scenario: A walk with lines in between
      Given a terminal that showed
        """
        queen: no hives found; adding local machine
        queen: adding localhost to hive catalog
        queen: waking the beehive at localhost:12341
        hive: model size = 1.0 MB; starting download
        """
      When this narration is looked for
        """
        queen: no hives found; adding local machine
        queen: waking the beehive at localhost:8600
        hive: model size = <size>; starting download
        """
      Then the harness complains about nothing

    Scenario: A line that comes too early
      Given a terminal that showed
        """
        queen: goodbye
        queen: shutting down workers...
        """
      When this narration is looked for
        """
        queen: shutting down workers...
        queen: goodbye
        """
      Then the harness complains that "it stands too early, as line 1"
      And the harness complains that "after: queen: shutting down workers..."

    Scenario: Half a line is no line
      Given a terminal that showed
        """
        queen: goodbye for now
        """
      When this narration is looked for
        """
        queen: goodbye
        """
      Then the harness complains that "expected line 1 of 1 is missing"

  Rule: A placeholder stands for something

    Scenario: A placeholder is not nothing
      Given a terminal that showed
        """
        hive: model downloaded in
        """
      When this narration is looked for
        """
        hive: model downloaded in <seconds>
        """
      Then the harness complains that "is missing"

    Scenario: The same id is the same bee
      Given a terminal that showed
        """
        hive: worker w-1 is up
        hive: worker w-2 is gone
        """
      When this narration is looked for
        """
        hive: worker <worker id> is up
        hive: worker <worker id> is gone
        """
      Then the harness complains that "expected line 2 of 2 is missing"
