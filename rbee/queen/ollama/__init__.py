"""The front door for programs that speak ollama's API: the routes below ``/api``.

`routes` leads to `handlers`, which answer; `messages` is what goes over the wire, `mapping`
translates it to jobs and back, `options` says what becomes of each option of a model, `names` how
models are called there, and `inventory` what is told of them.
"""
