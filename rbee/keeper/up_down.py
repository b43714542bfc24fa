"""``rbee-keeper up`` and ``down``: a swarm that stays, and its end."""

from __future__ import annotations

import shlex

from rbee.keeper.awake import A_HIVE, AwakeQueen, awake_queen, find_any_queen, wait_gone
from rbee.keeper.operation import wake_hives
from rbee.keeper.orphan_hive import find_orphan_hive
from rbee.keeper.queen_target import QueenTarget
from rbee.keeper.screen import Screen
from rbee.keeper.status import status_of
from rbee.wire import addresses, narration
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import SHUT_DOWN_HIVE


def up(screen: Screen, where: QueenTarget, *, as_json: bool, print_env: bool = False) -> None:
    """Wakes the queen and her hives, lets them stay, and tells what is there.

    With `print_env` it tells a shell where programs that speak OpenAI's API find her, instead.
    """
    with awake_queen(screen, where, A_HIVE) as queen:
        wake_hives(screen, queen, None)
        queen.keep()
        screen.say(narration.UP)
        if print_env:
            screen.answer(_exports(queen.client.url, where.token))
        else:
            screen.answer(status_of(queen.client, as_json=as_json))


def _exports(url: str, token: str) -> str:
    values = {"OPENAI_BASE_URL": url + addresses.V1, "OPENAI_API_KEY": token}
    return "\n".join(f"export {name}={shlex.quote(value)};" for name, value in values.items())


def down(screen: Screen, where: QueenTarget) -> None:
    """Ends the queen with all that is hers, and a hive of this machine that has lost its queen.

    Jobs that still run are cancelled. Returns when all of it is gone.
    """
    found = find_any_queen(where)
    if found is not None:
        queen = AwakeQueen(screen, where)
        queen.listen()
        queen.end()
    stray = None if where.named else _end_orphan_hive(screen, where)
    screen.say(narration.DOWN if found or stray else narration.NOTHING_RUNS)


def rotate_token(screen: Screen, where: QueenTarget) -> None:
    """Ends the swarm as `down` does, and draws another token for it.

    Raises `invalid_request` where a queen was named: her token is on her machine.
    """
    if where.named:
        raise RbeeError(
            "invalid_request",
            "the token of a queen is on her own machine",
            "type rbee-keeper rotate-token there, and take the new one from its file",
        )
    down(screen, where)
    where.home.draw_new_token()
    screen.say(narration.TOKEN_ROTATED)


def _end_orphan_hive(screen: Screen, where: QueenTarget) -> bool:
    found = find_orphan_hive(where)
    if found is None:
        return False
    client, health = found
    screen.say(narration.STRAY_HIVE)
    client.call(SHUT_DOWN_HIVE)
    client.close()
    wait_gone(client, health, where.settings)
    return True
