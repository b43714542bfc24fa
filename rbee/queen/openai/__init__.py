"""The front door for programs that speak OpenAI's API: the routes below ``/v1``.

`routes` leads to `handlers`, which answer; `requests` is what may be asked, `messages` what is
answered, and `mapping` translates both to jobs and back.
"""
