"""A model that llama.cpp has loaded, as rbee asks it."""

from __future__ import annotations

import codecs
import functools
import itertools
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from rbee.wire.errors import RbeeError
from rbee.wire.messages.events import Tokens
from rbee.wire.messages.inference import ChatMessage, InferRequest, unseen
from rbee.wire.messages.orders import WorkerOrders
from rbee.worker.engines import Caller, Generated, Input, OnVector, Piece, Work
from rbee.worker.engines.admission import Admission, most_unbegun
from rbee.worker.engines.calls import CallInPieces, schema_of_call, with_call_instruction
from rbee.worker.engines.conversation import does_not_fit, texts_of, too_many_marks
from rbee.worker.engines.drawn import Drawn
from rbee.worker.engines.llamacpp.answer import Answer
from rbee.worker.engines.llamacpp.body import (
    BUDGET,
    behind,
    body_of,
    demand_form,
    refuse_tokens,
    text_of,
)
from rbee.worker.engines.llamacpp.loading import Loading
from rbee.worker.engines.llamacpp.server import UNANSWERED
from rbee.worker.engines.llamacpp.template import ChatTemplate
from rbee.worker.engines.llamacpp.vectors import LlamaVectors
from rbee.worker.engines.refusals import nothing_to_read, refused, template_unusable
from rbee.worker.engines.slots import Slot, Slots
from rbee.worker.engines.thinking import Thoughts
from rbee.worker.engines.turns import PromptTurn, PromptTurns

if TYPE_CHECKING:
    from rbee.worker.engines.scoring import Memory

#: What it says of an answer that does not have the form that it expects by the chat template.
_ANOTHER_FORM = "does not match the expected"
#: What it says where a model calls a tool that is not offered, or writes what begins like a call:
#: its grammar begins with the token that shows that. https://github.com/ggml-org/llama.cpp/issues/26787
_NO_CALL = "Unexpected empty grammar stack"
#: What it says of a picture that it cannot decode.
_UNREADABLE = "Failed to load image"
_NO_TEMPLATE = "this model has no chat template, and is shown none"
#: How much CPU time it may take to make a prompt of messages (seconds).
_PREPARING = 20.0
#: Where it tells how many tokens messages are, pictures included.
_COUNTED_AT = "/chat/completions/input_tokens"


