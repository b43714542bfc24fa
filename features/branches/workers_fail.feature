Feature: What happens when a worker dies, hangs or idles

  Rule: Before the first token the job moves on by itself

    Scenario: A worker that was killed unnoticed is restarted for the next prompt
      Given a swarm that is warm
      And the worker has just been killed
      When I type "rbee-keeper infer --temperature 0 'hello'"
      Then stdout holds the answer of minillama to "hello" alone
      And the exit status is 0

    @fault.queen.no-second-try
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

    @timing
    @fault.hive.silent-stop
    Scenario: A worker that somebody stops while it loads is told to whoever waits for it
      Given a worker that is frozen is given 300 ms to leave
      And a worker that hangs while it loads
      And a queen that is awake
      And "rbee-keeper infer 'hello'" runs until it narrates "queen: worker registered, waiting for heartbeat..."
      When a program stops the worker
      Then the command ends
      And stderr contains "was stopped before it was ready; trying again"
      And the exit status is 0

    @fault.queen.forget-failures
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
    Scenario: A worker that is stopped while it is started again is not started once more
      Given a worker that is frozen is given 300 ms to leave
      And a worker that hangs as it is started again
      And a swarm that is warm
      And the worker has just been killed
      And another worker process has taken its place
      When a program stops the worker
      Then the queen lists no worker

    @timing
    Scenario: A worker that is unloaded since nobody uses it
      Given idle workers leave after 200 ms
      And a swarm that is warm
      When the worker has left
      Then the log of the hive says "unloaded worker"

  Rule: A worker that hangs is noticed, killed and started again

    @timing
    @fault.hive.never-notice
    Scenario: A worker that sends no more heartbeats is replaced
      Given heartbeats come every 100 ms
      And a swarm that is warm
      When the worker is frozen
      Then another worker process takes its place
      And the next "rbee-keeper infer 'hello'" works

    @timing
    @fault.hive.spare-the-stuck
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
      And an engine that does nothing for 4000 ms counts as stuck
      And a swarm that is warm
      When I type "rbee-keeper infer 'tarpit'"
      Then the terminal narrates
        """
        error: the engine of worker <worker id> has done nothing for 4 s (token_stall); its hive ends it
        try: rbee-keeper logs <worker id>; where it only needs longer: RBEE_TOKEN_STALL=8, or token_stall = 8 in config.toml
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
      And an engine that does nothing for 4000 ms counts as stuck
      And a worker takes 2 jobs at once
      And a swarm that was left warm by "rbee-keeper infer --keep-alive --ctx 64 'hello'"
      And "rbee-keeper infer 'tarpit'" runs until it narrates "queen: connection to worker established; starting inference"
      When other programs ask that worker for answers of "minillama" until it has ended
      Then stderr contains "works for others and has done nothing for this request in 4 s (token_stall)"

    @timing
    Scenario: A program is told that asking again would not help
      Given an engine that hangs at the word "tarpit"
      And an engine that does nothing for 4000 ms counts as stuck
      And a swarm that is warm
      When a program asks the queen for an answer to "tarpit"
      Then the answer is 504 in OpenAI's form with the error "worker_stuck"
      And the answer says that it is not worth a retry

  Rule: A worker that nobody needs is unloaded

    @timing
    @fault.hive.keep-idle
    Scenario: An idle worker leaves after its time, and the next prompt loads it again
      Given idle workers leave after 200 ms
      And a swarm that is warm
      When the worker has left
      Then the next "rbee-keeper infer 'hello'" works
      And 1 hive is running

    @timing
    @fault.hive.unload-the-kept
    Scenario: One that a name keeps loaded stays when others leave
      Given idle workers leave after 200 ms
      And a hub that holds "author/minillama"
      And I have typed "rbee-keeper name bee author/minillama keep_loaded=true"
      And a swarm that was left warm by "rbee-keeper infer --keep-alive --model bee 'hello'"
      And I have typed "rbee-keeper infer 'hello'"
      When I type "rbee-keeper ps"
      Then stdout shows a row "<worker id> localhost HF:author/minillama"
