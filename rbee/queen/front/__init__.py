"""What the front doors have in common, each of which speaks somebody else's API.

`offer` is what the queen has for all of them, `fields` says what becomes of each field, `answering`
turns a request into jobs and follows these, `blocks` and `streaming` make events with names of what
one tells, `models` says which model a name means, `for_keys` and `heard` what the holder of a key
is told. A door knows this room and no other door.
"""
