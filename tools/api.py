"""Write docs/api.md: the public names by group, a line each, as the stub and docstrings have it.

Run as ``python tools/api.py``; a test holds the page to what this gives.
"""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import geo_border as gb

ROOT = Path(__file__).parents[1]
STUB = ROOT / "geo_border" / "__init__.pyi"
PAGE = ROOT / "docs" / "api.md"

INTRO = """# Reference

`import geo_border as gb` gives these names; each is explained, with an example that runs, by
`help(gb.travel)` and its like. What is not here may change without a word. How the pieces fit
together:

    net = gb.from_osm("liechtenstein.osm.pbf", home={"country": "LI"}, settlements=True)
    trips = gb.travel(net, mode="road")
    reached = gb.potential(trips, decay=gb.Exponential(2))
    gb.border_effect(reached).join(net.places["name"])

GeoDataFrames go in, frames by the ids of what went in come out; ids are the index or a column
(`place_id`, `checkpoint_id`, `region_id`, `service_id`), and every error that a user can cause is
a `gb.GeoBorderError`. *This page is made by `tools/api.py`.*
"""


def groups() -> dict[str, list[str]]:
    """Public names by the comment of the stub that they stand under."""
    found: dict[str, list[str]] = {}
    group = ""
    for line in STUB.read_text(encoding="utf-8").splitlines():
        if re.fullmatch(r"# [A-Z][\w ]+", line):
            group = line.removeprefix("# ")
        for node in ast.parse(line).body:
            names = [name.name for name in node.names if not name.name.startswith("__")]
            if names:
                found.setdefault(group, []).extend(names)
    return found


def page() -> str:
    """Give the whole page."""
    parts = [INTRO]
    for group, names in groups().items():
        rows = [f"| `{_called(name)}` | {_summary(name)} |" for name in names]
        parts.append("\n".join([f"## {group}\n", "| name | what it is |", "|---|---|", *rows, ""]))
    return "\n".join(parts)


def _called(name: str) -> str:
    """A function with what it must be given, anything else as it is called."""
    value = getattr(gb, name)
    if isinstance(value, type):
        return name
    needed = [
        part.name
        for part in inspect.signature(value).parameters.values()
        if part.default is part.empty
    ]
    return f"{name}({', '.join(needed)})"


def _summary(name: str) -> str:
    """First line of the docstring, its code as code."""
    doc = inspect.getdoc(getattr(gb, name)) or ""
    return doc.split("\n\n")[0].replace("\n", " ").replace("``", "`").replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
