"""``/v1/rerank``: how well texts answer a query, in the words of Jina and Cohere, which vLLM and
llama.cpp's server have, too, and in those of TEI (`texts`)."""

from __future__ import annotations

import math
import struct
from typing import Annotated, Any, cast

import msgspec
from aiohttp import web

from rbee.http.serving import serves_http
from rbee.queen.front.answering import asker_of, working
from rbee.queen.front.fields import done, passes, refused
from rbee.queen.front.offer import Offer
from rbee.queen.front.streaming import gathered
from rbee.queen.openai.asked import in_words_of
from rbee.queen.openai.messages import ReadUsage
from rbee.wire.errors import RbeeError, invalid
from rbee.wire.limits import LARGEST_INPUTS, MOST_INPUTS
from rbee.wire.messages.basics import NonEmpty, encode
from rbee.wire.messages.jobs import JobRequest
from rbee.wire.routes import Route, Who

_WHOLE = "what does not fit is refused"


class RankedText(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A text that may answer a query."""

    text: Annotated[NonEmpty, done("the text")]


_Documents = Annotated[
    list[NonEmpty | RankedText], msgspec.Meta(min_length=1, max_length=MOST_INPUTS)
]


class RerankRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`POST /v1/rerank`: a query, and the texts that may answer it."""

    model: Annotated[
        str, done("a reference, or `owner/repo` of the hub; left out: `default_model`")
    ] = ""
    query: Annotated[NonEmpty, done("what the texts are to answer")]
    documents: Annotated[_Documents | None, done("the texts")] = None
    texts: Annotated[
        _Documents | None, done("the same to TEI's programs, answered as TEI does")
    ] = None
    top_n: Annotated[
        Annotated[int, msgspec.Meta(ge=1)] | None,
        done("so many of the best; all, where left out", 0),
    ] = None
    return_documents: Annotated[bool | None, done("the texts, too", False)] = None
    return_text: Annotated[bool | None, done("the texts, too; TEI's", False)] = None
    raw_scores: Annotated[
        bool | None, done("true: scores as the model has them, not between 0 and 1", False)
    ] = None
    truncate: Annotated[Any, refused(_WHOLE, False)] = None
    truncate_prompt_tokens: Annotated[Any, refused(_WHOLE, -1)] = None
    max_tokens_per_doc: Annotated[Any, refused(_WHOLE)] = None
    max_chunks_per_doc: Annotated[Any, refused(_WHOLE)] = None
    rank_fields: Annotated[Any, refused("texts have no fields", [], ["text"])] = None
    truncation_direction: Annotated[Any, passes("nothing is cut")] = None
    user: Annotated[Any, passes("the key tells who asks")] = None
    priority: Annotated[Any, passes("callers take turns, by their keys")] = None
    request_id: Annotated[Any, passes("each answer has one of its own, in `x-request-id`")] = None

    def all(self) -> list[str]:
        """The texts. Raises where there are none, or twice."""
        given = self.documents if self.texts is None else self.texts
        if given is None or (self.documents is not None and self.texts is not None):
            what = "is missing" if given is None else "goes without texts: they are the same"
            raise invalid(f"documents {what}", "send documents", field="documents")
        return [each if isinstance(each, str) else each.text for each in given]

    def job(self, model_ref: str) -> JobRequest:
        """What a worker does. Raises what the request gets wrong."""
        return JobRequest(model_ref=model_ref, inputs=[*self.all()], query=self.query)


class RankResult(msgspec.Struct, kw_only=True, omit_defaults=True):
    """How well text number `index`, counted from 0, answers the query."""

    index: int
    relevance_score: float
    document: RankedText | None = None


class TextRank(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The same in TEI's words."""

    index: int
    score: float
    text: str | None = None


class Ranking(msgspec.Struct, kw_only=True):
    """The texts, best first."""

    id: str
    model: str
    results: list[RankResult]
    usage: ReadUsage
    object: str = "list"


RERANK: Route[RerankRequest, Any] = Route(
    "POST",
    "/v1/rerank",
    RerankRequest,
    cast("type[Any]", Ranking | list[TextRank]),
    who=Who.KEYS,
    largest=LARGEST_INPUTS,
    also=["/rerank", "/reranking", "/v1/reranking"],
)


class RankHandlers(Offer):
    """Ranks texts."""

    @serves_http(RERANK)
    async def rerank(self, request: web.Request, asked: RerankRequest) -> web.Response:
        """Ranks texts by how well they answer a query."""
        texts = asked.all()
        asker = await asker_of(self, request, asked.model)
        try:
            with working(self, asker) as work:
                (job,) = work.begin([asked.job(asker.ref)])
                (outcome,) = await gathered(work, {})
        except RbeeError as error:
            raise in_words_of(asked, error) from None
        scores = scored(asked, [struct.unpack("<f", each)[0] for each in outcome.vectors])
        if asked.texts is not None:
            with_text = asked.return_text or asked.return_documents
            body = encode(
                [
                    TextRank(index=at, score=score, text=texts[at] if with_text else None)
                    for at, score in scores
                ]
            )
            return web.Response(body=body, content_type="application/json")
        with_text = asked.return_documents or asked.return_text
        results = [
            RankResult(
                index=at,
                relevance_score=score,
                document=RankedText(text=texts[at]) if with_text else None,
            )
            for at, score in scores
        ]
        count = outcome.done.tokens_in
        read = ReadUsage(prompt_tokens=count, total_tokens=count)
        ranking = Ranking(id=f"rerank-{job.job_id}", model=asker.model, results=results, usage=read)
        return web.Response(body=encode(ranking), content_type="application/json")


def scored(asked: RerankRequest, scores: list[float]) -> list[tuple[int, float]]:
    """The number and the score of each text that is told, best first; of equals the first. Pure."""
    shares = scores if asked.raw_scores else [_share(score) for score in scores]
    best = sorted(enumerate(shares), key=lambda each: -each[1])
    return best[: asked.top_n]


def _share(score: float) -> float:
    """The logistic function: any number as one between 0 and 1."""
    return 1 / (1 + math.exp(-score)) if score > 0 else 1 - 1 / (1 + math.exp(score))
