"""The layers of the interactive map, each drawn on a Bokeh figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from bokeh.core.properties import value
from bokeh.models import ColumnDataSource

from geo_border.report.along import has_delays
from geo_border.report.checkpoints import checkpoint_words
from geo_border.report.ground import drawn_edges
from geo_border.report.page.hover import FONT, MARKERS, numbers
from geo_border.report.room import Room, folded, spots_in
from geo_border.report.settlements import drawn_places
from geo_border.report.style import INK, LEAST_LOAD, MODE_COLOURS, MUTED
from geo_border.typology.words import capitalised, hours

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import geopandas as gpd
    from bokeh.plotting import figure

    from geo_border.pipeline.results import Results
    from geo_border.report.ground import Ground
    from geo_border.report.isochrones import Ring

LOAD_CLASSES = 8

UNSERVED = "crossing without a checkpoint"
"""Kind of flaw that is drawn whether or not flaws are asked for."""

MOST_FLAWS = 500
"""Flaws of a kind that the page carries; all are in the GeoPackage."""

DOUBT = "#b45309"
"""Colour of what is doubtful."""

WIDTH = 1170.0
"""Width of the map on a wide screen, pixels."""

HEIGHTS = (480, 700)
"""Least and greatest height of the map, pixels."""

LETTER_PX, LINE_PX = 6.4, 13.0
"""Mean width of a letter of a region's name and height of its line, pixels."""


def map_height(ground: Ground) -> int:
    """Height of the map: a tall country gets a taller one.

    Parameters
    ----------
    ground
        As `geo_border.report.ground.ground_of` gives it.

    Returns
    -------
    int
        Pixels.
    """
    return int(np.clip(WIDTH * ground.aspect, *HEIGHTS))


def polygon_columns(shapes: Iterable[shapely.Geometry]) -> dict[str, list[Any]]:
    """Nested lists of polygons with holes, as Bokeh wants them, to the nearest 10 m.

    Parameters
    ----------
    shapes
        Polygons, map metres.

    Returns
    -------
    dict
        ``xs`` and ``ys``.
    """
    xs, ys = [], []
    for shape in shapes:
        rings = [
            [shapely.get_coordinates(ring).round(-1) for ring in (part.exterior, *part.interiors)]
            for part in shapely.get_parts(shape)
            if part.geom_type == "Polygon"
        ]
        xs.append([[ring[:, 0].astype(int).tolist() for ring in part] for part in rings])
        ys.append([[ring[:, 1].astype(int).tolist() for ring in part] for part in rings])
    return {"xs": xs, "ys": ys}


def line_columns(lines: gpd.GeoSeries) -> tuple[list[list[int]], list[list[int]]]:
    """Coordinates of the parts of lines, to the nearest 10 m.

    Parameters
    ----------
    lines
        Lines, map metres.

    Returns
    -------
    tuple
        Lists of x and of y, one for each part.
    """
    parts = [shapely.get_coordinates(part).round(-1).astype(int) for part in _parts(lines)]
    return [part[:, 0].tolist() for part in parts], [part[:, 1].tolist() for part in parts]


def _parts(lines: gpd.GeoSeries) -> list[shapely.LineString]:
    """Single lines of a series, those that meet end to end joined."""
    if lines.empty:
        return []
    merged = shapely.line_merge(shapely.multilinestrings(shapely.get_parts(lines.to_numpy())))
    return list(shapely.get_parts(merged))


def draw_network(plot: figure, results: Results, ground: Ground) -> None:
    """Draw links in grey, and those with cross-border load in classes of width.

    Parameters
    ----------
    plot
        Where to draw.
    results
        What a run gave.
    ground
        As `geo_border.report.ground.ground_of` gives it.
    """
    edges = drawn_edges(results)
    lines = edges.geometry.to_crs(ground.crs).simplify(ground.detail_m / 2)
    load = edges["load_share"].fillna(0).to_numpy(float)
    top = load.max() if len(load) and load.max() > 0 else 1.0
    for mode, dash in (("road", "solid"), ("rail", [5, 2])):
        mine = (edges["mode"] == mode).to_numpy()
        xs, ys = line_columns(lines[mine])
        plot.multi_line(
            xs,
            ys,
            line_color="#9b9c98",
            line_width=0.7,
            line_dash=dash,
            name=f"layer-{mode}",
        )
    width = np.ceil(LOAD_CLASSES * load / top).astype(int)
    loaded = load >= LEAST_LOAD
    columns: dict[str, Any] = {"xs": [], "ys": [], "width": [], "colour": []}
    for (mode, number), part in lines[loaded].groupby(
        [edges["mode"].to_numpy()[loaded], width[loaded]], sort=True
    ):
        xs, ys = line_columns(part)
        columns["xs"] += xs
        columns["ys"] += ys
        columns["width"] += [0.2 + 0.9 * number] * len(xs)
        columns["colour"] += [MODE_COLOURS.get(mode, MUTED)] * len(xs)
    plot.multi_line(
        source=ColumnDataSource(columns),
        line_color="colour",
        line_width="width",
        line_alpha=0.75,
        line_cap="round",
        line_join="round",
        name="layer-load",
    )


