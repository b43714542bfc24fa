"""The front door for programs that speak Anthropic's API: ``/v1/messages`` and what is below it.

`routes` leads to `handlers`, which answer; `requests` is what may be asked, `messages` what is
answered, `mapping` translates both ways, and `telling` makes the events of a stream.
"""
