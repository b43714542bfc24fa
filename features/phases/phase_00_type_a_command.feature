@phase-0
Feature: Phase 0: a person types a command
  What is wrong with a command line is said before anything is started.

  Scenario: The help of a command shows an example
    When I type "rbee-keeper infer --help"
    Then stdout contains "rbee-keeper infer --model HF:author/minillama:Q4_0"
    And the exit status is 0

  Scenario: The name of the program alone asks for its commands
    When I type "rbee-keeper"
    Then the terminal narrates
      """
      Usage: rbee-keeper [OPTIONS] COMMAND [ARGS]...
        Run language models on the computers you have at home.
      Commands:
      """
    And the exit status is 2

  Scenario Outline: A command line that cannot work is refused at once
    When I type "<command>"
    Then stderr contains "<message>"
    And the exit status is 2
    And nothing was started

    Examples:
      | command                                           | message                                     |
      | rbee-keeper infer --modle x 'hello'               | --modle                                     |
      | rbee-keeper infer ''                              | the prompt is empty                         |
      | rbee-keeper infer '   '                           | the prompt is empty                         |
      | rbee-keeper infer --model minilama 'hello'        | minilama                                    |
      | rbee-keeper infer --model HF:author 'hello'       | HF:owner/repo                               |
      | rbee-keeper infer --max-tokens 0 'hello'          | --max-tokens                                |
      | rbee-keeper infer --temperature 9 'hello'         | --temperature                               |
      | rbee-keeper infer --top-p 0 'hello'               | --top-p                                     |
      | rbee-keeper infer --backend opencl 'hello'        | --backend                                   |
      | rbee-keeper infer --quiet --json 'hello'          | --quiet and --json exclude each other       |
      | rbee-keeper infr                                  | infr                                        |

  Scenario: A program is told in its own terms what it has typed wrongly
    When I type each of these commands
      | command                                    | status | says                                                      |
      | rbee-keeper infer --json --modle x hello   | 2      | {"event":"error","data":{"code":"invalid_request","message": |
      | rbee-keeper status --json there            | 2      | {"event":"error","data":{"code":"invalid_request","message": |
      | rbee-keeper infer --json --quiet hello     | 2      | --quiet and --json exclude each other","suggestion":"rbee-keeper infer --help" |
      | rbee-keeper pull --json minilama           | 2      | "suggestion":"use minillama"                              |
    Then each of them says what its row tells, and ends with its status
    And nothing was started

  Scenario: A plain prompt is read without click, and means the same
    When the keeper reads each of these commands in the quick way and with click
      | command                                                                           |
      | rbee-keeper infer hello                                                           |
      | rbee-keeper infer 'a = b' -q                                                      |
      | rbee-keeper infer --prompt hello --json                                           |
      | rbee-keeper infer hello --prompt 'and this'                                       |
      | rbee-keeper infer -m HF:author/minillama:q4_0 --stop a --stop=b=c hello           |
      | rbee-keeper infer --max-tokens 1_0 --temperature 5 --top-p=1 --top-k 0 hello      |
      | rbee-keeper infer --seed=4294967295 --ctx 32 --no-cpu --deadline 1e-3 hello       |
      | rbee-keeper infer --node box --device gpu0 --backend cuda --engine llamacpp hello |
      | rbee-keeper infer --no-stream --keep-alive --queen http://box:8500/ hello         |
      | rbee-keeper infer --quiet --token-file /etc/hosts hello                            |
    Then both ways understand the same by each of them

  Scenario: What is not plain is left to click
    When the keeper reads each of these commands in the quick way and with click
      | command                                     |
      | rbee-keeper                                 |
      | rbee-keeper status                          |
      | rbee-keeper infer                           |
      | rbee-keeper infer -                         |
      | rbee-keeper infer ''                        |
      | rbee-keeper infer --help                    |
      | rbee-keeper infer hello -h                  |
      | rbee-keeper infer hello there               |
      | rbee-keeper infer -- hello                  |
      | rbee-keeper infer -qm minillama hello       |
      | rbee-keeper infer -mminillama hello         |
      | rbee-keeper infer --modle minillama hello   |
      | rbee-keeper infer --model minilama hello    |
      | rbee-keeper infer --quiet=yes hello         |
      | rbee-keeper infer --quiet= hello            |
      | rbee-keeper infer --seed 1 --seed 2 hello   |
      | rbee-keeper infer --seed 4294967296 hello   |
      | rbee-keeper infer --top-p 0 hello           |
      | rbee-keeper infer --top-k few hello         |
      | rbee-keeper infer --temperature nan hello   |
      | rbee-keeper infer --backend CUDA hello      |
      | rbee-keeper infer --node= hello             |
      | rbee-keeper infer --node -q hello           |
      | rbee-keeper infer --queen box hello         |
      | rbee-keeper infer --token-file /none hello  |
      | rbee-keeper infer hello --node              |
    Then the quick way leaves each of them to click

  Scenario: An empty standard input is an empty prompt
    When I type "rbee-keeper infer -" with nothing on standard input
    Then stderr contains "the prompt is empty"
    And the exit status is 2

  Scenario: A home that cannot be written
    Given RBEE_HOME is a folder that cannot be made
    When I type "rbee-keeper infer 'hello'"
    Then stderr contains "error: cannot use"
    And stderr contains "try: make it writable, or name another folder: export RBEE_HOME="
    And the exit status is 1
    And nothing was started

  Scenario: A setting that is wrong is named with its line
    Given a config file that reads
      """
      queen_port = 8500
      slots = 0
      """
    When I type "rbee-keeper infer 'hello'"
    Then stderr contains "line 2: slots = 0"
    And the exit status is 2
    And nothing was started