def _points(
    plot: figure,
    layer: str,
    shapes: gpd.GeoSeries,
    ground: Ground,
    columns: dict[str, list[Any]],
    **looks: Any,
) -> Any:
    """Draw a symbol for each point, to the nearest 10 m; hovering tells its columns."""
    at = shapes.to_crs(ground.crs)
    place = {"x": at.x.round(-1).tolist(), "y": at.y.round(-1).tolist()}
    source = ColumnDataSource(place | columns)
    return plot.scatter(source=source, name=f"layer-{layer}", **looks)


def draw_places(plot: figure, results: Results, ground: Ground) -> Any:
    """Draw settlements, the most populous; they are off until asked for.

    Parameters
    ----------
    plot
        Where to draw.
    results
        What a run gave.
    ground
        As `geo_border.report.ground.ground_of` gives it.

    Returns
    -------
    GlyphRenderer
        For hovering.
    """
    places = drawn_places(results.places)
    people = places["population"].to_numpy(float)
    known = 1 if has_delays(results) else np.nan
    columns = {
        "size": np.sqrt(people / 4000).clip(2.5, 20).round(1).tolist(),
        "name": places["name"].astype(str).tolist(),
        "population_text": numbers(places["population"], "{:,.0f}"),
        "hours_text": [hours(value) for value in places["hours_to_checkpoint"]],
        "effect_text": numbers(places["border_effect"] * known, "{:.1f} %", factor=100),
    }
    return _points(
        plot,
        "places",
        places.geometry,
        ground,
        columns,
        size="size",
        fill_color="#57534e",
        fill_alpha=0.55,
        line_color=None,
        visible=False,
    )


def draw_unserved(plot: figure, results: Results, ground: Ground) -> Any:
    """Mark crossings that no checkpoint serves.

    Parameters
    ----------
    plot
        Where to draw.
    results
        What a run gave.
    ground
        As `geo_border.report.ground.ground_of` gives it.

    Returns
    -------
    GlyphRenderer
        For hovering.
    """
    lost = results.crossings[results.crossings["checkpoint_id"].isna()]
    columns = {
        "name": [f"Crossing without a checkpoint ({name})" for name in lost.index],
        **{name: lost[name].astype(str).tolist() for name in ("mode", "found_by", "confidence")},
    }
    looks = {"marker": "x", "size": 8, "line_color": INK, "line_width": 1.6}
    return _points(plot, "unserved", lost.geometry, ground, columns, **looks)


def drawn_flaws(results: Results) -> gpd.GeoDataFrame | None:
    """Doubtful data that the map does not show otherwise, the greatest of each kind.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    GeoDataFrame or None
        At most `MOST_FLAWS` rows of ``results.flaws`` of each kind; None where there is none.
    """
    if results.flaws is None:
        return None
    # Crossings without a checkpoint have a layer of their own.
    rows = results.flaws[results.flaws["kind"] != UNSERVED]
    rows = rows.sort_values("value", ascending=False, kind="stable")
    rows = rows.groupby("kind", sort=False).head(MOST_FLAWS)
    return rows if len(rows) else None


def draw_flaws(plot: figure, flaws: gpd.GeoDataFrame, ground: Ground) -> Any:
    """Mark where the data are doubtful; the marks are off until asked for.

    Parameters
    ----------
    plot
        Where to draw.
    flaws
        As `drawn_flaws` gives them.
    ground
        As `geo_border.report.ground.ground_of` gives it.

    Returns
    -------
    GlyphRenderer
        For hovering.
    """
    amounts = [
        f"{amount:,.3g} {unit}" if np.isfinite(amount) else "not known"
        for amount, unit in zip(flaws["value"], flaws["unit"], strict=True)
    ]
    columns = {
        "kind": [capitalised(str(kind)) for kind in flaws["kind"]],
        "name": flaws["name"].astype(str).tolist(),
        "amount": amounts,
    }
    return _points(
        plot,
        "flaws",
        flaws.geometry,
        ground,
        columns,
        marker="triangle",
        size=7,
        fill_color=DOUBT,
        fill_alpha=0.7,
        line_color="#ffffff",
        line_width=0.5,
        visible=False,
    )


