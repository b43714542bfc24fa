"""The queen's catalog on a database server."""

from __future__ import annotations

from harness.rig import postgresql
from harness.rig.sentences import Context, given, then


@given("an empty database for the queen's catalog")
def empty_database(context: Context) -> None:
    context.database = postgresql.keep_catalog_in_database(context.cluster)


@given("{what} in the name of the queen's database")
def badly_named(context: Context, what: str) -> None:
    postgresql.name_badly(context.cluster, context.database, what)


@given("the database server has gone")
def server_gone(context: Context) -> None:
    context.database.server.stop()


@given("the database server has been started anew")
def server_restarted(context: Context) -> None:
    context.database.server.stop()
    context.database.server.start()


@then('the database holds hive "{hive_id}"')
def database_holds_hive(context: Context, hive_id: str) -> None:
    postgresql.assert_hive(context.database, hive_id)


@then("the queen keeps no file of hives")
def no_file(context: Context) -> None:
    assert "queen.db" not in context.cluster.files(), context.cluster.files()
