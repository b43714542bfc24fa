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
    Scenario: A worker that sends no more tokens is replaced
      Given no token for 500 ms counts as a stall
      And a hub that holds "author/endless-llama"
      And a queen that is awake
      And "rbee-keeper infer --model HF:author/endless-llama 'write a short story'" runs until tokens come
      When the worker is frozen
      Then the command ends
      And stderr contains "sent nothing for 0.5 s"
      And another worker process takes its place

  Rule: A worker that nobody needs is unloaded

    @timing
    Scenario: An idle worker leaves after its time, and the next prompt loads it again
      Given idle workers leave after 200 ms
      And a swarm that is warm
      When the worker has left
      Then the next "rbee-keeper infer 'hello'" works
      And 1 hive is running