def draw_checkpoints(plot: figure, results: Results, ground: Ground) -> Any:
    """Draw checkpoints, the largest first, so that none hides another.

    Parameters
    ----------
    plot
        Where to draw.
    results
        What a run gave.
    ground
        As `geo_border.report.ground.ground_of` gives it.

    Returns
    -------
    GlyphRenderer
        For hovering; its source has ``x``, ``y`` and ``size`` (pixels).
    """
    controls = results.checkpoints[results.checkpoints["lon"].notna()]
    controls = controls.sort_values(
        "load_share", ascending=False, na_position="last", kind="stable"
    )
    share = controls["load_share"].fillna(0).to_numpy(float)
    top = share.max() if len(share) and share.max() > 0 else 1.0
    is_open = controls["is_open"].to_numpy(bool)
    colour = controls["mode"].map(MODE_COLOURS).fillna(MUTED)
    columns = {
        "size": (28 * np.sqrt(share / top)).clip(7).round(1).tolist(),
        "marker": controls["mode"].map(MARKERS).fillna("circle").tolist(),
        "fill": np.where(is_open, colour, "#ffffff").tolist(),
        "line": np.where(is_open, "#ffffff", colour).tolist(),
        **checkpoint_words(results, controls),
    }
    return _points(
        plot,
        "checkpoints",
        controls.geometry,
        ground,
        columns,
        marker="marker",
        size="size",
        fill_color="fill",
        fill_alpha=0.92,
        line_color="line",
        line_width=1.2,
    )


def draw_isochrones(plot: figure, isochrones: Sequence[Ring]) -> None:
    """Draw what is near the open checkpoints; it is off until asked for.

    Parameters
    ----------
    plot
        Where to draw.
    isochrones
        As `geo_border.report.isochrones.rings` gives them.
    """
    plot.multi_polygons(
        source=ColumnDataSource(
            {
                **polygon_columns([ring.shape for ring in isochrones]),
                "fill": [ring.colour for ring in isochrones],
            }
        ),
        fill_color="fill",
        fill_alpha=0.8,
        line_color="white",
        line_width=0.6,
        visible=False,
        name="layer-isochrones",
    )


def draw_names(plot: figure, ground: Ground, controls: dict[str, Any]) -> None:
    """Write the names of the regions, clear of each other and of the checkpoints.

    Parameters
    ----------
    plot
        Where to draw.
    ground
        As `geo_border.report.ground.ground_of` gives it.
    controls
        ``x``, ``y`` and ``size`` of the checkpoints.
    """
    west, east, south, north = ground.extent
    metres = max((east - west) / WIDTH, (north - south) / map_height(ground))
    room = Room((west, south, east, north), gap=2 * metres)
    for x, y, size in zip(controls["x"], controls["y"], controls["size"], strict=True):
        room.take(x, y, size * metres, size * metres)
    names: dict[str, Any] = {"x": [], "y": [], "text": []}
    for shape, name in sorted(
        zip(ground.regions.geometry, ground.regions["short"].astype(str), strict=True),
        key=lambda region: (region[0].area, region[1]),
    ):
        piece, text = room.seen(shape), folded(name)
        if piece.is_empty:
            continue
        lines = text.split("\n")
        wide, high = LETTER_PX * max(map(len, lines)), LINE_PX * len(lines)
        spot = room.best(spots_in(piece), (wide * metres, high * metres), home=piece)
        if spot is not None:
            names["x"].append(round(float(spot[0]), -1))
            names["y"].append(round(float(spot[1]), -1))
            names["text"].append(text)
    # Bokeh's stubs do not know the box behind a text yet.
    box: dict[str, Any] = {
        "background_fill_color": "white",
        "background_fill_alpha": 0.5,
        "border_radius": 2,
        "padding": 1,
    }
    plot.text(
        source=ColumnDataSource(names),
        text_align="center",
        text_baseline="middle",
        text_font=value(FONT),
        text_font_size="11px",
        text_line_height=1.05,
        text_color=INK,
        name="layer-names",
        **box,
    )
