"""Maps for print, as PNG."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.patches import Patch

from geo_border.columns import column_of
from geo_border.errors import StudyError
from geo_border.report.along import has_delays
from geo_border.report.ground import Ground, ground_of
from geo_border.report.isochrones import zone_minutes
from geo_border.report.print.cartography import LABEL_PT, WIDTH_IN, save
from geo_border.report.print.corridors import corridor_figure
from geo_border.report.print.figures import border_profile
from geo_border.report.print.isochrones import isochrones_map
from geo_border.report.print.letters import lettering
from geo_border.report.print.network import network_map
from geo_border.report.print.sheet import (
    MapSheet,
    class_handles,
    legend_under,
    mark,
    region_names,
    swatch,
)
from geo_border.report.print.surfaces import surfaces_map
from geo_border.report.settlements import drawn_in_words, drawn_places
from geo_border.report.style import (
    BAD,
    LEVELS,
    NEIGHBOUR,
    NO_DATA,
    SCORES,
    Classes,
    classes,
    quantile_classes,
    score_classes,
    type_colours,
)
from geo_border.typology.rules import UNDETERMINED
from geo_border.typology.words import PERCENT, capitalised

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

    from geo_border.pipeline.results import Results

EDGE = "#4b4b4b"
"""Colour of the outlines of places."""

PLACES_AREA = (32.0, 110.0)
"""Area of the symbol of the most populous place, square points: among many places, among few."""


@lettering()
def write_maps(results: Results, folder: Path) -> list[Path]:
    """Draw every map and figure for print.

    Parameters
    ----------
    results
        What a run gave.
    folder
        Where the PNG go; made if missing.

    Returns
    -------
    list of Path
        The files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ground = ground_of(results)
    typed = (results.typology["type"] != UNDETERMINED).any()
    figures = {"types": types_map(results, ground)} if typed else {}
    figures |= {
        "levels": levels_map(results, ground),
        "network": network_map(results, ground),
        "access": access_map(results, ground),
        "border_profile": border_profile(results),
    }
    if len(results.layers.get("isochrones", ())):
        figures["isochrones"] = isochrones_map(results, ground)
    if (corridors := corridor_figure(results)) is not None:
        figures["corridors"] = corridors
    if results.surfaces is not None:
        figures["surfaces"] = surfaces_map(results, results.surfaces, ground)
    return [save(figure, folder / f"{name}.png") for name, figure in figures.items()]


@lettering()
def figure_of(results: Results, name: str) -> Figure:
    """Draw one map or figure for print.

    Parameters
    ----------
    results
        What a run gave.
    name
        Which: as the file that `write_maps` writes it to.

    Returns
    -------
    Figure
        The sheet.

    Raises
    ------
    StudyError
        If there is none of that name.
    """
    if name == "border_profile":
        return border_profile(results)
    maps = {
        "types": types_map,
        "levels": levels_map,
        "network": network_map,
        "access": access_map,
    }
    if name not in maps:
        raise StudyError(
            f"there is no map {name!r}", remedy=f"Choose of {', '.join([*maps, 'border_profile'])}"
        )
    return maps[name](results, ground_of(results))


