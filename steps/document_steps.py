"""The documents beside the code, and the version that they tell of."""

from __future__ import annotations

from importlib import metadata

import rbee
from harness.rig.sentences import Context, then, when
from harness.scenes import documents


@when("the code is searched for where its version is set")
def search_version(context: Context) -> None:
    context.found = documents.where_version_is_set()


@then("the package sets it, and nothing else does")
def in_one_file(context: Context) -> None:
    assert context.found == ["rbee/__init__.py"], context.found


@when("the installed package is asked for its version")
def ask_package(context: Context) -> None:
    context.found = metadata.version("rbee")


@then("it is the version that the code tells")
def same_version(context: Context) -> None:
    assert context.found == rbee.__version__, (context.found, rbee.__version__)


@when("the changelog is held against the version of the code")
def hold_changelog(context: Context) -> None:
    changelog = documents.documents()[documents.CHANGELOG]
    context.missed = documents.untold(rbee.__version__, changelog)


@when('a changelog is held against version "{version}"')
def hold_a_changelog(context: Context, version: str) -> None:
    context.missed = documents.untold(version, context.text)


@when("the folders and tags of the features are looked up in their README")
def look_up_features(context: Context) -> None:
    readme = documents.documents()["features/README.md"]
    context.missed = documents.unnamed_folders(readme) + documents.unnamed_tags(readme)


@when('a README of the features is read that explains "{tag}" and the folder "{folder}" alone')
def read_a_readme(context: Context, tag: str, folder: str) -> None:
    readme = f"| `{tag}` | a tag |\n| `{folder}/` | a folder |\n"
    context.missed = documents.unnamed_folders(readme) + documents.unnamed_tags(readme)


@when("the links of all documents are followed")
def follow_links(context: Context) -> None:
    context.missed = documents.dead_links(documents.documents())


@when("the places in the code are looked up that the documents name")
def look_up_places(context: Context) -> None:
    context.missed = documents.gone(documents.documents().values())


@when("the modules are looked up that code and documents name")
def look_up_modules(context: Context) -> None:
    folders = ("rbee", "harness", "steps", "bench")
    code = [text for folder in folders for text in documents.sources(folder).values()]
    context.missed = documents.gone_names([*code, *documents.documents().values()])


@when("a docstring is read")
def read_docstring(context: Context) -> None:
    context.missed = documents.gone_names([context.text])


@when("a document is read")
def read_document(context: Context) -> None:
    text = context.text
    context.missed = documents.gone([text]) + documents.dead_links({"README.md": text})


@when("the classes in {folder} are looked up by their names")
def look_up_names(context: Context, folder: str) -> None:
    context.missed = documents.shared_names(documents.sources(folder))


@when("a class {name} is defined in {one} and in {other}")
def class_defined(context: Context, name: str, one: str, other: str) -> None:
    text = f"class {name}:\n    pass\n"
    context.missed = documents.shared_names({one: text, other: text})


@then("nothing is missed")
def nothing_missed(context: Context) -> None:
    assert not context.missed, context.missed


@then('"{what}" is missed')
def is_missed(context: Context, what: str) -> None:
    assert any(what in one for one in context.missed), context.missed


@then("exactly these are missed")
def are_missed(context: Context) -> None:
    expected = [row["what"] for row in context.table]
    assert len(context.missed) == len(expected), context.missed
    found = [one for one in context.missed if any(what in one for what in expected)]
    assert found == context.missed, context.missed
