@phase-7
Feature: Phase 7: the hive fetches the model
  A model is named as HF:owner/repo, with a quant, a file or a revision where it matters. The hive
  finds the files on the hub, fetches them once, checks every byte, and only then writes the model
  into its catalog.

  Rule: Who names no quant gets Q4_K_M, or the closest there is

    @only-asks
    Scenario: Q4_K_M is taken without a word
      Given a hub that holds "TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF"
      And a swarm that was left warm by "rbee-keeper up"
      When I type "rbee-keeper infer --model HF:TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF 'hello'"
      Then the terminal narrates
        """
        queen: asked hive to download model HF:TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF
        hive: model size = 550 KB; starting download
        hive: <percent>% @ <rate>/s
        hive: model downloaded in <duration>
        queen: model is downloaded by the hive
        """
      And the disk holds "tinyllama-1.1b-chat-v1.0.Q4_K_M.gguf" as "TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF" has it
      And every byte came from where the hub had redirected to
      And the exit status is 0

    @only-asks
    Scenario: The closest quant is taken, and named
      Given a hub that holds "author/minillama"
      And a swarm that was left warm by "rbee-keeper up"
      When I type "rbee-keeper infer --model HF:author/minillama 'hello'"
      Then the terminal narrates
        """
        hive: no Q4_K_M in the repository; taking the closest, Q4_0
        hive: model size = 550 KB; starting download
        """
      And the disk holds "minillama-q4_0.gguf" as "author/minillama" has it
      And the hive's catalog holds model "HF:author/minillama"

  Rule: Who names a quant, a file or a revision gets it

    @only-asks
    Scenario Outline: <what> is fetched
      Given a hub that holds "author/minillama"
      And a swarm that was left warm by "rbee-keeper up"
      And a new version of "author/minillama" has been published
      When I type "rbee-keeper infer --model <model> 'hello'"
      Then the exit status is 0
      And the disk holds "<file>" as "author/minillama" has it
      And the hive's catalog holds model "<model>"
      And the hub has served one download in all

      Examples:
        | what                        | model                                                                     | file                |
        | A quant of an old revision  | HF:author/minillama:Q8_0@45c5344956f76dcbecc0d306fc996698430a29ce         | minillama-q8_0.gguf |
        | A file of an old revision   | HF:author/minillama:minillama-f16.gguf@45c5344956f76dcbecc0d306fc996698430a29ce | minillama-f16.gguf  |

    @only-asks
    Scenario: A quant that an image encoder shares means the language model
      Given a hub that holds "author/minillama"
      And a swarm that was left warm by "rbee-keeper up"
      When I type "rbee-keeper infer --model HF:author/minillama:F16 --temperature 0 'hello'"
      Then stdout holds the answer of minillama to "hello" alone
      And the disk holds "minillama-f16.gguf" as "author/minillama" has it

    @only-asks
    Scenario: A model that was split is fetched part by part and runs
      Given a hub that holds "author/minillama-split"
      And a swarm that was left warm by "rbee-keeper up"
      When I type "rbee-keeper infer --model HF:author/minillama-split --temperature 0 'hello'"
      Then the terminal narrates
        """
        hive: no Q4_K_M in the repository; taking the only model, Q8_0
        hive: model size = 1.0 MB; starting download
        """
      And stdout holds the answer of minillama to "hello" alone
      And the disk holds "minillama-q8_0-00003-of-00003.gguf" as "author/minillama-split" has it
      And the hive's catalog holds model "HF:author/minillama-split"

    Scenario: A gated model is fetched with a token that was let in
      Given a hub that holds "author/gated"
      And the access token "hf_fixture"
      When I type "rbee-keeper infer --model HF:author/gated 'hello'"
      Then the exit status is 0
      And the hive's catalog holds model "HF:author/gated"

    @only-asks
    @fault.queen.forget-the-token
    Scenario: A token counts for the command it is given to, also where the queen was awake before
      Given a hub that holds "author/gated"
      And a swarm that was left warm by "rbee-keeper up"
      And the access token "hf_fixture"
      When I type "rbee-keeper infer --model HF:author/gated 'hello'"
      Then the exit status is 0
      And the hive's catalog holds model "HF:author/gated"
      And the token of the hub is in no file

    Scenario: A token is given to no queen of another machine unless she is reached from here alone
      When a command means the queen at each of these
        | queen                   | token |
        | her own                 | sent  |
        | http://127.0.0.1:8500   | sent  |
        | http://192.168.1.7:8500 | kept  |
        | http://box:8500         | kept  |
      Then the token is sent where the row says so

  Rule: How far a download is can be seen

    @only-asks
    Scenario: A terminal shows a bar
      Given a hub that holds "author/minillama"
      And a swarm that was left warm by "rbee-keeper up"
      When I type "rbee-keeper infer --model HF:author/minillama 'hello'" on a terminal
      Then stderr contains "download ██████████████████████████████ 100% @ "
      And the terminal does not narrate
        """
        hive: <percent>% @ <rate>/s
        """

    @only-asks
    Scenario: Who wants no narration sees no progress either
      Given a hub that holds "author/minillama"
      And a swarm that was left warm by "rbee-keeper up"
      When I type "rbee-keeper infer --quiet --model HF:author/minillama 'hello'"
      Then stderr holds nothing
      And the exit status is 0

  Rule: What is there already is not fetched again

    Scenario: A file in the cache of the hub's own tool is used where it lies
      Given a hub that holds "author/minillama"
      And "minillama-q8_0.gguf" of "author/minillama" lies in the cache of the hub's own tool
      When I type "rbee-keeper infer --model HF:author/minillama:Q8_0 'hello'"
      Then the terminal narrates
        """
        hive: model is already in the Hugging Face cache; using it
        """
      And the hub was asked for no byte of a file
      And nothing of a model is on the disk
      And the hive's catalog holds model "HF:author/minillama:Q8_0"

    Scenario: The cache of the hub's own tool is enough where there is no network
      Given a hub that holds "author/minillama"
      And "minillama-q8_0.gguf" of "author/minillama" lies in the cache of the hub's own tool
      And a hub that nobody can reach
      When I type "rbee-keeper infer --model HF:author/minillama:Q8_0 'hello'"
      Then the terminal narrates
        """
        hive: the hub is out of reach; taking the model from the user's hub cache
        """
      And the exit status is 0

    Scenario: A model that is in the catalog needs no hub
      Given a hub that holds "author/minillama"
      And I have typed "rbee-keeper pull HF:author/minillama"
      And a hub that nobody can reach
      When I type "rbee-keeper infer --model HF:author/minillama 'hello'"
      Then the terminal narrates
        """
        queen: model HF:author/minillama found in hive catalog
        """
      And the exit status is 0

    @only-asks
    Scenario: A model whose file somebody has deleted is fetched again
      Given a hub that holds "author/minillama"
      And a swarm that was left warm by "rbee-keeper up"
      And I have typed "rbee-keeper pull HF:author/minillama"
      And somebody has deleted "minillama-q4_0.gguf"
      When I type "rbee-keeper infer --model HF:author/minillama 'hello'"
      Then the exit status is 0
      And the hub was asked for "minillama-q4_0.gguf" from its beginning, 2 times
      And the hive's catalog holds model "HF:author/minillama"

    @fault.hive.download-twice
    @fault.queen.load-twice
    Scenario: All who want the same model at the same time share one download and one worker
      Given a hub that holds "author/minillama"
      And the hub sends "minillama-q8_0.gguf" slowly
      And a queen that is awake
      And "rbee-keeper pull HF:author/minillama:Q8_0" runs until it narrates "hive: model size = 1.0 MB; starting download"
      When I type "rbee-keeper infer --model HF:author/minillama:Q8_0 'hello'" in two terminals at once
      Then both terminals show a finished answer
      And the hub has served one download in all
      And 1 worker is running
