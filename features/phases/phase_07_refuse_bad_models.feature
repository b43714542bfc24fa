@phase-7
Feature: Phase 7: a model that cannot be had is refused, with what to do about it
  Whatever is wrong with a reference or a model is found out before it is downloaded wherever the
  hub or the header of the file can tell. Nothing half-fetched enters the catalog.

  @only-asks
  Scenario: A reference to what is not there
    Given a hub that holds "author/minillama"
    And a swarm that was left warm by "rbee-keeper up"
    When I type each of these commands
      | what                                      | command                                                                         | error                                                                                          | advice                                                                |
      | A repository that does not exist          | rbee-keeper infer --model HF:author/missing 'hello'                             | <hub> knows no repository author/missing (404)                                                 | check the spelling; if it is private: hf auth login (or set HF_TOKEN) |
      | A private repository                      | rbee-keeper infer --model HF:author/private 'hello'                             | <hub> knows no repository author/private (401)                                                 | check the spelling; if it is private: hf auth login (or set HF_TOKEN) |
      | A quant that the repository does not have | rbee-keeper infer --model HF:author/minillama:Q5_K_M 'hello'                    | author/minillama has no Q5_K_M; it has F16, Q4_0, Q8_0                                         | use HF:author/minillama:Q4_0                                          |
      | A quant that is misspelt                  | rbee-keeper infer --model HF:author/minillama:Q8_1 'hello'                      | author/minillama has no Q8_1; it has F16, Q4_0, Q8_0                                           | use HF:author/minillama:Q8_0                                          |
      | A file that is misspelt                   | rbee-keeper infer --model HF:author/minillama:minilama-q8_0.gguf 'hello'        | author/minillama holds no file minilama-q8_0.gguf; near matches: minillama-q8_0.gguf, <others> | use HF:author/minillama:minillama-q8_0.gguf                           |
      | A file that is only part of a model       | rbee-keeper infer --model HF:author/seeing-llama:mmproj-seeing-llama-f16.gguf 'hello' | mmproj-seeing-llama-f16.gguf in author/seeing-llama is no language model but belongs to one | use HF:author/seeing-llama:seeing-llama-q8_0.gguf                    |
      | A gated model, for who is not logged in   | rbee-keeper infer --model HF:author/gated 'hello'                               | author/gated is gated: <hub> answered 401                                                      | accept the licence at <page>, then: hf auth login (or set HF_TOKEN)   |
      | A revision that does not exist            | rbee-keeper infer --model HF:author/minillama@nowhere 'hello'                   | author/minillama has no such revision                                                          | look at the branches and tags on <page>, or leave out @revision       |
      | A repository without a GGUF file          | rbee-keeper infer --model HF:author/no-gguf 'hello'                             | author/no-gguf holds weights in another format, but no GGUF file                               | name a repository with GGUF files, often called no-gguf-GGUF          |
    Then each of them is refused with its error and its advice
    And the hub has served no download
    And the hive's catalog holds no model
    And 0 worker is running

  @only-asks
  Scenario: A file that is no model
    Given a hub that holds "author/minillama"
    And a swarm that was left warm by "rbee-keeper up"
    When I type each of these commands
      | what                                  | command                                                  | error                                                                                             | advice                                                                   |
      | A file that is no GGUF                | rbee-keeper infer --model HF:author/not-a-gguf 'hello'   | author/not-a-gguf/not-a-gguf-q8_0.gguf is no GGUF file                                            | name another file or quant, or another repository than author/not-a-gguf |
      | A GGUF that is cut off in its weights | rbee-keeper infer --model HF:author/cut-off:Q8_0 'hello' | author/cut-off/cut-off-q8_0.gguf is cut off: it has 500000 bytes, its header promises <size>      | name another file or quant, or another repository than author/cut-off    |
      | A GGUF that is cut off in its header  | rbee-keeper infer --model HF:author/cut-off:Q4_0 'hello' | author/cut-off/cut-off-in-header-q4_0.gguf is cut off inside its header, after 5000 bytes         | name another file or quant, or another repository than author/cut-off    |
    Then each of them is refused with its error and its advice
    And the hub has served no download
    And the hive's catalog holds no model
    And 0 worker is running

  @only-asks
  @fault.hive.anything-is-a-model
  Scenario: A file that belongs to a model is none, whatever it is called
    Given files on the shelf that belong to models
    And a swarm that was left warm by "rbee-keeper up"
    When I type each of these commands
      | command                                                     | error                                                                       | advice                             |
      | rbee-keeper infer --model file:$SHELF/projector.gguf 'hello'  | <path> is a projector, by which a model is shown pictures or sounds, and no model | name the model that it belongs to |
      | rbee-keeper infer --model file:$SHELF/adapter.gguf 'hello'    | <path> is an adapter, which changes a model, and no model                   | name the model that it belongs to  |
      | rbee-keeper infer --model file:$SHELF/statistics.gguf 'hello' | <path> is the statistics that quants are made with, and no model            | name the model that it belongs to  |
      | rbee-keeper infer --model file:$SHELF/vocabulary.gguf 'hello' | <path> is a vocabulary without weights, and no model                        | name the model that it belongs to  |
    Then each of them is refused with its error and its advice
    And the hive's catalog holds no model
    And 0 worker is running

  @only-asks
  Scenario: An architecture that no engine knows
    Given a hub that holds "author/unknown-arch"
    And a swarm that was left warm by "rbee-keeper up"
    When I type "rbee-keeper infer --model HF:author/unknown-arch 'hello'"
    Then stderr contains "beellm"
    And stderr contains "  try: "
    And the terminal does not narrate
      """
      hive: worker <worker id> died (<how>); restart <count> in <delay> s
      """
    And the exit status is 1
    And 0 worker is running

  @only-asks
  Scenario: An architecture that the chosen engine does not know names the engine to try
    Given a hub that holds "author/unknown-arch"
    And a swarm that was left warm by "rbee-keeper up"
    When I type "rbee-keeper infer --model HF:author/unknown-arch --engine ctransformers 'hello'"
    Then the terminal narrates
      """
      error: ctransformers cannot load <what and why>
      try: it runs LLaMA models of 2023; use --engine llamacpp for newer ones
      """
    And the exit status is 1

  Scenario: A model that is larger than the disk
    Given a hub that holds "author/colossus"
    And its simulated GPUs are
      | name           | VRAM in GB |
      | Cray of dreams | 1000000    |
    When I type "rbee-keeper infer --model HF:author/colossus 'hello'"
    Then the terminal narrates
      """
      queen: asked hive to download model HF:author/colossus
      error: the disk of <folder> has <free> free, the download needs 591174.0 GB more
      try: free some space (`rbee-keeper rm REF` removes a model), or set RBEE_HOME to another disk
      """
    And the exit status is 1
    And the hub has served no download
    And nothing is left running

  Rule: Whatever goes wrong is told, also what nobody foresaw

    Scenario: A proxy that needs a package that is not there
      Given a hub that holds "author/minillama"
      And the package "socksio" is not installed
      When I type "ALL_PROXY=socks5://127.0.0.1:9 rbee-keeper pull HF:author/minillama"
      Then the terminal narrates
        """
        error: cannot read author/minillama from <hub>: a SOCKS proxy needs a package that is not installed (ALL_PROXY)
        try: pip install "httpx2[socks]", or unset ALL_PROXY
        """
      And the exit status is 1
      And nothing is left running

    @expects-traceback
    Scenario: A download that dies of something nobody foresaw
      Given the package "huggingface_hub" is not installed
      When I type "rbee-keeper pull HF:author/minillama"
      Then the terminal narrates
        """
        error: internal: ModuleNotFoundError: <what>
        try: rbee-keeper logs hive shows what happened there
        """
      And the exit status is 1
      And nothing is left running

  Rule: A hub in trouble is asked again, and then named

    Scenario: A hub that nobody can reach
      Given a hub that nobody can reach
      When I type "rbee-keeper infer --model HF:author/minillama 'hello'"
      Then the terminal narrates
        """
        error: cannot read author/minillama from <hub>: <why>
        try: check the network (and HF_ENDPOINT); what has been downloaded is kept
        """
      And the exit status is 1
      And nothing is left running

    Scenario: Ctrl+C while the hub does not answer
      Given a hub that holds "author/minillama"
      And the hub answers nothing
      And "rbee-keeper infer --model HF:author/minillama 'hello'" runs until the hub stalls
      When I press Ctrl+C
      Then the terminal narrates
        """
        bee-keeper: cancelling the job
        bee-keeper: asking queen to cascade shutdown
        queen: goodbye
        """
      And the exit status is 130
      And nothing is left running
