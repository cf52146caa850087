"""Isochrones of the open checkpoints as rings, for any map."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from geo_border.access.nearest import BANDS_H
from geo_border.network.beyond import LOCAL_WAY
from geo_border.report.style import BAD, classes
from geo_border.typology.words import MINUTES

if TYPE_CHECKING:
    from geo_border.pipeline.results import Results
    from geo_border.report.ground import Ground

ZONE = re.compile(r"[0-9]+-([0-9]+)")
"""Names of the zones that end somewhere, minutes."""


@dataclass(frozen=True, slots=True)
class Ring:
    """What lies within one limit of an open checkpoint and not within a shorter one.

    Parameters
    ----------
    words
        The limit.
    colour
        Hexadecimal.
    shape
        Polygons, map metres.
    """

    words: str
    colour: str
    shape: shapely.Geometry


def zone_minutes(results: Results) -> list[float]:
    """Ends of the zones around checkpoints.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    list of float
        Minutes: those that the study states, else those that the run chose by rule.
    """
    stated = results.settings.access.zones_min
    if stated is not None:
        return stated
    names = map(str, results.more.get("zones", pd.DataFrame()))
    ends = [float(match[1]) for name in names if (match := ZONE.fullmatch(name))]
    return ends or [60 * hours for hours in BANDS_H]


def rings(results: Results, ground: Ground) -> list[Ring]:
    """Isochrones of all open checkpoints together, without overlap.

    Parameters
    ----------
    results
        What a run gave.
    ground
        As `geo_border.report.ground.ground_of` gives it.

    Returns
    -------
    list of Ring
        The shortest limit first; none where the study has no isochrones.
    """
    layer = results.layers.get("isochrones")
    if layer is None or layer.empty:
        return []
    limits = sorted(layer["hours"].unique())
    colours = classes([*limits, np.inf], colours=BAD).colours
    shapes = layer.to_crs(ground.crs).dissolve("hours").simplify(ground.detail_m)
    found, inner = [], shapely.Polygon()
    for limit, colour in zip(limits, colours, strict=False):
        whole = shapely.union(shapely.make_valid(shapes[limit]), inner)
        ring = shapely.difference(whole, inner)
        found.append(Ring(f"{60 * limit:.0f}{MINUTES}", colour, ring))
        inner = whole
    return found


def is_cut(results: Results) -> bool:
    """Whether ways beyond the extract are straight lines that stand for unknown roads.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    bool
        Whether there is any.
    """
    return bool((results.edges["road_class"] == LOCAL_WAY).any())
