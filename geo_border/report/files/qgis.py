"""Styles of layers as QGIS keeps them in a GeoPackage: a layer opens as the maps draw it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
from matplotlib.colors import to_rgb

from geo_border.columns import find_column
from geo_border.network.beyond import LOCAL_WAY
from geo_border.report.style import (
    BAD,
    BORDER,
    INK,
    LEAST_LOAD,
    MODE_COLOURS,
    MODES,
    NEIGHBOUR,
    OUTLINE,
    SCORES,
    SEA_BORDER,
    classes,
    score_classes,
    type_colours,
)
from geo_border.typology.rules import UNDETERMINED
from geo_border.typology.words import capitalised, percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from geo_border.pipeline.results import Results

TABLE = "layer_styles"
"""Table in which QGIS looks for the style of a layer."""

LOADS = (0.02, 0.05, 0.1, 1.0)
"""Upper limits of the classes of load, shares of the demand across the border."""

SHAPES = {"road": "circle", "rail": "square", "ferry": "diamond", "foot": "triangle", "air": "star"}
"""Markers of QGIS by mode."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """How features of one class are drawn.

    Parameters
    ----------
    words
        What the legend says.
    kind
        ``fill``, ``line`` or ``marker``.
    colour
        Hexadecimal.
    size
        Width of a line or size of a marker, mm.
    shape
        Of a marker.
    outline
        Colour of the outline of a fill or a marker, hexadecimal.
    opacity
        0 to 1.
    """

    words: str
    kind: str
    colour: str
    size: float = 0.3
    shape: str = "circle"
    outline: str = OUTLINE
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Style:
    """Style of one layer.

    Parameters
    ----------
    attribute
        Column, or expression of QGIS, that decides on the symbol; empty if there is one symbol.
    symbols
        By the value, or by the lower and upper limit, that they are for; the value ``""`` is for
        all others.
    largest_first
        Column by which features are drawn, the largest value first.
    """

    attribute: str
    symbols: dict[str | float | tuple[float, float], Symbol] = field(default_factory=dict)
    largest_first: str = ""


def layer_styles(results: Results, layers: Mapping[str, Iterable[str]]) -> pd.DataFrame:
    """Styles of the layers of a study, with a heading for each column.

    Parameters
    ----------
    results
        What a run gave.
    layers
        Columns of the layers by their names.

    Returns
    -------
    DataFrame
        Rows of `TABLE`, one a layer.
    """
    styles = {
        "regions": _regions(results),
        "border": Style(
            "if(\"at_sea\", 'sea', 'land')",
            {
                "land": Symbol("Border", "line", BORDER, 0.6),
                "sea": Symbol("Border at sea", "line", SEA_BORDER, 0.4),
            },
        ),
        "edges": _edges(),
        "checkpoints": _checkpoints(),
        "crossings": Style(
            "if(\"checkpoint_id\" is null, 'unserved', 'served')",
            {
                "unserved": Symbol("No checkpoint", "marker", INK, 2.4, "cross2", INK),
                "served": Symbol("Served by a checkpoint", "marker", "#ffffff", 1.2),
            },
        ),
        "places": Style("", {"": Symbol("Settlement", "marker", "#57534e", 1.2, opacity=0.6)}),
    }
    if len(results.layers.get("isochrones", ())):
        styles["isochrones"] = _isochrones(results)
    return pd.DataFrame(
        [
            {
                "f_table_catalog": "",
                "f_table_schema": "",
                "f_table_name": layer,
                "f_geometry_column": "geom",
                "styleName": layer,
                "styleQML": qml(style, _aliases(layer, layers.get(layer, ()))),
                "styleSLD": "",
                "useAsDefault": True,
                "description": "as the maps of the report",
                "owner": "",
                "ui": "",
                "update_time": pd.Timestamp(0),
            }
            for layer, style in styles.items()
        ]
    )


def _aliases(layer: str, columns: Iterable[str]) -> dict[str, str]:
    """Headings of the columns of a layer that are ours."""
    found = {name: find_column(layer, name) for name in columns}
    return {name: column.label for name, column in found.items() if column}


def _regions(results: Results) -> Style:
    """Types, or where no region has one the classes of the first score that there is."""
    neighbour = Symbol(results.settings.study.neighbour, "fill", NEIGHBOUR)
    colours = type_colours(results)
    if set(colours) - {UNDETERMINED}:
        typed: dict[str | float | tuple[float, float], Symbol] = {
            name: Symbol(capitalised(name), "fill", colour) for name, colour in colours.items()
        }
        return Style("type", {**typed, "": neighbour})
    scored = [key for key in SCORES if results.levels[key].notna().any()]
    if not scored:
        return Style("", {"": Symbol("Region", "fill", NEIGHBOUR)})
    scale = score_classes(results)
    limits = zip((0.0, *scale.bins), scale.bins, strict=False)
    return Style(
        scored[0],
        {
            limit: Symbol(words, "fill", colour)
            for limit, words, colour in zip(limits, scale.labels, scale.colours, strict=True)
        },
    )


def _edges() -> Style:
    """Links in grey, those with load the wider the more they carry."""
    symbols: dict[str | float | tuple[float, float], Symbol] = {
        (-1.0, LEAST_LOAD): Symbol("Little or no load", "line", "#a9aaa6", 0.15)
    }
    lower = LEAST_LOAD
    for number, upper in enumerate(LOADS, 1):
        words = f"Load up to {percent(upper)}" if upper < 1 else f"Load over {percent(lower)}"
        symbols[lower, upper] = Symbol(words, "line", MODE_COLOURS["road"], 0.4 * number)
        lower = upper
    # Outside every class, so not drawn: straight lines that stand for unknown roads.
    return Style(f'if("road_class" = \'{LOCAL_WAY}\', -2, "load_share")', symbols)


def _checkpoints() -> Style:
    """Checkpoints by mode, hollow where not open."""
    symbols: dict[str | float | tuple[float, float], Symbol] = {
        mode: Symbol(words, "marker", MODE_COLOURS[mode], 2.6, SHAPES[mode], "#ffffff")
        for mode, words in MODES.items()
    }
    symbols["closed"] = Symbol("Not open to all", "marker", "#ffffff", 2.2, outline=OUTLINE)
    return Style('if("is_open", "mode", \'closed\')', symbols)


def _isochrones(results: Results) -> Style:
    """Limits of time, what is far under what is near."""
    limits = sorted(results.layers["isochrones"]["hours"].unique())
    colours = classes([*limits, np.inf], colours=BAD).colours
    symbols: dict[str | float | tuple[float, float], Symbol] = {
        float(limit): Symbol(f"{60 * limit:.0f} min", "fill", colour, outline="#ffffff")
        for limit, colour in zip(limits, colours, strict=False)
    }
    return Style("hours", symbols, largest_first="hours")


def qml(style: Style, aliases: Mapping[str, str] | None = None) -> str:
    """Write a style as QGIS reads it.

    Parameters
    ----------
    style
        The style.
    aliases
        What QGIS shows in place of the names of columns.

    Returns
    -------
    str
        XML; words from data are escaped.
    """
    root = ET.Element("qgis", version="3.22", styleCategories="Symbology|Fields")
    ranged = any(isinstance(key, tuple) for key in style.symbols)
    kind = "graduatedSymbol" if ranged else "categorizedSymbol"
    renderer = ET.SubElement(
        root,
        "renderer-v2",
        type=kind if style.attribute else "singleSymbol",
        attr=style.attribute,
        enableorderby="1" if style.largest_first else "0",
    )
    entries = ET.SubElement(renderer, "ranges" if ranged else "categories")
    symbols = ET.SubElement(renderer, "symbols")
    for number, (key, symbol) in enumerate(style.symbols.items()):
        about = {"symbol": str(number), "label": symbol.words, "render": "true"}
        if isinstance(key, tuple):
            about |= {"lower": repr(key[0]), "upper": repr(key[1])}
            ET.SubElement(entries, "range", about)
        elif style.attribute:
            number_or_text = "double" if isinstance(key, float) else "string"
            ET.SubElement(entries, "category", about, value=str(key), type=number_or_text)
        _symbol(symbols, str(number), symbol)
    if style.largest_first:
        order = ET.SubElement(renderer, "orderby")
        clause = ET.SubElement(order, "orderByClause", asc="0", nullsFirst="0")
        clause.text = f'"{style.largest_first}"'
    shown = ET.SubElement(root, "aliases")
    for number, (name, words) in enumerate((aliases or {}).items()):
        ET.SubElement(shown, "alias", field=name, index=str(number), name=words)
    return ET.tostring(root, encoding="unicode")


def _symbol(parent: ET.Element, name: str, symbol: Symbol) -> None:
    """Add one symbol."""
    opacity = f"{symbol.opacity:g}"
    one = ET.SubElement(parent, "symbol", name=name, type=symbol.kind, alpha=opacity)
    drawn = {"fill": "SimpleFill", "line": "SimpleLine", "marker": "SimpleMarker"}[symbol.kind]
    layer = ET.SubElement(one, "layer", {"class": drawn, "enabled": "1"})
    properties = {
        "fill": {
            "color": _rgb(symbol.colour),
            "outline_color": _rgb(symbol.outline),
            "outline_width": "0.2",
        },
        "line": {"line_color": _rgb(symbol.colour), "line_width": f"{symbol.size:g}"},
        "marker": {
            "name": symbol.shape,
            "color": _rgb(symbol.colour),
            "size": f"{symbol.size:g}",
            "outline_color": _rgb(symbol.outline),
            "outline_width": "0.2",
        },
    }
    for key, value in properties[symbol.kind].items():
        ET.SubElement(layer, "prop", k=key, v=value)


def _rgb(colour: str) -> str:
    """Colour as QGIS writes it."""
    return ",".join(str(round(255 * part)) for part in (*to_rgb(colour), 1))
