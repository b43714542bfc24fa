"""``rbee-keeper up``, ``down`` and ``stop``: a swarm that stays, its end, and a worker's."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from rbee.keeper.awake import A_HIVE, AwakeQueen, awake_queen, find_any_queen, find_queen, wait_gone
from rbee.keeper.command import wait_for_upgrade
from rbee.keeper.operation import wake_hives
from rbee.keeper.queen_target import QueenTarget
from rbee.keeper.screen import Screen
from rbee.keeper.status import find_orphan_hive, tell_of
from rbee.wire import addresses, narration
from rbee.wire.errors import RbeeError, invalid, no_such
from rbee.wire.messages.basics import SHUT_DOWN_HIVE, Named
from rbee.wire.messages.workers import STOP_WORKER, WORKERS

if TYPE_CHECKING:
    from rbee.keeper.reach import Reach


def up(
    screen: Screen, where: QueenTarget, *, print_env: bool, stay: bool, host: str | None
) -> None:
    """Wakes the queen and her hives, lets them stay, and tells what is there.

    With a `host` she listens there, and how other machines reach her is told, too. With `print_env`
    it tells a shell where programs that speak OpenAI's API find her, instead. With `stay` they stay
    as long as this command: it returns when somebody has ended the queen, and raises
    `queen_unreachable` when she has died.
    """
    if host is not None:
        from rbee.keeper.reach import listening_at

        where = listening_at(where, host)
    is_for_others = not addresses.is_loopback(host or "localhost")
    with awake_queen(screen, where, A_HIVE) as queen:
        wake_hives(screen, queen, None)
        outside = None
        if is_for_others or (print_env and where.url.startswith("https://")):
            from rbee.keeper.reach import environment_of, reach_of  # late: seldom wanted

            outside = reach_of(queen.client, where)
        if not stay or not queen.is_own:
            queen.keep()  # whoever has woken her would end her with its own work
        if not stay:
            screen.say(narration.UP)
        if print_env:
            values = {
                "OPENAI_BASE_URL": queen.client.url + addresses.V1,
                "OPENAI_API_KEY": where.token,
            }
            if outside is not None:
                values = environment_of(outside, where.token, where.home)
            lines = (f"export {name}={shlex.quote(value)};" for name, value in values.items())
            screen.answer("\n".join(lines))
        else:
            tell_of(queen.client, screen)
        if outside is not None and is_for_others:
            _tell_others(screen, outside)
        if stay:
            screen.say(narration.STAYS)
            _stay_with(queen)
    if stay:
        wait_for_upgrade(screen)  # for which she has ended


def _tell_others(screen: Screen, outside: Reach) -> None:
    screen.hint(f"other machines reach her page and all APIs at {outside.url}")
    screen.hint("  a phone: rbee-keeper open --qr; programs there: rbee-keeper certificate")
    screen.hint(f"  rbee-keeper there: --queen {outside.pinned} --token-file FILE")


def _stay_with(queen: AwakeQueen) -> None:
    """Until she ends, or this command is told to: then she ends with it, if it woke her."""
    queen.client.close()
    try:
        queen.wait_for_end()
    except KeyboardInterrupt:
        if queen.is_own:
            queen.end()
        raise


def up_at_boot(screen: Screen, _: QueenTarget, host: str | None) -> None:
    """Has the swarm started now, and whenever this machine starts; with a `host` the queen listens
    there."""
    from rbee.keeper import boot, windows

    windows.refuse_on_windows()
    screen.say(narration.AT_BOOT, path=boot.enable(host))


def down_at_boot(screen: Screen, where: QueenTarget) -> None:
    """Ends the swarm, which starts with this machine no more."""
    from rbee.keeper import boot

    screen.say(narration.NOT_AT_BOOT if boot.disable() else narration.NEVER_AT_BOOT)
    down(screen, where)


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
        raise invalid(
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


def stop(screen: Screen, where: QueenTarget, name: str) -> None:
    """Ends the worker with this id, or the one whose id begins so, and waits until it is gone.

    Raises `worker_not_found` where none or several do.
    """
    client = find_queen(where)
    workers = client.call(WORKERS).workers
    worker_id = _meant(name, [worker.worker_id for worker in workers])
    client.call(STOP_WORKER, Named(id=worker_id), patience=2 * where.settings.stop_total)
    screen.say(narration.WORKER_STOPPED, worker_id=worker_id)


def _meant(name: str, known: list[str]) -> str:
    if name in known:
        return name
    begin_so = [worker_id for worker_id in known if worker_id.startswith(name)]
    if len(begin_so) == 1:
        return begin_so[0]
    if begin_so:
        raise RbeeError(
            "worker_not_found",
            f"{len(begin_so)} workers begin with {name!r}",
            f"type more of it: {', '.join(sorted(begin_so))}",
        )
    raise no_such("worker", name, known, "rbee-keeper ps lists the workers")
