"""Ways to lines that meet at their ends, as `geo_border.network.links` wants them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from geo_border.border.edges import WGS84
from geo_border.errors import NetworkError
from geo_border.geometry.locate import polygon_of
from geo_border.osm.ferries import ferry_hours, with_ferry_routes
from geo_border.osm.line_kernels import more_than_once, walk
from geo_border.osm.railways import (
    MAIN_RAILWAYS,
    RailRules,
    gauge_mm,
    rail_ways,
    stop_nodes,
)
from geo_border.osm.roads import (
    CAR_ROADS,
    RoadRules,
    blocks_cars,
    in_settlement,
    road_ways,
    tagged_speeds,
    travel_speeds,
)
from geo_border.osm.settled import NO_STREETS, STREETS, Built, built_up
from geo_border.osm.speeds import FALLBACK, road_classes
from geo_border.osm.tags import as_text, column, control_kind, count_table, has, mapped, yes
from geo_border.pbf.blocks import reading_threads
from geo_border.pbf.extract import COUNTS

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from geo_border.pbf.extract import Extract

EARTH_M = 6_371_008.8
"""Mean radius of the earth, metres."""

RAIL_SHARE = 0.7
"""Share of the line speed that a train keeps with its stops; an assumption."""

_FLAT_M = 2000.0
_DEGREE_M = 110_000.0
"""Less than any degree of latitude."""

_VERTICES_AT_ONCE = 1 << 16
_SPEED_KEYS = (
    "maxspeed",
    "maxspeed:forward",
    "maxspeed:backward",
    "maxspeed:conditional",
    "maxspeed:variable",
    "maxspeed:type",
    "source:maxspeed",
    "zone:maxspeed",
    "zone:traffic",
    "highway",
    "junction",
    "motorroad",
    "surface",
    "tracktype",
    "smoothness",
)
_LINE_KEYS = ("bridge", "tunnel", "layer", "duration", "name", "ref", "gauge", "electrified")


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Ways cut where they meet.

    Parameters
    ----------
    way
        Position of the way each piece is from, shape (p,).
    vertex
        Nodes of all pieces one after the other, positions in ``node_id``.
    start
        Vertices of piece ``i`` are ``vertex[start[i]:start[i + 1]]``, shape (p + 1,).
    """

    way: NDArray[np.int64]
    vertex: NDArray[np.int32]
    start: NDArray[np.int64]

    @property
    def tail(self) -> NDArray[np.int32]:
        """First node of each piece."""
        return self.vertex[self.start[:-1]]

    @property
    def head(self) -> NDArray[np.int32]:
        """Last node of each piece."""
        return self.vertex[self.start[1:] - 1]

    @property
    def piece(self) -> NDArray[np.int64]:
        """Piece that each vertex belongs to."""
        return np.repeat(np.arange(len(self.way)), np.diff(self.start))


def cut_ways(
    extract: Extract,
    ways: NDArray[np.int64],
    *,
    special: NDArray[np.int64] | None = None,
    open_loops: bool = True,
) -> Pieces:
    """Cut ways at their ends and where they share a node with each other or themselves.

    Parameters
    ----------
    extract
        What was read.
    ways
        Positions of the ways.
    special
        Positions of nodes where a way is cut too.
    open_loops
        Cut a piece that returns to its start in its middle, so that it has two ends.

    Returns
    -------
    Pieces
        In the order of `ways`. Where the extract lacks nodes, only the parts between those it
        has. Time and memory are linear in the nodes of the ways.
    """
    most = int((extract.way_start[ways + 1] - extract.way_start[ways]).sum())
    node, way = np.empty((2, most), np.int32)
    begins, ends = np.empty((2, most), bool)
    n = walk(extract.way_start, extract.ref_node, ways, node, way, begins, ends)
    node, way, begins, ends = node[:n], way[:n], begins[:n], ends[:n]
    cut = _shared(node, len(extract.node_id))
    if special is not None:
        cut |= np.isin(node, special)
    cut &= ~begins & ~ends
    if open_loops:
        cut |= _loop_middles(node, cut | begins, cut | ends)

    # A cut vertex ends one piece and starts the next.
    vertex = np.repeat(node, 1 + cut)
    last_copy = np.cumsum(1 + cut) - 1
    starts = np.concatenate([last_copy[begins | cut], [len(vertex)]])
    return Pieces(ways[way[begins | cut]], vertex, starts)


