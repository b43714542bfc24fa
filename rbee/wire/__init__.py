"""What the four roles say to each other: messages, events, narration, errors, addresses.

Pure values and functions. Nothing in this room does I/O, and it depends on msgspec alone.
"""
