"""How models are called in ollama's API: the name with a tag, as ``owner/repo:Q4_K_M``. Pure."""

from __future__ import annotations

from rbee.queen.front.models import as_told
from rbee.wire.errors import RbeeError
from rbee.wire.model_ref import BUNDLED
from rbee.wire.shown import beginning

_LATEST = ":latest"
#: Where ollama keeps its own models, which is nowhere here.
_LIBRARIES = ("registry.ollama.ai/", "library/")
_HUB = "HF:"
_FILE = "file:"


def spelled(model: str) -> str:
    """What a model of ``/v1/models`` is called here: with a tag, which many clients demand."""
    if model.startswith(_FILE):
        return model
    name = model.removeprefix(_HUB)
    return name if ":" in name else f"{name}{_LATEST}"


def meant(name: str) -> str:
    """What a name of ollama's kind is called in ``/v1/models``.

    Raises `model_not_found` for what only ollama's own library knows.
    """
    if name.lower().startswith(_FILE):
        return name
    short = bare = as_told(name)
    for prefix in _LIBRARIES:
        short = short.removeprefix(prefix)
    of_library = "/" not in short and ".gguf" not in short
    if of_library and short != BUNDLED and not short.lower().startswith("hf:"):
        raise unknown(name)
    return bare


def unknown(name: str) -> RbeeError:
    """The error for a short name, with what to type."""
    return RbeeError(
        "model_not_found",
        f"model '{beginning(name)}' not found: there is no library of ollama's here",
        "a repository of the hub, as owner/repo or hf.co/owner/repo:Q4_K_M, or one of "
        "GET /api/tags",
        {"field": "model"},
    )