def _shared(node: NDArray[np.int32], nodes: int) -> NDArray[np.bool_]:
    """Whether each vertex is a node that occurs more than once."""
    if 16 * len(node) > nodes:
        is_shared = np.empty(len(node), bool)
        more_than_once(node, np.zeros(nodes, np.uint8), is_shared)
        return is_shared
    # A few ways of a country: sorting them is quicker than counting all its nodes.
    _, where, count = np.unique(node, return_inverse=True, return_counts=True)
    return count[where] > 1


def _loop_middles(
    node: NDArray[np.int32], starts: NDArray[np.bool_], stops: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Middle vertices of pieces that end where they start."""
    start, stop = np.flatnonzero(starts), np.flatnonzero(stops)
    # Starts include the cuts; the piece that starts there ends at the next stop behind it.
    stop = stop[np.searchsorted(stop, start, side="right").clip(max=len(stop) - 1)]
    loop = (node[start] == node[stop]) & (stop > start)
    middle = np.zeros(len(node), bool)
    middle[(start + (stop - start) // 2)[loop]] = True
    return middle


def piece_lengths(extract: Extract, pieces: Pieces) -> NDArray[np.float64]:
    """Geodesic length of pieces.

    Parameters
    ----------
    extract
        What was read.
    pieces
        As `cut_ways` gives them.

    Returns
    -------
    ndarray
        Kilometres on the WGS 84 ellipsoid. Segments up to 2 km by the radii of curvature at
        their middle (within 1 mm), longer ones by the geodesic.
    """
    # In portions that stay in the cache of a core.
    bounds = np.arange(0, len(pieces.vertex) + _VERTICES_AT_ONCE, _VERTICES_AT_ONCE)
    bounds = np.unique(np.searchsorted(pieces.start, bounds).clip(max=len(pieces.way)))

    def metres(first: int, last: int) -> NDArray[np.float64]:
        start = pieces.start[first : last + 1]
        lon, lat = extract.degrees(pieces.vertex[start[0] : start[-1]])
        piece = np.repeat(np.arange(last - first), np.diff(start))
        inside = np.flatnonzero(piece[1:] == piece[:-1])
        parts = segment_lengths(lon[inside], lat[inside], lon[inside + 1], lat[inside + 1])
        return np.asarray(np.bincount(piece[inside], parts, last - first), np.float64)

    with reading_threads() as pool:
        found = list(pool.map(metres, bounds[:-1], bounds[1:]))
    return np.concatenate([np.empty(0), *found]) / 1000


def segment_lengths(
    lon0: NDArray[np.float64],
    lat0: NDArray[np.float64],
    lon1: NDArray[np.float64],
    lat1: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Geodesic distance of pairs of points, fast where they are near each other.

    Parameters
    ----------
    lon0, lat0, lon1, lat1
        Degrees.

    Returns
    -------
    ndarray
        Metres.
    """
    middle = np.radians((lat0 + lat1) / 2)
    squeezed = 1 - WGS84.es * np.sin(middle) ** 2
    north = WGS84.a * (1 - WGS84.es) / squeezed**1.5 * np.radians(lat1 - lat0)
    turn = (lon1 - lon0 + 180) % 360 - 180
    east = WGS84.a / np.sqrt(squeezed) * np.cos(middle) * np.radians(turn)
    metres = np.hypot(north, east)
    far = (metres > _FLAT_M) | (np.abs(lat0) > 85)
    metres[far] = WGS84.inv(lon0[far], lat0[far], lon1[far], lat1[far])[2]
    return metres


def sphere(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points in space, so that near ones are near at any longitude.

    Parameters
    ----------
    lon, lat
        Degrees.

    Returns
    -------
    ndarray
        Metres from the centre of a sphere of the earth's mean radius, shape (n, 3). The
        straight distance of points 10 km apart is 1 mm short of the way on the ground.
    """
    turn, rise = np.radians(lon), np.radians(lat)
    return EARTH_M * np.column_stack(
        [np.cos(rise) * np.cos(turn), np.cos(rise) * np.sin(turn), np.sin(rise)]
    )


def lines_from_extract(
    extract: Extract,
    *,
    roads: RoadRules = CAR_ROADS,
    rails: RailRules = MAIN_RAILWAYS,
    countries: gpd.GeoDataFrame | None = None,
    settlements: gpd.GeoDataFrame | None = None,
    keep_nodes: Collection[int] = (),
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Roads, ferries and railways as lines that meet only where one can change between them.

    Lines are cut where their ways share a node, at the ends of ways, at checkpoints, at stations
    and at `keep_nodes`. Ways that cross without a common node (bridges, tunnels) are not joined,
    nor are roads and railways at level crossings. At a barrier that no car passes lines end and do
    not meet.

    Parameters
    ----------
    extract
        What was read with `geo_border.osm.tags.wanted`.
    roads, rails
        What counts as a road and as a railway.
    countries
        Polygons with a column ``country`` (ISO 3166-1 alpha-2), for default speeds; elsewhere,
        and without them, the fallback's speeds hold.
    settlements
        Polygons of settlements, for default speeds. Tags of the traffic zone go before; without
        polygons, a settlement is where streets are dense, see `geo_border.osm.settled`.
    keep_nodes
        OSM ids of nodes where lines must end, such as known crossings.

    Returns
    -------
    lines : GeoDataFrame
        For `geo_border.network.links.links_from_lines`: ``mode`` (``road``, ``ferry``, ``rail``),
        ``road_class``, ``oneway``, ``length_km``, ``speed_kmh`` (the limit where tagged),
        ``hours`` (ferries with a duration). Besides: ``travel_kmh`` (tagged or default, with
        surface and settlement; never missing), ``country``, ``urban``, ``bridge``, ``tunnel``,
        ``layer``, ``destination``, ``name``, ``ref``, ``gauge_mm``, ``electrified``,
        ``way_id``, ``tail_osm``, ``head_osm`` (ids of the nodes at the ends), ``tail_blocked``,
        ``head_blocked`` (a barrier parts that end from all others at its node), ``tail_clipped``,
        ``head_clipped`` (the way goes on there, beyond the extract).
    account : DataFrame
        ``mode`` (``road`` with the ferries, ``rail``), ``what``, ``ways``, ``km`` of all that was
        dropped, imputed or not understood.

    Raises
    ------
    NetworkError
        If `roads` names a class without a default speed.
    """
    strange = sorted(set(roads.classes) - {"road", *road_classes().index})
    if strange:
        raise NetworkError(
            f"no default speed is known for roads of class {', '.join(strange)}",
            remedy="Leave them out of RoadRules.classes; paths are no roads",
        )
    extract, lent, lost = with_ferry_routes(extract)
    tags = extract.way_tags
    road, road_counts = road_ways(tags, roads, at_control=_lanes_at_controls(extract, roads))
    road_counts["kept: ferry by its relation"] = lent & road["mode"].notna().to_numpy()
    rail, rail_counts = rail_ways(tags, rails)
    controls = _control_nodes(extract)
    given = np.flatnonzero(np.isin(extract.node_id, np.fromiter(keep_nodes, np.int64)))
    walls, ignored = _walls(extract, road["mode"].notna().to_numpy(), roads)
    parts = [
        _cut(extract, road, np.concatenate([controls, given, walls])),
        _cut(extract, rail, np.concatenate([stop_nodes(extract, rails), controls, given])),
    ]
    road_ends = np.zeros(len(extract.node_id), bool)
    road_ends[parts[0].tail], road_ends[parts[0].head] = True, True
    level = parts[1].vertex[road_ends[parts[1].vertex]]
    built = None if settlements is not None else _built_up(extract, road, parts[0])
    frames = [
        _frame(extract, ways, part, ends, countries, settlements, built)
        for ways, part, ends in zip((road, rail), parts, (walls, walls[:0]), strict=True)
    ]
    rows = []
    for mode, part, (frame, notes), counts in zip(
        ("road", "rail"), parts, frames, (road_counts, rail_counts), strict=True
    ):
        km = _way_km(extract, part, frame["length_km"].to_numpy(), counts)
        counts["clipped: only the part in the extract"] = _clipped(extract, part.way)
        for what, holds in counts.items():
            rows.append((mode, what, int(holds.sum()), float(km[holds].sum())))
        for what, holds in notes.items():
            ways = int(np.count_nonzero(np.diff(part.way[holds], prepend=-1)))
            rows.append((mode, what, ways, float(frame["length_km"].to_numpy()[holds].sum())))
    rows += [
        ("road", "lost: ferry without its ways (relations)", lost, 0.0),
        ("road", "ends before a barrier (nodes)", len(walls), 0.0),
        ("road", "barrier where a path begins ignored (nodes)", ignored, 0.0),
        ("rail", "level crossing kept apart (nodes)", len(np.unique(level)), 0.0),
    ]
    lines = pd.concat([frame for frame, _ in frames], ignore_index=True)
    return gpd.GeoDataFrame(lines, geometry="geometry", crs=4326), count_table(rows)


def _built_up(extract: Extract, ways: pd.DataFrame, pieces: Pieces) -> Built:
    """Where streets and junctions are dense."""
    own = ways["road_class"].iloc[pieces.way]
    street = own.isin(STREETS).to_numpy()[pieces.piece]
    per_vertex = piece_lengths(extract, pieces) / np.diff(pieces.start)
    town = ~own.isin(NO_STREETS).to_numpy() & (ways["mode"].iloc[pieces.way] == "road").to_numpy()
    meeting = np.concatenate([pieces.tail[town], pieces.head[town]])
    junction = np.flatnonzero(np.bincount(meeting) > 2)
    return built_up(
        extract.degrees(pieces.vertex[street]),
        per_vertex[pieces.piece[street]],
        extract.degrees(junction),
    )


def _control_nodes(extract: Extract) -> NDArray[np.int64]:
    """Positions of nodes that mark a checkpoint."""
    nodes = extract.tagged_nodes
    return nodes["node"].to_numpy(np.int64)[control_kind(nodes) > 0]


def _cut(extract: Extract, ways: pd.DataFrame, special: NDArray[np.int64]) -> Pieces:
    """Pieces of the ways that are in the network."""
    kept = np.flatnonzero(ways["mode"].notna().to_numpy())
    return cut_ways(extract, kept, special=special)


def _lanes_at_controls(extract: Extract, roads: RoadRules) -> NDArray[np.bool_]:
    """Ways that pass near a border control."""
    near = np.zeros(len(extract.way_id), bool)
    nodes = extract.tagged_nodes
    controls = nodes["node"].to_numpy(np.int64)[has(nodes, "barrier", {"border_control"})]
    if not len(controls) or roads.service_at_controls_m <= 0:
        return near
    ways = np.flatnonzero(has(extract.way_tags, "highway", {"service"}))
    pieces = cut_ways(extract, ways, open_loops=False)
    tree = cKDTree(sphere(*extract.degrees(controls)))
    used = np.zeros(len(extract.node_id), bool)
    used[pieces.vertex] = True
    node = np.flatnonzero(used)
    # Most nodes lie on the latitude of no post, which is quickly seen.
    lat, reach = (
        np.sort(extract.y[controls]),
        int(COUNTS * roads.service_at_controls_m / _DEGREE_M) + 1,
    )
    y = extract.y[node].astype(np.int64)
    node = node[np.searchsorted(lat, y - reach) < np.searchsorted(lat, y + reach, "right")]
    distance = tree.query(
        sphere(*extract.degrees(node)), distance_upper_bound=roads.service_at_controls_m, workers=-1
    )[0]
    close = np.zeros(len(extract.node_id), bool)
    close[node[np.isfinite(distance)]] = True
    near[pieces.way[pieces.piece[close[pieces.vertex]]]] = True
    return near


def _walls(
    extract: Extract, road: NDArray[np.bool_], rules: RoadRules
) -> tuple[NDArray[np.int64], int]:
    """Nodes where a barrier ends roads, and the number of barriers that rather close a path."""
    nodes = extract.tagged_nodes
    blocked = nodes["node"].to_numpy(np.int64)[blocks_cars(nodes, rules)]
    flag = np.zeros(len(extract.node_id) + 1, bool)
    flag[blocked] = True
    at = np.flatnonzero(flag[extract.ref_node])
    way = np.searchsorted(extract.way_start, at, side="right") - 1
    path = has(extract.way_tags, "highway")[way] & ~road[way]
    on_path = np.unique(extract.ref_node[at[path]])
    on_road = np.unique(extract.ref_node[at[road[way]]])
    return np.setdiff1d(on_road, on_path), len(np.intersect1d(on_road, on_path))


def _blocked(
    extract: Extract, pieces: Pieces, walls: NDArray[np.int64]
) -> dict[str, NDArray[np.bool_]]:
    """Whether the ends of pieces stop at a wall."""
    wall = np.zeros(len(extract.node_id), bool)
    wall[walls] = True
    return {"tail_blocked": wall[pieces.tail], "head_blocked": wall[pieces.head]}


def _frame(
    extract: Extract,
    ways: pd.DataFrame,
    pieces: Pieces,
    walls: NDArray[np.int64],
    countries: gpd.GeoDataFrame | None,
    settlements: gpd.GeoDataFrame | None,
    built: Built | None,
) -> tuple[pd.DataFrame, dict[str, NDArray[np.bool_]]]:
    """Lines of one kind with their attributes, and which of them a note applies to."""
    tags = extract.way_tags
    # A country has millions of pieces: what is not looked at is not copied for each.
    tags = tags[[key for key in (*_SPEED_KEYS, *_LINE_KEYS) if key in tags]].iloc[pieces.way]
    own = ways.iloc[pieces.way].reset_index(drop=True)
    mode = pd.Categorical(own["mode"])
    km = piece_lengths(extract, pieces)
    middle = pieces.vertex[(pieces.start[:-1] + pieces.start[1:]) // 2]
    lon, lat = extract.degrees(middle)
    hit = _polygon_of(countries, lon, lat)
    known = pd.Categorical([*([] if countries is None else countries["country"]), FALLBACK])
    country = known[hit]
    speed = tags[[key for key in _SPEED_KEYS if key in tags]].reset_index(drop=True)
    zone = in_settlement(speed)
    if built is None:
        seems = _polygon_of(settlements, lon, lat) >= 0
    else:
        seems = built.holds(lon, lat) | own["road_class"].isin(STREETS).to_numpy()
    urban = np.where(zone < 0, seems, zone == 1) & (mode == "road")
    direction = own["oneway"].to_numpy(np.int8)
    kmh, notes = tagged_speeds(speed, direction, country)
    kmh[mode == "ferry"] = np.nan
    kept = np.where(mode == "rail", RAIL_SHARE * kmh, kmh)
    travel = travel_speeds(speed, own, kept, country, urban)
    whole = ~_clipped(extract, pieces.way)[pieces.way]
    hours = ferry_hours(tags, pieces.way, km, (mode == "ferry") & whole)
    notes |= {
        "speed tagged": ~np.isnan(kmh),
        "speed by country and class": np.isnan(kmh) & np.isnan(hours),
        "country unknown: fallback speeds": (hit < 0) & np.isnan(kmh) & (mode == "road"),
        "in a settlement by tag": (zone == 1) & (mode == "road"),
        "in a settlement by its streets": urban & (zone < 0) & (built is not None),
        "ferry by duration": ~np.isnan(hours),
        "ferry without a usable duration": (mode == "ferry") & np.isnan(hours),
    }
    return pd.DataFrame(
        {
            "mode": as_text(mode),
            "road_class": as_text(pd.Categorical(own["road_class"])),
            "oneway": direction,
            "length_km": km,
            "speed_kmh": kmh,
            "hours": hours,
            "travel_kmh": travel,
            "country": as_text(country),
            "urban": urban,
            "bridge": yes(tags, "bridge"),
            "tunnel": yes(tags, "tunnel"),
            "layer": mapped(tags, "layer", _layer, missing=0, dtype=np.int8),
            "destination": own["destination"].to_numpy(bool),
            "name": as_text(column(tags, "name")),
            "ref": as_text(column(tags, "ref")),
            "gauge_mm": gauge_mm(tags),
            "electrified": as_text(column(tags, "electrified")),
            "way_id": extract.way_id[pieces.way],
            "tail_osm": extract.node_id[pieces.tail],
            "head_osm": extract.node_id[pieces.head],
            **_blocked(extract, pieces, walls),
            **_at_gaps(extract, pieces),
            "geometry": shapely.linestrings(*extract.degrees(pieces.vertex), indices=pieces.piece),
        }
    ), notes


def _layer(value: str) -> int:
    """Layer as a small integer, 0 if it is none."""
    words = value.strip()
    return int(words) if words.lstrip("-").isdecimal() and abs(int(words)) <= 20 else 0


def _clipped(extract: Extract, ways: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of all ways are among some and lack nodes."""
    lost = np.zeros(len(extract.way_id), bool)
    at = np.flatnonzero(extract.ref_node < 0)
    lost[np.searchsorted(extract.way_start, at, side="right") - 1] = True
    among = np.zeros(len(extract.way_id), bool)
    among[ways] = True
    return lost & among


def _at_gaps(extract: Extract, pieces: Pieces) -> dict[str, NDArray[np.bool_]]:
    """Whether the ends of pieces lie where their way loses its nodes."""
    at = np.flatnonzero(extract.ref_node < 0)
    way = np.searchsorted(extract.way_start, at, side="right") - 1
    beside = np.concatenate([at - 1, at + 1])
    way = np.tile(way, 2)
    inside = (beside >= extract.way_start[way]) & (beside < extract.way_start[way + 1])
    way, node = way[inside], extract.ref_node[beside[inside]]
    # A node of several ways may be the last of one and in the midst of another.
    key = (way * len(extract.node_id) + node)[node >= 0]
    return {
        f"{end}_clipped": np.isin(pieces.way * len(extract.node_id) + node, key)
        for end, node in (("tail", pieces.tail), ("head", pieces.head))
    }


def _way_km(
    extract: Extract,
    pieces: Pieces,
    km: NDArray[np.float64],
    counts: dict[str, NDArray[np.bool_]],
) -> NDArray[np.float64]:
    """Length of every way that is in the network or in the counts."""
    ways = len(extract.way_id)
    total = np.bincount(pieces.way, weights=km, minlength=ways).astype(float)
    among = np.logical_or.reduce(list(counts.values()))
    among[pieces.way] = False
    dropped = cut_ways(extract, np.flatnonzero(among), open_loops=False)
    lost = np.bincount(dropped.way, weights=piece_lengths(extract, dropped), minlength=ways)
    return np.asarray(total + lost)


def _polygon_of(
    polygons: gpd.GeoDataFrame | None, lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Position of a polygon each point lies in, else -1."""
    if polygons is None:
        return np.full(len(lon), -1)
    return polygon_of(polygons.geometry.to_crs(4326).to_numpy(), lon, lat)
