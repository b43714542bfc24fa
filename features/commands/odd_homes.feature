Feature: Where a command is typed, and with what around it
  State lies where RBEE_HOME says, whatever the name of that folder; nothing is run out of the folder
  that a command is typed in; a setting that is misspelt is not ignored.

  Rule: Any folder can be the home

    @fault.queen.home-in-a-url
    Scenario Outline: A home called "<name>"
      Given RBEE_HOME is a folder called "<name>"
      When I type "rbee-keeper infer --quiet 'hello'"
      Then stdout holds the answer of minillama to "hello" alone
      And both catalogs are in that home

      Examples:
        | name             |
        | a?b=c#d%20 é 'f' |

    Scenario: A home that is named from the folder in which the command is typed
      Given RBEE_HOME is a folder called "bees", named from here
      When I type "rbee-keeper infer --quiet 'hello'"
      Then stdout holds the answer of minillama to "hello" alone
      And both catalogs are in that home

    Scenario: A home whose name is no text
      When I type "RBEE_HOME=$(printf '/tmp/caf\351') rbee-keeper infer 'hello'"
      Then stderr contains "its name is no text in UTF-8"
      And the exit status is 1
      And nothing was started

  Rule: Nothing is imported from the folder that a command is typed in

    @fault.keeper.trust-the-folder
    Scenario: Files there are called as Python's own
      Given files called as modules of Python's where commands are typed
      When I type "rbee-keeper infer --quiet 'hello'"
      Then stdout holds the answer of minillama to "hello" alone
      And none of those files has been run

    Scenario: The folder is on the search path
      Given files called as modules of Python's where commands are typed
      When I type "PYTHONPATH=.:$PYTHONPATH rbee-keeper infer --quiet 'hello'"
      Then stdout holds the answer of minillama to "hello" alone
      And none of those files has been run

  Rule: A value that no setting can have is refused before anything is made of it

    Scenario: In the environment, for a command that wakes nobody
      When I type each of these commands
        | command                                                | status | says                                     |
        | RBEE_CONNECT_TIMEOUT=inf rbee-keeper status            | 2      | Expected a number up to 1e+09            |
        | RBEE_RESTART_DELAYS=1,1e300 rbee-keeper status         | 2      | Expected a number up to 1e+09            |
        | RBEE_QUEEN_HOST='[::1' rbee-keeper status              | 2      | Expected the name of a machine           |
        | RBEE_QUEEN_HOST="$(printf '\033[2J')" rbee-keeper status | 2     | \x1b[2J                                  |
      Then each of them says what its row tells, and ends with its status
      And nothing was started

  Rule: A name that is no setting is refused, wherever it stands

    Scenario: In the environment
      When I type each of these commands
        | command                                  | status | says                                    |
        | RBEE_CONTEX=64 rbee-keeper infer 'hello' | 2      | try: did you mean RBEE_CONTEXT?         |
        | RBEE_QUEUE_PORT=1 rbee-keeper status     | 2      | try: did you mean RBEE_QUEEN_PORT?      |
        | RBEE_COLOUR=red rbee-keeper up           | 2      | error: environment: RBEE_COLOUR is no setting |
      Then each of them says what its row tells, and ends with its status
      And nothing was started

    Scenario: In the settings' file
      Given a config file that reads
        """
        contex = 64
        """
      When I type "rbee-keeper infer 'hello'"
      Then stderr contains "line 1: contex is no setting"
      And stderr contains "did you mean context?"
      And the exit status is 2
