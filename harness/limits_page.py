"""The page of limits, docs/limits.md: what a request may cost. Made by `harness.settings_page`.

The numbers are those of the code; what each is for is said here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rbee.hive.models import provisioner
from rbee.process.tasks import DATABASE, DEVICES, DISK, MODULES
from rbee.wire import limits
from rbee.wire.settings import Settings
from rbee.worker.engines.asked_grammar import MOST_RULES
from rbee.worker.engines.schema_cost import BOUNDS, WAYS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "limits.md"
_HEAD = """\
# What a request may cost

Others work on the same queen, hive and worker. What costs more than its bytes is bounded, and who
asks for more is refused with 400 (a body that is too large with 413) and the name of the field.
Made by `make docs` out of the code.
"""
_OF_A_REQUEST: tuple[tuple[str, object, str], ...] = (
    ("the body", f"{limits.LARGEST_BODY} bytes", "each program that it passes holds it in memory"),
    ("the body of `/v1/embeddings` and `/v1/rerank`", f"{limits.LARGEST_INPUTS} bytes", "the same"),
    ("a body with its pictures", f"{limits.LARGEST_INPUTS} bytes", "the same"),
    ("large bodies at once", f"{limits.LARGE_BODIES} bytes", "the same; beyond it 429 says so"),
    ("a picture", f"{limits.LARGEST_PICTURE} bytes", "the same"),
    ("pictures", limits.MOST_PICTURES, "all are unpacked before the first is looked at"),
    ("pixels of a picture", limits.MOST_PIXELS, "unpacked, each takes up to 12 bytes"),
    ("pixels on a side", limits.LONGEST_SIDE, "the same"),
    ("pixels of all pictures", limits.MOST_PIXELS_IN_ALL, "unpacked, each takes 3 bytes"),
    ("a side of a picture", f"{limits.MOST_TIMES_AS_LONG} times the other", "small, none is left"),
    ("scans of a JPEG", limits.MOST_SCANS, "with each the whole picture is gone over"),
    ("`messages`", limits.MOST_MESSAGES, "an engine looks for each of its marks in all the others"),
    ("marks of turns in a text, such as `</s>`", "the context", "behind each, all is searched"),
    ("`tools`, `tool_calls` of a message", limits.MOST_FUNCTIONS, "each is an alternative"),
    ("`stop`", limits.MOST_STOPS, "each is looked for behind each token"),
    ("a text of `stop`", f"{limits.LONGEST_STOP} characters", "so is each of its beginnings"),
    (
        "a `grammar`",
        f"{limits.LONGEST_GRAMMAR} characters, {MOST_RULES} rules, {WAYS.most} ways",
        "each way is tried with each token",
    ),
    ("what samplers look back at", limits.MOST_LOOKED_BACK, "they do it behind each token"),
    ("`logit_bias`", limits.MOST_WEIGHTS, "each is looked for behind each token"),
    ("`top_logprobs`", 20, "each is sorted and told with each token"),
    ("`logprobs` of `/v1/completions`", 20, "the same"),
    ("`n`", limits.MOST_CHOICES, "each answer is a job"),
    ("`n` times `prompt`", limits.MOST_ANSWERS, "each answer is a job"),
    ("`input` of `/v1/embeddings`, `documents`", limits.MOST_INPUTS, "each is kept and sent"),
    ("`chat_template_kwargs`", limits.MOST_TEMPLATE_VALUES, "each is told to the chat template"),
)
_FORMS = """\
## The form of an answer

`response_format` with a JSON schema, and the `parameters` of `tools`: all of this is counted
while the schema is read, before anything is built. An engine keeps every way open in which the
answer may go on and tries its whole vocabulary on each, so that the *ways* are what others on the
worker feel: with 49,000 tokens, 128 of them take a quarter of a second at worst. An `enum` of
ours is a tree, with one way for all values that go on alike; an engine that makes its own grammar
(for `tools` with `auto`, and of gpt-oss) takes each value for a way. Ways end where the text
tells alternatives apart: have each begin with a required property that has a `const` of its own.
"""
_MEMORY = """\
## What is held in memory

Each can be set; see [settings.md](settings.md).
"""
_THREADS = """\
## What waits for what

Work that blocks is done in threads, and each kind of it has its own, so that a hub, a database or
a disk that hangs keeps nobody waiting who wants none of it. What comes when all threads of its
kind are taken waits in line. Beside these each worker has a thread for each of its slots.

A long prompt that a worker reads keeps nobody waiting for much longer than the batch that it is
at, where the worker has several slots
([scheduling.md](scheduling.md#long-prompts-beside-short-ones)).
A batch of a large model on a processor takes its time: 256 tokens are half a minute where it
reads nine a second, and meanwhile nobody on that worker gets a token. Where memory is for one
slot alone, who comes second waits until the first is answered.
"""
_PLACES = (
    (DATABASE, "the catalogs"),
    (DISK, "files in RBEE_HOME: headers, links, what is removed"),
    (provisioner.FILES, "files elsewhere, which `file:` names, and lists of all"),
    (DEVICES, "drivers of GPUs"),
    (MODULES, "what is imported late"),
    (provisioner.HUB, "questions to a hub"),
    (provisioner.DOWNLOADS, f"downloads, of one host at most {provisioner.OF_ONE_HOST}"),
)


def page() -> str:
    """The page, in Markdown."""
    of_forms = [(bound.of, f"{bound.most:,}", bound.fewer) for bound in BOUNDS]
    settings = Settings()
    held = [
        (f"`{name}`", f"{getattr(settings, name):g}")
        for name in (
            *("jobs_waiting", "jobs_asked_mib", "jobs_kept", "jobs_kept_for", "jobs_kept_mib"),
            "prompt_cache_mib",
        )
    ]
    of_requests = [(name, _in_words(most), why) for name, most, why in _OF_A_REQUEST]
    threads = [(kind.kind, str(kind.most), what) for kind, what in _PLACES]
    parts = [
        _HEAD,
        *_table(("field", "at most", "since"), of_requests),
        _FORMS,
        *_table(("of a schema", "at most", "what would fit"), of_forms),
        _MEMORY,
        *_table(("setting", "default"), held),
        _THREADS,
        *_table(("kind", "threads", "for"), threads),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _in_words(most: object) -> str:
    return f"{most:,}" if isinstance(most, int) else str(most)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for row in (columns, ["---"] * len(columns), *rows):
        yield f"| {' | '.join(row)} |"
    yield ""
