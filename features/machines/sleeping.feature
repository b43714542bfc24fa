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
