Feature: What happens when a worker dies, hangs or idles

  Rule: Before the first token the job moves on by itself

    Scenario: A worker that was killed unnoticed is restarted for the next prompt
      Given a swarm that is warm
      And the worker has just been killed
      When I type "rbee-keeper infer --temperature 0 'hello'"
      Then stdout holds the answer of minillama to "hello" alone
      And the exit status is 0

    Scenario: A device on which workers keep dying is left for another
      Given its simulated GPUs are
        | name     | VRAM in GB |
        | RTX 3090 | 24         |
        | RTX 3060 | 12         |
      And a worker that is killed while it loads, 4 times
      When I type "rbee-keeper infer 'hello'"
      Then the terminal narrates
        """
        hive: worker <worker id> died (signal 9); restart 3 in <delay> s
        queen: <why> in vain; trying again
        queen: basic scheduler picked GPU1 on hive localhost (for advanced scheduling, see docs)
        [DONE]
        """
      And the exit status is 0

  Rule: A worker that hangs is noticed, killed and started again

    @timing
    Scenario: A worker that sends no more heartbeats is replaced
      Given heartbeats come every 100 ms
      And a swarm that is warm
      When the worker is frozen
      Then another worker process takes its place
      And the next "rbee-keeper infer 'hello'" works

    @timing
    Scenario: A worker that is frozen in the middle of a story is replaced
      Given heartbeats come every 100 ms
      And a hub that holds "author/endless-llama"
      And a queen that is awake
      And "rbee-keeper infer --model HF:author/endless-llama 'write a short story'" runs until tokens come
      When the worker is frozen
      Then the command fails with "error: "
      And another worker process takes its place

    @timing
    Scenario: A worker whose engine does nothing is replaced, and what it was asked is not asked again
      Given an engine that hangs at the word "tarpit"
      And an engine that does nothing for 500 ms counts as stuck
      And a swarm that is warm
      When I type "rbee-keeper infer 'tarpit'"
      Then the terminal narrates
        """
        error: the engine of worker <worker id> has done nothing for 0.5 s (token_stall); its hive ends it
        try: rbee-keeper logs <worker id>; where it only needs longer: RBEE_TOKEN_STALL=1, or token_stall = 1 in config.toml
        """
      And the terminal does not narrate
        """
        queen: <why>; trying again
        """
      And the worker was started a second time
      And the next "rbee-keeper infer 'hello'" works

    @timing
    Scenario: A request that hangs beside others that do not is given up alone
      Given an engine that hangs at the word "tarpit"
      And an engine that does nothing for 1000 ms counts as stuck
      And a worker takes 2 jobs at once
      And a swarm that was left warm by "rbee-keeper infer --keep-alive --ctx 64 'hello'"
      And "rbee-keeper infer 'tarpit'" runs until it narrates "queen: connection to worker established; starting inference"
      When other programs ask that worker for answers of "minillama" until it has ended
      Then stderr contains "works for others and has done nothing for this request in 1 s (token_stall)"

    @timing
    Scenario: A program is told that asking again would not help
      Given an engine that hangs at the word "tarpit"
      And an engine that does nothing for 500 ms counts as stuck
      And a swarm that is warm
      When a program asks the queen for an answer to "tarpit"
      Then the answer is 504 in OpenAI's form with the error "worker_stuck"
      And the answer says that it is not worth a retry

  Rule: A worker that nobody needs is unloaded

    @timing
    Scenario: An idle worker leaves after its time, and the next prompt loads it again
      Given idle workers leave after 200 ms
      And a swarm that is warm
      When the worker has left
      Then the next "rbee-keeper infer 'hello'" works
      And 1 hive is running