def types_map(results: Results, ground: Ground) -> Figure:
    """Draw the types of the regions; letters beside the names tell them apart without colour.

    Parameters
    ----------
    results
        What a run gave.
    ground
        As `geo_border.report.ground.ground_of` gives it.

    Returns
    -------
    Figure
        The map.
    """
    colours = type_colours(results)
    letter = dict(zip(colours, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", strict=False))
    kind = results.typology["type"].reindex(ground.regions.index)
    home = ground.regions["side"] == "home"
    fill = np.where(home, NO_DATA, NEIGHBOUR).astype(object)
    known = kind.notna().to_numpy()
    fill[known] = [colours[name] for name in kind[known].astype(str)]
    sheet = MapSheet(ground, legend_rows=(len(colours) + 1) // 2)
    axes = sheet.draw(fill=fill, line=1)
    marks = [f" ({letter[name]})" if name in letter else "" for name in kind]
    region_names(sheet.labels(axes), ground, ground.regions["short"] + marks)
    handles = [
        swatch(colour, f"{letter.get(name, '')}  {capitalised(name)}")
        for name, colour in colours.items()
    ]
    return sheet.finish(handles, columns=2)


def levels_map(results: Results, ground: Ground) -> Figure:
    """Draw the levels and the economic potential that are scored, in the same classes.

    Parameters
    ----------
    results
        What a run gave.
    ground
        As `geo_border.report.ground.ground_of` gives it.

    Returns
    -------
    Figure
        A map each, side by side; one of the first level if nothing is scored.
    """
    scored = [name for name in (*LEVELS, "potential") if results.levels[name].notna().any()]
    shown = scored or [next(iter(LEVELS))]
    scale = score_classes(results)
    sheet = MapSheet(
        ground,
        n=len(shown),
        columns=min(2, len(shown)),
        legend_rows=2,
        titled=True,
        width_in=7.09 if len(shown) > 1 else WIDTH_IN,
    )
    for number, column in enumerate(shown):
        values = results.levels[column].reindex(ground.regions.index)
        fill = scale.colour(values)
        neighbour = (ground.regions["side"] != "home").to_numpy() & values.isna().to_numpy()
        fill[neighbour] = NEIGHBOUR
        axes = sheet.draw(number, fill=fill, title=SCORES[column])
        scored = ground.regions[values.notna()]
        sheet.labels(axes).in_polygons(
            scored.geometry, [f"{value:.0f}" for value in values.dropna()], size=LABEL_PT
        )
    handles = class_handles(scale)
    missing = results.levels[shown].isna().to_numpy().any()
    if missing:
        handles.append(Patch(facecolor=NO_DATA, label="no data"))
    return sheet.finish(handles, columns=6, title="Score, 0 to 100")


def access_map(results: Results, ground: Ground) -> Figure:
    """Draw, for the most populous places, the time to the nearest checkpoint and what delays take.

    Parameters
    ----------
    results
        What a run gave.
    ground
        As `geo_border.report.ground.ground_of` gives it.

    Returns
    -------
    Figure
        Two maps, one above the other; the first alone where there are no delays.
    """
    places, thinned = drawn_places(results.places), drawn_in_words(results.places)
    size = f"size by people, {thinned}" if thinned else "size by people"
    zones = [minutes / 60 for minutes in zone_minutes(results)]
    whole = all(hours * 2 % 1 == 0 for hours in zones)
    unit = "hours" if whole else "minutes"
    panels_of: list[tuple[str, str, Classes]] = [
        (
            "hours_to_checkpoint",
            f"{column_of('places', 'hours_to_checkpoint').heading} by road, {unit}; {size}",
            classes([*zones, 2 * zones[-1], np.inf], colours=BAD, scale=1 if whole else 60),
        ),
        (
            "border_effect",
            column_of("places", "border_effect").title,
            quantile_classes(places["border_effect"], colours=BAD, unit=PERCENT, scale=100),
        ),
    ]
    if not has_delays(results):
        del panels_of[1]
    at = places.geometry.to_crs(ground.crs)
    # Area by population, but a village is still to be seen.
    people = places["population"].to_numpy(float)
    largest = float(np.clip(5000 / max(len(people), 1), *PLACES_AREA))
    area = (largest * people / people.max(initial=1)).clip(0.9)
    order = np.argsort(-area, kind="stable")
    sheet = MapSheet(ground, n=len(panels_of), legend_rows=1, legend_each=True, titled=True)
    for number, (column, title, scale) in enumerate(panels_of):
        axes = sheet.draw(number, title=title)
        values = places[column].to_numpy(float)
        # What is infinite, or off the network, is not reached; other gaps were not measured.
        lost = np.isinf(values) | (np.isnan(values) & (places["node"] < 0).to_numpy())
        shown = order[(~np.isnan(values) | lost)[order]]
        fill = scale.colour(pd.Series(np.where(lost, np.nan, values)))
        axes.scatter(
            at.x.to_numpy()[shown],
            at.y.to_numpy()[shown],
            s=area[shown],
            c=fill[shown].tolist(),
            edgecolors=EDGE,
            linewidths=0.15,
            zorder=4,
        )
        said = list(zip(scale.colours, scale.labels, strict=True))
        if lost.any():
            said.append((NO_DATA, "not reached"))
        legend_under(axes, [mark(c, text, edge=EDGE, line=0.2) for c, text in said])
    return sheet.finish()
