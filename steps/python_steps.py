"""The Pythons of a machine, and which of them are found."""

from __future__ import annotations

from pathlib import Path

from harness import pythons
from harness.rig.sentences import Context, given, then, when


def _write(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def _find(context: Context, versions: list[str]) -> None:
    folder = context.cluster.folder
    environ = {"PATH": f"/nowhere:{folder / 'path'}"}
    context.found = pythons.find(
        versions, lambda version: pythons.candidates(version, environ, folder / "owner")
    )


@given('a Python in a folder of the path that answers "{script}"')
def on_path(context: Context, script: str) -> None:
    _write(context.cluster.folder / "path" / "python3.12", script)


@given('a Python that pyenv keeps and that answers "{script}"')
def with_pyenv(context: Context, script: str) -> None:
    kept = context.cluster.folder / "owner" / ".pyenv" / "versions" / "3.12.1"
    _write(kept / "bin" / "python3.12", script)


@when('Python "{version}" is looked for there')
def look_for(context: Context, version: str) -> None:
    _find(context, [version])


@when('Pythons "{versions}" are looked for there')
def look_for_some(context: Context, versions: str) -> None:
    _find(context, versions.split(", "))


@then("it is found")
def is_found(context: Context) -> None:
    assert all(context.found.values()), context.found


@then("it is missed")
def is_not_found(context: Context) -> None:
    assert context.found, "nothing was looked for"
    assert not any(context.found.values()), context.found


@then('it is told that "{version}" was found')
def told_found(context: Context, version: str) -> None:
    told = pythons.told_of(context.found)
    assert f"Python {version}: {context.found[version]}" in told.splitlines(), told


@then('it is told that "{versions}" were not found')
def told_not_found(context: Context, versions: str) -> None:
    told = pythons.told_of(context.found)
    assert told.splitlines()[-1] == f"not found: {versions}", told
