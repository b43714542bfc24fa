"""The tests that others have for their own APIs, run against the queen: how many pass.

They come from source distributions of the package index (`openai`, `anthropic`, and `xllamacpp`,
which carries llama.cpp's) and are kept nowhere here. A forwarder stands before the queen, since
they show keys of their own and name models that nobody here has; what they ask for else, and what
she answers, goes through it as it is.
"""
