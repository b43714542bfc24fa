"""Pictures of a request, whichever API it came by, and the text that they stand in. Pure.

They travel inside of the request: the queen fetches nothing for a caller, who could have her look
into the network that she is in.
"""

from __future__ import annotations

import base64
import binascii

from rbee.wire.errors import RbeeError, invalid
from rbee.wire.limits import LARGEST_PICTURE
from rbee.wire.messages.inference import Picture


class Said:
    """What a message says, as it is put together: pictures and texts, two with `between` them."""

    def __init__(self, between: str = "") -> None:
        self.text = ""
        self.pictures: list[Picture] = []
        self._between = between
        self._ends_in_text = False

    def say(self, text: str) -> None:
        """A text comes."""
        self.text += (self._between if self._ends_in_text else "") + text
        self._ends_in_text = True

    def show(self, data: str, path: str) -> None:
        """A picture comes, in base64; `path` is where it stands in the request. Raises
        `invalid_request`."""
        self.pictures.append(picture_of(data, path, len(self.text)))
        self._ends_in_text = False

    def show_at(self, url: str, path: str) -> None:
        """A picture comes, as a URL that holds it. Raises `invalid_request`."""
        self.show(data_of(url, path), path)


def picture_of(data: str, path: str, at: int = 0) -> Picture:
    """A picture that stands behind `at` characters of its message. Raises `invalid_request`."""
    try:
        file = base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):  # or what is no ASCII
        raise _refused(path, "is no base64", "send the file of the picture in base64") from None
    if len(file) > LARGEST_PICTURE:
        raise _refused(
            path, f"is {len(file)} bytes, and {LARGEST_PICTURE} are taken", "send a smaller one"
        )
    try:
        return Picture(data=file, at=at, called=path)
    except ValueError as error:
        raise invalid(str(error), "send another picture, as PNG or JPEG", field=path) from None


def data_of(url: str, path: str) -> str:
    """What a data URL holds, in base64. Raises `invalid_request` for any other."""
    head, comma, data = url.partition(",")
    if head[:5].lower() == "data:" and comma:
        if head.lower().endswith(";base64"):
            return data
        raise _refused(path, "is a data URL that is not in base64", "send it in base64")
    if url[:4].lower() == "http":
        raise _refused(
            path,
            "is the address of a picture, and nothing is fetched for a caller",
            "send the picture itself: data:image/png;base64,...",
        )
    raise _refused(path, "is no data URL", "send data:image/png;base64,...")


def _refused(path: str, what: str, advice: str) -> RbeeError:
    return invalid(f"`{path}` {what}", advice, field=path)
