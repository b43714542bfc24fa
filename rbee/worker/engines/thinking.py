"""What a model says to itself before it answers: how its template opens and closes that. Pure.

llama.cpp tells thoughts from answers where a chat template shows it how: by what the template does
with `reasoning_content` of earlier answers, and with the switch `enable_thinking`. Many templates
that open a thought know neither. They are taught both here, in their own language, so that every
thinking model can be told not to think, and no thought is taken for an answer.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from rbee.worker.engines import Piece
from rbee.worker.engines.gbnf import literal

#: The format of gpt-oss: each part of an answer names its channel, and a thought is one of them.
_CHANNELS = "<|channel|>"
#: Where the thought of an earlier answer stands in the template's messages.
_EARLIER = ("reasoning_content", "message.thinking", "reasoning")
#: How a template leaves earlier thoughts out by itself, which llama.cpp knows it by.
_DROPPED = re.compile(r"split\(\s*['\"](?:</|\[/)")
_SWITCH = "enable_thinking"
#: Another switch, that Granite, DeepSeek V3.1 and Kimi K2 have in its place.
_OTHER_SWITCH = re.compile(
    r"(?<![\w.])thinking\s+is\s+(?:not\s+)?defined|\{%-?\s*(?:el)?if\s+(?:not\s+)?thinking\s*[-%ao]"
)
_AS_OTHER_SWITCH = (
    "{%- if enable_thinking is defined and thinking is not defined -%}"
    "{%- set thinking = enable_thinking -%}{%- endif -%}"
)

_WITH_EARLIER_THOUGHTS = """\
{%- set taught = namespace(messages=[]) -%}
{%- for message in messages -%}
{%- if message.role == 'assistant' and message.reasoning_content -%}
{%- set taught.messages = taught.messages + [{'role': message.role, \
'content': 'OPEN\\n' + message.reasoning_content + '\\nCLOSE\\n\\n' + (message.content or ''), \
'tool_calls': message.tool_calls}] -%}
{%- else -%}
{%- set taught.messages = taught.messages + [message] -%}
{%- endif -%}
{%- endfor -%}
{%- set messages = taught.messages -%}
"""
_BEFORE_SWITCH = "{%- set written -%}"
_BEHIND_SWITCH = """\
{%- endset -%}{{- written -}}\
{%- if add_generation_prompt and enable_thinking is defined and enable_thinking is false -%}\
{%- if written.rstrip().endswith('OPEN') -%}{{- '\\nCLOSE\\n\\n' -}}\
{%- else -%}{{- 'OPEN\\n\\nCLOSE\\n\\n' -}}{%- endif -%}\
{%- endif -%}"""


class Marks(NamedTuple):
    """What opens and what closes a thought."""

    open: str
    close: str


#: What opens and closes a thought, by the families of models that were taught it.
_PAIRS: tuple[Marks, ...] = (
    Marks("<think>", "</think>"),
    Marks("<thinking>", "</thinking>"),
    Marks("<thought>", "</thought>"),
    Marks("<reasoning>", "</reasoning>"),
    Marks("<seed:think>", "</seed:think>"),
    Marks("[THINK]", "[/THINK]"),
    Marks("◁think▷", "◁/think▷"),
    Marks("<|START_THINKING|>", "<|END_THINKING|>"),
    Marks("<|begin_of_thought|>", "<|end_of_thought|>"),
    Marks("<|inner_prefix|>", "<|inner_suffix|>"),
)
# What else opens one where a template has it: a word for that in brackets.
_WORD = "(?:[a-z]+:)?(?:think(?:ing)?|thoughts?|reasoning|reflection|analysis|scratchpad)"
_BETWEEN_BARS = f"(?:(?:start|begin)_(?:of_)?)?{_WORD}(?:_(?:start|begin))?"
_IN_BRACKETS = rf"<{_WORD}>|<\|{_BETWEEN_BARS}\|>"
_OPENS = rf"{_IN_BRACKETS}|{_IN_BRACKETS.upper()}|\[{_WORD.upper()}\]"


def marks_of(template: str) -> Marks | None:
    """The marks that a chat template has for thoughts; None for one that knows of none."""
    if _CHANNELS in template:
        return None  # its thoughts have no marks of that kind, and llama.cpp knows them all
    for pair in _PAIRS:
        if pair.open in template:
            return pair
    found = re.search(_OPENS, template)
    return Marks(found[0], _closing(found[0])) if found else None


def _closing(mark: str) -> str:
    """What closes a thought that `mark` opens."""
    for begins in ("start", "START", "begin", "BEGIN"):
        if begins in mark:
            return mark.replace(begins, "END" if begins.isupper() else "end")
    behind = 2 if mark.startswith("<|") else 1
    return f"{mark[:behind]}/{mark[behind:]}"


def has_channels(template: str) -> bool:
    """Whether answers are in the format of gpt-oss, which a grammar of ours does not fit."""
    return _CHANNELS in template


def wants_thoughts(template: str) -> bool:
    """Whether a template does something with the thoughts of earlier answers."""
    return any(word in template for word in _EARLIER)


def taught(template: str) -> str:
    """The template as llama.cpp is given it: one that knows of thoughts knows all about them.

    What it writes stays the same, but where `enable_thinking` is false: a closed thought is put
    before the answer then. A switch of another name follows it.
    """
    marks = marks_of(template)
    if marks is None:
        return template
    before = behind = ""
    if not wants_thoughts(template) and not _DROPPED.search(template):
        before = _WITH_EARLIER_THOUGHTS
    if _OTHER_SWITCH.search(template):
        before += _AS_OTHER_SWITCH
    elif _SWITCH not in template:
        before, behind = before + _BEFORE_SWITCH, _BEHIND_SWITCH
        template = template.removesuffix("\n")  # as Jinja drops it at a template's own end
    before, behind = (
        text.replace("OPEN", marks.open).replace("CLOSE", marks.close) for text in (before, behind)
    )
    return before + template + behind


def is_opened(prompt: str, marks: Marks) -> bool:
    """Whether a prompt ends within a thought: the template has opened it."""
    return prompt.rstrip().endswith(marks.open)


def grammar_behind(grammar: str, marks: Marks, *, opened: bool) -> str:
    """The grammar whose texts have a thought before a text of `grammar`.

    `opened`: the prompt has opened the thought, which then has to be there; else it may be.
    """
    close = marks.close
    rules = []
    for met in range(len(close)):
        steps = _steps(close, met)
        ways = [f"{literal(character)} {_state(to, close)}" for character, to in steps.items()]
        others = "".join(re.sub(r"([\[\]\\^-])", r"\\\1", each) for each in steps)
        ways.append(f"[^{others}] {_state(0, close)}")
        rules.append(f"{_state(met, close)} ::= {' | '.join(ways)}")
    begun = _state(0, close)
    root = begun if opened else f"{literal(marks.open)} {begun} | answer"
    answer = re.sub(r"^root ::=", "answer ::=", grammar, count=1)
    return "\n".join([f"root ::= {root}", *rules, r"behind ::= [ \t\n]{0,4} answer", answer])


def _state(met: int, close: str) -> str:
    """The rule for where so many characters of the closing mark have been met."""
    return "behind" if met == len(close) else f"thought{met}"


def _steps(close: str, met: int) -> dict[str, int]:
    """How much of the mark has been met behind each character that is of any use for it."""
    steps = {}
    for character in dict.fromkeys(close[: met + 1]):
        text = close[:met] + character
        longest = max(n for n in range(met + 2) if text.endswith(close[:n]))
        if longest:
            steps[character] = longest
    return steps


class Thoughts:
    """Tells the thought at the beginning of an answer from the answer, piece by piece.

    For what an engine does not tell by itself: a model that opens a thought of its own accord, or
    one whose template has done so (`opened`). `closed`: the template has closed it, too. `plain`:
    all is answer.
    """

    def __init__(
        self,
        marks: Marks | None = None,
        *,
        opened: bool = False,
        closed: bool = False,
        plain: bool = False,
    ) -> None:
        self._pairs = _PAIRS if marks is None else (marks,)
        self._close = marks.close if marks is not None and opened else ""
        self._held: list[Piece] = []
        self._begun = plain
        #: Whether there was a thought; the line breaks behind it are no part of the answer.
        self._thought = opened or closed

    def take(self, piece: Piece) -> Piece | None:
        """What a piece is, once that is known; None: it may still become a mark."""
        if piece.thought:
            self._thought = True
        if self._begun or not piece.text:
            return piece
        self._held.append(piece)
        return self._release(at_end=False)

    def rest(self) -> Piece | None:
        """What was held back, at the end of everything."""
        return self._release(at_end=True) if self._held else None

    def _release(self, *, at_end: bool) -> Piece | None:
        text = "".join(piece.text for piece in self._held)
        if not self._close:
            begun = text.lstrip()
            for pair in self._pairs:
                if begun.startswith(pair.open):
                    self._close, self._thought = pair.close, True
                    text = begun.removeprefix(pair.open)
                    break
                if pair.open.startswith(begun) and not at_end:
                    return None  # nothing but space, or the beginning of a mark
            else:
                if self._thought:
                    text = begun
                    if not text and not at_end:
                        return None
                self._begun = True
                return self._joined(text, "")
        thought, mark, answer = text.partition(self._close)
        if mark:
            self._close = ""
            return self._behind(thought, answer)
        kept = 0 if at_end else overlap(thought, self._close)
        released = thought[: len(thought) - kept]
        held = thought[len(thought) - kept :]
        if not released:
            self._held = [self._joined(held, "")]
            return None
        piece = self._joined("", released)
        if held:
            self._held = [Piece(held)]
        return piece

    def _behind(self, thought: str, answer: str) -> Piece:
        answer = answer.lstrip()
        self._pairs = ()  # a second thought is part of the answer
        self._begun = bool(answer)
        return self._joined(answer, thought)

    def _joined(self, text: str, thought: str) -> Piece:
        held, self._held = Piece.joined(self._held), []
        return held._replace(text=text, thought=held.thought + thought)


def overlap(text: str, mark: str) -> int:
    """How many characters at the end of a text may be the beginning of a mark."""
    return next((n for n in range(len(mark) - 1, 0, -1) if text.endswith(mark[:n])), 0)
