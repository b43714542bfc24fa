"""`timeout(seconds)`: the asynchronous context manager that ends what takes too long.

Raises `asyncio.TimeoutError`. `asyncio.wait_for` is not used in rbee: before Python 3.12 it
swallows a cancellation that arrives together with a result, and a stream of tokens always has one.
"""

import sys

if sys.version_info >= (3, 11):
    from asyncio import timeout
else:
    from async_timeout import timeout

__all__ = ["timeout"]
