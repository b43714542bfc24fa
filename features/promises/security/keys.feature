Feature: A key reaches the models that it may use, and nothing beyond them
  Whoever holds a key is not the owner: of the swarm such a program sees models by their names. It
  learns nothing of files, machines and other people's work, and has nothing fetched that nobody
  allowed. A key that is removed is worth nothing, at once and everywhere.

  @only-asks
  @fault.queen.keys-open-files
  Scenario: Files, repositories and names that a key may not use cannot be told apart
    Given a hub that holds "author/minillama"
    And a swarm that is warm
    And the keys "laptop" and "phone"
    And a file of mine called "letter"
    When the program with the key "laptop" asks for each of these models
      | model                     |
      | file:$WORK/letter         |
      | file:$WORK/no-such-letter |
      | file:/etc/shadow          |
      | $PACKAGE/minillama.gguf   |
      | author/minillama          |
      | author/nothing-at-all     |
      | letter                    |
      | ../../etc/passwd          |
    Then each of them is answered in the same words, which say nothing of what is there
    And the hub was not asked for anything

  @fault.queen.keys-hear-all
  Scenario: A key with a list and leave to fetch has what is on the list fetched
    Given a hub that holds "author/minillama"
    And programs are told at once that an answer takes its time
    And a queen that is awake
    And the key "tv" of "rbee-keeper add-key tv --model 'HF:author/mini*' --may-fetch"
    When a program with the key "tv" reads a story of "author/minillama"
    Then it has heard of the fetching, and of no machine, path, and worker
    And the key "tv" sees the model "HF:author/minillama" alone

  @fault.queen.keys-outlive-removal
  Scenario: A key that another queen removes is cut off everywhere, and its slots are free
    Given a hub that holds "author/endless-llama"
    And a swarm that was left warm by "rbee-keeper infer --keep-alive --model HF:author/endless-llama --max-tokens 2 'hello'"
    And the keys "laptop" and "phone"
    And a program with the key "laptop" that reads a story of "author/endless-llama"
    When another queen on the same database removes the key "laptop"
    Then its story ends within a second, as that of a key that is none
    And the program with the key "laptop" is turned away
    And each worker has all its slots free

  Scenario: A key that is removed while a model is fetched for it
    Given a hub that holds "author/minillama"
    And the hub once stalls 100000 bytes into "minillama-q8_0.gguf"
    And programs are told at once that an answer takes its time
    And a queen that is awake
    And the key "tv" of "rbee-keeper add-key tv --may-fetch"
    And a program with the key "tv" that has "author/minillama" fetched
    When I type "rbee-keeper remove-key tv"
    Then its story ends within a second, as that of a key that is none
