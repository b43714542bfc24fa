@needs-hosts
Feature: What can go wrong when a machine is added, and what it takes to put it right
  A machine is added once its host key is agreed to, it lets us in, and rbee runs there. Whatever
  stands in the way is named, with what to type next; then nothing is remembered and nothing runs.

  Rule: A host key that nobody has seen before is agreed to by a person

    @fault.queen.trust-any-host
    Scenario: A script is told the fingerprint, and what to type
      Given the machines "blep, workstation"
      And I sit at "blep"
      When I type "rbee-keeper add-hive --id attic workstation"
      Then stderr contains "error: workstation is not known yet: its ssh-ed25519 host key is SHA256:"
      And its advice takes the fingerprint that "workstation" shows
      And the exit status is 1
      And the queen's catalog holds no hive
      And nothing is left running

    Scenario: The right fingerprint is accepted and remembered
      Given the machines "blep, workstation"
      And I sit at "blep"
      And I have typed "rbee-keeper add-hive workstation --accept-host-key" and the fingerprint that "workstation" shows
      When I type "rbee-keeper infer --temperature 0 'hello'"
      Then stdout holds the answer of minillama to "hello" alone
      And the host keys that were accepted can be written by their owner alone
      And nothing is left running

    Scenario: A wrong fingerprint is refused
      Given the machines "blep, workstation"
      And I sit at "blep"
      When I type "rbee-keeper add-hive workstation --accept-host-key" and the fingerprint that "blep" shows
      Then stderr contains "error: workstation is not known yet: its ssh-ed25519 host key is SHA256:"
      And stderr contains "; agreed to was SHA256:"
      And the exit status is 1
      And the queen's catalog holds no hive

    Scenario: A person at a terminal is asked, and agrees
      Given the machines "blep, workstation"
      And I sit at "blep"
      And "rbee-keeper add-hive workstation" on a terminal asks "Is this the key of that machine?"
      When I answer "y"
      Then stderr contains "bee-keeper: hive workstation is in the catalog"
      And the exit status is 0
      And nothing is left running

    Scenario: A person at a terminal is asked, and does not agree
      Given the machines "blep, workstation"
      And I sit at "blep"
      And "rbee-keeper add-hive workstation" on a terminal asks "Is this the key of that machine?"
      When I answer "n"
      Then stderr contains "error: workstation is not known yet"
      And the exit status is 1
      And the queen's catalog holds no hive
      And nothing is left running

    Scenario: A person at a terminal is asked, and presses Ctrl+C
      Given the machines "blep, workstation"
      And I sit at "blep"
      And "rbee-keeper add-hive workstation" on a terminal asks "Is this the key of that machine?"
      When I press Ctrl+C
      Then the exit status is 130
      And the queen's catalog holds no hive
      And nothing is left running

  Rule: A host key that has changed is an alarm

    @fault.queen.trust-any-host
    Scenario: Another machine answers under the name of one that was added
      Given my machine "blep" beside the machines "workstation"
      And I have added the machines "workstation"
      And another machine answers under the name of "workstation"
      When I type "rbee-keeper infer 'hello'"
      Then stderr contains "error: HOST KEY CHANGED: SOMEBODY MAY BE POSING AS workstation!"
      And that machine was offered no key of mine
      And the exit status is 1
      And nothing is left running

    Scenario: Who knows why it changed types what the alarm advises
      Given my machine "blep" beside the machines "workstation"
      And I have added the machines "workstation"
      And another machine answers under the name of "workstation"
      And "rbee-keeper infer 'hello'" has failed
      When I type what it advises
      Then stderr contains "bee-keeper: hive workstation is in the catalog"
      And the exit status is 0
      And nothing is left running

  Rule: A passphrase is asked for where somebody can be asked, and is kept nowhere

    Scenario: A script is told how to go on without one
      Given my machine "blep" beside the machines "workstation"
      And my key has a passphrase
      When I type "rbee-keeper add-hive workstation"
      Then the terminal narrates
        """
        error: the key <key> has a passphrase
        try: ssh-add <key>, or type this on a terminal, where you are asked for it
        """
      And the exit status is 1
      And the queen's catalog holds no hive
      And nothing is left running

    Scenario: A person at a terminal types it, unseen, and may mistype it
      Given my machine "blep" beside the machines "workstation"
      And my key has a passphrase
      And "rbee-keeper add-hive workstation" on a terminal asks "Passphrase of "
      And I have answered with a wrong passphrase
      When I answer with the right passphrase
      Then stderr contains "bee-keeper: hive workstation is in the catalog"
      And stderr contains "to use this hive from then on: ssh-add "
      And the passphrase stands in no file

    Scenario: A key that was added to the agent asks for nothing
      Given my machine "blep" beside the machines "workstation"
      And my key has a passphrase
      And I have added my key to the agent
      When I type "rbee-keeper add-hive workstation"
      Then stderr contains "bee-keeper: hive workstation is in the catalog"
      And the exit status is 0

  Rule: Who does not get in is told why, and what to type

    Scenario Outline: Names that cannot be used: <slip>
      When I type "rbee-keeper add-hive <slip>"
      Then the terminal narrates
        """
        error: <error>
        try: <advice>
        """
      And the exit status is 2
      And nothing was started

      Examples:
        | slip                        | error                                                     | advice                                                                             |
        | maria@workstation           | 'maria@workstation' holds a user, and a machine is wanted | rbee-keeper add-hive --ssh-user maria workstation                                  |
        | --id 'my attic' workstation | 'my attic' cannot be the name of a hive                   | letters, digits, dots, dashes and underscores, a letter or digit first: --id attic |

    Scenario: Slips in the user, the key and the port
      Given my machine "blep" beside the machines "workstation"
      And keys of mine that are of no use
        | key      | what is wrong      |
        | stranger | nobody knows it    |
        | open     | others may read it |
        | broken   | it holds no key    |
      And a queen that is awake
      When I type each of these commands
        | command                                           | error                                                                  | advice                                                                                               |
        | rbee-keeper add-hive --ssh-user maria workstation | workstation lets maria in with none of our keys, 1 in all              | ssh-copy-id maria@workstation, or name the right user and key: --ssh-user, --key                     |
        | rbee-keeper add-hive --key stranger workstation   | workstation does not let root in with the key <folder>/stranger        | ssh-copy-id -i <folder>/stranger root@workstation, or name the right user and key: --ssh-user, --key |
        | rbee-keeper add-hive --key missing workstation    | there is no key <folder>/missing                                       | name one that is there, or make it: ssh-keygen -f <folder>/missing                                   |
        | rbee-keeper add-hive --key open workstation       | others may read the key <folder>/open                                  | chmod 600 <folder>/open                                                                              |
        | rbee-keeper add-hive --key broken workstation     | <folder>/broken holds no private key that can be used                  | name the private one of a pair, of kind ed25519, ecdsa or rsa                                        |
        | rbee-keeper add-hive --ssh-port 23 workstation    | no SSH server listens at workstation port 23                           | on workstation: sudo apt install openssh-server; or name another port: --ssh-port                    |
        | rbee-keeper add-hive --ssh-port 8500 127.0.0.1    | what listens at 127.0.0.1 port 8500 does not speak SSH as we do: <why> | name the port of its SSH server: --ssh-port; this has to work: <login>                               |
      Then each of them is refused with its error and its advice
      And the queen's catalog holds no hive
      And nothing runs on the other machines

    @timing
    Scenario: A port of the hive that another program holds
      Given my machine "blep" beside the machines "workstation"
      And a server that says nothing is waited for 2000 ms
      And a server on the hive's port of "workstation"
      When I type "rbee-keeper add-hive --ssh-user root workstation"
      Then the terminal narrates
        """
        error: port 8600 of workstation is held by another program
        try: end that program, or: rbee-keeper add-hive --port 8610 --ssh-user root workstation
        """
      And the exit status is 1
      And the queen's catalog holds no hive
      And nothing is left running

  Rule: A machine on which rbee cannot run is told what it lacks

    Scenario: Shells, Pythons and disks
      Given my machine "blep" beside the machines "attic, cellar, garage, kitchen, loft, shed"
      And this is wrong with them
        | machine | what is wrong                |
        | attic   | its login shell ends at once |
        | cellar  | it has no Python             |
        | garage  | its Python is 3.8.10         |
        | kitchen | it has no rbee               |
        | loft    | its rbee is 0.0.1            |
        | shed    | its disk is almost full      |
      And a queen that is awake
      When I type each of these commands
        | command                                   | error                                                                       | advice                                                              |
        | rbee-keeper add-hive attic                | the login shell of root on attic ends with status 3 before it runs anything | look into ~/.bashrc there; this has to work: ssh root@attic true    |
        | rbee-keeper add-hive cellar               | cellar has no python3                                                       | install Python 3.10 or newer there                                  |
        | rbee-keeper add-hive --install garage     | garage has Python 3.8.10; rbee needs 3.10 or newer                          | install Python 3.10 or newer there; one that lies elsewhere is named with --python PATH |
        | rbee-keeper add-hive --id cook kitchen    | kitchen has no rbee                                                         | rbee-keeper add-hive --install --id cook kitchen brings it there    |
        | rbee-keeper add-hive --ssh-user root loft | loft has rbee 0.0.1, this queen is <version>                                | rbee-keeper add-hive --install --ssh-user root loft brings it there |
        | rbee-keeper add-hive --install shed       | shed has <free> MB free, to install rbee takes 400 MB                       | free some space there, then try again                               |
      Then each of them is refused with its error and its advice
      And the queen's catalog holds no hive
      And nothing runs on the other machines

    Scenario: A login shell that chatters is listened past
      Given my machine "blep" beside the machines "workstation"
      And this is wrong with them
        | machine     | what is wrong               |
        | workstation | its login shell tells tales |
      When I type "rbee-keeper add-hive --json --id attic workstation"
      Then stdout is one answer for programs with "hive_id, devices"
      And each line of stderr is an event for programs
      And the queen's catalog holds hive "attic"
      And nothing is left running

  Rule: What stands in my SSH configuration need not be typed

    Scenario: A machine behind another is reached over it, under a name of my own
      Given my machine "blep" beside the machines "gate, mac"
      And the way from "blep" to "mac" leads over "gate"
      And my SSH configuration calls "mac" "studio", behind "gate", with a key of its own
      And I have typed "rbee-keeper add-hive studio"
      When I type "rbee-keeper infer --node studio --temperature 0 'hello'"
      Then stdout holds the answer of minillama to "hello" alone
      And nothing is left running

    Scenario: A machine is reached by the command that my configuration names
      Given my machine "blep" beside the machines "gate, mac"
      And the way from "blep" to "mac" leads over "gate"
      And my SSH configuration reaches "mac" as "studio" by a command through "gate"
      And a queen who knows the machines "studio"
      When I type "rbee-keeper infer --node studio --temperature 0 'hello'"
      Then stdout holds the answer of minillama to "hello" alone

    Scenario: A command that does not lead to the machine is told with what it said
      Given my machine "blep" beside the machines "mac"
      And my SSH configuration reaches "mac" as "studio" by the command "echo no way >&2; false"
      When I type "rbee-keeper add-hive studio"
      Then stderr contains "error: studio cannot be reached by the ProxyCommand of ~/.ssh/config: no way"
      And the exit status is 1
      And nothing is left running

    Scenario: My key is let in by its certificate
      Given my machine "blep" beside the machines "workstation"
      And "workstation" lets in nobody but whose key has a certificate, and mine has
      When I type "rbee-keeper add-hive workstation"
      Then stderr contains "bee-keeper: hive workstation is in the catalog"
      And the exit status is 0

    Scenario: A machine that knows my key, and not who has certified it, lets me in
      Given my machine "blep" beside the machines "workstation"
      And my key has a certificate of an authority that "workstation" does not know
      When I type "rbee-keeper add-hive workstation"
      Then stderr contains "bee-keeper: hive workstation is in the catalog"
      And the exit status is 0

    Scenario: Without a tunnel, HTTP does not get past the machine between
      Given my machine "blep" beside the machines "gate, mac"
      And my SSH configuration calls "mac" "studio", behind "gate", with a key of its own
      When I type "rbee-keeper add-hive --no-tunnel --ssh-user root studio"
      Then stderr contains "error: studio is reached through another machine, where HTTP cannot follow"
      And stderr contains "try: rbee-keeper add-hive --ssh-user root studio sends it through SSH"
      And the exit status is 1
      And the queen's catalog holds no hive
      And nothing is left running

  Rule: A machine with a GPU takes what is on a processor

    @fault.queen.deaf-to-who-joins
    Scenario: A model that is loaded moves there, and nobody is disturbed
      Given my machine "blep" beside the machines "attic"
      And the simulated GPUs of "attic" are
        | name     | VRAM in GB |
        | RTX 3090 | 24         |
      And a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
      When I type "rbee-keeper add-hive attic"
      Then the only worker has "minillama" on "gpu0"
      And the queen has told the cluster
        """
        queen: GPU0 on hive attic has room since a machine has joined; starting minillama there, which is on a CPU
        queen: worker <worker id> on a CPU is replaced by one on a GPU
        """
