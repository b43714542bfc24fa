"""Models that harm the engine that loads them: templates without end, and files that were damaged.

Each is the minillama with something else in its header, made with a fixed seed where it is drawn.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping

from harness.rig.cluster import Cluster

_EACH = "{% for message in messages %}"
_END = "{{ message.content }}{% endfor %}"
#: A chat template by what is said of it in a feature.
_TEMPLATES = {
    "doubles a string": "{% set x = namespace(s='bee') %}{% for i in range(40) %}"
    "{% set x.s = x.s + x.s %}{% endfor %}{{ x.s }}",
    "calls itself": "{% macro hum(x) %}{{ hum(x) }}{% endmacro %}{{ hum(1) }}",
    "nests 20,000 parentheses": "{{ " + "(" * 20_000 + "1" + ")" * 20_000 + " }}",
    "nests 20,000 conditions": "{% if 1 %}" * 20_000 + "bee" + "{% endif %}" * 20_000,
    "adds 100,000 numbers": "{{ 1" + "+1" * 100_000 + " }}",
    "counts for ever": "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}"
    "{% endfor %}bee",
    "calls itself at the word sting": "{% macro hum(x) %}{{ hum(x) }}{% endmacro %}"
    + _EACH
    + "{% if 'sting' in message.content %}{{ hum(1) }}{% endif %}"
    + _END,
    "doubles a string at the word sting": _EACH
    + "{% if 'sting' in message.content %}{% set x = namespace(s='bee' * 1000) %}"
    "{% for i in range(40) %}{% set x.s = x.s + x.s %}{% endfor %}{{ x.s }}{% endif %}" + _END,
}
_DAMAGED = "damaged with the seed "
#: How much of the file is damaged: its header (bytes).
_HEADER = 14_000


def put(cluster: Cluster, table: Iterable[Mapping[str, str]]) -> None:
    """Model files on the shelf: a table with the columns `file` and `what it does`."""
    cluster.shelf.mkdir(exist_ok=True)
    for row in table:
        (cluster.shelf / row["file"]).write_bytes(_model(row["what it does"]))


def ask_each(cluster: Cluster, table: Iterable[Mapping[str, str]]) -> list[tuple[str, str, str]]:
    """Asks all of these models something at once; its file, what was to be said, and what was."""
    command = "rbee-keeper infer --model file:$SHELF/{} --max-tokens 5 '{}'"
    running = [
        (row, cluster.start(command.format(row["file"], row.get("prompt", "hello"))))
        for row in table
    ]
    asked = []
    for row, each in running:
        finished = cluster.finish(each, timeout=60)
        asked.append((row["file"], row["error"], finished.stderr if finished.status else ""))
    return asked


def assert_refused(asked: list[tuple[str, str, str]]) -> None:
    """Each of what was asked has failed in the words that were to be said."""
    for file, wanted, said in asked:
        assert "error: " in said, (file, said)
        assert wanted in said, (file, said)


def _model(what: str) -> bytes:
    # Late: only who has such models pays for it.
    from fixtures.hub import gguf_layout
    from fixtures.hub.models import MINILLAMA, minillama

    if what.startswith(_DAMAGED):
        return _damaged(MINILLAMA["q8_0"].read_bytes(), int(what.removeprefix(_DAMAGED)))
    layout = minillama("q8_0")
    template = gguf_layout.text(_TEMPLATES[what])
    metadata = {**layout.metadata, "tokenizer.chat_template": template}
    return gguf_layout.assemble(gguf_layout.Layout(metadata, layout.tensors, layout.data))


def _damaged(whole: bytes, seed: int) -> bytes:
    """A file with one to eight places of its header changed."""
    drawn, damaged = random.Random(seed), bytearray(whole)
    words = [b"\xff\xff\xff\xff", b"\0\0\0\0", b"\0\0\0\x80", b"\xff\xff\xff\x7f"]
    for _ in range(drawn.choice([1, 1, 2, 4, 8])):
        at, kind = drawn.randrange(0, _HEADER), drawn.randrange(3)
        if kind == 0:
            damaged[at] = drawn.randrange(256)
        elif kind == 1:
            damaged[at] ^= 1 << drawn.randrange(8)
        else:
            damaged[at : at + 4] = drawn.choice(words)
    return bytes(damaged)
