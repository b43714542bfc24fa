@phase-7
Feature: A download survives whatever happens to it
  Bytes that have arrived are never fetched twice, and bytes that are wrong are never used. A model
  is in the catalog when all of it is on the disk and checked, and not before.

  Rule: What breaks is taken up again within the same run

    @fault.hive.no-resume
    Scenario: A connection that is cut
      Given a hub that holds "author/minillama"
      And the hub once cuts the connection 600000 bytes into "minillama-q8_0.gguf"
      When I type "rbee-keeper pull HF:author/minillama:Q8_0"
      Then the terminal narrates
        """
        hive: model size = 1.0 MB; starting download
        hive: cannot read author/minillama from <hub>: the connection was cut; going on from 600 KB
        hive: model downloaded in <duration>
        """
      And the hub was asked for "minillama-q8_0.gguf" and then for its bytes from 600000 on
      And the disk holds "minillama-q8_0.gguf" as "author/minillama" has it
      And the exit status is 0

    Scenario: A connection that goes silent
      Given a hub that holds "author/minillama"
      And a hive that notices a stall at once
      And the hub once stalls 600000 bytes into "minillama-q8_0.gguf"
      When I type "rbee-keeper pull HF:author/minillama:Q8_0"
      Then the terminal narrates
        """
        hive: cannot read author/minillama from <hub>: it stopped sending; going on from 600 KB
        hive: model downloaded in <duration>
        """
      And the hub was asked for "minillama-q8_0.gguf" and then for its bytes from 600000 on
      And the exit status is 0

  Rule: What one run could not finish, the next one does

    @fault.hive.catalog-before-download
    Scenario: A download that breaks off leaves no row in the catalog
      Given a hub that holds "author/minillama"
      And a hive that gives up at the first trouble
      And the hub always cuts the connection 600000 bytes into "minillama-q8_0.gguf"
      When I type "rbee-keeper pull HF:author/minillama:Q8_0"
      Then the terminal narrates
        """
        error: cannot read author/minillama from <hub>: the connection was cut (once; 600.0 kB of 1.0 MB are kept)
        try: run the same command again: it goes on where it stopped
        """
      And the exit status is 1
      And 600000 bytes of "minillama-q8_0.gguf" are kept for the next time
      And the hive's catalog holds no model

    @fault.hive.no-resume
    Scenario: The run after a failure goes on at the same byte
      Given a hub that holds "author/minillama"
      And a hive that gives up at the first trouble
      And the hub once stalls 600000 bytes into "minillama-q8_0.gguf"
      And "rbee-keeper pull HF:author/minillama:Q8_0" has failed
      When I type "rbee-keeper pull HF:author/minillama:Q8_0"
      Then the terminal narrates
        """
        hive: model size = 1.0 MB; starting download
        hive: resuming the download at 600 KB of 1.0 MB
        hive: model downloaded in <duration>
        """
      And the hub was asked for "minillama-q8_0.gguf" and then for its bytes from 600000 on
      And the disk holds "minillama-q8_0.gguf" as "author/minillama" has it

    Scenario: The run after a power failure goes on at the same byte
      Given a hub that holds "author/minillama"
      And the hub once stalls 345678 bytes into "minillama-q8_0.gguf"
      And "rbee-keeper infer --model HF:author/minillama:Q8_0 'hello'" runs until it has 345678 bytes of "minillama-q8_0.gguf" and the hub stalls
      And the power has failed
      When I type "rbee-keeper infer --model HF:author/minillama:Q8_0 'hello'"
      Then the exit status is 0
      And the hub was asked for "minillama-q8_0.gguf" and then for its bytes from 345678 on
      And the disk holds "minillama-q8_0.gguf" as "author/minillama" has it

    Scenario: Ctrl+C in the middle of a download keeps what has arrived
      Given a hub that holds "author/minillama"
      And the hub once stalls 600000 bytes into "minillama-q8_0.gguf"
      And "rbee-keeper infer --model HF:author/minillama:Q8_0 'hello'" runs until it has 600000 bytes of "minillama-q8_0.gguf" and the hub stalls
      When I press Ctrl+C
      Then the terminal narrates
        """
        bee-keeper: cancelling the job
        bee-keeper: asking queen to cascade shutdown
        queen: goodbye
        """
      And the exit status is 130
      And 600000 bytes of "minillama-q8_0.gguf" are kept for the next time
      And nothing is left running

    Scenario: In a swarm that stays, the one who asks after Ctrl+C goes on at the same byte
      Given a hub that holds "author/minillama"
      And a queen that is awake
      And the hub once stalls 600000 bytes into "minillama-q8_0.gguf"
      And "rbee-keeper infer --model HF:author/minillama:Q8_0 'hello'" runs until it has 600000 bytes of "minillama-q8_0.gguf" and the hub stalls
      And I have pressed Ctrl+C
      When I type "rbee-keeper infer --model HF:author/minillama:Q8_0 'hello'"
      Then the exit status is 0
      And the hub was asked for "minillama-q8_0.gguf" and then for its bytes from 600000 on

  Rule: What could not be finished is gone on with, also by a swarm that stays

    Background:
      Given a hub that holds "author/minillama", and a hive that gives up at the first trouble

    Scenario: A part of a split model that has arrived is not fetched again
      Given the hub once cuts the connection 300000 bytes into "minillama-q8_0-00002-of-00003.gguf"
      And "rbee-keeper pull HF:author/minillama-split" has failed
      When I type "rbee-keeper pull HF:author/minillama-split"
      Then the terminal narrates
        """
        hive: resuming the download at 775 KB of 1.0 MB
        """
      And the hub was asked for "minillama-q8_0-00001-of-00003.gguf" from its beginning, 1 time
      And the hub was asked for "minillama-q8_0-00002-of-00003.gguf" and then for its bytes from 300000 on

    @only-asks
    Scenario: A model that has changed on the hub in between is fetched from its beginning
      Given a swarm that was left warm by "rbee-keeper up"
      And the hub once cuts the connection 600000 bytes into "minillama-q8_0.gguf"
      And "rbee-keeper pull HF:author/minillama:Q8_0" has failed
      And a new version of "author/minillama" has been published
      When I type "rbee-keeper pull HF:author/minillama:Q8_0"
      Then the exit status is 0
      And the hub was asked for "minillama-q8_0.gguf" from its beginning, 2 times

  Rule: Wrong bytes are never used

    Background:
      Given a hub that holds "author/minillama", and a hive that gives up at the first trouble
      And a swarm that was left warm by "rbee-keeper up"

    @only-asks
    @fault.hive.skip-checksum
    Scenario: A download with wrong bytes is refused
      Given the hub once sends wrong bytes from byte 600000 of "minillama-q8_0.gguf" on
      When I type "rbee-keeper pull HF:author/minillama:Q8_0"
      Then the terminal narrates
        """
        error: minillama-q8_0.gguf arrived with another content than <hub> announced
        try: run the same command again: the file is fetched from its beginning
        """
      And the exit status is 1
      And nothing of a model is on the disk
      And the hive's catalog holds no model

    @only-asks
    Scenario: The run after wrong bytes fetches all of it again
      Given the hub once sends wrong bytes from byte 600000 of "minillama-q8_0.gguf" on
      And "rbee-keeper pull HF:author/minillama:Q8_0" has failed
      When I type "rbee-keeper pull HF:author/minillama:Q8_0"
      Then the exit status is 0
      And the hub was asked for "minillama-q8_0.gguf" from its beginning, 2 times
      And the disk holds "minillama-q8_0.gguf" as "author/minillama" has it

  Rule: A disk that fills up is named

    @needs-mount
    Scenario: One that is full to its last byte is given room by hand
      Given a hub that holds "author/minillama"
      And a small disk for the home
      And I have typed "rbee-keeper pull HF:author/minillama"
      And another program has filled the disk of the home
      And "rbee-keeper infer 'hello'" has failed, advising to "free some space; models can be removed by hand, too"
      And the models have been removed by hand
      When I type "rbee-keeper infer --temperature 0 'hello'"
      Then stdout holds the answer of minillama to "hello" alone

    @needs-mount
    Scenario: A new home on a disk without room
      Given a small disk for the home
      When I type "cat /dev/zero > $RBEE_HOME/all; RBEE_HOME=$RBEE_HOME/new rbee-keeper status"
      Then stderr contains "No space left on device"
      And stderr contains "try: make room there, or name another folder: export RBEE_HOME="
      And the exit status is 1

    @needs-mount
    @fault.hive.any-disk-trouble
    Scenario: Another program fills the disk in the middle of a download
      Given a hub that holds "author/minillama"
      And a small disk for the models
      And the hub once stalls 600000 bytes into "minillama-q8_0.gguf"
      And "rbee-keeper infer --model HF:author/minillama:Q8_0 'hello'" runs until it has 600000 bytes of "minillama-q8_0.gguf" and the hub stalls
      When another program fills the disk and the hub goes on
      Then the terminal narrates
        """
        error: the disk of <folder> has 0 bytes free, the download needs <size> more
        try: free some space (`rbee-keeper rm REF` removes a model), or set RBEE_HOME to another disk
        """
      And the exit status is 1
      And the hive's catalog holds no model
