Feature: What happens when many call at once
  A worker answers several callers side by side before a second worker is thought of. Who finds every
  slot taken waits in the queue of that model, which is fair between the keys that callers show, and
  bounded. What was accepted is answered.

  @fault.hive.one-slot
  Scenario: One worker answers several at the same time
    Given a hub that holds "author/endless-llama"
    And a queen that is awake
    When 4 programs begin to read stories of "author/endless-llama"
    Then all of them get tokens at the same time
    And 1 worker is running

  Scenario: A worker takes as many at once as its device has room for
    Given its simulated GPUs are
      | name   | VRAM in GB |
      | GT 705 | 0.49       |
    And a hub that holds "author/endless-llama"
    When I type "rbee-keeper infer --model HF:author/endless-llama --ctx 8192 --device gpu0 --max-tokens 5 --keep-alive 'hello'"
    Then the worker takes 2 jobs at once
    And the swarm stays up

  @fault.worker.share-without-counting
  Scenario: Four who fill a context that they share do not harm each other
    Given a hub that holds "author/endless-llama"
    And a swarm that was left warm by "rbee-keeper infer --keep-alive --model HF:author/endless-llama --ctx 256 --max-tokens 2 'hello'"
    When 4 programs begin to read stories of "author/endless-llama"
    Then each of them is answered until the context is full
    And 1 worker is running
    And no worker was started a second time

  Rule: Who waits is told where he stands

    Background:
      Given a hub that holds "author/endless-llama"
      And programs are told at once that an answer takes its time
      And a queen that is awake, whose workers take 1 job at once

    @fault.queen.silent-queue
    Scenario: Behind a job that runs
      Given "rbee-keeper infer --model HF:author/endless-llama 'write a story'" runs until tokens come
      And "rbee-keeper infer --model HF:author/endless-llama --max-tokens 5 'hello'" runs beside it until it narrates "queen: number 1 in the queue for HF:author/endless-llama"
      When I press Ctrl+C in the first terminal
      Then the command ends
      And the terminal narrates
        """
        queen: worker <worker id> is busy; waiting for a slot
        queen: number 1 in the queue for HF:author/endless-llama
        queen: worker <worker id> on hive localhost already has HF:author/endless-llama loaded
        [DONE]
        """

    Scenario: Behind others, with the time that those before took once some have been served
      Given a program that reads a story of "author/endless-llama"
      And 2 programs wait for an answer of "author/endless-llama" each
      When one more program asks for an answer of "author/endless-llama"
      Then it is told "number 3 in the queue for HF:author/endless-llama"
      And it is told "number 1 in the queue for HF:author/endless-llama; about <seconds>" once the story is left

    Scenario: In the list of jobs
      Given a program that reads a story of "author/endless-llama"
      And 2 programs wait for an answer of "author/endless-llama" each
      When I type "rbee-keeper ps"
      Then stdout shows a row "<job id> running HF:author/endless-llama localhost cpu"
      And stdout shows a row "<job id> waiting (2) HF:author/endless-llama"

  Rule: Who names another device waits for no worker that is started elsewhere

    Scenario: While a worker on the first device hangs
      Given its simulated GPUs are
        | name     | VRAM in GB |
        | RTX 3060 | 12         |
        | RTX 3070 | 8          |
      And a worker that hangs while it loads
      And a queen that is awake
      And "rbee-keeper infer --device gpu0 'hello'" runs until it narrates "queen: worker registered, waiting for heartbeat..."
      When I type "rbee-keeper infer --device gpu1 --temperature 0 'hello'"
      Then stdout holds the answer of minillama to "hello" alone

  Rule: No key starves another

    Background:
      Given a hub that holds "author/endless-llama"
      And the queue of a model has 8 places
      And programs are told at once that an answer takes its time
      And a queen that is awake, whose workers take 1 job at once
      And a program that reads a story of "author/endless-llama" beside the keys "laptop" and "phone"

    @fault.queen.first-come
    Scenario: A key that comes late is served next
      Given 4 programs with the key "laptop" and then 2 with the key "phone" wait for an answer of "author/endless-llama"
      When the story is left
      Then the answers go to "laptop, phone, laptop, phone, laptop, laptop"

    @fault.queen.flood
    Scenario: A queue that one key has flooded still has places for another
      When 6 programs with the key "laptop" and then 1 with the key "phone" ask for an answer of "author/endless-llama"
      Then 2 of them are told to come again after some seconds
      And all the others get their answers once the story is left

  Rule: Vectors do not wait for stories, and no story for vectors

    Background:
      Given a hub that holds "author/endless-llama"
      And programs are told at once that an answer takes its time

    @fault.queen.mix-vectors
    Scenario: A worker for vectors alone beside one that writes
      Given a queen that is awake
      And a program that reads a story of "author/endless-llama"
      And a program that has the vector of "hello" from "author/endless-llama"
      When I type "rbee-keeper ps"
      Then stdout shows a row "<worker id> localhost HF:author/endless-llama (vectors) cpu"
      And all of them get tokens at the same time

    @fault.queen.late-comers-first
    Scenario: Where there is no room for one, who came first is served first
      Given its simulated GPUs are
        | name   | VRAM in GB |
        | GT 705 | 0.483      |
      And a queen that is awake
      And a program that reads a story of "author/endless-llama"
      And a job that waits for a vector of "author/endless-llama" on "gpu0", and then a program for an answer
      When the story is left
      Then the vector comes before the answer

  Rule: A device that works for others is waited for

    Background:
      Given a GPU with room for one model, and a processor with room for none
      And a hub that holds "author/endless-llama"
      And programs are told at once that an answer takes its time
      And a queen that is awake

    @fault.queen.refuse-for-good
    Scenario: A program that speaks OpenAI's API is told its place, and answered there
      Given a program that reads a story of "author/endless-llama"
      When one more program asks for an answer of "minillama"
      Then it is told "number 1 in the queue for GPU0 on hive localhost"
      And it is told "CUDA worker is awake and ready" once the story is left

  Rule: Who reads slowly costs nobody else anything

    @fault.queen.whole-at-once
    Scenario: Programs that read nothing of a long answer
      Given a swarm that is warm
      And a job that has made 1000 vectors
      When 16 programs ask for its events and read nothing
      Then another program is answered meanwhile
      And the queen has grown by less than 4 MB
      And each of the 16 gets all events once it reads on
