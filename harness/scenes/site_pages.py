"""Pages of the site, for the scenarios about them."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from harness import site

_PATH = "features/commands/tea"


def outcomes_of(path: str, rows: Iterable[Mapping[str, str]]) -> site.Outcomes:
    """What became of scenarios, each a row with `scenario` and `ended`."""
    return {(path, row["scenario"]): Counter([row["ended"]]) for row in rows}


def page_of(text: str, outcomes: site.Outcomes) -> str:
    """The page of a feature."""
    return site.page_of(_PATH, text, outcomes)


def missing_in_navigation() -> list[str]:
    """The pages of a site of this project to which its navigation does not lead."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder)
        site.write_source(source, {})
        named = json.dumps(site.configuration(source, source / "built")["nav"])
        pages = (str(page.relative_to(source)) for page in source.rglob("*.md"))
        return [page for page in pages if f'"{page}"' not in named]
