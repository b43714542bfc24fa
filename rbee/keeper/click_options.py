"""The options of `options`, as click's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from rbee.keeper import options
from rbee.keeper.options import FLAG, Kind, Option
from rbee.wire.errors import RbeeError

#: Stands between what is wrong with a word and what to type instead.
TRY = "\n  try: "

Command = TypeVar("Command", bound=Callable[..., Any])


class Read(click.ParamType[str]):
    """Text that a kind of ours reads, and refuses in our words."""

    def __init__(self, kind: Kind) -> None:
        self.name = kind.called
        self._kind = kind

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """What the kind makes of it."""
        try:
            return str(self._kind.read(value))
        except RbeeError as error:
            self.fail(f"{error.message}{TRY}{error.suggestion}", param, ctx)


#: How arguments are read that stand for a model, a name or a text.
MODEL_REF, NAME, TEXT = Read(options.MODEL), Read(options.NAME), Read(options.TEXT)
_CLICKS: dict[str, Callable[..., click.ParamType[Any]]] = {
    "choice": click.Choice,
    "whole": click.IntRange,
    "number": click.FloatRange,
    "path": click.Path,
}


def takes(*wanted: Option) -> Callable[[Command], Command]:
    """Gives a command these options, its help in this order."""

    def give(command: Command) -> Command:
        for option in reversed(wanted):
            command = _clicks(option)(command)
        return command

    return give


def _clicks(option: Option) -> Callable[[Command], Command]:
    if option.kind is FLAG:
        return click.option(option.name, *option.flags, is_flag=True, help=option.help)
    kind = option.kind
    return click.option(
        option.name,
        *option.flags,
        type=_CLICKS[kind.called](**kind.facts) if kind.called in _CLICKS else Read(kind),
        default=option.default,
        metavar=option.metavar,
        multiple=option.many,
        help=option.help,
    )
