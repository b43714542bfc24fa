Feature: Where a command is typed, and with what around it
  State lies where RBEE_HOME says, whatever the name of that folder; nothing is run out of the folder
  that a command is typed in; a setting that is misspelt is not ignored.

  Rule: Any folder can be the home

    @fault.queen.home-in-a-url
    Scenario: A home that is named from the folder in which the command is typed, whatever its name
      Given RBEE_HOME is a folder called "a?b=c#d%20 é 'f'", named from here
      When I type "rbee-keeper infer --quiet 'hello'"
      Then stdout holds the answer of minillama to "hello" alone
      And stderr holds nothing
      And both catalogs are in that home

    Scenario: A home whose name is no text
      When I type "RBEE_HOME=$(printf '/tmp/caf\351') rbee-keeper infer 'hello'"
      Then stderr contains "its name is no text in UTF-8"
      And the exit status is 1
      And nothing was started

    Scenario: What is no folder
      When I type each of these commands
        | command                                           | status | says                                |
        | touch a; RBEE_HOME=a rbee-keeper status           | 1      | a is no folder                      |
        | RBEE_HOME=/dev/null rbee-keeper infer hello       | 1      | error: /dev/null is no folder       |
        | ln -s none b; RBEE_HOME=b rbee-keeper status      | 1      | b is a link that leads nowhere      |
      Then each of them says what its row tells, and ends with its status
      And nothing was started

  Rule: What is around a command for other programs does not keep it from its work

    @fault.worker.long-way-to-the-engine
    Scenario: A folder for what is temporary lies far down, and warnings are errors
      When I type "TMPDIR=$PWD$(printf '/a%.0s' $(seq 80)); export TMPDIR; mkdir -p $TMPDIR; PYTHONWARNINGS=error rbee-keeper infer 'hello'"
      Then stdout holds the answer of minillama to "hello" alone
      And the exit status is 0

  Rule: Nothing is imported from the folder that a command is typed in

    @fault.keeper.trust-the-folder
    Scenario: Files there are called as Python's own, and the folder is on the search path
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

  Rule: A file of settings is read as it is meant, or refused

    Scenario: What stands where the file would
      When I type each of these commands
        | command                                                                           | status | says                                        |
        | mkdir -p a/config.toml; RBEE_HOME=a rbee-keeper status                            | 1      | a/config.toml is no file                    |
        | mkdir b; mkfifo b/config.toml; RBEE_HOME=b rbee-keeper status                     | 1      | b/config.toml is no file                    |
        | mkdir c; ln -s none c/config.toml; RBEE_HOME=c rbee-keeper status                 | 1      | c/config.toml is a link that leads nowhere  |
        | mkdir d; printf '\357\273\277slots = 0' > d/config.toml; RBEE_HOME=d rbee-keeper status | 2 | d/config.toml, line 1: slots = 0           |
        | mkdir e; printf '\377\376s\0' > e/config.toml; RBEE_HOME=e rbee-keeper status | 2      | iconv -f utf16 -t utf8                      |
      Then each of them says what its row tells, and ends with its status
      And nothing was started

    Scenario: Values that no setting can have
      When I type each of these commands
        | command                                                                                | status | says                                                |
        | mkdir a; echo 'spread = "swram"' > a/config.toml; RBEE_HOME=a rbee-keeper status        | 2      | try: did you mean swarm?                            |
        | mkdir b; echo 'default_model = "minilama"' > b/config.toml; RBEE_HOME=b rbee-keeper status | 2   | b/config.toml, line 1: default_model = 'minilama': model reference |
        | mkdir c; echo 'names = 3' > c/config.toml; RBEE_HOME=c rbee-keeper status               | 2      | try: a table of each: [names.bee], and below it     |
        | mkdir d; echo 'allowed_hosts = "bee"' > d/config.toml; RBEE_HOME=d rbee-keeper status   | 2      | try: several are written in brackets                |
        | mkdir e; printf '# mine\n[names.bee]\nmodel = "minillama"\ntemprature = 0\n' > e/config.toml; RBEE_HOME=e rbee-keeper status | 2 | e/config.toml, line 2: names.bee: Object |
        | RBEE_HOME=e rbee-keeper status                                                          | 2      | try: did you mean temperature?                      |
        | rbee-keeper name bee minillama temprature=0                                             | 2      | try: did you mean temperature?                      |
      Then each of them says what its row tells, and ends with its status
      And nothing is left running

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
