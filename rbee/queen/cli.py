"""The flags of a queen that a person starts."""

from __future__ import annotations

import asyncio

import click

from rbee import __version__
from rbee.process.command_line import told_on_stderr
from rbee.process.home import Home
from rbee.process.imports import quick_imports
from rbee.wire.messages.orders import QueenOrders
from rbee.wire.settings import with_flags


@click.command(epilog="Example: queen-rbee --port 8500")
@click.option("--host", "queen_host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", "queen_port", type=click.IntRange(0, 65535), help="Port; 0 takes any.")
@click.option("--database", help="URL or file of the catalog.  [default: RBEE_HOME/queen.db]")
@click.version_option(__version__)
def queen(queen_host: str | None, queen_port: int | None, database: str | None) -> None:
    """The queen: takes jobs, wakes hives, decides where a model runs."""
    with quick_imports():
        from rbee.queen.daemon import live

    with told_on_stderr():
        home = Home.open()
        flags = {"queen_host": queen_host, "queen_port": queen_port, "database": database}
        settings = with_flags(home.settings(), flags)
        orders = QueenOrders(
            host=settings.queen_host,
            port=settings.queen_port,
            token=home.token(),
            database=settings.database,
        )
        asyncio.run(live(orders, home, settings, None, None))
