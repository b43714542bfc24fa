"""rbee beside other servers: the same model, prompt and client, by turns in one run.

``python -m bench.peers.install`` makes an environment for each peer, ``python -m bench.peers``
measures, and writes the figures with the page and the plots that are made of them. The ceiling is
the HTTP server of the engine itself: what rbee and its peers keep of it is told as a ratio.
"""
