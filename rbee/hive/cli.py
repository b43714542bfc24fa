"""The flags of a hive that a person starts."""

from __future__ import annotations

import click

from rbee import __version__
from rbee.process.command_line import told_on_stderr
from rbee.process.home import Home
from rbee.process.imports import quick_imports
from rbee.wire.messages.orders import HiveOrders
from rbee.wire.proof import hive_secret
from rbee.wire.settings import with_flags


@click.command(epilog="Example: rbee-hive --queen-url http://127.0.0.1:8500 --id attic")
@click.option("--host", "hive_host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", "hive_port", type=click.IntRange(0, 65535), help="Port; 0 takes any.")
@click.option("--queen-url", required=True, help="Where the queen listens.")
@click.option("--id", "hive_id", default="localhost", show_default=True, help="Name of this hive.")
@click.version_option(__version__)
def hive(hive_host: str | None, hive_port: int | None, queen_url: str, hive_id: str) -> None:
    """A hive: one machine's devices, models and workers, at the service of a queen."""
    with quick_imports():
        import asyncio

        from rbee.hive.daemon import Catalogs, live

    with told_on_stderr():
        home = Home.open()
        settings = with_flags(home.settings(), {"hive_host": hive_host, "hive_port": hive_port})
        orders = HiveOrders(
            host=settings.hive_host,
            port=settings.hive_port,
            token=hive_secret(home.token(), hive_id),
            hive_id=hive_id,
            queen_url=queen_url,
        )
        catalogs = Catalogs.open(home, settings)
        asyncio.run(live(orders, home, settings, catalogs, None, None))
