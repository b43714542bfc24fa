Feature: Commands for a queen elsewhere run on Windows
  Nothing but the commands does: queens, hives and workers want POSIX. Tried on a Python from which
  everything is taken that only POSIX has.

  @only-asks
  Scenario Outline: <command>
    Given a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
    When I type "<command>" on Windows, naming that queen
    Then the exit status over there is 0, without a traceback

    Examples:
      | command                          |
      | rbee-keeper infer hello          |
      | rbee-keeper status, hives, ps, devices, models, keys, names, top |

  Scenario Outline: What wants POSIX says so: <command>
    When I type "<command>" on Windows
    Then the exit status over there is 2, without a traceback
    And it says "error: queens, hives and workers do not run on Windows"

    Examples:
      | command                 |
      | rbee-keeper infer hello |
      | rbee-keeper doctor      |
      | rbee-keeper upgrade     |
      | rbee-keeper up --at-boot |
