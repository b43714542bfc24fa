"""One answer as its reader saw it: when its tokens came, how many there were, what they said."""

from __future__ import annotations

from typing import NamedTuple


class Generation(NamedTuple):
    """Times are seconds from the moment the request was made."""

    first_token: float
    end: float
    tokens: int
    text: str

    @property
    def tokens_per_second(self) -> float:
        """Over the whole request, the wait for the first token included."""
        return self.tokens / self.end

    @property
    def decoded_per_second(self) -> float:
        """From the first token on."""
        return (self.tokens - 1) / (self.end - self.first_token)
