@needs-hosts
Feature: A machine that is suspended is woken when it is wanted, and sleeps again
  Its SSH server answers nobody until its network card has heard the magic packet; then all that ran
  on it goes on. Which machine is wanted is decided in the feature of machines that sleep.

  Rule: Whoever asks for no machine has one woken

    @fault.queen.no-packet
    Scenario: It is woken, answers, and is suspended again
      Given my machine "blep" beside "workstation", which has a GPU, was added with --wake and sleeps
      And it wakes at the packet with the number 2
      When I type "rbee-keeper infer 'hello'"
      Then the terminal narrates
        """
        queen: the machine of hive workstation is suspended; waking it by magic packet (<mac>)
        queen: the machine of hive workstation is awake after <seconds>
        queen: basic scheduler picked GPU0 on hive workstation (for advanced scheduling, see docs)
        [DONE]
        queen: the machine of hive workstation is suspended again
        """
      And the exit status is 0
      And that machine is suspended

    @needs-real-models
    @needs-rpc
    @fault.queen.split-among-the-awake
    Scenario: A model needs it beside another one
      Given my machine "blep" and "attic", which was added with --wake and sleeps, have a GPU of 0.75 GB each
      When I type "rbee-keeper infer --model file:$MODELS/smollm2.gguf --max-tokens 2 --no-cpu 'hello'"
      Then the terminal narrates
        """
        queen: the machine of hive attic is awake after <seconds>
        queen: there is room in GPU0 + GPU0 of attic for model <path>
        queen: parts of the model are awake on attic
        [DONE]
        queen: the machine of hive attic is suspended again
        """
      And the exit status is 0
      And that machine is suspended

    @needs-real-models
    @needs-rpc
    @fault.queen.plan-among-the-awake
    Scenario: It is planned that a model needs it beside another one, and nobody is woken
      Given my machine "blep" and "attic", which was added with --wake and sleeps, have a GPU of 0.75 GB each
      When I type "rbee-keeper plan --no-cpu file:$MODELS/smollm2.gguf"
      Then stdout shows a row "2 attic gpu0 all <size> <size> <size> too little (attic is asleep)"
      And stdout shows a row "3 localhost gpu0 <count> <size> <size> taken (attic is asleep)"
      And stdout shows a row "3 attic gpu0 <count> <size> <size> taken (attic is asleep)"
      And stderr contains "a job would have attic woken for it"
      And that machine is suspended

    Scenario: It is planned that it is large enough alone, and nobody is woken
      Given my machine "blep" beside "workstation", which has a GPU, was added with --wake and sleeps
      When I type "rbee-keeper plan minillama"
      Then stdout shows a row "1 workstation gpu0 all <size> <size> taken (workstation is asleep)"
      And stdout shows a row "3 localhost cpu all <size> <size> yes (about <count> tokens/s)"
      And that machine is suspended

    Scenario: It is added while it is awake, which tells how it is woken and suspended
      Given my machine "blep" beside "workstation", which has a GPU and can be suspended
      When I type "rbee-keeper add-hive --wake auto workstation"
      Then the terminal narrates
        """
        queen: workstation is woken by a magic packet to <mac> (<interface>, <address>)
        queen: workstation is suspended again by: <path> suspend
        """
      And the exit status is 0

    Scenario: One that does not wake is gone on without
      Given my machine "blep" beside "workstation", which has a GPU, was added with --wake and sleeps
      And it does not wake
      And a machine is given 1500 ms to wake
      When I type "rbee-keeper infer 'hello'"
      Then the terminal narrates
        """
        queen: going on without hive workstation: <why>
        queen: basic scheduler picked CPU on hive localhost (for advanced scheduling, see docs)
        [DONE]
        """
      And the exit status is 0
      And that machine is suspended

    @fault.queen.silent-about-sleepers
    Scenario: Whoever names one that does not wake is told so, and the list tells why
      Given my machine "blep" beside "workstation", which has a GPU, was added with --wake and sleeps
      And it does not wake
      And a machine is given 1500 ms to wake
      And I have typed "rbee-keeper up"
      When I type "rbee-keeper infer --node workstation 'hello'; [ $? = 1 ] && rbee-keeper hives && rbee-keeper down"
      Then stderr contains "error: the machine of hive workstation has not woken within 1.5 s (wake_wait)"
      And stderr contains "workstation is not awake: the machine of hive workstation has not woken within 1.5 s"
      And the exit status is 0

    Scenario: It is woken to see whether that works
      Given my machine "blep" beside "workstation", which has a GPU, was added with --wake and sleeps
      When I type "rbee-keeper wake workstation"
      Then the terminal narrates
        """
        queen: the machine of hive workstation is awake after <seconds>
        bee-keeper: hive workstation is awake
        queen: the machine of hive workstation is suspended again
        """
      And that machine is suspended

    Scenario: Ctrl+C while it is waited for
      Given my machine "blep" beside "workstation", which has a GPU, was added with --wake and sleeps
      And it does not wake
      And "rbee-keeper infer 'hello'" runs until it narrates "queen: the machine of hive workstation is suspended; waking it by magic packet (<mac>)"
      When I press Ctrl+C
      Then the exit status is 130
      And that machine is suspended
      And nothing is left running

  Rule: Its own hive suspends it again

    @fault.hive.suspend-never
    Scenario: When nobody has needed it for a while, and wakes with the next prompt
      Given my machine "blep" beside "workstation", which has a GPU, was added with --wake and sleeps
      And a machine that was woken sleeps again after 2000 ms
      And idle workers leave after 2000 ms
      And a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
      And that machine is suspended
      And I have typed "rbee-keeper hives && rbee-keeper models" and it shows "asleep (wakes)" and "1.0 MB"
      When I type "rbee-keeper infer --temperature 0 'hello'"
      Then stdout holds the answer of minillama to "hello" alone

    Scenario: Not where it was awake before
      Given my machine "blep" beside "workstation", which has a GPU, was added with --wake and sleeps
      And somebody has woken it
      When I type "rbee-keeper infer --node workstation 'hello'"
      Then the exit status is 0
      And that machine is awake
      And nothing is left running

    Scenario: Not while somebody is logged in
      Given my machine "blep" beside "workstation", which has a GPU, was added with --wake and sleeps
      And "anna" sits at it
      When I type "rbee-keeper infer 'hello'"
      Then the terminal narrates
        """
        [DONE]
        queen: the machine of hive workstation stays awake: anna on tty2 is logged in
        """
      And that machine is awake
      And nothing is left running

    @timing
    Scenario: The queen that had it woken is killed
      Given my machine "blep" beside "workstation", which has a GPU, was added with --wake and sleeps
      And heartbeats come every 200 ms
      And a hive without a queen stays awake for 4000 ms
      And a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
      When the queen is killed
      Then that machine is suspended, and nobody else is awake
