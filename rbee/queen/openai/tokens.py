"""``/v1/tokenize`` and ``/v1/detokenize``, in the words of vLLM and of llama.cpp's server.

Both are jobs, which a worker answers that has the model loaded.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from aiohttp import web

from rbee.http.serving import serves_http
from rbee.queen.front.answering import asker_of, working
from rbee.queen.front.fields import done, passes, refused
from rbee.queen.front.offer import Offer
from rbee.queen.front.streaming import gathered
from rbee.queen.openai.asked import in_words_of, wrong
from rbee.queen.openai.mapping import Chat
from rbee.queen.openai.requests import (
    AskedMessage,
    ChatRequest,
    WhetherToBegin,
    WhetherToGoOn,
)
from rbee.wire.errors import RbeeError
from rbee.wire.limits import MOST_FUNCTIONS, MOST_MESSAGES, MOST_TEMPLATE_VALUES
from rbee.wire.messages.basics import NonEmpty, TokenIds
from rbee.wire.messages.jobs import JobRequest
from rbee.wire.routes import Route, Who

_MODEL = "a reference, or `owner/repo` of the hub; left out: `default_model`"
_PICTURES = "only text is understood"
#: What of it says how a chat is written out.
_OF_CHATS = (
    *("messages", "tools", "chat_template_kwargs"),
    *("add_generation_prompt", "continue_final_message"),
)


class TokenizeRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`POST /v1/tokenize`: a text, or a conversation as a model reads it."""

    model: Annotated[str, done(_MODEL)] = ""
    prompt: Annotated[NonEmpty | None, done("the text, as vLLM has it")] = None
    content: Annotated[NonEmpty | None, done("the text, as llama.cpp's server has it")] = None
    messages: Annotated[
        Annotated[list[AskedMessage], msgspec.Meta(min_length=1, max_length=MOST_MESSAGES)] | None,
        done("a conversation, oldest first, written out by the model's template"),
    ] = None
    add_special_tokens: Annotated[
        bool | None, done("of a `prompt`: false leaves out what the model has around a text")
    ] = None
    add_special: Annotated[bool | None, done("of a `content`: true adds that")] = None
    return_token_strs: Annotated[bool | None, done("the text of each token, too", False)] = None
    with_pieces: Annotated[
        bool | None, done("of a `content`: the text of each token beside its number", False)
    ] = None
    tools: Annotated[
        Annotated[list[dict[str, Any]], msgspec.Meta(max_length=MOST_FUNCTIONS)] | None,
        done("functions that the model may call, as it reads of them"),
    ] = None
    chat_template_kwargs: Annotated[
        Annotated[dict[str, Any], msgspec.Meta(max_length=MOST_TEMPLATE_VALUES)] | None,
        done("values for the chat template"),
    ] = None
    add_generation_prompt: WhetherToBegin = None
    continue_final_message: WhetherToGoOn = None
    parse_special: Annotated[Any, refused("marks in a text are read as such", True)] = None
    chat_template: Annotated[Any, refused("a model has its own", "")] = None
    media_io_kwargs: Annotated[Any, refused(_PICTURES, {})] = None
    mm_processor_kwargs: Annotated[Any, refused(_PICTURES, {})] = None
    user: Annotated[Any, passes("the key tells who asks")] = None

    def job(self, model_ref: str) -> JobRequest:
        """What a worker does. Raises what the request gets wrong."""
        said = [name for name in ("prompt", "content", "messages") if getattr(self, name)]
        if len(said) != 1:
            raise wrong("prompt", "is one of three, prompt, content and messages: send one")
        if self.messages is not None:
            if self.add_special_tokens:
                raise wrong("add_special_tokens", "goes with prompt: a template has its own")
            fields = {name: getattr(self, name) for name in _OF_CHATS}
            (job,) = Chat(ChatRequest(model=model_ref, **fields)).jobs()
            return msgspec.structs.replace(job, tokens_only=True)
        for name in _OF_CHATS:
            if getattr(self, name) is not None:
                raise wrong(name, "goes with messages")
        marks = bool(self.add_special) if self.content else self.add_special_tokens is not False
        text = self.content or self.prompt
        return JobRequest(
            model_ref=model_ref, prompt=text, raw=True, tokens_only=True, add_marks=marks
        )


class TokenPiece(msgspec.Struct, kw_only=True):
    """A token and its text."""

    id: int
    piece: str


class TokenList(msgspec.Struct, kw_only=True):
    """The tokens of a text; with `with_pieces` each with its text. `max_model_len` is how many of
    them a request may fill, prompt and answer together, and `token_strs` are their texts."""

    count: int
    max_model_len: int
    tokens: list[int | TokenPiece]
    token_strs: list[str] | None = None


class DetokenizeRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`POST /v1/detokenize`: tokens whose text is wanted."""

    tokens: Annotated[TokenIds, done("the numbers of the tokens")]
    model: Annotated[str, done(_MODEL)] = ""
    user: Annotated[Any, passes("the key tells who asks")] = None


class TokensText(msgspec.Struct, kw_only=True):
    """The text of tokens: `prompt` to programs of vLLM, `content` to those of llama.cpp."""

    prompt: str
    content: str


TOKENIZE = Route(
    "POST", "/v1/tokenize", TokenizeRequest, TokenList, who=Who.KEYS, also=["/tokenize"]
)
DETOKENIZE = Route(
    "POST", "/v1/detokenize", DetokenizeRequest, TokensText, who=Who.KEYS, also=["/detokenize"]
)


class TokenHandlers(Offer):
    """Takes texts apart and puts them together."""

    @serves_http(TOKENIZE)
    async def tokenize(self, request: web.Request, asked: TokenizeRequest) -> TokenList:
        """Tells the tokens that a text, or a conversation, is to a model."""
        asker = await asker_of(self, request, asked.model)
        try:
            with working(self, asker) as work:
                work.begin([asked.job(asker.ref)])
                (outcome,) = await gathered(work, {})
        except RbeeError as error:
            raise in_words_of(asked, error) from None
        tokens = outcome.read
        numbers: list[int | TokenPiece] = list(tokens.ids)
        if asked.with_pieces:
            both = zip(tokens.ids, tokens.texts, strict=True)
            numbers = [TokenPiece(id=number, piece=text) for number, text in both]
        return TokenList(
            count=len(numbers),
            max_model_len=tokens.context,
            tokens=numbers,
            token_strs=tokens.texts if asked.return_token_strs else None,
        )

    @serves_http(DETOKENIZE)
    async def detokenize(self, request: web.Request, asked: DetokenizeRequest) -> TokensText:
        """Tells the text of tokens."""
        asker = await asker_of(self, request, asked.model)
        wanted = JobRequest(model_ref=asker.ref, prompt_tokens=asked.tokens, tokens_only=True)
        try:
            with working(self, asker) as work:
                work.begin([wanted])
                (outcome,) = await gathered(work, {})
        except RbeeError as error:
            raise in_words_of(asked, error) from None
        text = "".join(token.t for token in outcome.tokens)
        return TokensText(prompt=text, content=text)
