"""What stands in the queen's certificate, and when she needs another one. Pure.

An authority of her own signs it, which whoever trusts her keeps: it is valid whatever the clock of
a machine says, and may sign for the names of this machine and for addresses alone. The certificate
is made anew, with the same key, before it ends and where she is reached by another address.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from rbee.http.heads import names_of

#: How long a certificate is valid: as long as browsers take one (398 days), less a day on both
#: ends. It begins a day ago, for clocks that are slow.
VALID = timedelta(days=396)
SLOW_CLOCKS = timedelta(days=1)
#: How long before its end it is made anew.
RENEWED = timedelta(days=30)
#: When an authority begins and ends. 2049 is the last year that every program reads alike (RFC
#: 5280, 4.1.2.5).
ALWAYS = (
    datetime(2020, 1, 1, tzinfo=timezone.utc),
    datetime(2049, 12, 31, tzinfo=timezone.utc),
)
#: How many addresses a certificate names; the one that came first gives way.
MOST_ADDRESSES = 32
_NAME = re.compile(
    r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*"
)
_LOOPBACK = ("127.0.0.1", "::1")


class Terms(NamedTuple):
    """For whom a certificate speaks, and when. Addresses in the order in which they came."""

    names: frozenset[str]
    addresses: tuple[str, ...]
    begins: datetime
    ends: datetime


def names_for(machine: str, allowed_hosts: Iterable[str]) -> frozenset[str]:
    """The names that lead to this machine, as far as a certificate can have them; of those that
    are allowed also addresses, to which a router or a container engine may lead."""
    names = {"localhost", *names_of(machine), *(each.lower().rstrip(".") for each in allowed_hosts)}
    return frozenset(
        each for each in names if _is_address(each) or (len(each) < 254 and _NAME.fullmatch(each))
    )


def is_due(terms: Terms, names: Collection[str], address: str, now: datetime) -> bool:
    """Whether another one is needed: for a name, for an address, or since this one is not valid
    now, or not for much longer."""
    return (
        not {*terms.names, *terms.addresses}.issuperset(names)
        or plain_address(address) not in terms.addresses
        or not terms.begins <= now <= terms.ends - RENEWED
    )


def renewed(terms: Terms | None, names: Collection[str], address: str, now: datetime) -> Terms:
    """What the next one has to say: also the addresses that the last one had."""
    always = [*_LOOPBACK, *sorted(filter(_is_address, names))][:MOST_ADDRESSES]
    before = terms.addresses if terms is not None else ()
    last = [each for each in before if each != plain_address(address)] + [plain_address(address)]
    newest = [each for each in reversed(last) if each not in always]
    newest = newest[: max(MOST_ADDRESSES - len(always), 1)]
    addresses = (*always, *reversed(newest))
    return Terms(
        frozenset(names) - set(always), addresses, now - SLOW_CLOCKS, now - SLOW_CLOCKS + VALID
    )


def _is_address(name: str) -> bool:
    try:
        return str(ipaddress.ip_address(name)) == name
    except ValueError:
        return False


def plain_address(address: str) -> str:
    """An address as a certificate has it: without its interface, and of IPv4 where it is that."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)
