"""Reads a plain ``rbee-keeper infer`` without click, whose import would be most of a warm prompt.

Whatever is not plain - another command, ``--help``, what is misspelt, missing or given twice, a
prompt on standard input - is left to click, which knows what to say to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rbee.keeper.options import FLAG, INFER_OPTIONS, PROMPT, Option, Options
from rbee.wire.errors import RbeeError

#: By which a shell asks for the words that could come next.
_COMPLETION = "_RBEE_KEEPER_COMPLETE"
_BY_FLAG = {flag: option for option in INFER_OPTIONS for flag in option.flags}


def read_plain_infer(typed: Sequence[str], environ: Mapping[str, str]) -> Options | None:
    """What click would hand to `infer` for the words `typed`; None where click is to be asked."""
    if typed[:1] != ["infer"] or _COMPLETION in environ:
        return None
    given: Options = {}
    words = iter(typed[1:])
    for word in words:
        flag, equals, text = word.partition("=") if word.startswith("--") else (word, "", "")
        option = _BY_FLAG.get(flag)
        if option is None:
            option, text = PROMPT, word
        elif option.kind is FLAG:
            text = equals  # which may not be there
        elif not equals:
            text = next(words, "")
        value = _value(option, text)
        if value is None or (option.name in given and not option.many):
            return None
        given[option.name] = (*given.get(option.name, ()), value) if option.many else value
    if "prompt" not in given and "prompt_option" not in given:
        return None
    return {option.name: option.absent for option in (PROMPT, *INFER_OPTIONS)} | given


def _value(option: Option, text: str) -> Any:
    """What `text` means to this option; None where that is not plain."""
    if option.kind is FLAG:
        return None if text else True
    if not text or text.startswith("-"):
        return None
    try:
        return option.kind.read(text)
    except (ValueError, RbeeError):
        return None
