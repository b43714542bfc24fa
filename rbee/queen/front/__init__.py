"""What the front doors have in common, each of which speaks somebody else's API.

`offer` is what the queen has for all of them, `fields` says what becomes of each field, `answering`
turns a request into jobs and follows these, `prefilled` finds the answer that a conversation has
begun, `blocks` and `streaming` make the events of a stream, `failing` answers a request that
failed, `models` says which model a name means, `for_keys` and `heard` what the holder of a key is
told. A door knows this room and no other door.
"""
