"""``python -m rbee.worker.engines.rpc.build``: makes llama.cpp's RPC backend for the engine here.

The source distribution of exactly the engine's version comes from the package index by pip, which
holds it against the hash that the index gives. Of it one file is compiled, by the C++ compiler of
`ziglang` where that is installed, else by the one of this machine. Takes some twenty seconds.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import xllamacpp

from rbee.wire.errors import RbeeError
from rbee.worker.engines.rpc import TRANSPORT, built, folder, load, stem

_GGML = "thirdparty/llama.cpp/ggml"
#: The wheel is built with the older form of C++'s strings; nothing of C++ crosses to it.
_FLAGS = (
    *("-O2", "-g0", "-std=c++17", "-fPIC", "-shared", "-pthread", "-D_GLIBCXX_USE_CXX11_ABI=0"),
    *("-DGGML_BACKEND_SHARED", "-DGGML_BACKEND_BUILD", "-DGGML_SHARED", "-fvisibility=hidden"),
)
_LAST_LINES = 5


def main() -> int:
    """Builds what is not there. Returns 1, with the reason on stderr, where it cannot."""
    try:
        library = _usable() or build()
    except (OSError, tarfile.TarError, RuntimeError, RbeeError) as error:
        print(f"llama.cpp's RPC backend is not built: {error}", file=sys.stderr)
        return 1
    print(f"{library} speaks RPC {load(library)}")
    return 0


def build() -> Path:
    """The library, which is taken into use once it has been loaded. Raises RuntimeError, OSError
    and `backend_unavailable` with what is missing."""
    compiler = _compiler()
    folder().mkdir(parents=True, exist_ok=True)
    made = folder() / f"building-{os.getpid()}.so"
    with tempfile.TemporaryDirectory(prefix="rbee-rpc-") as place:
        ggml = _unpacked(_fetched(Path(place)), Path(place) / "source") / _GGML
        words = [*compiler, *_FLAGS, f"-I{ggml / 'include'}", f"-I{ggml / 'src'}"]
        words += [f"-I{ggml / 'src' / 'ggml-rpc'}", str(ggml / "src/ggml-rpc/ggml-rpc.cpp")]
        if sys.platform == "darwin":
            words += ["-undefined", "dynamic_lookup"]
        try:
            _run([*words, str(TRANSPORT), "-o", str(made)])
            made.chmod(0o755)
            library = folder() / f"{stem()}-{load(made)}.so"
            os.replace(made, library)
        finally:
            made.unlink(missing_ok=True)
    return library


def _usable() -> Path | None:
    """The one that is there and can be loaded."""
    library = built()
    with contextlib.suppress(RbeeError):
        return library if library is not None and load(library) else None
    return None


def _fetched(folder: Path) -> Path:
    name = f"xllamacpp=={xllamacpp.__version__}"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--no-deps", "--no-binary", "xllamacpp", "-d", str(folder), name])
    found = next(folder.glob("xllamacpp-*.tar.gz"), None)
    if found is None:
        raise RuntimeError(f"the package index has no source of {name}")
    return found


def _unpacked(archive: Path, folder: Path) -> Path:
    """The files of it that are compiled, below `folder`."""
    with tarfile.open(archive) as tar:
        for member in tar:
            name = member.name.partition("/")[2]
            wanted = name.startswith(_GGML) and name.endswith((".h", "/ggml-rpc.cpp"))
            content = tar.extractfile(member) if wanted and member.isfile() else None
            if content is not None and ".." not in Path(name).parts:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content.read())
    return folder


def _compiler() -> list[str]:
    if importlib.util.find_spec("ziglang") is not None:
        return [sys.executable, "-m", "ziglang", "c++"]
    named = shlex.split(os.environ.get("CXX", ""))
    if named:
        return named
    for name in ("c++", "g++", "clang++"):
        if shutil.which(name):
            return [name]
    raise RuntimeError(f"no C++ compiler is here: {sys.executable} -m pip install ziglang")


def _run(words: list[str]) -> None:
    ran = subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if ran.returncode != 0:
        last = (ran.stderr.strip() or ran.stdout.strip()).splitlines()[-_LAST_LINES:]
        raise RuntimeError(f"{Path(words[0]).name} ends with {ran.returncode}: {' '.join(last)}")


if __name__ == "__main__":
    sys.exit(main())
