"""Frames of longitudes and latitudes, which may pass the 180th meridian."""

from __future__ import annotations

import math
from typing import TypeAlias

from geo_border.geometry.frame import HALF_TURN, principal

Bounds: TypeAlias = tuple[float, float, float, float]

KM_A_DEGREE = 111.0
"""Not more than a degree of latitude has, so that a margin comes out no narrower."""

STEEPEST = 0.01
"""Parallels nearer to a pole than this cosine are taken whole."""


def boxes_of(bounds: Bounds, margin_km: float = 0.0) -> list[Bounds]:
    """Boxes within the longitudes of WGS 84 that make up a frame.

    Parameters
    ----------
    bounds
        West, south, east, north, degrees; west lies beyond east where the frame passes the
        180th meridian, and either may lie beyond that meridian.
    margin_km
        How much wider the boxes are than the frame, kilometres.

    Returns
    -------
    list
        One box, or two where the frame passes the 180th meridian.
    """
    west, south, east, north = bounds
    if west > east:
        east += 2 * HALF_TURN
    high = margin_km / KM_A_DEGREE
    south, north = max(south - high, -90.0), min(north + high, 90.0)
    cosine = math.cos(math.radians(max(abs(south), abs(north))))
    wide = high / cosine if cosine > STEEPEST else HALF_TURN
    if east - west + 2 * wide >= 2 * HALF_TURN:
        return [(-HALF_TURN, south, HALF_TURN, north)]
    west, east = west - wide, east + wide
    width = east - west
    west = principal(west)
    if west + width <= HALF_TURN:
        return [(west, south, west + width, north)]
    return [(west, south, HALF_TURN, north), (-HALF_TURN, south, principal(west + width), north)]