class LlamaCpp:
    """One model with `slots` sequences batched continuously."""

    def __init__(self, orders: WorkerOrders, template_fault: str = "") -> None:
        self.context = orders.longest
        self._template = ChatTemplate(orders.chat_template, template_fault)
        loading = Loading(orders, self._template)
        self.placed = loading.placed
        self._server = loading.server
        #: Whether a draft writes ahead.
        self._drafts = loading.drafts
        #: Why it can be shown no pictures, in words; empty: it can.
        self._unseeing = loading.unseeing
        # With a cache beside its slots it empties those that idle, and finds nothing again in one
        # that it is told to take.
        chooses = orders.settings.prompt_cache_mib > 0
        self._slots = Slots(orders.slots, engine_chooses=chooses)
        #: How many texts it remembers the likelihoods of.
        self._remembered = 2 * orders.slots
        self._vectors = LlamaVectors(self._server, orders, self._template.marks_of_turns)
        self._admission = Admission(most_unbegun(orders.slots))
        self._turns = PromptTurns(orders.batch)
        #: The threads that llama.cpp makes prompts in, with their CPU time when that began.
        self._preparing: dict[int, float] = {}
        self._template.try_thoughts(self._server)

    @functools.cached_property
    def _scored(self) -> Memory:
        from rbee.worker.engines.scoring import Memory  # late: of what few ask for

        return Memory(self._remembered)

    # --- text -----------------------------------------------------------------------------------

    def generate(self, request: InferRequest, caller: Caller) -> Generated:
        """See `rbee.worker.engines.LoadedModel`."""
        if not self._unseeing:
            refuse_tokens(request)
        if request.echo or request.echo_only:
            request = self._echoed(request, caller)
            if request.echo_only or caller.cancelled.is_set():
                return Generated("length", len(request.prompt_tokens or ()), 0)
        if not request.must_call:
            return self._generate(request, request.json_schema, caller)
        call = CallInPieces()

        def on_piece(piece: Piece) -> None:
            part = call.take(piece.text)
            # Also where there is none: the caller sees that the call is being made.
            caller.on_piece(Piece("", piece.thought, [] if part is None else [part]))

        called = schema_of_call(request.functions)
        asked = with_call_instruction(request)
        generated = self._generate(asked, called, caller._replace(on_piece=on_piece))
        if (part := call.end()) is not None:
            caller.on_piece(Piece("", calls=[part]))
        return generated._replace(finish_reason="tool_calls") if call.is_whole else generated

    def _generate(
        self, request: InferRequest, schema: dict[str, Any] | None, caller: Caller
    ) -> Generated:
        """An answer that has the form of `schema`, if any."""
        body = self._demanded(request, schema)
        answer = self._answer(request, body, caller)
        if not self._write(request, body, answer, caller):
            return Generated("stop", 0, 0)
        if answer.error is not None:
            what = str(answer.error)
            if _UNREADABLE in what and request.pictures:
                raise self._broken(request)
            if not answer.is_begun and not request.pictures:
                offered = "tools" in body and schema is None
                if _ANOTHER_FORM in what or (offered and _NO_CALL in what):
                    return self._as_it_comes(request, body, caller)
            raise refused(request, answer.error)
        if answer.thinks_too_long:
            self._tell_held(request, body, answer, caller)
            left = request.max_tokens and max(1, request.max_tokens - answer.thought)
            asked = msgspec.structs.replace(request, think=False, max_tokens=left)
            answered = self._generate(asked, schema, caller)
            return answered._replace(tokens_out=answered.tokens_out + answer.thought)
        if answer.has_read_nothing and not request.pictures and not caller.cancelled.is_set():
            raise nothing_to_read(request, by_template="messages" in body)
        answer.tell_rest()
        self._tell_held(request, body, answer, caller)
        return answer.generated()

    def _demanded(self, request: InferRequest, schema: dict[str, Any] | None) -> dict[str, Any]:
        """The request in llama.cpp's form. Raises `invalid_request` for what it cannot do."""
        chat = self._template.is_there and not request.raw
        if chat and self._template.unusable:
            raise template_unusable(self._template.unusable)
        self._refuse_too_many_marks(request)
        if pictures := request.pictures:
            why = self._unseeing or ("" if chat else _NO_TEMPLATE)
            if why:
                raise unseen(pictures[0].called, why)
            from rbee.worker.engines.pictures import require_sound  # late: few requests have any

            require_sound(request)
        if request.logit_bias:
            self._server.vocabulary.require(request.logit_bias)
        body = body_of(request, self._template, self._server)
        demand_form(body, schema, request, self._template, self.context)
        return body

    def _answer(self, request: InferRequest, body: dict[str, Any], caller: Caller) -> Answer:
        """What hears the answer to a body."""
        is_plain = "messages" not in body or request.is_prefilled()
        thoughts = Thoughts(plain=True) if is_plain else self._template.thoughts(request)
        drawn = None
        if request.logprobs is not None and not request.pictures:
            # A draft writes without telling, and beside tools the engine refuses to tell.
            drawn = Drawn(silent="tools" in body or self._drafts)
            body["timings_per_token"] = True
        return Answer(request, caller, thoughts, body.get(BUDGET), drawn)

    def _write(
        self, request: InferRequest, body: dict[str, Any], answer: Answer, caller: Caller
    ) -> bool:
        """Has the answer written, in its turn; False: nobody wanted it any more by then."""
        # What is read is found again where it was, but not without the cache, and pictures are
        # unpacked anew.
        may_stop = request.cache_prompt is not False and not request.pictures
        with (
            self._slots.taken(text_of(body)) as slot,
            self._turns.taken(slot.unread, caller.cancelled, may_stop=may_stop) as turn,
        ):
            body = self._in_slot(body, slot)
            while True:
                turn.waits(caller.cancelled, caller.on_hold)
                if not self._write_on(request, body, answer, caller, turn):
                    return False
                slot.is_read = True
                if not turn.has_stopped:
                    slot.text += behind(body, answer.text)
                    return True

    def _write_on(
        self,
        request: InferRequest,
        body: dict[str, Any],
        answer: Answer,
        caller: Caller,
        turn: PromptTurn,
    ) -> bool:
        """Has the answer written, or its prompt read until that makes way for others."""
        here = threading.get_ident()
        with self._admission.entered(caller.cancelled) as sign:
            if caller.cancelled.is_set():
                return False

            def on_chunk(chunk: dict[str, Any]) -> bool | None:
                sign()
                self._preparing.pop(here, None)
                return answer.take(chunk) or turn.stops(answer.work) or None

            self._preparing[here] = time.thread_time()
            try:
                self._server.complete(body, on_chunk)
            except (ValueError, RuntimeError) as error:
                # Raised by chat templates, and where it cannot read the request or its calls.
                raise refused(request, {"message": str(error)}) from None
            finally:
                self._preparing.pop(here, None)
        return True

    def _as_it_comes(
        self, request: InferRequest, body: dict[str, Any], caller: Caller
    ) -> Generated:
        """The answer of a model that does not keep to the form that its chat template has."""
        values = body.get("chat_template_kwargs", {})
        text = self._server.rendered({"messages": body["messages"], "chat_template_kwargs": values})
        asked = msgspec.structs.replace(
            request, messages=None, prompt=text, raw=True, functions=[], json_schema=None
        )
        return self._generate(asked, None, caller)

    def _broken(self, request: InferRequest) -> RbeeError:
        """The refusal of the pictures of a request: it does not say which one it cannot read."""
        from rbee.worker.engines.pictures import broken, content_of

        for picture in request.pictures:
            alone = ChatMessage(role="user", content="", pictures=[picture])
            messages = [{"role": "user", "content": content_of(alone)}]
            answer = self._server.ask(_COUNTED_AT, {"messages": messages})
            if _UNREADABLE in str(answer.get("error", "")):
                return broken(picture)
        return broken(request.pictures[0])

    def _refuse_too_many_marks(self, request: InferRequest) -> None:
        if marks := self._too_many_marks(request):
            raise does_not_fit(request, marks, self.context)

    def _too_many_marks(self, request: InferRequest) -> int:
        return too_many_marks(texts_of(request), self._template.marks_of_turns, self.context)

    # --- how likely each token is ---------------------------------------------------------------

    def _echoed(self, request: InferRequest, caller: Caller) -> InferRequest:
        """Tells the text that is to be gone on with; the request, with its tokens in its place."""
        from rbee.worker.engines.scoring import likelihoods, prompt_of  # late: of what few ask for

        self._refuse_too_many_marks(request)
        count = len(request.prompt_tokens or ()) or self.count_prompt(request)
        if count >= self.context:
            raise does_not_fit(request, count, self.context)
        vocabulary = self._server.vocabulary
        prompt = prompt_of(vocabulary, request.prompt or "", request.prompt_tokens)
        read = [*prompt.before, *prompt.ids]
        if request.logprobs is None:
            caller.on_piece(
                Piece(request.prompt or b"".join(prompt.pieces).decode(errors="replace"))
            )
        else:
            decode = codecs.getincrementaldecoder("utf-8")("replace").decode
            size = len(read)
            write = functools.partial(
                self._written, request, caller, lambda n: caller.on_work(Work(n, size, 0))
            )
            scored = likelihoods(vocabulary, prompt, request.logprobs, write, self._scored)
            for each, piece in zip(scored, prompt.pieces, strict=False):
                caller.on_piece(Piece(decode(piece), logprobs=[each]))
                if caller.cancelled.is_set():
                    break
        return msgspec.structs.replace(
            request, prompt=None, prompt_tokens=read, raw=True, echo=False
        )

    def _tell_held(
        self, request: InferRequest, body: dict[str, Any], answer: Answer, caller: Caller
    ) -> None:
        """Tells how likely the tokens of an answer were of which that was not known before."""
        drawn, work = answer.drawn, answer.work
        if drawn is None or not drawn.holds or caller.cancelled.is_set():
            return
        prompt = body["prompt"] if "prompt" in body else self._server.rendered(body)
        steps = itertools.count(work.made + 1)

        def on_read(parts: int) -> None:
            caller.on_work(work._replace(made=next(steps)))

        write = functools.partial(self._written, request, caller, on_read)
        before = prompt if isinstance(prompt, list) else [prompt]
        for each in drawn.rest(self._server.vocabulary, before, request.logprobs or 0, write):
            if caller.cancelled.is_set():
                return
            caller.on_piece(Piece("", logprobs=[each]))

    def _written(
        self,
        request: InferRequest,
        caller: Caller,
        on_read: Callable[[int], object],
        body: dict[str, Any],
    ) -> Iterator[dict[str, Any]]:
        """See `LlamaServer.written`."""
        with self._slots.taken(text_of(body)) as slot:
            yield from self._server.written(request, caller, on_read, self._in_slot(body, slot))
            slot.is_read = True

    def _in_slot(self, body: dict[str, Any], slot: Slot) -> dict[str, Any]:
        """Has a body read in this slot, where that is not left to the engine."""
        if slot.number is None:
            return body
        return {**body, "id_slot": slot.number}

    # --- tokens ---------------------------------------------------------------------------------

    def count(self, request: InferRequest) -> int:
        """See `rbee.worker.engines.LoadedModel`. It tells how much there is to read before it
        reads; a template is rendered, and a text cut into tokens, nowhere else."""
        counted, enough = 0, threading.Event()

        def on_work(work: Work) -> None:
            nonlocal counted
            counted = work.to_read
            enough.set()

        try:
            self.generate(request, Caller(lambda piece: None, on_work, enough))
        except RbeeError as error:
            tokens = error.details.get("tokens")
            if not isinstance(tokens, int):
                raise
            return tokens  # it does not fit, and how much it is was found out
        return counted

    def count_prompt(self, request: InferRequest) -> int:
        """How many tokens the prompt of a request is; 0: none can be made of it. Nothing is read
        for that, and so nothing of the context taken, which others may have promised to them."""
        if marks := self._too_many_marks(request):
            return marks
        asked = with_call_instruction(request) if request.must_call else request
        server = self._server
        try:
            body = body_of(asked, self._template, server)
            if request.pictures:
                return int(server.ask(_COUNTED_AT, body)["input_tokens"])
            text = body["prompt"] if "prompt" in body else server.rendered(body)
            if isinstance(text, list):
                texts = (each for each in text if isinstance(each, str))
                cut = [server.vocabulary.ids(each, marked=False) for each in texts]
                return len(text) + sum(map(len, cut)) - len(cut)
            said = {"content": text, "add_special": True, "parse_special": True}
            return len(server.ask("/tokenize", said).get("tokens", ()))
        except (RbeeError, KeyError, *UNANSWERED):
            return 0  # `generate` raises what is wrong with it

    def tokenize(self, request: InferRequest) -> Tokens:
        """See `rbee.worker.engines.Engine`."""
        self._refuse_too_many_marks(request)
        if request.pictures:
            raise unseen(request.pictures[0].called, "has no tokens in a vocabulary")
        text = request.prompt or ""
        if request.messages is not None:
            if self._template.is_there and self._template.unusable:
                raise template_unusable(self._template.unusable)
            body = body_of(request, self._template, self._server)
            rendered = body if "prompt" in body else self._server.answered("/apply-template", body)
            if "error" in rendered:
                raise refused(request, rendered["error"])
            text = rendered["prompt"]
        tokens = self._server.vocabulary.tokens(text, marked=request.add_marks)
        texts = [piece.decode(errors="replace") for _, piece in tokens]
        return Tokens([number for number, _ in tokens], texts, self.context)

    def detokenize(self, ids: list[int]) -> str:
        """See `rbee.worker.engines.Engine`."""
        return self._server.vocabulary.text(ids)

    # --- vectors, and the threads ---------------------------------------------------------------

    def embed(
        self, inputs: Sequence[Input], on_vector: OnVector, cancelled: threading.Event
    ) -> int:
        """See `rbee.worker.engines.LoadedModel`."""
        return self._vectors.embed(inputs, on_vector, cancelled)

    def rank(
        self, query: str, texts: Sequence[str], on_score: OnVector, cancelled: threading.Event
    ) -> int:
        """See `rbee.worker.engines.Engine`."""
        return self._vectors.rank(query, texts, on_score, cancelled)

    def overdue(self) -> Collection[int]:
        """See `rbee.worker.engines.LoadedModel`: a template runs in the thread that asks."""
        if not hasattr(time, "pthread_getcpuclockid"):
            return ()
        return [
            thread
            for thread, begun in list(self._preparing.items())
            if time.clock_gettime(time.pthread_getcpuclockid(thread)) - begun > _PREPARING
        ]
