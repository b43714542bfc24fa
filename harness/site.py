"""``python -m harness.site``: the documentation as a site, in ``build/site``.

Its pages are those of the repository, where they are, and the features, each scenario with what
became of it in the last run (``reports/junit``). MkDocs makes the site, with Material for MkDocs as
its theme, and fails where a link leads nowhere. Exit status: that of MkDocs.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
BUILT = ROOT / "build"
#: What a site is made of, besides the features.
PAGES = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs",
    "fixtures/README.md",
)
#: The order in which a person needs them; what is not named here comes behind.
_GUIDE = {
    "Use it": ["clients", "python", "schemas", "limits", "container", "traces", "windows"],
    "How it works": ["scheduling", "architecture", "engines", "performance", "decisions"],
    "Reference": ["settings", "routes", "fields", "licences"],
}
_SIGNS = {"passed": "✔", "failed": "✘", "error": "✘", "skipped": "–"}
#: The line of a feature that begins a part of it.
_PART = re.compile(
    r"\s*(?P<kind>Feature|Rule|Background|Scenario Outline|Scenario|Examples): *(?P<name>.*)"
)
_EXAMPLE = re.compile(r" -- @[\d.]+.*$")
#: A placeholder in the name of a scenario outline; in a report it has its value.
_PLACEHOLDER = re.compile(r"<[^>]+>")

#: How many scenarios of a name ended how, by path of the feature and name.
Outcomes = Mapping[tuple[str, str], Counter[str]]


def outcomes_in(reports: Path) -> Outcomes:
    """What became of each scenario, by behave's reports of the last run."""
    found: dict[tuple[str, str], Counter[str]] = {}
    for report in sorted(reports.glob("TESTS-*.xml")):
        path = report.stem.removeprefix("TESTS-").replace(".", "/")
        for case in ElementTree.parse(report).iter("testcase"):
            name = _EXAMPLE.sub("", case.get("name", ""))
            found.setdefault((path, name), Counter())[case.get("status", "")] += 1
    return found


def outcome_of(path: str, name: str, outcomes: Outcomes) -> Counter[str]:
    """What became of a scenario; of an outline that of all its examples. Pure."""
    parts = map(re.escape, _PLACEHOLDER.split(name))
    pattern = re.compile(".*".join(parts), re.DOTALL)
    alike = (
        count for (of, each), count in outcomes.items() if of == path and pattern.fullmatch(each)
    )
    return sum(alike, Counter())


def told(count: Counter[str]) -> str:
    """``✔ passed``, ``✔ 12 passed, – 1 skipped``, or that it was not run. Pure."""
    if not count:
        return "not run"
    many = sum(count.values()) > 1
    parts = (
        f"{_SIGNS.get(how, '✘')} {f'{number} ' if many else ''}{how}"
        for how, number in sorted(count.items())
    )
    return ", ".join(parts)


def page_of(path: str, text: str, outcomes: Outcomes) -> str:
    """A feature as a page; `path` is its own, without its ending. Pure."""
    lines: list[str] = []
    steps: list[str] = []

    def close() -> None:
        while steps and not steps[-1].strip():
            steps.pop()
        if steps:
            lines.extend(["```gherkin", *steps, "```", ""])
        steps.clear()

    in_scenario = False
    for line in text.splitlines():
        part = _PART.fullmatch(line)
        kind = part["kind"] if part is not None else ""
        if part is None and not in_scenario:
            if not line.strip().startswith("@"):
                lines.append(line.strip())
        elif part is None or kind == "Examples":
            if not line.strip().startswith("@"):
                steps.append(line)
        else:
            close()
            name = part["name"].replace("<", "&lt;")
            in_scenario = kind in ("Scenario", "Scenario Outline", "Background")
            if kind == "Feature":
                lines.append(f"# {name}")
            elif kind == "Rule":
                lines.extend([f"## {name}", ""])
            elif kind == "Background":
                lines.extend(["### Before each", ""])
            else:
                how = told(outcome_of(path, part["name"], outcomes))
                lines.extend([f"### {name}", "", f"*{how}*", ""])
    close()
    return "\n".join([*lines, ""])


