"""What is answered to another machine whose connection is not encrypted. Pure.

A secret, a prompt and an answer are not to be read by whoever is on the network between. What
machines report that were added with ``--no-tunnel`` is: a person has asked for that, and it holds
neither.
"""

from __future__ import annotations

from rbee.wire import addresses, proof
from rbee.wire.routes import Who


def is_from_elsewhere(ends: proof.Ends) -> bool:
    """Whether a connection comes from another machine: neither from a loopback address nor from
    the address that it leads to."""
    server, client = (each.rpartition(":")[0] for each in (ends.server, ends.client))
    return not addresses.is_loopback(client) and client != server


def may_be_answered(who: Who, is_health: bool, asked_to_prove: str | None) -> bool:
    """Whether a route that is open to `who` may be answered there.

    `asked_to_prove` is the challenge of a request, which asks for the proof of the token where it
    names no secret: who gets that sends the token next.
    """
    if is_health:
        return asked_to_prove is None or " " in asked_to_prove.strip()
    return who is Who.HIVE
