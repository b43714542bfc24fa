"""``rbee-keeper add-hive`` and ``remove-hive``: the machines of the swarm."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from typing import TypeVar

import click
import msgspec

from rbee.keeper.awake import AwakeQueen, awake_queen
from rbee.keeper.operation import run_operation, wake_hives
from rbee.keeper.queen_target import QueenTarget
from rbee.keeper.screen import Screen
from rbee.wire import addresses, narration
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import Named
from rbee.wire.messages.devices import HiveDevices
from rbee.wire.messages.hives import ADD_HIVE, REMOVE_HIVE, AddHive
from rbee.wire.names import check_machine
from rbee.wire.shown import shown

T = TypeVar("T")

#: Why the queen cannot go on without a passphrase.
_PASSPHRASE = ("passphrase_needed", "passphrase_wrong")
#: How often a person may mistype it, as with ssh.
_PASSPHRASE_TRIES = 3


def add_hive(screen: Screen, where: QueenTarget, wanted: AddHive) -> None:
    """Has the queen take in a machine. A queen woken for it sleeps again.

    A person at a terminal is shown the key of an unknown host, and asked for a passphrase; for
    others both are errors that say what to type. Raises `invalid_request` for names that are none,
    before anybody is woken.
    """
    check_machine(wanted)
    is_person = sys.stdin.isatty() and sys.stderr.isatty() and not screen.as_json
    with awake_queen(screen, where) as queen:
        screen.say(narration.ADD_HIVE, host=wanted.host)
        add = _add_with_a_person if is_person else _add
        added = add(screen, queen, wanted)
        screen.say(narration.HIVE_ADDED, hive_id=added.hive_id)
        screen.result(added, None)


def wake(screen: Screen, where: QueenTarget, hive_id: str) -> None:
    """Has the queen wake a hive; both sleep again where neither was awake."""
    with awake_queen(screen, where) as queen:
        wake_hives(screen, queen, hive_id)
        screen.say(narration.HIVE_AWAKE, hive_id=hive_id)


def remove_hive(screen: Screen, where: QueenTarget, hive_id: str) -> None:
    """Has the queen put a hive to sleep and forget its machine."""
    with awake_queen(screen, where) as queen:
        patience = 2 * where.settings.stop_total
        queen.client.call(REMOVE_HIVE, Named(id=hive_id), patience=patience)
        screen.say(narration.HIVE_REMOVED, hive_id=hive_id)


def _add(screen: Screen, queen: AwakeQueen, wanted: AddHive) -> HiveDevices:
    try:
        return run_operation(screen, queen, ADD_HIVE, wanted, HiveDevices)
    except RbeeError as error:
        queen.client.close()  # the connection still carries the abandoned stream
        if error.details.get("reason") == "passphrase_needed" and _is_private(queen):
            error.suggestion += ", or type this on a terminal, where you are asked for it"
        raise


def _add_with_a_person(screen: Screen, queen: AwakeQueen, wanted: AddHive) -> HiveDevices:
    """Asks, where the queen cannot go on without an answer, and tries again with it."""
    asked = 0
    is_key_typed = bool(wanted.accept_host_key)
    while True:
        try:
            added = _add(screen, queen, wanted)
        except RbeeError as error:
            reason = error.details.get("reason")
            if reason == "unknown_host_key" and not is_key_typed:
                wanted = _with_host_key(screen, wanted, error)
            elif reason in _PASSPHRASE and asked < _PASSPHRASE_TRIES and _is_private(queen):
                asked += 1
                wanted = _with_passphrase(screen, wanted, error)
                key = error.details["key"]
            else:
                raise
        else:
            if asked:
                screen.hint(
                    "the queen forgets the passphrase when she sleeps; "
                    f"to use this hive from then on: ssh-add {shlex.quote(key)}"
                )
            return added


def _is_private(queen: AwakeQueen) -> bool:
    """Whether nobody between reads what she is told."""
    return addresses.is_loopback(addresses.host_of(queen.client.url))


def _with_host_key(screen: Screen, wanted: AddHive, error: RbeeError) -> AddHive:
    """Raises the error where the person does not agree to the key."""
    screen.warn(error.message)
    screen.warn(f"That machine itself shows it with: {error.details['look']}")
    question = "Is this the key of that machine?"
    if not _answered(screen, lambda: click.confirm(question, err=True)):
        raise error
    return msgspec.structs.replace(wanted, accept_host_key=error.details["fingerprint"])


def _with_passphrase(screen: Screen, wanted: AddHive, error: RbeeError) -> AddHive:
    if error.details["reason"] == "passphrase_wrong":
        screen.warn(error.message)
    question = shown(f"Passphrase of {error.details['key']}")
    entered = _answered(screen, lambda: click.prompt(question, hide_input=True, err=True))
    return msgspec.structs.replace(wanted, passphrase=entered)


def _answered(screen: Screen, ask: Callable[[], T]) -> T:
    """What the person answers. Raises KeyboardInterrupt for Ctrl+C and Ctrl+D."""
    try:
        return ask()
    except click.Abort:
        screen.leave_question()
        raise KeyboardInterrupt from None
