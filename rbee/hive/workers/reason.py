"""Why an engine could not load a model, in its own words. Pure.

llama.cpp raises an error without a reason and writes the reason to its log.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from rbee.wire.errors import ErrorBody

_REASON = re.compile(r"error loading model: (.+)")


def with_reason(error: ErrorBody, log: Sequence[str]) -> ErrorBody:
    """`error` of a worker, with the reason that stands in the last lines of its log."""
    reasons = [found[1] for line in log if (found := _REASON.search(line))]
    if error.code != "model_invalid" or not reasons:
        return error
    suggestion = error.suggestion
    if "architecture" in reasons[-1]:
        suggestion = "pip install --upgrade xllamacpp, or name another model"
    message = f"llama.cpp cannot load this model: {reasons[-1]}"
    return msgspec.structs.replace(error, message=message, suggestion=suggestion)
