"""The options of `options`, as click's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from rbee.keeper.options import (
    Flag,
    Kind,
    ModelName,
    Name,
    Number,
    OneOf,
    Option,
    QueenUrl,
    ReadableFile,
    TextFile,
    Whole,
)
from rbee.wire.errors import RbeeError

#: Stands between what is wrong with a word and what to type instead.
TRY = "\n  try: "

Command = TypeVar("Command", bound=Callable[..., Any])


class Read(click.ParamType[str]):
    """Text that a kind of ours reads, and refuses in our words."""

    def __init__(self, name: str, kind: Kind) -> None:
        self.name = name
        self._kind = kind

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """What the kind makes of it."""
        try:
            return str(self._kind.read(value))
        except RbeeError as error:
            self.fail(f"{error.message}{TRY}{error.suggestion}", param, ctx)


#: The types of arguments, too.
MODEL_REF = Read("ref", ModelName())
TEXT = Read("text", Kind())
NAME = Read("text", Name())


def takes(*options: Option) -> Callable[[Command], Command]:
    """Gives a command these options, its help in this order."""

    def give(command: Command) -> Command:
        for option in reversed(options):
            command = _clicks(option)(command)
        return command

    return give


def _clicks(option: Option) -> Callable[[Command], Command]:
    if isinstance(option.kind, Flag):
        return click.option(option.name, *option.flags, is_flag=True, help=option.help)
    return click.option(
        option.name,
        *option.flags,
        type=_type(option.kind),
        default=option.default,
        metavar=option.metavar,
        multiple=option.many,
        help=option.help,
    )


def _type(kind: Kind) -> click.ParamType[Any]:
    if isinstance(kind, OneOf):
        return click.Choice(kind.names)
    if isinstance(kind, Whole):
        return click.IntRange(kind.low, kind.high)
    if isinstance(kind, Number):
        return click.FloatRange(kind.low, kind.high, min_open=kind.above)
    if isinstance(kind, ReadableFile):
        return click.Path(exists=True, dir_okay=False, readable=True)
    if isinstance(kind, ModelName):
        return MODEL_REF
    if isinstance(kind, TextFile):
        return Read("file", kind)
    return Read("url" if isinstance(kind, QueenUrl) else "text", kind)
