"""The front door for programs that speak OpenAI's API: the routes below ``/v1``.

`routes` leads to `desk`, which answers; `messages` is what goes over the wire, and `mapping`
translates it to jobs and back.
"""
