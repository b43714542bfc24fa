@needs-hosts @needs-wheels
Feature: Other machines are upgraded with mine
  They get the new rbee beside the one they have, while the swarm serves. A hive is started from it
  by the queen of that version, and once it has answered the older one is removed.

  Scenario: One machine is there, and one that is off is told, with what to type when it is on again
    Given my machine "blep" beside the machines "workstation, attic"
    And my own rbee and that of "workstation, attic" is "0.0.8", and pip finds "0.0.9"
    And I have typed "rbee-keeper add-hive workstation && rbee-keeper add-hive attic && rbee-keeper add-hive localhost"
    And the plug of "attic" has been pulled
    When I type "rbee-keeper upgrade; [ $? = 1 ] && rbee-keeper infer --node workstation --temperature 0 'hello'"
    Then the terminal narrates
      """
      queen: replacing rbee 0.0.8 on workstation by 0.0.9; that takes minutes...
      queen: workstation has rbee 0.0.9, installed in <duration>
      bee-keeper: rbee 0.0.9 has answered; 0.0.8 is removed
      try: <what>; then: rbee-keeper upgrade --only attic
      bee-keeper: workstation has rbee 0.0.9, and has answered
      [DONE]
      """
    And stdout holds the answer of minillama to "hello" alone
    And my own rbee and that of "workstation" is "0.0.9", and nothing is left of another

  @fault.queen.silent-about-the-old
  Scenario: One that was off is told when it is on again, with what to type, and is upgraded by that
    Given my machine "blep" beside the machines "workstation"
    And I have added the machines "workstation, localhost"
    And rbee "0.0.9" on "workstation", with all that it needs
    When I type "rbee-keeper up && rbee-keeper hives && rbee-keeper upgrade --only workstation && rbee-keeper down"
    Then the terminal narrates
      """
      queen: to have hive workstation again: rbee-keeper add-hive --install workstation brings it there
      """
    And stderr contains "workstation is not awake: workstation has rbee 0.0.9, this queen is "
    And the exit status is 0
    And "workstation" has this rbee and no other

  Scenario: One that does not answer here leaves the machines as they are
    Given my machine "blep" beside the machines "workstation"
    And my own rbee and that of "workstation" is "0.0.8", and pip finds a "0.0.9" that starts in a new home alone
    And I have typed "rbee-keeper add-hive workstation"
    When I type "rbee-keeper upgrade || rbee-keeper infer --node workstation --temperature 0 'hello'"
    Then stdout holds the answer of minillama to "hello" alone
    And stderr contains "bee-keeper: rbee 0.0.8 is in use again, as before"
    And my own rbee is "0.0.8", and nothing is left of another

  Scenario: The doctor looks at each machine
    Given my machine "blep" beside the machines "workstation, attic"
    And I have added the machines "workstation, attic"
    And rbee "0.0.9" on "workstation", with all that it needs
    And the plug of "attic" has been pulled
    When I type "rbee-keeper doctor"
    Then stderr contains "hive workstation: rbee-keeper upgrade --only workstation"
    And stderr contains "hive attic: "
    And nothing was started
