@needs-hosts @needs-wheels
Feature: rbee is brought to another machine
  add-hive --install sends what this queen runs on. Over there it gets an environment of its own,
  beside the one in use, which is replaced in one step when the new one is complete.

  Scenario: A machine without rbee answers after one line
    Given my machine "blep" beside the machines "workstation"
    And no rbee on "workstation"
    And all that rbee needs is on "workstation", but for "msgspec"
    When I type "rbee-keeper add-hive --install workstation && rbee-keeper infer --node workstation --temperature 0 'hello'"
    Then the terminal narrates
      """
      queen: installing rbee <version> on workstation; that takes minutes...
      queen: workstation puts packages in place: <count>
      queen: workstation can have no part of a model of others: <why>
      queen: workstation has rbee <version>, installed in <duration>
      bee-keeper: hive workstation is in the catalog
      queen: CPU worker is awake and ready
      [DONE]
      """
    And stdout holds the answer of minillama to "hello" alone
    And "workstation" has this rbee and no other
    And nothing is left running

  Scenario: Where this rbee is already, nothing is installed
    Given my machine "blep" beside the machines "workstation"
    And I have added the machines "workstation"
    When I type "rbee-keeper add-hive --install workstation"
    Then the exit status is 0
    And the terminal does not narrate
      """
      queen: installing rbee <version> on workstation; that takes minutes...
      """

  Rule: Versions that differ never work together

    Scenario: An older one is replaced, and not before the new one is complete
      Given my machine "blep" beside the machines "workstation"
      And rbee "0.0.9" on "workstation", with all that it needs
      When I type "rbee-keeper add-hive --install workstation"
      Then the terminal narrates
        """
        queen: replacing rbee 0.0.9 on workstation by <version>; that takes minutes...
        queen: workstation has rbee <version>, installed in <duration>
        bee-keeper: hive workstation is in the catalog
        """
      And "workstation" has this rbee and no other
      And nothing is left running

    Scenario: A machine that stayed behind when this one was upgraded
      Given my machine "blep" beside the machines "workstation"
      And I have added the machines "workstation"
      And rbee "0.0.9" on "workstation", with all that it needs
      When I type "rbee-keeper infer --node workstation 'hello'"
      Then stderr contains "error: workstation has rbee 0.0.9, this queen is "
      And stderr contains "try: rbee-keeper add-hive --install workstation"
      And the exit status is 1
      And nothing is left running

    Scenario: A hive that was left warm before the upgrade is put to sleep
      Given my machine "blep" beside the machines "workstation"
      And a hive of version "0.0.9" on "workstation" that has lost its queen
      When I type "rbee-keeper infer --temperature 0 'hello'"
      Then the terminal narrates
        """
        queen: hive workstation runs rbee 0.0.9; putting it to sleep
        queen: waking the beehive at workstation:8600
        [DONE]
        """
      And stdout holds the answer of minillama to "hello" alone
      And nothing is left running

  Rule: An installation that does not come to its end changes nothing

    Scenario: Ctrl+C
      Given my machine "blep" beside the machines "workstation"
      And rbee "0.0.9" on "workstation", with all that it needs
      And "rbee-keeper add-hive --install workstation" runs until pip on "workstation" waits for an answer that never comes
      When I press Ctrl+C
      Then the exit status is 130
      And nothing runs on "workstation"
      And "workstation" has rbee "0.0.9" and no other

    Scenario: Packages that cannot be fetched
      Given my machine "blep" beside the machines "workstation"
      And no rbee on "workstation"
      And pip on "workstation" finds no packages
      When I type "rbee-keeper add-hive --install workstation"
      Then the terminal narrates
        """
        error: rbee could not be installed on workstation
        try: let pip there reach a package index, or send all of it from here: rbee-keeper add-hive --install --offline workstation
        """
      And what pip said last is passed on
      And the exit status is 1
      And "workstation" has no rbee at all

    Scenario: A Python that makes no environments
      Given my machine "blep" beside the machines "workstation"
      And no rbee on "workstation"
      And Python on "workstation" as Debian ships it, without venv
      When I type "rbee-keeper add-hive --install workstation"
      Then stderr contains "error: rbee could not be installed on workstation"
      And stderr contains "try: ssh -t workstation sudo apt install python3.11-venv"
      And the exit status is 1
      And "workstation" has no rbee at all

  Rule: A machine that reaches no index gets all of it from here

    Scenario: One line, and a prompt
      Given my machine "blep" beside the machines "workstation"
      And no rbee on "workstation"
      And pip on "workstation" finds no packages
      When I type "rbee-keeper add-hive --install --offline workstation && rbee-keeper infer --node workstation --temperature 0 'hello'"
      Then the terminal narrates
        """
        queen: sending workstation all that rbee needs (<size>)...
        queen: workstation has rbee <version>, installed in <duration>
        [DONE]
        """
      And stdout holds the answer of minillama to "hello" alone
      And "workstation" has this rbee and no other
      And nothing is left running
