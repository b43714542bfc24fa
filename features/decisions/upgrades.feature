Feature: How rbee upgrades itself, and what a machine needs for it
  Decided in this process.

  Rule: How it was installed decides how it is upgraded

    Scenario Outline: Installed by <how>
      When rbee was installed by <how>
      Then it is upgraded by "<command>"

      Examples:
        | how                            | command                                                             |
        | pip in an environment          | rbee-keeper upgrade                                                 |
        | pipx                           | rbee-keeper upgrade                                                 |
        | uv tool                        | uv tool upgrade rbee                                                |
        | uv in an environment           | uv pip install --python /home/me/rbee/bin/python --upgrade rbee     |
        | pip from a clone, to be edited | git -C /home/me/clone pull                                          |
        | pip in no environment          | /usr/bin/python3 -m pip install --upgrade rbee                      |
        | an administrator               | sudo /home/me/rbee/bin/python -m pip install --upgrade rbee         |
        | a queen                        | rbee-keeper upgrade, on the machine of that queen                   |
        | the image                      | start a container of the new image in its place                     |

    @fault.keeper.lock-what-is-gone
    Scenario Outline: One that begins while another <does>
      When an upgrade begins while another <does>
      Then that upgrade is told "<told>"
      And the note in the home is <note>

      Examples:
        | does                                           | told                           | note      |
        | is under way                                   | rbee is being upgraded already | there     |
        | comes to its end between its look and its lock | rbee is being upgraded already | not there |

    Scenario Outline: Taken from <origin>, and to be <version>
      When rbee was taken from <origin> and is to be <version>
      Then pip is to install "<wanted>"

      Examples:
        | origin       | version    | wanted                           |
        | an index     | the newest | rbee                             |
        | an index     | 0.4.0      | rbee==0.4.0                      |
        | a wheel      | the newest | rbee                             |
        | a folder     | the newest | /home/me/my clone                |
        | a repository | the newest | git+https://example.org/rbee.git |

  Rule: On a machine the first Python is taken that is new enough, wherever it lies

    Scenario Outline: Of <pythons>, where <asked> is asked for
      When a machine has the Pythons "<pythons>" and <asked> is asked for
      Then the Python <version> is taken

      Examples:
        | pythons                                | asked     | version |
        | python3=3.11.2                         | none      | 3.11.2  |
        | python3=3.9.2                          | none      | 3.9.2   |
        | python3=3.9.2, python3.12=3.12.1       | none      | 3.12.1  |
        | python3=3.9.2, pyenv's 3.12=3.12.4     | none      | 3.12.4  |
        | uv's 3.13=3.13.1                       | none      | 3.13.1  |
        | python3=3.9.2, a shim of pyenv=        | none      | 3.9.2   |
        | python3=3.11.2, pyenv's 3.12=3.12.4    | 3.12      | 3.12.4  |
        | python3=3.11.2, pyenv's 3.12=3.12.4    | ~/bin/python3 | 3.11.2 |
        | python3=3.11.2                         | 3.12      | none    |

    Scenario Outline: A person types <typed>
      When a person names the Python <typed>
      Then the Python that is looked for is "<meant>"

      Examples:
        | typed      | meant      |
        | 3.12       | 3.12       |
        | python3.12 | 3.12       |
        | /opt/py    | /opt/py    |

    Scenario: What is no Python is refused
      When a person names the Python snake
      Then it is no Python; to type is "name a version, 3.12, or a path: /opt/bin/python3"

  Rule: The doctor says what each machine lacks, and what to type

    Scenario Outline: A machine with rbee <rbee>, Python <python> and <room>
      When the doctor looks at a machine with rbee <rbee>, Python <python> and <room>
      Then he says "<state>", and to type "<advice>"

      Examples:
        | rbee  | python | room   | state | advice                                                                                                                                                      |
        | ours  | 3.11.7 | 9 GB   | ok    |                                                                                                                                                             |
        | 0.0.1 | 3.11.7 | 9 GB   | no    | rbee-keeper upgrade --only attic                                                                                                                            |
        | none  | 3.11.7 | 9 GB   | no    | rbee-keeper upgrade --only attic                                                                                                                            |
        | none  | 3.11.7 | 0.1 GB | no    | free some space there, then try again; then: rbee-keeper upgrade --only attic                                                                               |
        | none  | 3.9.2  | 9 GB   | no    | install Python 3.10 or newer there; one that lies elsewhere is named with --python PATH; then: rbee-keeper upgrade --only attic |

    Scenario: A machine that is off is nothing that cannot be lived with
      When the doctor does not reach a machine
      Then he says "partly", and to type "switch it on"

    Scenario Outline: The disk of the home has <free> GB free
      When the doctor looks at a disk with <free> GB free
      Then he says "<state>", and to type "<advice>"

      Examples:
        | free | state  | advice                                                                                |
        | 20   | ok     |                                                                                       |
        | 1    | partly | free some space; rbee-keeper models tells what each takes, rbee-keeper rm REF removes |
        | 0.01 | no     | free some space; rbee-keeper models tells what each takes, rbee-keeper rm REF removes |
