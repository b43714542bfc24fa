Feature: What happens when a model changes behind its name
  A name leads to files. When other files are there, they are what is loaded from then on, and what
  was begun with the old ones is told to its end. Several names of the same files share one worker.

  Rule: What a worker has loaded is not taken for what is there now

    @fault.worker.trust-names
    Scenario: A file that is replaced is noticed by a worker that is warm
      Given a model file of my own called "mine.gguf"
      And the model in the file "mine.gguf" has answered and stays warm
      And another model has taken the place of the file "mine.gguf"
      When I ask the model in the file "mine.gguf"
      Then the other model answers
      And 1 worker is running

    Scenario: A story that was begun with the old file is told to its end
      Given a queen that is awake
      And an endless model of my own called "mine.gguf"
      And the model in the file "mine.gguf" is telling a long story
      And another model has taken the place of the file "mine.gguf"
      When I ask the model in the file "mine.gguf"
      Then the other model answers
      And the first command still runs until I press Ctrl+C

    Scenario: A file that is gone is not answered for
      Given a model file of my own called "mine.gguf"
      And the model in the file "mine.gguf" has answered and stays warm
      And the file "mine.gguf" has been moved away
      When I ask the model in the file "mine.gguf"
      Then stderr contains "mine.gguf is not on this machine"
      And the exit status is 1

    @fault.worker.believe-the-name
    Scenario: A second name that leads elsewhere by now is answered by what is there
      Given a model file of my own called "mine.gguf"
      And a link called "link.gguf" that leads to "mine.gguf"
      And the model in the file "mine.gguf" has answered and stays warm
      And the model in the file "link.gguf" has answered and stays warm
      And another model has taken the place of the file "link.gguf"
      When I ask the model in the file "link.gguf"
      Then the other model answers
      And 2 workers are running

    Scenario: A second name that leads nowhere any more is not answered for
      Given a model file of my own called "mine.gguf"
      And a link called "link.gguf" that leads to "mine.gguf"
      And the model in the file "mine.gguf" has answered and stays warm
      And the model in the file "link.gguf" has answered and stays warm
      And the file "link.gguf" has been moved away
      When I ask the model in the file "link.gguf"
      Then stderr contains "link.gguf is not on this machine"
      And 1 worker is running

    @fault.hive.believe-the-row
    Scenario: A link to a model in parts that leads elsewhere by now
      Given a model of my own in 3 parts
      And a link called "link.gguf" that leads to its first part
      And the model in the file "link.gguf" has answered and stays warm
      And another model has taken the place of the file "link.gguf"
      When I ask the model in the file "link.gguf"
      Then the other model answers
      And 1 worker is running

    @fault.hive.blind-to-new-eyes
    Scenario: A projector that is put beside a file is found, also where the model is loaded
      Given a model of my own called "seeing.gguf" that can be shown pictures
      And the model in the file "seeing.gguf" has answered and stays warm
      And its projector has been put beside it
      And a file of my own called "red.png"
      When I ask the model in the file "seeing.gguf" about the picture "red.png"
      Then the exit status is 0
      And stderr contains "the model was replaced since"
      And 1 worker is running

    @fault.worker.blame-the-program
    Scenario: A model that is removed after it was placed, and before it is read
      Given a model file of my own called "mine.gguf"
      And a worker that hangs while it loads
      And I have asked the model in the file "mine.gguf", which a worker is about to read
      When the file "mine.gguf" is moved away, and the worker goes on
      Then stderr contains "the model was replaced since"
      And stderr contains "mine.gguf is not on this machine"
      And stderr contains "  try: did you mean file:"
      And the exit status is 1

  Rule: Names of the same files share one download and one worker

    Scenario: A link to a file that is loaded
      Given a model file of my own called "mine.gguf"
      And a link called "link.gguf" that leads to "mine.gguf"
      And the model in the file "mine.gguf" has answered and stays warm
      When I ask the model in the file "link.gguf"
      Then the exit status is 0
      And 1 worker is running

    Scenario: Four names of a file on the hub
      Given a hub that holds "author/minillama"
      And a swarm that was left warm by "rbee-keeper infer --keep-alive --model HF:author/minillama 'hello'"
      When I type each of these commands
        | command                                                                     |
        | rbee-keeper infer --keep-alive --model HF:author/minillama@main 'hello'     |
        | rbee-keeper infer --keep-alive --model HF:author/minillama:q4_0 'hello'     |
        | rbee-keeper infer --keep-alive --model HF:author/minillama:minillama-q4_0.gguf@main 'hello' |
      Then each of them has worked
      And 1 worker is running
      And the hub has served one download in all

  Rule: "pull" brings the newest version, and the old one serves until it is whole

    Scenario: A newer version takes the place of the one that is there
      Given a hub that holds "author/minillama"
      And a swarm that was left warm by "rbee-keeper infer --keep-alive --model HF:author/minillama 'hello'"
      And a new version of "author/minillama" has been published
      When I type "rbee-keeper pull HF:author/minillama"
      Then the terminal narrates
        """
        queen: model HF:author/minillama found in hive catalog
        hive: the hub has another version of HF:author/minillama: <commit>
        hive: model size = 550 KB; starting download
        """
      And the exit status is 0
      And the disk holds version 2 of "minillama-q4_0.gguf" of "author/minillama" alone

    Scenario: A newer version that does not arrive leaves the old one as it is
      Given a hub that holds "author/minillama"
      And I have typed "rbee-keeper pull HF:author/minillama"
      And a new version of "author/minillama" has been published
      And the hub always cuts the connection 300000 bytes into "minillama-q4_0.gguf"
      And a hive that gives up at the first trouble
      And "rbee-keeper pull HF:author/minillama" has failed
      When I type "rbee-keeper infer --model HF:author/minillama 'hello'"
      Then the exit status is 0

    Scenario Outline: A version that is <there>
      Given a hub that holds "author/minillama"
      And I have typed "rbee-keeper pull HF:author/minillama"
      And <state>
      When I type "rbee-keeper pull HF:author/minillama"
      Then the terminal narrates
        """
        <line>
        bee-keeper: model HF:author/minillama is on hive localhost (550 KB)
        """
      And the exit status is 0

      Examples:
        | there                    | state                       | line                                                                           |
        | the newest               | a hive that notices a stall at once | hive: HF:author/minillama is up to date (version <commit>)              |
        | all there is for now     | a hub that nobody can reach | hive: could not ask for a newer version: cannot read author/minillama from <hub>: connection refused |

  Rule: "rm" takes a name out, and the files with the last one

    Scenario: A name of a file that has another one
      Given a hub that holds "author/minillama"
      And I have typed "rbee-keeper pull HF:author/minillama"
      And I have typed "rbee-keeper pull HF:author/minillama:Q4_0"
      When I type "rbee-keeper rm HF:author/minillama"
      Then stderr contains "its files stay, since other names lead to them: HF:author/minillama:Q4_0"
      And the hive's catalog holds model "HF:author/minillama:Q4_0"
      And the disk holds "minillama-q4_0.gguf" as "author/minillama" has it
