"""Names of one's own for models, decided in this process."""

from __future__ import annotations

from harness.decisions import called
from harness.rig.sentences import Context, then, when


@when("these settings of a name are typed")
def settings_typed(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [called.spelled(row["typed"]) for row in context.rows]


@when("each of these stands in config.toml")
def in_config(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [called.in_config(row["text"]) for row in context.rows]


@when("each of these requests asks by a name with these settings")
def asks_by_name(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [called.job_of(row["settings"], row["request"]) for row in context.rows]


@when("each of these keys asks by a name")
def keys_ask(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [
        called.granted_to(row["limits"], row["fetch"], row["model"]) for row in context.rows
    ]


@when("ollama's programs with each of these keys look for models")
def in_ollamas_list(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [called.in_ollamas_list(row["limits"]) for row in context.rows]


@when('each of these is asked for below "/v1"')
def asked_for(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [called.asked_for(row["name"]) for row in context.rows]


@when("each of these is asked for in an API, where these names are given")
def name_asked_for(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [called.name_asked_for(row["model"], row["given"]) for row in context.rows]


@when("each of these is typed for a model")
def typed(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [called.typed(row["typed"]) for row in context.rows]


@then("each comes to what its row tells")
def comes_to(context: Context) -> None:
    wanted = [row["comes to"] for row in context.rows]
    assert context.told == wanted, list(zip(context.told, wanted))
