"""A program of ours, apart from the folder that somebody typed a command in.

``python -m`` imports from the current folder before anything else, so that a file `secrets.py` or
`json.py` there would be run. What starts a Python of ours starts it with `command_of`, which holds
for each version (``-P`` needs Python 3.11) and runs the very rbee that its parent runs. What a
person starts with ``python -m`` is the affair of `folder`.

A daemon works in ``/``, lest it pins a folder that is to be removed; what its environment names by
a relative path is found all the same, and none of it is imported from.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

#: Where a daemon works.
FOLDER = "/"

#: Variables that name a file or a folder, ours and those of the libraries that a daemon uses.
_PATHS = (
    *("RBEE_HOME", "RBEE_SIMULATE_GPUS", "HOME", "XDG_CACHE_HOME"),
    *("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_TOKEN_PATH"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    *("PGPASSFILE", "PGSERVICEFILE"),
)
_SEARCHED = "PYTHONPATH"

#: What a worker is told of an environment, whole names and how names begin; and how the names of
#: secrets end, which it is told under no name.
_FOR_WORKERS = (
    *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "RBEE_HOME"),
    *("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "PYTHONUTF8"),
    *("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"),
    *("LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH"),
)
_FAMILIES_FOR_WORKERS = (
    *("LC_", "MALLOC_"),
    *("CUDA_", "NVIDIA_", "HIP_", "HSA_", "ROCR_", "MTL_", "METAL_"),
    *("ONEAPI_", "SYCL_", "ZE_", "ZES_", "VK_", "MESA_", "RADV_"),
    *("GGML_", "OMP_", "GOMP_", "KMP_", "MKL_", "OPENBLAS_"),
)
_SECRETS = ("TOKEN", "KEY", "SECRET", "PASSWORD", "PASSWD", "CREDENTIALS", "AUTH")


def command_of(module: str, *words: str) -> list[str]:
    """What runs a module of this rbee, whichever folder is the current one."""
    begin = os.path.join(os.path.dirname(os.path.abspath(__file__)), "begin.py")
    return [sys.executable, begin, "-m", module, *words]


def environment_of(environ: Mapping[str, str], role: str = "") -> dict[str, str]:
    """`environ` for a program that works in `FOLDER` and speaks UTF-8 to its log.

    A worker gets what engines, drivers and Python look for, and nothing else: what it loads may be
    anybody's, and an environment holds tokens.
    """
    found = dict(environ)
    if role == "worker":
        found = {name: value for name, value in environ.items() if _is_for_workers(name)}
        # An engine that fails is not looked into by a debugger, which would write what it holds.
        found.setdefault("GGML_NO_BACKTRACE", "1")
    for name in _PATHS:
        value = found.get(name)
        if value and not value.startswith(("/", "~")):
            found[name] = os.path.abspath(value)
    if _SEARCHED in found:
        # An empty word means the current folder, which is not imported from.
        words = [word for word in found[_SEARCHED].split(os.pathsep) if word not in ("", ".")]
        found[_SEARCHED] = os.pathsep.join(map(os.path.abspath, words))
    found["PYTHONUTF8"] = "1"
    # What a library warns of would end a daemon whose owner has warnings be errors (`error`).
    found.pop("PYTHONWARNINGS", None)
    return found


def _is_for_workers(name: str) -> bool:
    known = name in _FOR_WORKERS or name.startswith(_FAMILIES_FOR_WORKERS)
    return known and not name.upper().endswith(_SECRETS)
