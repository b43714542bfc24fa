@needs-hosts
Feature: A machine that is removed is gone
  remove-hive puts its hive to sleep and closes whatever was opened for it: tunnels, addresses,
  the host key that was agreed to. Files of the person's own, and models over there, stay.

  @fault.queen.leave-open
  Scenario Outline: Nothing that was opened for it stays open
    Given my machine "blep" beside the machines "workstation"
    And a queen that is awake
    And I have typed "rbee-keeper add-hive <option> workstation"
    And I have typed "rbee-keeper infer --node workstation 'hello'"
    When I type "rbee-keeper remove-hive workstation"
    Then on "blep" the queen alone listens, and only to that machine
    And nothing runs on "workstation"

    Examples:
      | option      |
      | --tunnel    |
      | --no-tunnel |

  @fault.queen.keep-host-keys
  Scenario: The host key that was agreed to has to be agreed to again
    Given the machines "blep, workstation"
    And I sit at "blep"
    And a queen that is awake
    And I have typed "rbee-keeper add-hive workstation --accept-host-key" and the fingerprint that "workstation" shows
    And I have typed "rbee-keeper remove-hive workstation"
    When I type "rbee-keeper add-hive workstation"
    Then stderr contains "error: workstation is not known yet: its ssh-ed25519 host key is SHA256:"
