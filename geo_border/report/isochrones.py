"""Isochrones of the open checkpoints as rings, for any map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo_border.network.beyond import LOCAL_WAY
from geo_border.report.style import BAD, classes
from geo_border.typology.words import MINUTES

if TYPE_CHECKING:
    from geo_border.pipeline.results import Results
    from geo_border.report.ground import Ground


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
