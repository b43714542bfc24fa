"""Where a command runs: this machine's home and settings, and the queen that is meant."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from rbee.keeper.queen_client import QueenClient
from rbee.process.home import Home
from rbee.wire import addresses
from rbee.wire.errors import RbeeError
from rbee.wire.settings import Settings


class Whereabouts(NamedTuple):
    """`url` and `token` are the queen's; `named`: a person named her, so she is never woken."""

    home: Home
    settings: Settings
    url: str
    token: str
    named: bool = False

    @classmethod
    def of(cls, home: Home, queen: str | None, token_file: str | None) -> Whereabouts:
        """The queen of this home, unless flags name another URL or another token.

        Raises `invalid_request` for a token file that holds no token.
        """
        settings = home.settings()
        token = home.token() if token_file is None else _token_of(token_file)
        own = addresses.base_url(settings.queen_host, settings.queen_port)
        return cls(home, settings, queen or own, token, queen is not None)

    def client(self) -> QueenClient:
        """Her, to speak to."""
        return QueenClient(self.url, self.token, self.settings.connect_timeout)


def _token_of(path: str) -> str:
    try:
        words = Path(path).read_text().split()
    except OSError as error:
        words = []
        why = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        words = []
        why = "is no text"
    else:
        why = f"holds {len(words)} words, not one token"
    if len(words) != 1:
        raise RbeeError(
            "invalid_request",
            f"{path} {why}",
            "name the file `token` in the RBEE_HOME of the machine the queen was started on",
        )
    return words[0]
