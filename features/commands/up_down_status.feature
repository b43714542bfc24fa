Feature: A swarm that stays: up, status, down
  What "infer" wakes goes to sleep with it. Who wants the next prompt to start nothing says "up", and
  "down" when the day is over. Looking never wakes anybody.

  Rule: "up" wakes the queen and her hives, and they stay

    @fault.queen.ignore-stay
    Scenario: Up from nothing
      When I type "rbee-keeper up"
      Then the terminal narrates
        """
        bee-keeper: queen is asleep, waking queen...
        bee-keeper: queen is awake and healthy
        queen: waking the beehive at localhost:8600
        queen: first heartbeat from hive localhost; checking capabilities...
        queen: keeping hive and worker warm
        bee-keeper: the swarm is up and stays; rbee-keeper down ends it
        """
      And stdout shows a row "localhost cpu"
      And the swarm stays up
      And 1 hive is running

    @only-asks
    Scenario: Up on a swarm that is up changes nothing
      Given a swarm that was left warm by "rbee-keeper up"
      When I type "rbee-keeper up"
      Then the exit status is 0
      And 1 queen is running
      And 1 hive is running

    Scenario: Ctrl+C while the swarm wakes leaves nothing
      Given the first hive that is woken sends no heartbeat
      And "rbee-keeper up" runs until it narrates "queen: waking the beehive at localhost:8600"
      When I press Ctrl+C
      Then the exit status is 130
      And nothing is left running

  Rule: "down" ends everything, whoever woke it

    @fault.queen.deaf-to-down
    Scenario: Down ends what a prompt left warm
      Given a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
      When I put the swarm to sleep with "rbee-keeper down"
      Then the terminal narrates
        """
        bee-keeper: asking queen to cascade shutdown
        queen: shutting down workers...
        queen: shutting down hives...
        queen: goodbye
        bee-keeper: everything is off
        """
      And the exit status is 0
      And nothing is left the moment the keeper has ended

    Scenario: Down where nothing runs
      When I type "rbee-keeper down"
      Then the terminal narrates
        """
        bee-keeper: nothing is running
        """
      And the exit status is 0
      And nothing was started

    Scenario: Down cancels the prompt that somebody waits for, and says so
      Given a hub that holds "author/endless-llama"
      And "rbee-keeper infer --model HF:author/endless-llama 'write a short story'" runs until tokens come
      When I put the swarm to sleep with "rbee-keeper down"
      Then the terminal narrates
        """
        bee-keeper: asking queen to cascade shutdown
        bee-keeper: jobs that were still running and are cancelled: 1
        queen: goodbye
        """
      And the exit status is 0
      And the command that was interrupted fails
      And nothing is left running

    Scenario: Down takes along a hive that has lost its queen
      Given a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
      And the queen has been killed
      When I put the swarm to sleep with "rbee-keeper down"
      Then the terminal narrates
        """
        bee-keeper: asking a hive without a queen to leave
        bee-keeper: everything is off
        """
      And the exit status is 0
      And nothing is left the moment the keeper has ended

  Rule: "status" looks and wakes nobody

    Scenario: The status of a swarm that sleeps
      When I type "rbee-keeper status"
      Then stdout shows a row "queen asleep"
      And the exit status is 0
      And nothing was started

    @only-asks
    Scenario: The status of a swarm that is warm
      Given a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
      When I type "rbee-keeper status"
      Then stdout shows a row "queen awake"
      And stdout shows a row "localhost online"
      And stdout shows a row "<worker id> localhost minillama cpu ready"
      And stdout shows a row "<job id> done minillama"
      And stderr holds nothing

    @only-asks
    Scenario: The status for programs
      Given a swarm that was left warm by "rbee-keeper up"
      When I type "rbee-keeper status --json"
      Then stdout is one answer for programs with "queen, hives, workers, jobs"
      And the exit status is 0

  Rule: A queen is found where she was woken, whatever the settings say by then

    @fault.queen.leave-no-note
    Scenario: Her address was set anew while she is awake
      Given a swarm that was left warm by "rbee-keeper up"
      And the ports of queen and hive are set anew
      When I put the swarm to sleep with "rbee-keeper down"
      Then the terminal narrates
        """
        bee-keeper: asking queen to cascade shutdown
        bee-keeper: everything is off
        """
      And nothing is left running

    Scenario: A prompt wakes no second queen beside her
      Given a swarm that was left warm by "rbee-keeper up"
      And the ports of queen and hive are set anew
      When I type "rbee-keeper infer 'hello'"
      Then the terminal narrates
        """
        bee-keeper: queen stays at <where>, where she was woken, until rbee-keeper down
        bee-keeper: queen was woken with other values, and keeps them: RBEE_HIVE_PORT
        """
      And the exit status is 0
      And 1 queen is running

    @only-asks
    @fault.shared.hub-alone
    Scenario: What another shell says of cards and files is not what she was woken with
      Given a swarm that was left warm by "rbee-keeper up"
      When I type "CUDA_VISIBLE_DEVICES=1 HF_TOKEN_PATH=/none rbee-keeper infer 'hello'"
      Then the terminal narrates
        """
        bee-keeper: queen was woken with other values, and keeps them: CUDA_VISIBLE_DEVICES, HF_TOKEN_PATH
        """
      And the exit status is 0

  @timing
  @fault.keeper.no-way-out
  Scenario: A queen who hears nothing is told of, with what ends her
    Given a swarm that is warm
    And the queen has just been frozen
    When I type "rbee-keeper status"
    Then stderr contains "does not answer: it takes too long"
    And stderr contains "; kill -KILL "
    And once it is thawed the queen lists hive "localhost" as online
