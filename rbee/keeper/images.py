"""Pictures of somebody at the terminal: read here, and sent as they are."""

from __future__ import annotations

from collections.abc import Sequence

from rbee.keeper.command import Misuse
from rbee.wire.limits import LARGEST_PICTURE, MOST_PICTURES
from rbee.wire.messages.inference import ChatMessage, Picture


def message_of(prompt: str, images: Sequence[str]) -> ChatMessage:
    """What the user says, and before it what these files show. Raises Misuse."""
    if len(images) > MOST_PICTURES:
        raise Misuse(f"{len(images)} pictures are given, and {MOST_PICTURES} are taken")
    return ChatMessage(role="user", content=prompt, pictures=list(map(_picture, images)))


def _picture(path: str) -> Picture:
    called = f"--image {path}"
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST_PICTURE + 1)
    except OSError as error:
        raise Misuse(f"`{called}` cannot be read: {error.strerror or error}") from None
    if len(data) > LARGEST_PICTURE:
        raise Misuse(f"`{called}` is more than {LARGEST_PICTURE} bytes; make it smaller")
    try:
        return Picture(data=data, called=called)
    except ValueError as error:
        raise Misuse(str(error)) from None
