"""OpenAI's other API for answers, ``/v1/responses``: a conversation of items, of which the queen
keeps what she answered for as long as its job.

`requests` is what may be asked, `messages` what is answered, `items` and `tools` translate both
ways, `telling` makes the events of a stream, `kept` has what can be gone on from.
"""
