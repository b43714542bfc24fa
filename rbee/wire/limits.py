"""How much a request may ask for. What it costs beyond that, others on the same worker would pay.

A body has a bound of its own, the first here; the others are for what costs more than its bytes,
each measured with a vocabulary of 49,000 tokens. ``docs/limits.md`` lists them.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

#: Bodies above this are refused with 413 (bytes), as sent and as unpacked.
LARGEST_BODY = 1024 * 1024
#: Those of `MOST_INPUTS` texts, or their tokens: 8 KiB for each; and those with pictures, which are
#: written in a third more than their bytes. A worker is sent a little more.
LARGEST_INPUTS = 16 * 1024 * 1024
LARGEST_INFER = LARGEST_INPUTS + LARGEST_BODY
#: What all bodies together may have above `LARGEST_BODY` each, while a daemon reads them.
LARGE_BODIES = 16 * LARGEST_INPUTS
#: Messages of a conversation: an engine looks for each mark of a message in all that follows
#: (20,000: 20 s; 2048: 0.2 s).
MOST_MESSAGES = 2048
#: Functions that may be called, and calls in one message.
MOST_FUNCTIONS = 128
#: Texts that end an answer, and the characters of one: each is looked for behind each token.
MOST_STOPS = 32
LONGEST_STOP = 1000
#: The characters of a grammar.
LONGEST_GRAMMAR = 65_536
#: Tokens whose likeliness is changed: each is looked for behind each token (40,000: 40 ms).
MOST_WEIGHTS = 1024
#: Tokens that a sampler looks back at, behind each token.
MOST_LOOKED_BACK = 65_536
#: Values that a chat template is told.
MOST_TEMPLATE_VALUES = 64
#: Vectors that are asked for at once.
MOST_INPUTS = 2048
#: Tokens of an answer: who asks for more gets what the context holds, which is never as long.
MOST_TOKENS = 1_000_000
#: Answers that one request may ask for, all its prompts together: each is a job.
MOST_ANSWERS = 64
#: Answers to each prompt of a request.
MOST_CHOICES = 16
#: One picture (bytes), and those of a request: all are unpacked before the first is looked at.
LARGEST_PICTURE = 10 * 1024 * 1024
MOST_PICTURES = 16
#: Pixels of a picture, on a side and in all, and of all pictures of a request: unpacked, each takes
#: three bytes, and up to twelve while it is.
LONGEST_SIDE = 16_384
MOST_PIXELS = 2**25
MOST_PIXELS_IN_ALL = 2**26
#: How many times as long as wide: of what is longer nothing is left when it is made small.
MOST_TIMES_AS_LONG = 200
#: Scans of a JPEG: with each the decoder goes over the whole picture.
MOST_SCANS = 64

Stop = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_STOP)]
#: How many of the likeliest tokens are looked at; engines count so far.
TopK = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
