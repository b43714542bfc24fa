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

    Scenario: Where each device fails, the error tells of each, and a list shows them for a while
      Given its simulated GPUs are
        | name     | VRAM in GB |
        | RTX 3090 | 24         |
        | RTX 3060 | 12         |
      And a worker that is killed while it loads, 8 times
      And a queen that is awake
      When I type "rbee-keeper infer --no-cpu 'hello'"
      Then stderr contains "error: no machine could run minillama: GPU0 on hive localhost: worker"
      And stderr contains "GPU1 on hive localhost is this model's last choice until"
      And the queen lists "gpu0, gpu1" of hive "localhost" as degraded

    @timing
    Scenario: A device that was degraded is tried again, heals, and all of it is told
      Given a worker that is killed while it loads, 4 times
      And a queen that is awake
      And "rbee-keeper infer 'hello'" has failed
      When I type "rbee-keeper infer 'hello'"
      Then the exit status is 0
      And the queen has told the cluster
        """
        queen: CPU on hive localhost is degraded for minillama: workers keep dying on it
        queen: CPU on hive localhost is no longer degraded for minillama
        """

  Rule: What happens to a warm swarm is told to whoever listens, and stands in the logs

    Scenario: A worker that dies while nobody uses it
      Given a swarm that is warm
      When the worker is killed
      Then the queen has told the cluster
        """
        hive: worker <worker id> died (signal 9); restart 1 in <delay> s
        hive: worker <worker id> is ready again
        """
      And the log of the hive says "is ready again"

    @timing
    Scenario: A worker that is unloaded since nobody uses it
      Given idle workers leave after 200 ms
      And a swarm that is warm
      When the worker has left
      Then the log of the hive says "unloaded worker"

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
