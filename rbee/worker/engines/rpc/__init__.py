"""llama.cpp's RPC backend, by which a model of one process lies on devices of others.

The engine's wheel comes without it, and with everything that it is built on. What is missing is
one file of llama.cpp, which `build` compiles out of the wheel's own source distribution, together
with `transport.cpp` of this package: it speaks over streams that a process was started with, and
knows no address. The library lies in the environment (`sys.prefix`) whose engine it belongs to, one
for each version of both.
"""

from __future__ import annotations

import ctypes
import functools
import os
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xllamacpp

from rbee.wire.errors import RbeeError
from rbee.wire.messages.sides import SideOrders
from rbee.wire.placement import CPU

#: What brings the library; a hive on another machine has it in its own environment.
BUILD = f"{sys.executable} -m rbee.worker.engines.rpc.build"
TRANSPORT = Path(__file__).with_name("transport.cpp")
#: What is asked of either library.
_OF_ENGINE = ("ggml_backend_register", "ggml_backend_dev_by_type", "ggml_backend_dev_by_name")
_OF_PLUGIN = (
    *("ggml_backend_rpc_init", "ggml_backend_rpc_add_server"),
    *("ggml_backend_rpc_start_server", "rbee_rpc_protocol"),
)
#: ``GGML_BACKEND_DEVICE_TYPE_CPU``
_CPU_TYPE = 0


def built() -> Path | None:
    """The library for this engine and this transport; None: it has not been built.

    What it speaks is in its name, so that a worker that needs none loads none.
    """
    return next(iter(folder().glob(f"{stem()}-*.so")), None)


def folder() -> Path:
    """Where libraries are."""
    return Path(sys.prefix) / "lib" / "rbee"


def stem() -> str:
    """How the name of the library begins: with the versions of the engine and of the transport."""
    mine = zlib.crc32(TRANSPORT.read_bytes())
    return f"libggml-rpc-{xllamacpp.__version__}-{mine:08x}"


def why_not() -> str:
    """Why no model can be spread over machines with this engine; empty: one can."""
    return "" if built() else "llama.cpp's RPC backend is not built here"


def protocol() -> str:
    """The version that both ends of a stream have to speak, ``8.0.0``; empty where none is."""
    library = built()
    return library.stem.rpartition("-")[2] if library else ""


def load(library: Path | None = None) -> str:
    """Loads it, and says what it speaks. Raises `backend_unavailable` where it, or the engine, is
    not what it was when it was built."""
    _, plugin = _libraries(library or built())
    version: bytes = plugin.rbee_rpc_protocol()
    return version.decode("ascii", "replace")


@functools.cache
def _libraries(library: Path | None) -> tuple[ctypes.CDLL, ctypes.CDLL]:
    """The engine and the plugin."""
    try:
        return _bound(str(library))
    except (OSError, AttributeError) as error:
        what = f"llama.cpp's RPC backend cannot be loaded: {error}"
        raise RbeeError("backend_unavailable", what, BUILD) from None


def _bound(library: str) -> tuple[ctypes.CDLL, ctypes.CDLL]:
    """Raises OSError, and AttributeError for what they lack."""
    # RTLD_GLOBAL shows the engine's symbols to the plugin, which is linked against them.
    folder = Path(xllamacpp.__file__).parent
    engine = ctypes.CDLL(str(next(folder.glob("xllamacpp*.so"))), mode=ctypes.RTLD_GLOBAL)
    plugin = ctypes.CDLL(library, mode=os.RTLD_NOW)
    for where, names in (engine, _OF_ENGINE), (plugin, _OF_PLUGIN):
        for name in names:
            getattr(where, name).restype = ctypes.c_void_p
    engine.ggml_backend_register.argtypes = [ctypes.c_void_p]
    engine.ggml_backend_dev_by_type.argtypes = [ctypes.c_int]
    engine.ggml_backend_dev_by_name.argtypes = [ctypes.c_char_p]
    plugin.rbee_rpc_protocol.restype = ctypes.c_char_p
    plugin.ggml_backend_rpc_init.argtypes = [ctypes.c_char_p, ctypes.c_uint32]
    plugin.ggml_backend_rpc_add_server.argtypes = [ctypes.c_char_p]
    plugin.ggml_backend_rpc_start_server.restype = None
    plugin.ggml_backend_rpc_start_server.argtypes = [
        *(ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_size_t),
        ctypes.POINTER(ctypes.c_void_p),
    ]
    return engine, plugin


def join(streams: Sequence[int]) -> None:
    """Makes the devices at the other ends of these descriptors devices of this process, in order.

    Blocks until somebody serves there; where nobody does, this process is ended by the engine.
    """
    engine, plugin = _libraries(built())
    for stream in streams:
        endpoint = b"fd:%d" % stream
        # The connection is closed with its last user, so one that stays is opened first.
        _kept.append(plugin.ggml_backend_rpc_init(endpoint, 0))
        engine.ggml_backend_register(plugin.ggml_backend_rpc_add_server(endpoint))


#: Objects that are kept until this process ends.
_kept: list[Any] = []


def serve(orders: SideOrders) -> None:
    """Computes on devices of this process for the one at the other end of the stream; returns once
    that has gone. Raises `backend_unavailable` where the engine has no such device."""
    engine, plugin = _libraries(built())
    found = [_device(engine, name) for name in orders.devices]
    devices = (ctypes.c_void_p * len(found))(*found)
    endpoint = b"fd:%d" % orders.stream
    plugin.ggml_backend_rpc_start_server(endpoint, None, orders.threads, len(found), devices)


def _device(engine: ctypes.CDLL, name: str) -> int:
    if name:
        found = engine.ggml_backend_dev_by_name(name.encode())
    else:
        found = engine.ggml_backend_dev_by_type(_CPU_TYPE)
    if not found:
        raise RbeeError("backend_unavailable", f"llama.cpp finds no {name or CPU} here", "")
    return int(found)
