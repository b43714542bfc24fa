"""``rbee-keeper add-hive`` and ``remove-hive``: the machines of the swarm."""

from __future__ import annotations

import sys
from urllib.parse import quote

import click
import msgspec

from rbee.keeper.awake import AwakeQueen, awake_queen
from rbee.keeper.errand import follow_errand
from rbee.keeper.screen import Screen
from rbee.keeper.whereabouts import Whereabouts
from rbee.wire import addresses
from rbee.wire import narration as say_so
from rbee.wire.errors import RbeeError
from rbee.wire.messages import AddHive, AddingHive, HiveAdded, encode


def add_hive(screen: Screen, where: Whereabouts, wanted: AddHive, *, as_json: bool) -> None:
    """Has the queen take in a machine. A queen woken for it sleeps again.

    On a terminal, the key of an unknown host is shown and agreed to, and a passphrase asked for;
    elsewhere both are errors that say what to type.
    """
    with awake_queen(screen, where, spare=None) as queen:
        screen.say(say_so.ADD_HIVE, host=wanted.host)
        added = _add(screen, queen, wanted)
        screen.say(say_so.HIVE_ADDED, hive_id=added.hive_id)
        if as_json:
            screen.answer(encode(added).decode())


def remove_hive(screen: Screen, where: Whereabouts, hive_id: str) -> None:
    """Has the queen put a hive to sleep and forget its machine."""
    with awake_queen(screen, where, spare=None) as queen:
        path = f"{addresses.HIVES}/{quote(hive_id, safe='')}"
        queen.client.ask("DELETE", path, patience=2 * where.settings.stop_total)
        screen.say(say_so.HIVE_REMOVED, hive_id=hive_id)


def _add(screen: Screen, queen: AwakeQueen, wanted: AddHive) -> HiveAdded:
    while True:
        begun = queen.client.post(addresses.ADD_HIVE, wanted, AddingHive)
        try:
            return follow_errand(screen, queen, begun, HiveAdded)
        except RbeeError as error:
            if not sys.stdin.isatty():
                raise
            wanted = _agreed(wanted, error)


def _agreed(wanted: AddHive, error: RbeeError) -> AddHive:
    """What to ask for next, with what the person has said. Raises the error where that is no."""
    reason = error.details.get("reason")
    if reason == "unknown_host_key" and not wanted.accept_host_key:
        click.echo(error.message, err=True)
        if click.confirm("Is this the key of that machine?", err=True):
            fingerprint = error.details["fingerprint"]
            return msgspec.structs.replace(wanted, accept_host_key=fingerprint)
    elif reason == "passphrase_needed" and not wanted.passphrase:
        entered = click.prompt(error.message, hide_input=True, err=True)
        return msgspec.structs.replace(wanted, passphrase=entered)
    raise error
