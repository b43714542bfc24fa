Feature: One worker less, and what they wrote: stop and logs

  Rule: "stop" ends one worker, named by its id or the first letters of it

    @only-asks
    @fault.hive.deaf-to-stop
    Scenario: A worker is stopped by the first letters of its id
      Given a swarm that was left warm by "rbee-keeper up"
      And I have typed "rbee-keeper infer 'hello'"
      When I stop the worker by the first letters of its id
      Then the terminal narrates
        """
        bee-keeper: worker <worker id> has stopped
        """
      And the exit status is 0
      And 0 worker is running
      And the queen lists no worker

    @only-asks
    Scenario: A worker that nobody knows
      Given a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
      When I stop a worker by an id with a slip in it
      Then stderr contains "error: no worker is called"
      And stderr contains "try: did you mean worker-"
      And the exit status is 1
      And 1 worker is running

  Rule: "logs" shows what the programs wrote, from the files alone

    Scenario: The list of logs
      Given a log called "queen" that reads "the queen decides"
      And a log called "hive-localhost" that reads "the hive hums"
      When I type "rbee-keeper logs"
      Then stdout shows a row "LOG SIZE AGE"
      And stdout shows a row "queen"
      And stdout shows a row "hive-localhost"
      And the exit status is 0
      And nothing is left running

    Scenario: The list of logs for programs
      Given a log called "queen" that reads "the queen decides"
      When I type "rbee-keeper logs --json"
      Then stdout is one answer for programs with "logs"
      And the exit status is 0

    Scenario Outline: The log of <what>
      Given a log called "hive-localhost" that reads "the hive hums"
      And a log called "worker-0a1b2c" that reads "the worker works"
      When I type "rbee-keeper logs <name>"
      Then stdout holds "<text>" alone
      And the exit status is 0

      Examples:
        | what                          | name          | text             |
        | a role                        | hive          | the hive hums    |
        | a hive                        | localhost     | the hive hums    |
        | a worker                      | worker-0a1b2c | the worker works |
        | the first letters of a worker | worker-0a     | the worker works |

    Scenario: Several logs of a role are shown one behind the other
      Given a log called "worker-0a1b2c" that reads "the first works"
      And a log called "worker-3d4e5f" that reads "the second works"
      When I type "rbee-keeper logs worker"
      Then stdout contains "==> worker-0a1b2c <=="
      And stdout contains "the second works"

    Scenario: A log that is not there
      Given a log called "hive-localhost" that reads "the hive hums"
      When I type "rbee-keeper logs hive-localhots"
      Then stderr contains "error: no log of this machine is called 'hive-localhots'"
      And stderr contains "try: did you mean hive-localhost?"
      And the exit status is 1

    Scenario: No logs yet
      When I type "rbee-keeper logs"
      Then stderr contains "no logs yet"
      And the exit status is 0

    @fault.keeper.look-once
    Scenario: A log is followed until Ctrl+C
      Given a log called "queen" that reads "the queen reigns"
      And "rbee-keeper logs --follow queen" has shown "the queen reigns"
      And the log called "queen" goes on with "long live the queen"
      And the command has shown "long live the queen"
      When I press Ctrl+C
      Then the exit status is 130

    @only-asks
    Scenario: What became of each job stands in the queen's log, with none of what was said
      Given a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
      When I type "rbee-keeper infer --model file:/no/such.gguf hello"
      Then the log of the queen says "asks for minillama (rbee)"
      And the log of the queen says "is done after"
      And the log of the queen says "such.gguf is not on this machine"
      And the log of the queen says nothing of "hello"
