"""Where a command runs: this machine's home and settings, and the queen that is meant."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from rbee.keeper.options import KEY_BEGINS
from rbee.keeper.queen_client import QueenClient
from rbee.process import listening, owned
from rbee.process.home import Home
from rbee.wire import addresses
from rbee.wire.errors import RbeeError, invalid
from rbee.wire.model_ref import BUNDLED, is_short_name
from rbee.wire.proof import Credential
from rbee.wire.settings import Settings

#: Where the hub's own programs look for a token, in this order.
_HUB_TOKENS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")


class QueenTarget(NamedTuple):
    """`url` and `token` are the queen's; `named`: a person named her, so she is never woken.

    `moved`: she was woken before her address was set anew, and listens where she did. `key`: the
    public key that she has to show, where a person has named one.
    """

    home: Home
    settings: Settings
    url: str
    token: str
    named: bool = False
    moved: bool = False
    key: str = ""

    @classmethod
    def of(cls, home: Home, queen: str | None, token_file: str | None) -> QueenTarget:
        """The queen of this home, unless flags name another URL or another token.

        Raises `invalid_request` for a token file that holds no token.
        """
        settings = home.settings()
        token = home.token() if token_file is None else _token_of(token_file)
        if queen is not None:
            url, _, key = queen.partition(KEY_BEGINS)
            return cls(home, settings, url, token, named=True, key=key)
        own = addresses.from_here(addresses.base_url(settings.queen_host, settings.queen_port))
        url = awake_at(home, "queen", own, Credential(token), settings) or own
        return cls(home, settings, url, token, moved=url != own)

    @property
    def default_model(self) -> str:
        """What is asked where no model is named."""
        return self.settings.default_model or BUNDLED

    def hub_token(self, model_ref: str) -> str:
        """The token for the hub in this shell, for a request that may need it; else empty.

        A queen of another machine gets it only through a tunnel that ends here.
        """
        here = not self.named or addresses.is_loopback(addresses.host_of(self.url))
        if not here or not (model_ref.startswith("HF:") or is_short_name(model_ref)):
            return ""
        token = next(filter(None, map(os.environ.get, _HUB_TOKENS)), "").strip()
        return token if token.isascii() and token.isprintable() else ""

    def client(self) -> QueenClient:
        """A client of that queen."""
        credential = Credential(self.token, forwarded=self.named)
        patience = self.settings.connect_timeout, self.settings.list_patience
        return QueenClient(self.url, credential, *patience, self.key, self._way_in, self._way_out)

    def _way_in(self) -> str:
        """What to type where the queen of this home was woken with another token than is in it now:
        nothing but a signal reaches her then."""
        pid = self._pid()
        return f"put back the token that she was woken with, or end her: kill {pid}" if pid else ""

    def _way_out(self) -> str:
        """What ends the queen of this home who hears nothing, and is no longer told anything."""
        pid = self._pid()
        return f"kill -KILL {pid}" if pid else ""

    def _pid(self) -> int:
        """The process of the queen of this home; 0: it is not known."""
        known = None if self.named else listening.noted(self.home, "queen")
        is_her = known is not None and known.url == self.url and _is_queen(known.pid)
        return known.pid if known is not None and is_her else 0


def awake_at(
    home: Home, role: str, usual: str, credential: Credential, settings: Settings
) -> str | None:
    """Where the daemon of this home is awake, if that is not at its `usual` address."""
    known = listening.noted(home, role)
    if known is None or addresses.from_here(known.url) == usual:
        return None
    url = addresses.from_here(known.url)
    client = QueenClient(url, credential, settings.connect_timeout)
    try:
        health = client.health()
        is_it = health is not None and client.is_proved and health.instance == known.instance
    except RbeeError as error:
        # A stranger has that port by now; or it is ours, and frozen.
        is_it = error.code != "port_in_use"
    finally:
        client.close()
    return url if is_it else None


def _is_queen(pid: int) -> bool:
    """Whether a process is one, as far as this system tells: the note of one that was killed names
    a number that may be anybody's by now."""
    try:
        return b"rbee.queen" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _token_of(path: str) -> str:
    reason = owned.distrust(Path(path).absolute())
    if reason is not None:
        raise invalid(reason.why, f"{reason.remedy}, or name another file")
    try:
        words = Path(path).read_text().split()
        why = f"holds {len(words)} words, not one token"
    except OSError as error:
        words, why = [], f"cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        words, why = [], "is no text"
    if len(words) != 1:
        raise invalid(
            f"{path} {why}",
            "name the file `token` in the RBEE_HOME of the machine the queen was started on",
        )
    return words[0]
