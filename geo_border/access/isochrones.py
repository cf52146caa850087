"""Isochrones across the border: what lies within some hours, as polygons of each side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Proj

from geo_border.access.decay import ROUNDING_H
from geo_border.errors import CheckpointError, NetworkError, ParameterError
from geo_border.network.beyond import LOCAL_WAY
from geo_border.routing.engine.searches import search_columns
from geo_border.routing.routes import WGS84, trees_of
from geo_border.routing.scenarios import AS_IS, Scenario, passages
from geo_border.routing.tables import ROOTS
from geo_border.terms import MODES, SIDES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from numpy.typing import NDArray

    from geo_border.network.graph import Network
    from geo_border.routing.tables import GateTables

CIRCLE = 32
"""Corners of the polygon that stands for a circle: half a percent of its radius is lost."""

SLIVER_M = 1000.0
"""A hole between polygons narrower than this is a fault of their edges, not foreign land."""


@dataclass(frozen=True, slots=True)
class OffRoad:
    """How one gets from the network to what lies beside it.

    Parameters
    ----------
    kmh
        Speed as the crow flies, km an hour.
    farthest_km
        One goes no farther from the network than this.
    detail_m
        Roads are straightened within this, metres; also the least reach beside a road.

    Examples
    --------
    >>> import geo_border as gb
    >>> net = gb.example_network()
    >>> slow, quick = (gb.isochrones(net, "Orsk", off_road=gb.OffRoad(kmh=kmh)) for kmh in (4, 20))
    >>> bool(slow["area_km2"].sum() < quick["area_km2"].sum())
    True
    """

    kmh: float = 4.0
    farthest_km: float = 100.0
    detail_m: float = 50.0

    def __post_init__(self) -> None:
        for name in ("kmh", "farthest_km", "detail_m"):
            value = getattr(self, name)
            if not 0 < value < np.inf:
                raise ParameterError(f"{name} must be positive and finite, not {value}")


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """Where isochrones begin, and how long it takes from there to the network.

    Parameters
    ----------
    lon, lat
        The place, degrees (WGS 84).
    side
        Its side, position in `SIDES`; -1 for a checkpoint, which is on both.
    node_hours
        Hours to each node of the network, infinite where there is no way, shape (n,).
    """

    lon: float
    lat: float
    side: int
    node_hours: NDArray[np.float64]


def place_origin(
    network: Network,
    tables: GateTables,
    place: pd.Series[Any],
    *,
    scenario: Scenario = AS_IS,
) -> Origin:
    """Begin at a place; the border is passed with its delays.

    One search from the place, and one from each gate node that it reaches.

    Parameters
    ----------
    network
        The graph that was searched for the tables.
    tables
        Checkpoint tables with their trees.
    place
        A row of joined places: ``side``, ``node``, ``access_h``, ``geometry``.
    scenario
        What is different at the border.

    Returns
    -------
    Origin
        Exact for any number of passages.

    Raises
    ------
    NetworkError
        If the place does not reach the network.
    TableError
        If the tables were made without trees.
    CheckpointError
        If the scenario does not fit the tables.
    """
    node = int(place["node"])
    if node < 0:
        raise NetworkError(
            f"place {place.name!r} does not reach the network",
            remedy="Begin at another, or raise `place_reach_km`",
        )
    trees = trees_of(tables)
    hours = search_columns(trees.away, np.array([node]), np.arange(network.n_nodes))[0]
    # From the place to any gate node, then on from there: passed or not, the least counts.
    arrival = (hours[trees.roots][:, None] + passages(tables, scenario).hours).min(
        axis=0, initial=np.inf
    )
    reached = np.flatnonzero(np.isfinite(arrival))
    for start in range(0, len(reached), ROOTS):
        rows = reached[start : start + ROOTS]
        for gate, beyond in zip(rows, trees.hours_from(rows), strict=True):
            np.minimum(hours, arrival[gate] + beyond, out=hours)
    point = place["geometry"]
    side = SIDES.index(place["side"])
    return Origin(point.x, point.y, side, hours + float(place["access_h"]))


def checkpoint_origin(network: Network, tables: GateTables, checkpoint_id: str) -> Origin:
    """Begin at a checkpoint, on both sides of it at once; its delay is not waited for.

    Parameters
    ----------
    network
        The graph that was searched for the tables.
    tables
        Checkpoint tables with their trees.
    checkpoint_id
        The checkpoint.

    Returns
    -------
    Origin
        Times inside each side.

    Raises
    ------
    CheckpointError
        If the tables do not have the checkpoint.
    TableError
        If the tables were made without trees.
    """
    if checkpoint_id not in tables.gates.index:
        raise CheckpointError(
            f"checkpoint {checkpoint_id!r} has no gate on the network",
            remedy=f"Those that have are {', '.join(map(str, tables.gates.index[:5]))}"
            f"{' …' if tables.n_gates > 5 else ''}"
            if tables.n_gates
            else "None has: the roads of the two sides do not meet at any",
        )
    gate = int(tables.gates.index.get_indexer(pd.Index([checkpoint_id]))[0])
    hours = trees_of(tables).hours_from(np.array([gate, gate + tables.n_gates])).min(axis=0)
    node = int(tables.gates["home_node"].to_numpy(np.int64)[gate])
    return Origin(float(network.lon[node]), float(network.lat[node]), -1, hours)


def isochrone_polygons(
    network: Network,
    territory: gpd.GeoDataFrame,
    origins: Iterable[tuple[str, Origin]],
    *,
    hours: Sequence[float],
    off_road: OffRoad = OffRoad(),
    places: pd.DataFrame | None = None,
    modes: Collection[str] = ("road",),
) -> gpd.GeoDataFrame:
    """Polygons of what can be reached within some hours, on either side.

    Every edge is reached as far as the time lasts, and from each of its points one goes on
    beside it as long as there is time left: a wide belt near the origin, a narrow one at
    the ends. Nothing beside a road lies beyond the border: that is reached through
    checkpoints alone, so ground behind a bend of the border that no reached road leads to is
    left out. Straight ways that stand for the unknown roads beyond an extract are passed, but
    not drawn. A hole without a road in it is filled. Costs one hull for each reached piece of
    road and their union.

    Parameters
    ----------
    network
        The graph.
    territory
        Polygons of both sides with ``side``, WGS 84.
    origins
        Names and where to begin: each may be found when its turn comes, as it holds eight
        bytes for each node.
    hours
        The limits, hours.
    off_road
        How one leaves the roads.
    places
        Joined places, to count who lives within the time: ``side``, ``node``, ``access_h``,
        ``population``.
    modes
        Modes of the edges that may be used.

    Returns
    -------
    GeoDataFrame
        One row for each origin, side and limit where anything is reached: ``from_id``,
        ``side``, ``part`` (``own`` or ``across``; missing for checkpoints), ``hours``,
        ``area_km2`` (geodesic), ``population`` (if places are given); valid MultiPolygons
        in WGS 84, those of less time inside those of more.

    Raises
    ------
    ParameterError
        If a limit is not positive.
    """
    limits = sorted(set(hours))
    if not limits or not 0 < limits[0] <= limits[-1] < np.inf:
        raise ParameterError("the limits of isochrones must be positive numbers of hours")
    roads = _Roads.of(network, modes)
    people = None if places is None else _People.of(places)
    land = {
        side: _without_slivers(territory.geometry[territory["side"] == side].union_all())
        for side in SIDES
    }
    rows = []
    for name, origin in origins:
        for number, side in enumerate(SIDES):
            inner = shapely.Polygon()
            for limit in limits:
                shape = _shape(roads, origin, number, limit, off_road, land[side])
                # Rounding must not let the smaller one peep out.
                inner = shapely.union(inner, shape)
                if inner.is_empty:
                    continue
                row = {
                    "from_id": name,
                    "side": side,
                    "part": None,
                    "hours": limit,
                    "area_km2": abs(WGS84.geometry_area_perimeter(inner)[0]) / 1e6,
                }
                if origin.side >= 0:
                    row["part"] = "own" if origin.side == number else "across"
                if people is not None:
                    row["population"] = people.within(origin, side, limit)
                rows.append({**row, "geometry": inner})
    columns = ["from_id", "side", "part", "hours", "area_km2"]
    columns += ["geometry"] if places is None else ["population", "geometry"]
    return gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs=4326)


@dataclass(frozen=True, slots=True, eq=False)
class _People:
    """Who lives where."""

    side: NDArray[np.object_]
    node: NDArray[np.int64]
    hours: NDArray[np.float64]
    persons: NDArray[np.float64]

    @classmethod
    def of(cls, places: pd.DataFrame) -> _People:
        """Take the places that reach the network."""
        joined = places[places["node"] >= 0]
        return cls(
            joined["side"].to_numpy(object),
            joined["node"].to_numpy(np.int64),
            joined["access_h"].to_numpy(float),
            joined["population"].to_numpy(float),
        )

    def within(self, origin: Origin, side: str, limit: float) -> float:
        """Persons of one side within the time."""
        hours = origin.node_hours[self.node] + self.hours
        return float(self.persons[(hours <= limit + ROUNDING_H) & (self.side == side)].sum())


@dataclass(frozen=True, slots=True, eq=False)
class _Roads:
    """Edges inside the sides, with their lines drawn from tail to head."""

    lines: NDArray[np.object_]
    tail: NDArray[np.int32]
    hours: NDArray[np.float64]
    side: NDArray[np.int8]

    @classmethod
    def of(cls, network: Network, modes: Collection[str]) -> _Roads:
        """Take the edges of some modes."""
        tail, head = network.tail, network.indices
        drawn_from = np.empty(len(network.lines), np.int64)
        # Assigned backwards, so that the first edge of each link is what remains.
        drawn_from[network.link[::-1]] = tail[::-1]
        allowed = np.isin(network.mode, [MODES.index(mode) for mode in modes])
        if LOCAL_WAY in network.classes:
            allowed &= network.road_class != network.classes.index(LOCAL_WAY)
        kept = allowed & (network.side[tail] == network.side[head]) & (network.side[tail] >= 0)
        link = network.link[kept]
        lines = network.lines[link]
        as_drawn = tail[kept] == drawn_from[link]
        lines = np.where(as_drawn, lines, shapely.reverse(lines))
        return cls(lines, tail[kept], network.hours[kept], network.side[tail[kept]])


def _shape(
    roads: _Roads,
    origin: Origin,
    side: int,
    limit: float,
    off_road: OffRoad,
    land: shapely.Geometry,
) -> shapely.Geometry:
    """What is reached on one side, in WGS 84."""
    left = limit - origin.node_hours[roads.tail]
    reached = np.flatnonzero((left > 0) & (roads.side == side))
    # Distances from the origin are true on this plane, others within 0.2 % at 700 km.
    plane = Proj(proj="aeqd", lat_0=origin.lat, lon_0=origin.lon, datum="WGS84")
    lines = _moved(roads.lines[reached], plane)
    belts = _belts(lines, left[reached], roads.hours[reached], off_road)
    if origin.side in (side, -1):
        metres = _metres(np.array([limit]), off_road)[0]
        belts = np.append(belts, shapely.Point(0, 0).buffer(metres, quad_segs=CIRCLE // 4))
    if not len(belts):
        return shapely.Polygon()
    # A straight side of the plane is not straight in degrees: 5 km of it are, within a metre.
    shape = shapely.segmentize(shapely.union_all(belts), 5000)
    shape = _polygons(shapely.make_valid(_moved(shape, plane, inverse=True)))
    shape = _filled(shape, roads.lines[roads.side == side])
    ground = shapely.make_valid(shapely.clip_by_rect(land, *shape.bounds))
    parts = shapely.get_parts(_polygons(shapely.intersection(shape, ground)))
    near = shapely.Point(0, 0).buffer(off_road.detail_m)
    passing = np.append(roads.lines[reached], _moved(near, plane, inverse=True))
    led_to = shapely.STRtree(passing).query(parts, predicate="intersects")[0]
    return shapely.union_all(parts[np.unique(led_to)])


def _belts(
    lines: NDArray[np.object_],
    left: NDArray[np.float64],
    hours: NDArray[np.float64],
    off_road: OffRoad,
) -> NDArray[np.object_]:
    """Hulls of the circles at both ends of each straight piece of road."""
    if not len(lines):
        return np.empty(0, object)
    lines = shapely.simplify(lines, off_road.detail_m, preserve_topology=False)
    at, line = shapely.get_coordinates(lines, return_index=True)
    joined = line[1:] == line[:-1]
    start, end, edge = at[:-1][joined], at[1:][joined], line[1:][joined]
    length = np.hypot(*(end - start).T)
    whole = np.bincount(edge, length, minlength=len(lines))
    first = np.r_[True, edge[1:] != edge[:-1]]
    run = np.cumsum(length) - length
    before = (run - run[first][np.cumsum(first) - 1]) / np.maximum(whole[edge], 1e-9)
    after = before + length / np.maximum(whole[edge], 1e-9)
    share = np.minimum(left / hours, 1.0)[edge]
    kept = before < share
    start, end, edge, before, after = (a[kept] for a in (start, end, edge, before, after))
    cut = np.minimum(after, share[kept])
    along = np.where(after > before, (cut - before) / np.maximum(after - before, 1e-12), 1.0)
    end = start + (end - start) * along[:, None]
    wide = _metres(left[edge] - before * hours[edge], off_road)
    narrow = _metres(left[edge] - cut * hours[edge], off_road)
    turn = np.linspace(0, 2 * np.pi, CIRCLE, endpoint=False)
    circle = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    corners = np.concatenate(
        [
            start[:, None] + wide[:, None, None] * circle,
            end[:, None] + narrow[:, None, None] * circle,
        ],
        axis=1,
    )
    # A line through the corners has the hull of the corners, and is made at once.
    hulls: NDArray[np.object_] = shapely.convex_hull(shapely.linestrings(corners))
    return hulls


def _metres(left: NDArray[np.float64], off_road: OffRoad) -> NDArray[np.float64]:
    """How far one gets beside the road in the time that is left."""
    reach = np.clip(left, 0.0, None) * off_road.kmh
    metres: NDArray[np.float64] = 1000 * np.minimum(reach, off_road.farthest_km)
    return np.maximum(metres, off_road.detail_m)


def _filled(shape: shapely.Geometry, roads: NDArray[np.object_]) -> shapely.Geometry:
    """Fill the holes through which no road leads."""
    near = roads[shapely.intersects(shapely.box(*shape.bounds), roads)]
    tree = shapely.STRtree(near)
    parts = []
    for part in shapely.get_parts(shape):
        holes = shapely.polygons(shapely.get_rings(part)[1:])
        kept = np.isin(np.arange(len(holes)), tree.query(holes, predicate="intersects")[0])
        parts.append(shapely.Polygon(part.exterior, [hole.exterior for hole in holes[kept]]))
    return shapely.union_all(parts)


def _without_slivers(land: shapely.Geometry) -> shapely.Geometry:
    """Close the gaps that polygons of one side leave between each other."""
    parts = []
    for part in shapely.get_parts(land):
        kept = []
        for ring in part.interiors:
            area, length = WGS84.geometry_area_perimeter(shapely.Polygon(ring))
            if 2 * abs(area) >= SLIVER_M * length:
                kept.append(ring)
        parts.append(shapely.Polygon(part.exterior, kept))
    return shapely.union_all(parts)


def _moved(shape: Any, plane: Proj, *, inverse: bool = False) -> Any:
    """Geometries from degrees to a plane, or back."""

    def move(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack(plane(xy[:, 0], xy[:, 1], inverse=inverse), axis=1)

    return shapely.transform(shape, move)


def _polygons(shape: shapely.Geometry) -> shapely.Geometry:
    """Only the polygons of a geometry."""
    parts = shapely.get_parts(shape)
    return shapely.union_all(parts[shapely.get_dimensions(parts) == 2])