def write_source(source: Path, outcomes: Outcomes) -> None:
    """All pages, laid out as in the repository, so that a link of one to another holds."""
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    for name in PAGES:
        for file in sorted((ROOT / name).rglob("*") if (ROOT / name).is_dir() else [ROOT / name]):
            if file.is_file():
                _copy(file, source / file.relative_to(ROOT))
    _copy(ROOT / "features" / "README.md", source / "features" / "README.md")
    for feature in sorted((ROOT / "features").rglob("*.feature")):
        path = str(feature.relative_to(ROOT).with_suffix(""))
        page = source / f"{path}.md"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(page_of(path, feature.read_text("utf-8"), outcomes), "utf-8")


def _copy(file: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".md":
        to.write_text(file.read_text("utf-8").replace(".feature)", ".md)"), "utf-8")
    else:
        shutil.copyfile(file, to)


def configuration(source: Path, built: Path) -> dict[str, object]:
    """What MkDocs is told. Nothing of the site is fetched from elsewhere when it is read."""
    return {
        "site_name": "rbee",
        "docs_dir": str(source),
        "site_dir": str(built),
        "nav": list(_navigation(source)),
        "theme": {
            "name": "material",
            "font": False,
            "features": ["navigation.tabs", "navigation.top", "content.code.copy"],
            "palette": [
                _palette("(prefers-color-scheme: light)", "default", "weather-night", "dark"),
                _palette("(prefers-color-scheme: dark)", "slate", "weather-sunny", "light"),
            ],
        },
        "plugins": ["search"],
        "markdown_extensions": ["admonition", "tables", "pymdownx.superfences", {"toc": {}}],
        "validation": {
            "links": {"not_found": "warn", "anchors": "warn", "unrecognized_links": "warn"}
        },
    }


def _palette(media: str, scheme: str, icon: str, other: str) -> dict[str, object]:
    toggle = {"icon": f"material/{icon}", "name": f"{other} colours"}
    return {"media": media, "scheme": scheme, "primary": "indigo", "toggle": toggle}


def _navigation(source: Path) -> Iterator[dict[str, object]]:
    yield {"Getting started": "README.md"}
    left = {page.stem for page in (source / "docs").glob("*.md")}
    for title, names in _GUIDE.items():
        more = sorted(left - {each for all_of in _GUIDE.values() for each in all_of})
        wanted = [*names, *(more if title == "Use it" else [])]
        yield {title: [f"docs/{name}.md" for name in wanted if name in left]}
    yield {"Security": "SECURITY.md"}
    folders = sorted(each for each in (source / "features").rglob("*") if each.is_dir())
    yield {
        "Features": [
            "features/README.md",
            *(
                {_title(folder, source): _pages_in(folder, source)}
                for folder in folders
                if _pages_in(folder, source)
            ),
        ]
    }
    yield {"Work on it": ["CONTRIBUTING.md", "CHANGELOG.md", "fixtures/README.md"]}


def _title(folder: Path, source: Path) -> str:
    return str(folder.relative_to(source / "features")).replace("/", ": ")


def _pages_in(folder: Path, source: Path) -> list[str]:
    return [str(page.relative_to(source)) for page in sorted(folder.glob("*.md"))]


def main() -> int:
    """Makes the site; the exit status of MkDocs."""
    source, built = BUILT / "site-source", BUILT / "site"
    write_source(source, outcomes_in(ROOT / "reports" / "junit"))
    file = BUILT / "mkdocs.yml"
    # JSON is YAML.
    file.write_text(json.dumps(configuration(source, built), indent=1), "utf-8")
    mkdocs = Path(sys.prefix) / ".site" / "bin" / "python"
    command = [str(mkdocs), "-m", "mkdocs", "build", "--strict", "-f", str(file)]
    status = subprocess.run(command, check=False).returncode
    if status == 0:
        print(f"{built}/index.html")
    return status


if __name__ == "__main__":
    sys.exit(main())
