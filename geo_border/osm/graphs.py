"""Graphs of OSMnx as lines: what a street network says of its edges, one line for both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from geo_border.errors import NetworkError
from geo_border.geometry.locate import polygon_of
from geo_border.osm.speeds import FALLBACK, default_kmh, parse_maxspeed, road_classes

if TYPE_CHECKING:
    from collections.abc import Mapping

    import networkx as nx
    from numpy.typing import NDArray

UNKNOWN = "unclassified"
"""Class of a road that does not say its own."""


def lines_from_osmnx(graph: nx.MultiDiGraph, land: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Lines of a street network.

    Parameters
    ----------
    graph
        Nodes with ``x`` and ``y`` in the ``crs`` of the graph; edges with ``highway`` (or
        ``railway``) and, if known, ``geometry``, ``oneway``, ``osmid``, ``travel_time``
        (seconds), ``speed_kph``, ``maxspeed``, ``length`` (metres), ``name``, ``ref``.
    land
        Polygons with ``country`` (ISO 3166-1 alpha-2), if that is known, for default speeds.

    Returns
    -------
    GeoDataFrame
        As `geo_border.network.links.links_from_lines` takes them, WGS 84.

    Raises
    ------
    NetworkError
        If there is no edge, or nodes do not say where they are.
    """
    number = {node: position for position, node in enumerate(graph.nodes, start=1)}
    rows: dict[Any, dict[str, Any]] = {}
    for tail, head, key, data in graph.edges(keys=True, data=True):
        one_way = data.get("oneway") in (True, "True", "yes")
        # Both directions of a street are edges of the same ways and length.
        street = frozenset((tail, head)), str(data.get("osmid")), round(data.get("length", 0))
        which = (tail, head, key) if one_way else street
        if which not in rows:
            rows[which] = {
                "tail_osm": number[tail],
                "head_osm": number[head],
                "oneway": int(one_way),
                "geometry": data.get("geometry") or _straight(graph, tail, head),
                **_said(data),
            }
    if not rows:
        raise NetworkError("the graph has no edges", remedy="Ask OSMnx for another area")
    lines = gpd.GeoDataFrame([*rows.values()], crs=graph.graph.get("crs", 4326)).to_crs(4326)
    countries = _countries(lines, land)
    kmh = [
        row.kmh if row.kmh > 0 else _kmh(row.maxspeed, row.road_class, row.mode, country)
        for row, country in zip(lines.itertuples(), countries, strict=True)
    ]
    return lines.assign(travel_kmh=kmh).drop(columns=["kmh", "maxspeed"])


def _straight(graph: nx.MultiDiGraph, tail: Any, head: Any) -> shapely.LineString:
    """Line of an edge that has none drawn."""
    try:
        return shapely.LineString([[graph.nodes[at][axis] for axis in "xy"] for at in (tail, head)])
    except (KeyError, TypeError) as error:
        raise NetworkError(
            "a node of the graph does not say where it is",
            row=f"{tail} - {head}",
            remedy="Give each node `x` and `y`, as OSMnx does",
        ) from error


def _said(data: Mapping[str, Any]) -> dict[str, Any]:
    """What an edge says of its line."""
    mode = "rail" if "railway" in data and "highway" not in data else "road"
    kind = _first(data.get("highway", data.get("railway"))) or UNKNOWN
    seconds, metres = data.get("travel_time"), data.get("length")
    return {
        "mode": mode,
        "road_class": kind,
        "length_km": np.nan if metres is None else float(metres) / 1000,
        "hours": np.nan if seconds is None else float(seconds) / 3600,
        "kmh": float(data.get("speed_kph", np.nan)),
        "maxspeed": data.get("maxspeed"),
        **{name: _first(data.get(name)) for name in ("name", "ref")},
    }


def _first(value: Any) -> str | None:
    """The value of a tag, the first where simplified edges have several."""
    several = value if isinstance(value, list) else [value]
    return None if several[0] is None else str(several[0])


def _countries(lines: gpd.GeoDataFrame, land: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Country of the middle of each line."""
    if "country" not in land:
        return np.full(len(lines), FALLBACK, object)
    middle = shapely.line_interpolate_point(lines.geometry.to_numpy(), 0.5, normalized=True)
    at = shapely.get_coordinates(middle)
    polygon = polygon_of(land.geometry.to_crs(4326).to_numpy(), at[:, 0], at[:, 1])
    codes = land["country"].fillna(FALLBACK).to_numpy(object)
    return np.array([*codes, FALLBACK], object)[polygon]


def _kmh(maxspeed: Any, kind: str, mode: str, country: str) -> float:
    """Speed by the tag, of several the mean, else by the class."""
    several = maxspeed if isinstance(maxspeed, list) else [maxspeed]
    stated = [parse_maxspeed(str(text), country=country).kmh for text in several if text]
    known = [kmh for kmh in stated if np.isfinite(kmh)]
    if known:
        return float(np.mean(known))
    classes = road_classes()
    of_mode = classes.index[classes["mode"] == mode]
    if kind not in of_mode:
        kind = UNKNOWN if mode == "road" else str(of_mode[0])
    return default_kmh(country, kind, urban=False)
