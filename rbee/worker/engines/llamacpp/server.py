"""llama.cpp's own server with one model, and what it is asked.

Facts of the API of xllamacpp that this package is shaped by: a callback that returns something true
ends the generation, so ours return None until they mean to; a bad field comes back as a chunk with
`error`, or is raised; a bad file or chat template raises RuntimeError without a reason, which
stands on stderr, our log. A raw `grammar` holds for all that is generated, thoughts included.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import xllamacpp

from rbee.wire.messages.inference import InferRequest
from rbee.worker.engines import Caller, Input
from rbee.worker.engines.hidden_socket import HiddenSocket
from rbee.worker.engines.refusals import engine_failed, refused

if TYPE_CHECKING:
    from rbee.worker.engines.vocabulary import Vocabulary

#: Hears each chunk of an answer; something true ends that.
OnChunk = Callable[[dict[str, Any]], bool | None]

#: How long the engine takes to render a template at most (seconds).
_RENDERING = 10.0
#: What is raised where it gives no answer over HTTP, or none that can be read.
UNANSWERED = (OSError, ValueError, http.client.HTTPException)


def plain_params() -> Any:
    """How a model is loaded, whichever it is."""
    params = xllamacpp.CommonParams()
    params.warmup = False
    params.ctx_shift = False
    params.use_jinja = True
    # Few HTTP threads: this process is the only client. The default is one for each core.
    params.n_threads_http = 2
    params.ui = False
    return params


class LlamaServer:
    """The engine, which listens on a socket that nobody but this process finds."""

    def __init__(self, params: Any) -> None:
        """Loads the model. Raises RuntimeError where that cannot be; see above."""
        # xllamacpp always serves HTTP. Its socket is private to this process, and so is this key.
        self._socket = HiddenSocket()
        self._key = secrets.token_urlsafe(32)
        params.api_keys = [self._key]
        params.hostnames = [self._socket.path]
        self._engine: Any = xllamacpp.Server(params)
        self._socket.is_listened_at()

    def close(self) -> None:
        """Gives its memory back; nothing is asked of it any more."""
        self._engine = None

    @functools.cached_property
    def vocabulary(self) -> Vocabulary:
        """The tokens of its model."""
        from rbee.worker.engines.vocabulary import Vocabulary  # late: few ask for it

        return Vocabulary(self.answered)

    def complete(self, body: dict[str, Any], on_chunk: OnChunk) -> None:
        """Blocks while it answers messages, or goes on with a prompt. Raises ValueError or
        RuntimeError where it cannot read them."""
        if "messages" in body:
            self._engine.handle_chat_completions(body, on_chunk)
        else:
            self._engine.handle_completions(body, on_chunk)

    def written(
        self,
        request: InferRequest,
        caller: Caller,
        on_read: Callable[[int], object],
        body: dict[str, Any],
    ) -> Iterator[dict[str, Any]]:
        """Each token that is written for a body, with how likely it was. `on_read` is told how many
        parts of the prompt and tokens there are, again and again. Raises what `refused` makes of
        a refusal, for `request`."""
        written: list[dict[str, Any]] = []
        failed: dict[str, Any] = {}

        def on_chunk(chunk: dict[str, Any]) -> bool | None:
            if "error" in chunk:
                failed.update(chunk["error"])
            for choice in chunk.get("choices", ()):
                written.extend((choice.get("logprobs") or {}).get("content", ()))
            on_read(len(body["prompt"]) + len(written))
            return caller.cancelled.is_set() or None

        asked = {"stream": True, "return_progress": True, "temperature": 0, **body}
        try:
            self.complete(asked, on_chunk)
        except (ValueError, RuntimeError) as error:
            failed["message"] = str(error)
        if failed:
            raise refused(request, failed)
        yield from written

    def vectors(self, inputs: Sequence[Input]) -> dict[str, Any]:
        """What it says to a request for vectors: ``{"data", "usage"}``, or ``{"error"}``."""
        answer: dict[str, Any] = self._engine.handle_embeddings({"input": list(inputs)})
        return answer

    def ranks(self, query: str, texts: Sequence[Input]) -> dict[str, Any]:
        """What it says of how well texts answer a query: ``{"results", "usage"}``, or
        ``{"error"}``."""
        asked = {"query": query, "documents": list(texts)}
        answer: dict[str, Any] = self._engine.handle_rerank(asked)
        return answer

    def rendered(self, body: dict[str, Any]) -> str:
        """What the chat template makes of a body with `messages`; empty where it refuses them.
        Raises `UNANSWERED`."""
        return str(self.ask("/apply-template", body).get("prompt", ""))

    def ask(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """What it answers over HTTP, which is ``{"error"}`` for a refusal. Raises `UNANSWERED`."""
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        with contextlib.closing(self._socket.connection(_RENDERING)) as connection:
            connection.request("POST", path, json.dumps(body), headers)
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
            return answer

    def answered(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """As `ask`. Raises `engine_failed` where it does not answer."""
        try:
            return self.ask(path, body)
        except UNANSWERED as error:
            raise engine_failed("llama.cpp", f"it has not answered {path}: {error}") from None
