"""How far apart things of several sources may lie that are the same on the ground."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tolerances:
    """Distances within which things of several sources are taken for the same.

    Parameters
    ----------
    crossing_km
        Between a link and a checkpoint, km; None for
        `geo_border.network.reach.OSM_TOLERANCE_KM` where the link is of OpenStreetMap and
        `geo_border.network.reach.TOLERANCE_KM` elsewhere.
    stub_m
        Between two roads that end blind on either side of the border and are one, metres; at
        most 1000, see `geo_border.network.stubs.join_stubs`.
    along_m
        How far beyond the border a road along it may run, or one that ends at it may end,
        without crossing it, metres; see `geo_border.network.sides.cut_at_border`.
    edge_km
        Between the edges of the polygons of the two sides, and from the border to where a road
        passes it beside them, km; see `geo_border.border.edges.edge_match` and
        `geo_border.network.sides.cut_at_border`.

    Examples
    --------
    >>> import geo_border as gb
    >>> gb.Tolerances(crossing_km=0.5).stub_m
    100
    """

    crossing_km: float | None = None
    stub_m: float = 100
    along_m: float = 25
    edge_km: float = 5
