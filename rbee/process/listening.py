"""Where a daemon of this home listens: ``running/queen.json``, ``running/hive.json``.

Settings say where one that is started will listen; one that is awake listens where it was told to
when it was started. Each writes the file of its role when it listens and removes it when it leaves;
one that was killed leaves it behind, so that whoever reads it asks whether that instance is there.
"""

from __future__ import annotations

import contextlib
import os
import zlib
from pathlib import Path

import msgspec

from rbee.process import whole_file
from rbee.process.apart import environment_of
from rbee.process.home import Home

#: Variables of others that decide how a hive reaches the hub, where its files are, and which cards
#: it sees; a token is sent with each request.
_HEEDED = (
    *("HF_ENDPOINT", "HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE"),
    *("HF_TOKEN_PATH", "XDG_CACHE_HOME"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    # Which cards there are.
    *("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "NVIDIA_VISIBLE_DEVICES"),
    *("ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "GGML_VK_VISIBLE_DEVICES"),
    *("ONEAPI_DEVICE_SELECTOR", "ZE_AFFINITY_MASK"),
)
#: Ours that say where a queen is, which is told apart, or nothing to a daemon that is awake.
_APART = ("RBEE_HOME", "RBEE_QUEEN_")
_CERTIFICATES = "SSL_CERT_FILE"


class Listening(msgspec.Struct, frozen=True):
    """Its URL, and what its health tells apart from any other start of any daemon."""

    url: str
    instance: str
    #: The number of its process.
    pid: int = 0
    #: What a hive is called by its queen.
    hive_id: str = ""
    #: What it was started with: a checksum of each variable that it goes by, and of the settings'
    #: file. Values could be secrets.
    surroundings: dict[str, int] = {}


def note(home: Home, role: str, url: str, instance: str, hive_id: str = "") -> None:
    """Writes that it listens. A disk that is full keeps no daemon from working."""
    path = _path(home, role)
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, exist_ok=True)
        known = Listening(url, instance, os.getpid(), hive_id, surroundings(home))
        whole_file.write(path, msgspec.json.encode(known))


def noted(home: Home, role: str) -> Listening | None:
    """Where one was when it last said so; None where none has, or it has left."""
    return whole_file.read_as(_path(home, role), Listening)


def forget(home: Home, role: str, instance: str) -> None:
    """It leaves; what a later one has written stays."""
    known = noted(home, role)
    if known is not None and known.instance == instance:
        with contextlib.suppress(OSError):
            _path(home, role).unlink()


def surroundings(home: Home) -> dict[str, int]:
    """A checksum of each variable that daemons go by, as it is now, and of ``config.toml``."""
    found = {
        name: zlib.crc32(value.encode("utf-8", "surrogateescape"))
        for name, value in environment_of(os.environ).items()
        # What `up --print-env` has written says nothing new to a daemon.
        if (name != _CERTIFICATES or home.trusted not in Path(value).parents)
        and (name.upper() in _HEEDED or (name.startswith("RBEE_") and not name.startswith(_APART)))
    }
    with contextlib.suppress(OSError):
        found["config.toml"] = zlib.crc32((home.path / "config.toml").read_bytes())
    return found


def changed_since(known: Listening, home: Home) -> list[str]:
    """The names of what is otherwise now than when that daemon was started."""
    now = surroundings(home)
    names = known.surroundings.keys() | now.keys()
    return sorted(name for name in names if known.surroundings.get(name) != now.get(name))


def _path(home: Home, role: str) -> Path:
    return home.path / "running" / f"{role}.json"
