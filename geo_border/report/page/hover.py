"""What the page tells of a thing one points at.

Words from data enter only as columns of data sources, and hover templates are fixed text, so
that no name can become markup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo_border.columns import column_of
from geo_border.report.style import INK, MUTED

if TYPE_CHECKING:
    import pandas as pd

FONT = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif"
MARKERS = {
    "road": "circle",
    "rail": "square",
    "ferry": "diamond",
    "foot": "triangle",
    "air": "inverted_triangle",
}
"""Bokeh markers of the modes."""


def _rows(table: str, **names: str) -> dict[str, str]:
    """Columns of a data source by the headings of those of a table that they tell."""
    return {column_of(table, name).heading: stated for name, stated in names.items()}


REGION_ROWS = {
    "@{told_title}": "told",
    **_rows("regions", index="index_text", border_km="border_text"),
}
CONTROL_ROWS = {
    **_rows("checkpoints", mode="mode_text", status="status"),
    "Between": "between",
    **_rows("checkpoints", load_share="load_text", delay_h="delay_text"),
    "If closed": "closure_text",
}
FLAW_ROWS = _rows("flaws", name="name", value="amount")
LOST_ROWS = _rows("crossings", mode="mode", found_by="found_by", confidence="confidence")
PLACE_ROWS = _rows(
    "places",
    population="population_text",
    hours_to_checkpoint="hours_text",
    border_effect="effect_text",
)


def tooltip(title: str, rows: dict[str, str]) -> str:
    """Make a hover template of fixed words; Bokeh escapes the values it puts in.

    Parameters
    ----------
    title
        Column of the title.
    rows
        Columns by the words that stand before them.

    Returns
    -------
    str
        HTML.
    """
    cells = "".join(
        f"<tr><td style='color:{MUTED};padding-right:.8em;vertical-align:top'>{words}</td>"
        f"<td>@{{{name}}}</td></tr>"
        for words, name in rows.items()
    )
    return (
        f"<div style='font:12px/1.45 {FONT};color:{INK};max-width:22rem'>"
        f"<b>@{{{title}}}</b><table style='border-spacing:0'>{cells}</table></div>"
    )


def numbers(values: pd.Series[float], form: str, *, factor: float = 1) -> list[str]:
    """Numbers as words, ``"no data"`` for missing ones.

    Parameters
    ----------
    values
        The numbers.
    form
        Format of one.
    factor
        The numbers are multiplied by it.

    Returns
    -------
    list of str
        One for each number.
    """
    return [
        "no data" if not np.isfinite(value) else form.format(value * factor)
        for value in values.to_numpy(float, na_value=np.nan)
    ]
