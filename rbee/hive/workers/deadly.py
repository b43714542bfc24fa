"""The models that an engine has died of lately: it would do so again, on any processor."""

from __future__ import annotations

import asyncio

import msgspec

from rbee.wire.errors import RbeeError

#: How many of them are remembered.
_MOST = 256


class DeadlyModels(msgspec.Struct):
    """Their errors, by the engine's name and the content of the files; each for `seconds`."""

    seconds: float
    _errors: dict[tuple[str, str], RbeeError] = {}

    def check(self, engine: str, content: str) -> None:
        """Raises the error of a model that this engine has died of."""
        known = self._errors.get((engine, content))
        if known is not None:
            raise known

    def remember(self, engine: str, content: str, error: RbeeError) -> None:
        """The engine has died of what lies there now."""
        if content and len(self._errors) < _MOST:
            self._errors[engine, content] = error
            forget = asyncio.get_running_loop().call_later
            forget(self.seconds, self._errors.pop, (engine, content), None)
