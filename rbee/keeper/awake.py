"""Finds the queen or wakes her, and puts to sleep what it woke. Phases 1 and 12."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Iterator
from signal import SIGKILL, SIGTERM

import msgspec

from rbee import __version__
from rbee.keeper.queen_client import QueenClient
from rbee.keeper.screen import Screen
from rbee.process.child import Child
from rbee.process.health import wait_healthy
from rbee.process.home import Home
from rbee.wire import addresses
from rbee.wire import narration as say_so
from rbee.wire.errors import RbeeError
from rbee.wire.messages import Health, JobList, QueenOrders, ShutdownBegun
from rbee.wire.narration import Narration
from rbee.wire.settings import Settings

_CASCADE = addresses.SHUTDOWN + "?cascade=true"


class AwakeQueen:
    """A queen that answers. `child` is hers when this keeper woke her."""

    def __init__(
        self, screen: Screen, settings: Settings, client: QueenClient, child: Child | None
    ) -> None:
        self.client = client
        self._screen = screen
        self._settings = settings
        self._child = child
        self._listener: threading.Thread | None = None
        self._warm = threading.Event()

    def listen(self, token: str) -> None:
        """Phase 2.1: shows what she says that belongs to no job, from now on."""
        events = QueenClient(self.client.url, token, self._settings.connect_timeout)
        connected = threading.Event()

        def show() -> None:
            # A queen that vanishes is told by whoever waits for something from her.
            with contextlib.suppress(RbeeError):
                for frames in events.events(addresses.EVENTS, connected.set):
                    for frame in frames:
                        if frame.event == "narration":
                            self._heard(msgspec.json.decode(frame.data, type=Narration))

        self._listener = threading.Thread(target=show, name="events", daemon=True)
        self._listener.start()
        connected.wait(self._settings.connect_timeout)
        self._screen.say(say_so.CONNECTED)

    def keep(self) -> None:
        """Lets a queen that this keeper woke stay awake."""
        if self._child is not None:
            self._child.stay()
            self._warm.wait(self._settings.connect_timeout)
            self._child = None

    def sleep(self) -> None:
        """Phase 12: has a queen that this keeper woke shut everything down, and waits for it."""
        if self._child is None or self._child.process.poll() is not None:
            return
        child, settings = self._child, self._settings
        self._screen.say(say_so.CASCADE)
        with contextlib.suppress(RbeeError):  # if she cannot hear it, the lifeline tells her
            self.client.close()
            if self.client.post(_CASCADE, None, ShutdownBegun).jobs:
                self._screen.say(say_so.OTHER_JOBS)
                child.release()
                return
        child.release()
        for number, timeout in ((SIGTERM, settings.stop_total), (SIGKILL, settings.stop_term)):
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(timeout)
                break
            child.signal(number)
        if self._listener is not None:
            self._listener.join(settings.stop_request)

    def abandon(self) -> None:
        """Leaves without waiting; she notices that her lifeline is closed."""
        if self._child is not None:
            self._child.release()

    def _heard(self, narration: Narration) -> None:
        self._screen.narrate(narration)
        if narration.action == say_so.KEEP_WARM.action:
            self._warm.set()


@contextlib.contextmanager
def awake_queen(
    screen: Screen, home: Home, settings: Settings, *, spare: str | None
) -> Iterator[AwakeQueen]:
    """The queen, found or woken; on the way out she sleeps again if this keeper woke her.

    `spare` names the engine of a hive and a worker that a woken queen starts right away, as they
    will be wanted.
    Raises `port_in_use` where another program holds her port, `unauthorized` where a queen with
    another token does, and what a queen that cannot start reports.
    """
    token = home.token()
    url = addresses.base_url(settings.queen_host, settings.queen_port)
    client = QueenClient(url, token, settings.connect_timeout)
    queen = AwakeQueen(screen, settings, client, None)
    child: Child | None = None
    if _recognised(client, client.health()) is None:
        screen.say(say_so.QUEEN_ASLEEP)
        child = Child.start("queen", home.log("queen"), *(["--spare", spare] if spare else []))
        queen = AwakeQueen(screen, settings, client, child)
    try:
        if child is not None:
            screen.say(say_so.QUEEN_LAUNCH, port=settings.queen_port)
            if not _launch(child, client, token, settings, screen):
                queen = AwakeQueen(screen, settings, client, None)
        screen.say(say_so.QUEEN_AWAKE)
        queen.listen(token)
        yield queen
    finally:
        try:
            queen.sleep()
        except KeyboardInterrupt:
            queen.abandon()
            raise


def _launch(
    child: Child, client: QueenClient, token: str, settings: Settings, screen: Screen
) -> bool:
    """Phases 1.2 and 1.3. False: another keeper's queen was faster, and is used instead."""
    child.order(
        QueenOrders(
            host=settings.queen_host,
            port=settings.queen_port,
            token=token,
            database=settings.database,
        )
    )
    try:
        ready = child.wait_ready(settings.health_wait_total, screen.narrate)
    except RbeeError as error:
        if error.code != "port_in_use" or _recognised(client, client.health()) is None:
            raise
        child.release()
        child.process.wait()
        return False
    client.url = ready.url

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


def _recognised(client: QueenClient, health: Health | None) -> Health | None:
    """`health`, if it is that of a queen we can use. Raises where she is none of ours."""
    if health is None:
        return None
    if health.role != "queen":
        raise RbeeError(
            "port_in_use",
            f"{client.url} is held by a {health.role}, not by a queen",
            "choose another port: export RBEE_QUEEN_PORT=8510",
        )
    if health.version != __version__:
        raise RbeeError(
            "queen_unreachable",
            f"the queen at {client.url} is version {health.version}, this keeper {__version__}",
            "end her with the keeper that started her (rbee-keeper down), then try again",
        )
    try:
        client.get(addresses.JOBS, JobList)
    except RbeeError as error:
        if error.code != "unauthorized":
            raise
        raise RbeeError(
            "unauthorized",
            f"the queen at {client.url} has another token than this RBEE_HOME",
            "name her token's file with --token-file, or another port: export RBEE_QUEEN_PORT=8510",
        ) from None
    return health
