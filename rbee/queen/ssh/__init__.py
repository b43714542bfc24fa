"""The queen's way to another machine: SSH, over paramiko, which nothing else imports.

`config` says where a machine is and who to be there, `identity` which keys count, `connection`
what can be done once inside: run programs, copy files, dig tunnels. Paramiko costs a tenth of a
second to import, so this package is imported by the first who needs it, never at start.
"""
