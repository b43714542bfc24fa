"""Finds the queen or wakes her, and puts to sleep what it woke. Phases 1 and 12."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rbee import __version__
from rbee.keeper.queen_client import QueenClient
from rbee.keeper.queen_target import QueenTarget
from rbee.keeper.screen import Screen
from rbee.process import listening
from rbee.process.health import wait_healthy
from rbee.wire import addresses, narration
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import SHUT_DOWN_QUEEN, STAY, Health, ShutDownQueen, decode
from rbee.wire.messages.events import EVENTS
from rbee.wire.model_ref import is_short_name
from rbee.wire.narration import Narration
from rbee.wire.settings import Settings, with_flags

if TYPE_CHECKING:
    from rbee.process.child import Child

_NEWS = "what is told of the swarm"
#: What a woken queen is to start right away, as options of her command line.
NOTHING: Sequence[str] = ()
A_HIVE: Sequence[str] = ("--hive",)
A_WORKER: Sequence[str] = (*A_HIVE, "--worker")  # an engine follows


class AwakeQueen:
    """A queen that answers. `child` is hers when this keeper woke her."""

    def __init__(self, screen: Screen, where: QueenTarget, child: Child | None = None) -> None:
        self.client = where.client()
        self._screen = screen
        self._where = where
        self._settings = where.settings
        self._child = child
        self._listener: threading.Thread | None = None
        self._warm = threading.Event()
        #: Set once she has said that a browser is signed in on her page.
        self.page_entered = threading.Event()
        self._has_said_goodbye = False

    @property
    def is_own(self) -> bool:
        """Whether this keeper woke her."""
        return self._child is not None

    def another_client(self) -> QueenClient:
        """One to speak to her by beside `client`, in another thread."""
        client = self._where.client()
        client.url = self.client.url
        return client

    def listen(self) -> None:
        """Phase 2.1: shows what she says that belongs to no job, from now on."""
        events = self.another_client()
        #: Set once it is clear whether her events can be read, which `opened` then says.
        tried, opened = threading.Event(), threading.Event()

        def is_open() -> None:
            opened.set()
            tried.set()

        def show() -> None:
            try:
                # That the queen is gone is reported by the command that waits for her answer.
                with contextlib.suppress(RbeeError, BrokenPipeError):
                    for frames in events.events(EVENTS.path, is_open):
                        for frame in frames:
                            if frame.event == "narration":
                                self._heard(decode(frame.data, Narration, _NEWS))
            finally:
                tried.set()
                self._warm.set()

        self._listener = threading.Thread(target=show, name="events", daemon=True)
        self._listener.start()
        tried.wait(self._settings.connect_timeout)
        is_heard = opened.is_set()
        self._screen.say(narration.CONNECTED if is_heard else narration.NOT_CONNECTED)

    def keep(self) -> None:
        """Has the queen and her hives stay awake, whoever woke them."""
        self.client.call(STAY)
        self._warm.wait(self._settings.connect_timeout)
        if self._child is not None:
            self._child.release()
            self._child = None

    def sleep(self) -> None:
        """Phase 12: has a queen that this keeper woke shut everything down, and waits for it."""
        if self._child is None or self._child.process.poll() is not None:
            return
        from signal import SIGKILL, SIGTERM
        from subprocess import TimeoutExpired

        child, settings = self._child, self._settings
        self._screen.say(narration.CASCADE)
        with contextlib.suppress(RbeeError):  # if she cannot hear it, the lifeline tells her
            self.client.close()
            begun = self.client.call(SHUT_DOWN_QUEEN, ShutDownQueen(unless="kept"))
            if begun.kept or begun.jobs:
                self._screen.say(narration.KEPT if begun.kept else narration.OTHER_JOBS)
                child.release()
                return
        child.release()
        for number, timeout in ((SIGTERM, settings.stop_total), (SIGKILL, settings.stop_term)):
            with contextlib.suppress(TimeoutExpired):
                child.wait(timeout)
                break
            child.signal(number)
        if self._listener is not None:
            self._listener.join(settings.stop_request)

    def end(self) -> None:
        """Has her shut everything down now, whoever woke her and waits for her, and sees her go.

        Raises `queen_unreachable` when she is still there after the time for stopping.
        """
        health = self.client.health()
        self._screen.say(narration.CASCADE)
        jobs = self.client.call(SHUT_DOWN_QUEEN, ShutDownQueen(now=True)).jobs
        if jobs:
            self._screen.say(narration.JOBS_CANCELLED, count=jobs)
        self.client.close()
        if self._listener is not None:
            self._listener.join(self._settings.stop_total)
        if health is not None:
            wait_gone(self.client, health, self._settings)
        if self._child is not None:
            self._child.release()
            self._child.wait(self._settings.stop_total)
            self._child = None

    def wait_for_end(self) -> None:
        """Waits until somebody has ended her. Raises `queen_unreachable` when she has died."""
        if self._listener is not None:
            self._listener.join()
        if not self._has_said_goodbye:
            raise RbeeError(
                "queen_unreachable",
                f"the queen at {self.client.url} is gone, and has not said why",
                "rbee-keeper logs queen shows what happened to her",
            )

    def abandon(self) -> None:
        """Leaves without waiting; she notices that her lifeline is closed."""
        if self._child is not None:
            self._child.release()

    def _heard(self, said: Narration) -> None:
        self._screen.narrate(said)
        if said.action == narration.KEEP_WARM.action:
            self._warm.set()
        elif said.action == narration.PAGE_ENTERED.action:
            self.page_entered.set()
        elif said.action == narration.GOODBYE.action:
            self._has_said_goodbye = True


@contextlib.contextmanager
def awake_queen(
    screen: Screen, where: QueenTarget, wanted: Sequence[str] = NOTHING, model: str = ""
) -> Iterator[AwakeQueen]:
    """The queen, found or woken; on the way out she sleeps again if this keeper woke her.

    `wanted` is what a woken queen starts right away, before she is asked for it; `model` is what
    she will be asked for. Before she is woken, `model_not_found` is raised where that is a name
    that nobody has given.
    Raises `port_in_use` where another program holds her port, `unauthorized` where a queen with
    another token does, `queen_unreachable` where she was named and does not answer, and what a
    queen that cannot start reports.
    """
    settings = where.settings
    queen = AwakeQueen(screen, where)
    child: Child | None = None
    if not _stays(queen.client, screen, settings):
        if where.named:
            raise _unanswered(where)
        if sys.platform == "win32":
            from rbee.keeper.windows import refuse_on_windows

            refuse_on_windows()
        if is_short_name(model):
            from rbee.keeper.short_names import require_known  # late: it loads SQLite

            require_known(where, model)
        from rbee.process.child import Child  # late: a queen who is awake needs no process of ours

        screen.say(narration.QUEEN_ASLEEP)
        log = where.home.log("queen")
        child = Child.start("queen", log, *wanted)
        queen = AwakeQueen(screen, where, child)
    try:
        if child is not None:
            screen.say(narration.QUEEN_LAUNCH, port=settings.queen_port)
            if not _launch(child, queen.client, where, screen):
                queen = AwakeQueen(screen, where)
        else:
            _tell_what_is_hers(screen, where)
        screen.say(narration.QUEEN_AWAKE)
        queen.listen()
        yield queen
    finally:
        try:
            queen.sleep()
        except KeyboardInterrupt:
            queen.abandon()
            raise


def _tell_what_is_hers(screen: Screen, where: QueenTarget) -> None:
    """Says what of this shell does not count for a queen who was awake before."""
    if where.moved:
        screen.say(narration.QUEEN_ELSEWHERE, url=where.url)
    known = None if where.named else listening.noted(where.home, "queen")
    if known is not None and addresses.from_here(known.url) == where.url:
        changed = listening.changed_since(known, where.home)
        if changed:
            screen.say(narration.QUEEN_UNCHANGED, names=", ".join(changed))


def _stays(client: QueenClient, screen: Screen, settings: Settings) -> bool:
    """Whether a queen is there to be used; one that is leaving is waited for."""
    health = recognised(client)
    if health is None:
        return False
    if health.status == "ok":
        return True
    screen.say(narration.QUEEN_LEAVING)
    wait_gone(client, health, settings)
    return False


def find_queen(where: QueenTarget) -> QueenClient:
    """The queen, for a command that wakes nobody. Raises `queen_unreachable` when she sleeps."""
    client = find_any_queen(where, any_version=False)
    if client is None:
        raise RbeeError("queen_unreachable", "the queen is asleep", "rbee-keeper up")
    return client


def find_any_queen(where: QueenTarget, *, any_version: bool = True) -> QueenClient | None:
    """The queen, of whatever version; None when she sleeps. Raises where a named one does."""
    client = where.client()
    if recognised(client, any_version=any_version) is not None:
        return client
    if where.named:
        raise _unanswered(where)
    return None


def wait_gone(client: QueenClient, health: Health, settings: Settings) -> None:
    """Waits until the daemon that told this health has freed its port.

    Raises `queen_unreachable` when it is still there after the time for stopping.
    """

    def gone() -> bool | None:
        with contextlib.suppress(RbeeError):  # it is too busy leaving to answer
            now = client.health()
            return True if now is None or now.instance != health.instance else None
        return None

    patience = with_flags(settings, {"health_wait_total": settings.stop_total})
    if wait_healthy(gone, patience) is None:
        raise RbeeError(
            "queen_unreachable",
            f"the {health.role} at {client.url} is still there after {settings.stop_total:g} s",
            f"rbee-keeper logs {health.role} shows what keeps it",
        )


def _launch(child: Child, client: QueenClient, where: QueenTarget, screen: Screen) -> bool:
    """Phases 1.2 and 1.3. False: another keeper's queen was faster, and is used instead."""
    from rbee.wire.messages.orders import QueenOrders  # late: she starts meanwhile

    settings = where.settings
    child.order(
        QueenOrders(
            host=settings.queen_host,
            port=settings.queen_port,
            token=where.token,
            database=settings.database,
        )
    )
    try:
        ready = child.wait_ready(settings.health_wait_total, screen.narrate)
    except RbeeError as error:
        if error.code != "port_in_use" or recognised(client) is None:
            raise
        child.release()
        child.process.wait()
        return False
    client.url = addresses.from_here(ready.url)

    def asked() -> Health | None:
        health = client.health()
        return health if health is not None and health.instance == ready.instance else None

    if wait_healthy(asked, settings) is None:
        raise RbeeError(
            "queen_unreachable",
            f"the queen reported ready at {ready.url} but does not answer there",
            "rbee-keeper logs queen",
        )
    return True


def _unanswered(where: QueenTarget) -> RbeeError:
    return RbeeError(
        "queen_unreachable",
        f"no queen answers at {where.url}",
        "type rbee-keeper up on that machine, or leave --queen out to use the queen of this one",
        {"url": where.url},
    )


def recognised(client: QueenClient, *, any_version: bool = False) -> Health | None:
    """Who answers, if she is a queen we can use; None when nobody does.

    Raises where somebody answers who is none of ours.
    """
    health = client.health()
    if health is None:
        return health
    if health.role != "queen":
        raise RbeeError(
            "port_in_use",
            f"{client.url} is held by a {health.role}, not by a queen",
            "choose another port: export RBEE_QUEEN_PORT=8510",
        )
    if not client.is_proved and health.version == __version__:
        raise client.not_proved()
    if health.version != __version__ and not (any_version and client.is_proved):
        raise RbeeError(
            "queen_unreachable",
            f"the queen at {client.url} is version {health.version}, this keeper {__version__}",
            "end her with the keeper that started her (rbee-keeper down), then try again",
        )
    return health
