"""How a model is named: the one parser of model references, and their canonical text.

A reference is typed by a person, travels in messages and is the key of the model catalog::

    HF:owner/repo                     the hub's repository; which quant is chosen for the user
    owner/repo                        the same
    HF:owner/repo:Q4_K_M              that quant
    HF:owner/repo:file.gguf           that file
    HF:owner/repo:Q4_K_M@revision     any of these, at a branch, tag or commit
    file:/path/model.gguf             a file on the hive's own disk
    minillama                         the test model inside the package
"""

from __future__ import annotations

import posixpath
import re
from typing import Literal

import msgspec

from rbee.wire.errors import RbeeError, invalid, nearest
from rbee.wire.shown import beginning, shown, why_no_name

#: Name of the model that ships inside the package.
BUNDLED = "minillama"

ACCEPTED = (
    "HF:owner/repo, HF:owner/repo:Q4_K_M, HF:owner/repo:file.gguf (each with @revision), "
    f"file:/path/model.gguf, or {BUNDLED}"
)

# Patterns stay text until one is wanted: a cold run wants none.
# What the hub accepts as one half of "owner/repo".
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?"
_QUANT = r"[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*"
_REVISION = r"[A-Za-z0-9][A-Za-z0-9._/+-]*"
_COMMIT = r"[0-9a-f]{40}"
#: What a person may call a model, a tag as ollama has it included.
_SHORT = r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}(?::[A-Za-z0-9][A-Za-z0-9._-]{0,62})?"
#: From what likeness on a name is taken for another one, misspelt.
_MISSPELT = 0.9
_HUB_PAGE = r"(?:https?://)?(?:huggingface\.co|hf\.co)/([^/\s]+/[^/\s?#]+).*"


class ModelRef(msgspec.Struct, frozen=True, omit_defaults=True):
    """A parsed model reference. Fields that do not apply are empty; `str()` is its text.

    `quant` is in capitals; `path` is absolute and normalised; `revision` is a branch, a tag or a
    commit, and empty means the repository's default branch.
    """

    source: Literal["hf", "file", "bundled"]
    repo: str = ""
    quant: str = ""
    filename: str = ""
    revision: str = ""
    path: str = ""

    @property
    def is_pinned(self) -> bool:
        """Whether it names a commit, which never changes what it is."""
        return re.fullmatch(_COMMIT, self.revision) is not None

    def __str__(self) -> str:
        if self.source == "bundled":
            return BUNDLED
        if self.source == "file":
            return f"file:{self.path}"
        selector = self.filename or self.quant
        text = f"HF:{self.repo}"
        if selector:
            text += f":{selector}"
        if self.revision:
            text += f"@{self.revision}"
        return text


def parse_model_ref(text: str) -> ModelRef:
    """The reference that `text` spells.

    Raises `RbeeError` `invalid_request` naming what is wrong with it and what to type instead.
    """
    text = text.strip()
    if wrong := why_no_name(text):
        raise _refused(text, wrong)
    if text == BUNDLED:
        return ModelRef("bundled")
    scheme, colon, rest = text.partition(":")
    if colon and scheme.lower() == "hf":
        return _hub_ref(text, rest)
    if colon and scheme.lower() == "file":
        return _file_ref(text, rest)
    if _names_repository(text):
        return _hub_ref(f"HF:{text}", text)
    raise _refused(text, "does not say where the model is", _what_was_meant(text))


def _hub_ref(text: str, rest: str) -> ModelRef:
    body, at, revision = rest.partition("@")
    if ":" in revision:
        revision, _, selector = revision.partition(":")
        raise _refused(text, "has its @revision in the middle", f"HF:{body}:{selector}@{revision}")
    if at and (not re.fullmatch(_REVISION, revision) or ".." in revision):
        raise _refused(text, "has no branch, tag or commit after the @", f"HF:{body}@main")
    repo, colon, selector = body.partition(":")
    owner, slash, name = repo.partition("/")
    if not slash or not all(_is_repo_name(part) for part in (owner, name)):
        raise _refused(text, f"has {repo!r} where owner/repo belongs")
    if selector.lower().endswith(".gguf"):
        if selector.startswith("/") or ".." in selector.split("/"):
            raise _refused(text, f"has {selector!r} where a file of the repository belongs")
        return ModelRef("hf", repo, filename=selector, revision=revision)
    if colon and not re.fullmatch(_QUANT, selector):
        raise _refused(
            text, f"has {selector!r} where a quant (Q4_K_M) or a .gguf file belongs", f"HF:{repo}"
        )
    return ModelRef("hf", repo, quant=selector.upper(), revision=revision)


def _file_ref(text: str, rest: str) -> ModelRef:
    path = re.sub(r"^//+", "/", rest)
    # The hive reads the file, and its working directory is not the user's.
    if not path.startswith("/"):
        raise _refused(text, "has no absolute path", "file:/full/path/to/model.gguf")
    if path.endswith("/") or "\0" in path:
        raise _refused(text, "names a folder, not a file", f"file:{path.rstrip('/')}/model.gguf")
    return ModelRef("file", path=posixpath.normpath(path))


def _is_repo_name(part: str) -> bool:
    return re.fullmatch(_NAME, part) is not None and "--" not in part and ".." not in part


def _what_was_meant(text: str) -> str:
    """The reference that somebody who typed `text` most likely wanted, or nothing."""
    page = re.fullmatch(_HUB_PAGE, text)
    if page:
        return f"HF:{page[1]}"
    if text.startswith(("/", "./", "../", "~")):
        return f"file:{text}" if text.startswith("/") else "file:/full/path/to/model.gguf"
    return nearest(text, [BUNDLED], _MISSPELT)


def _names_repository(text: str) -> bool:
    """Whether this is ``owner/repo`` with whatever may stand behind it."""
    owner, slash, name = text.split(":")[0].split("@")[0].partition("/")
    return bool(slash) and _is_repo_name(owner) and _is_repo_name(name)


def is_short_name(text: str) -> bool:
    """Whether somebody may have called a model so: neither a reference nor nearly the name of the
    one that is bundled."""
    if "/" in text or text.partition(":")[0].lower() in ("hf", "file", BUNDLED):
        return False
    if re.fullmatch(_SHORT, text) is None:
        return False
    return not nearest(text, [BUNDLED], _MISSPELT)


def nobody_called(typed: str) -> RbeeError:
    """The error for a short name that is nobody's, with what to type."""
    name = shown(typed)
    return RbeeError(
        "model_not_found",
        f"no model is called {name!r} here",
        f"name a repository of the hub, as owner/repo:Q4_K_M, "
        f"or call one so: rbee-keeper name {name} HF:owner/repo",
        {"field": "model"},
    )


def _refused(text: str, wrong: str, instead: str = "") -> RbeeError:
    suggestion = f"use {instead}" if instead else f"use {ACCEPTED}"
    value = beginning(text, 200)
    return invalid(
        f"model reference '{value}' {wrong}" if text else "the model reference is empty",
        suggestion,
        field="model_ref",
        value=value,
        accepted=ACCEPTED,
    )
