Feature: Models on a hive: pull and rm
  A model can be fetched before it is needed and removed when the disk is full. What had to be woken
  for that goes to sleep again.

  Rule: "pull" fetches a model once

    Scenario: Pull from nothing
      Given a hub that holds "author/minillama"
      When I type "rbee-keeper pull HF:author/minillama"
      Then the terminal narrates
        """
        bee-keeper: queen is asleep, waking queen...
        queen: waking the beehive at localhost:8600
        queen: asked hive to download model HF:author/minillama
        hive: model size = 550 KB; starting download
        hive: model downloaded in <duration>
        bee-keeper: model HF:author/minillama is on hive localhost (550 KB)
        bee-keeper: asking queen to cascade shutdown
        queen: goodbye
        """
      And the hive's catalog holds model "HF:author/minillama"
      And the exit status is 0
      And nothing is left running

    @only-asks
    Scenario: A warm swarm stays warm
      Given a hub that holds "author/minillama"
      And a swarm that was left warm by "rbee-keeper up"
      When I type "rbee-keeper pull HF:author/minillama"
      Then the exit status is 0
      And 1 hive is running

    @only-asks
    Scenario: Pull for programs
      Given a hub that holds "author/minillama"
      And a swarm that was left warm by "rbee-keeper up"
      When I type "rbee-keeper pull --json HF:author/minillama"
      Then stdout is one answer for programs with "model_ref, hive_id, path, size_bytes"
      And each line of stderr is an event for programs
      And the exit status is 0

    @only-asks
    Scenario: A model that the hub does not have
      Given a hub that holds "author/minillama"
      And a swarm that was left warm by "rbee-keeper up"
      When I type "rbee-keeper pull HF:author/nothing-here"
      Then stderr contains "error: "
      And the exit status is 1

    Scenario: Ctrl+C in the middle of a download puts everything to sleep
      Given a hub that holds "author/minillama"
      And the hub once stalls 300000 bytes into "minillama-q4_0.gguf"
      And "rbee-keeper pull HF:author/minillama" runs until it has 300000 bytes of "minillama-q4_0.gguf" and the hub stalls
      When I press Ctrl+C
      Then the terminal narrates
        """
        bee-keeper: asking queen to cascade shutdown
        queen: goodbye
        """
      And the exit status is 130
      And 300000 bytes of "minillama-q4_0.gguf" are kept for the next time
      And nothing is left the moment the keeper has ended

    @only-asks
    Scenario: A model that has two names is listed once
      Given a hub that holds "author/minillama"
      And a swarm that was left warm by "rbee-keeper up"
      And I have typed "rbee-keeper pull HF:author/minillama"
      And I have typed "rbee-keeper pull HF:author/minillama:q4_0"
      When I type "rbee-keeper models"
      Then stdout contains "= HF:author/minillama:Q4_0"
      And the hub has served one download in all

  Rule: "rm" removes the row and the files that rbee has put there

    @only-asks
    @fault.hive.keep-files
    Scenario: A model that was pulled is removed
      Given a hub that holds "author/minillama"
      And a swarm that was left warm by "rbee-keeper up"
      And I have typed "rbee-keeper pull HF:author/minillama"
      When I type "rbee-keeper rm HF:author/minillama"
      Then the terminal narrates
        """
        bee-keeper: model HF:author/minillama is removed from hive localhost
        """
      And the hive's catalog holds no model
      And nothing of a model is on the disk

    Scenario: What has arrived of an unfinished download is removed
      Given a hub that holds "author/minillama"
      And the hub always cuts the connection 300000 bytes into "minillama-q4_0.gguf"
      And a hive that gives up at the first trouble
      And a swarm that was left warm by "rbee-keeper up"
      And "rbee-keeper pull HF:author/minillama" has failed
      When I type "rbee-keeper rm HF:author/minillama"
      Then the exit status is 0
      And nothing of a model is on the disk

    @only-asks
    Scenario: A model that is on no disk
      Given a hub that holds "author/minillama"
      And a swarm that was left warm by "rbee-keeper up"
      And I have typed "rbee-keeper pull HF:author/minillama"
      When I type "rbee-keeper rm HF:author/minilama"
      Then stderr contains "error: HF:author/minilama is not on this hive"
      And stderr contains "try: did you mean HF:author/minillama?"
      And the exit status is 1

    @only-asks
    Scenario: A model that a worker has loaded is kept
      Given a hub that holds "author/minillama"
      And a swarm that was left warm by "rbee-keeper up"
      And I have typed "rbee-keeper infer --model HF:author/minillama 'hello'"
      When I type "rbee-keeper rm HF:author/minillama"
      Then stderr contains "has HF:author/minillama loaded"
      And stderr contains "try: rbee-keeper stop worker-"
      And the exit status is 1
      And the hive's catalog holds model "HF:author/minillama"

    Scenario: A file of the user's own stays where it is
      Given a model file of my own called "mine.gguf"
      And I have pulled the file "mine.gguf"
      When I remove the file "mine.gguf" with the keeper
      Then the hive's catalog holds no model
      And the file "mine.gguf" is where it was
      And nothing is left running
