Feature: The name of a machine, a user or a hive is checked as what it is
  These names come to stand in command lines, in file names, in files of known hosts and in what
  `Match exec` of an SSH configuration runs. What is no name is refused, by who types it and by the
  queen.

  Scenario Outline: <text> as the name of a machine is <judged>
    When "<text>" is judged as the name of a machine
    Then that name is <judged>

    Examples: names, addresses and aliases
      | text                     | judged |
      | workstation              | fine   |
      | my_box-2                 | fine   |
      | attic.local.             | fine   |
      | pi+1                     | fine   |
      | 3com.example             | fine   |
      | bücher.example           | fine   |
      | 192.168.1.20             | fine   |
      | fe80::1                  | fine   |
      | fe80::1%eth0             | fine   |
      | no-such-host.invalid     | fine   |

    Examples: what is none
      | text                     | judged                                                |
      | x;id                     | refused: it holds ';'                                 |
      | $(id)                    | refused: it holds '$'                                 |
      | `id`                     | refused: it holds '`'                                 |
      | x&id                     | refused: it holds '&'                                 |
      | x\nid                    | refused: it holds '\n'                                |
      | x\0id                    | refused: it holds '\x00'                              |
      | two words                | refused: it holds ' '                                 |
      | *                        | refused: it holds '*'                                 |
      | !x                       | refused: it holds '!'                                 |
      | %h                       | refused: it holds '%'                                 |
      | ~root                    | refused: it holds '~'                                 |
      | a/../b                   | refused: it holds '/'                                 |
      | a,b                      | refused: it holds ','                                 |
      | x；id                    | refused: it holds '；'                                |
      | x⑴                       | refused: it holds '('                                 |
      | -oProxyCommand           | refused: a dash is at an end of a part of it           |
      | ..                       | refused: a part of it between dots is empty           |
      | 300.1.1.1                | refused: it is no IPv4 address                        |
      | 2130706433               | refused: it is no IPv4 address                        |
      | fe80::1%a;id             | refused: its zone is none                             |
      | box:ssh                  | refused: it is no IPv6 address, and a port is said with --ssh-port |
      | 300 letters              | refused: it is longer than 253 characters             |
      | 64 letters               | refused: a part of it is longer than 63 characters    |

  Scenario Outline: <text> as the name of a user is <judged>
    When "<text>" is judged as the name of a user
    Then that name is <judged>

    Examples:
      | text             | judged                          |
      | maria            | fine                            |
      | maria.luna-2     | fine                            |
      | WORK\maria       | fine                            |
      | maria@work.local | fine                            |
      | box$             | fine                            |
      | jürgen           | fine                            |
      | -oProxyCommand   | refused: it begins with -       |
      | x;id             | refused: it holds ';'           |
      | x y              | refused: it holds ' '           |
      | %r               | refused: it holds '%'           |
      | a$b              | refused: its signs stand where none may stand |
      | x\               | refused: its signs stand where none may stand |
      | a/x              | refused: it holds '/'           |
      | a..b             | refused: it holds two dots      |

  Rule: An SSH configuration is asked about checked names alone

    @fault.queen.any-host
    Scenario Outline: What is no name is refused, and nothing is run for it
      Given an SSH configuration that <does>
      When the way to "<host>" is looked up in it
      Then that is refused, and nothing was run

      Examples:
        | does                                       | host    |
        | runs a command for each host               | x;id    |
        | runs a command for each host               | $(id)   |
        | runs a command for each host               | x\nid   |
        | jumps over "x;id" to attic                 | attic   |
        | jumps over "-x@gate" to attic              | attic   |
        | calls the machine behind attic "a,*"       | attic   |
        | knows the host key of attic as "*"         | attic   |
        | logs in at attic as "-oProxyCommand=id"    | attic   |

    Scenario: For a name that is one, the command is run with that name
      Given an SSH configuration that runs a command for each host
      When the way to "attic" is looked up in it
      Then the command was run with "attic"

    @fault.queen.any-config
    Scenario Outline: Where others may write it, it is not read: <mode>
      When an SSH configuration is read that has the mode <mode>
      Then it is refused, since others could have written what it runs

      Examples:
        | mode |
        | 0602 |
        | 0666 |

    Scenario: Where others may read it alone
      When an SSH configuration is read that has the mode 0644
      Then it counts

  Rule: Whatever is handed to the shell of another machine arrives as it is

    Scenario Outline: <shell> passes on <text>
      When the login shell "<shell>" is to have "<text>" printed
      Then what it prints is the same

      Examples:
        | shell | text         |
        | sh    | it's         |
        | sh    | "$HOME"      |
        | sh    | `id`;$(id)   |
        | sh    | a\nb         |
        | sh    | a\\b         |
        | bash  | it's         |
        | bash  | !x "$HOME"   |
        | bash  | `id`;$(id)   |
        | bash  | a\nb         |

    Scenario Outline: What a machine tells of itself is taken for no more than it is: <told>
      When a machine tells "<told>" of itself
      Then "<fact>" is believed

      Examples:
        | told               | fact                  |
        | rbee=0.1.0         | rbee 0.1.0            |
        | rbee=0.1;reboot    | rbee of no version    |
        | free_kb=1000       | 1024000 bytes free    |
        | free_kb=lots       | 0 bytes free          |
        | free_kb=²          | 0 bytes free          |

    Scenario Outline: The advice that follows from its words holds no command of its own: <words>
      When pip over there ends with "<words>"
      Then the advice is "<advice>"

      Examples:
        | words                                      | advice                                                           |
        | apt install python3.11-venv                | ssh -t attic sudo apt install python3.11-venv, then try again    |
        | apt install python3;curl${IFS}evil;-venv   | mend what pip complains about on that machine, then try again    |
