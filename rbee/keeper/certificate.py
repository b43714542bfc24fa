"""``rbee-keeper certificate``: what others need to recognise a queen."""

from __future__ import annotations

from rbee.keeper.awake import find_queen
from rbee.keeper.queen_target import QueenTarget
from rbee.keeper.reach import reach_of
from rbee.keeper.screen import Screen


def certificate(screen: Screen, where: QueenTarget) -> None:
    """Prints the certificate of the authority that others have to trust, and beside it by what
    people and keepers recognise the queen's own.

    Raises `queen_unreachable` where she sleeps, `invalid_request` where nobody else reaches her.
    """
    reach = reach_of(find_queen(where), where)
    authority = reach.shown.authority
    told = {
        "url": reach.url,
        "authority": authority,
        "key": reach.shown.key,
        "fingerprint": reach.fingerprint,
    }
    screen.result(told, authority.rstrip("\n") or None)
    if not authority:
        screen.hint(
            "an authority that other machines know has signed it: nothing is to be exported"
        )
    screen.hint(f"a browser shows the SHA-256 {reach.fingerprint}")
    screen.hint(f"from another machine: --queen {reach.pinned} --token-file FILE")
