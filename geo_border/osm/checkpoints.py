"""Checkpoints from tags, and their match with a register."""

from __future__ import annotations

import difflib
import unicodedata
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from geo_border.border.edges import equal_area_crs
from geo_border.border.hours import can_be_read
from geo_border.border.line import along
from geo_border.osm.ferries import with_ferry_routes
from geo_border.osm.lines import cut_ways, sphere
from geo_border.osm.railways import MAIN_RAILWAYS, area_middles, is_area, way_middles
from geo_border.osm.roads import CAR_ROADS, car_access
from geo_border.osm.tags import CONTROL_KEYS, control_kind, has, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from geo_border.pbf.extract import Extract

_FOOT = frozenset({"path", "footway", "steps", "pedestrian", "cycleway", "bridleway"})
_PLACE_KM = 5.0
_JOINT_M = 50.0
_FAR_WAY_M = 2000.0
_CELL_DEGREES = 0.05
_LONG_DEGREES = 0.01
_TURN = 180.0
_REFS_AT_ONCE = 4_000_000
_GOOD_NAME = 0.8
_MATCHES = ("distance and name", "distance", "name")


def controls_from_extract(
    extract: Extract,
    *,
    tolerance_m: float = 500,
    way_m: float = 200,
    border: gpd.GeoDataFrame | None = None,
    farthest_km: float = 10,
) -> gpd.GeoDataFrame:
    """Checkpoints that OSM marks, one for all the objects of a crossing.

    Border controls and customs, drawn as nodes, ways or areas, belong to one checkpoint if they
    serve the same mode and lie within `tolerance_m` of each other, in a chain. Where nothing says
    which of a road and a railway they serve, they are a checkpoint of each.

    Parameters
    ----------
    extract
        What was read with `geo_border.osm.tags.wanted`.
    tolerance_m
        Distance up to which objects are of one checkpoint, metres.
    way_m
        Distance up to which an object beside a way serves it, metres.
    border
        Pieces of the border; with it, objects farther from it than `farthest_km` (customs
        offices inland) are left out.
    farthest_km
        See `border`.

    Returns
    -------
    GeoDataFrame
        Index ``checkpoint_id`` (``osm-`` and an OSM id, and the mode where it is the second
        of the same objects); the columns that
        `geo_border.border.checkpoints.placed_checkpoints` takes: ``name``, ``mode`` (``road``,
        ``rail``, ``ferry``, ``foot``; missing where no way is near), ``status`` (``closed``
        where access is forbidden, else ``open``), ``users``, ``home_id``, ``neighbour_id``,
        ``lon``, ``lat``, ``accuracy_km`` (reach of its objects), ``hours`` and
        ``hours_unread`` (what is tagged but cannot be understood), ``capacity_day``,
        ``delay_h``; names by language (``name_en``...); ``place`` (nearest named place within
        5 km), ``osm`` (ids of its objects), ``tagged`` (what made them one), ``confidence``
        (``high`` a border control on a way, ``medium`` customs only, ``low`` no way near).
    """
    extract, _, _ = with_ferry_routes(extract)
    objects = _objects(extract)
    if border is not None and len(objects):
        points = gpd.GeoSeries(gpd.points_from_xy(objects["lon"], objects["lat"]), crs=4326)
        near = along(border, points)["border_distance_km"].to_numpy() <= farthest_km
        objects = objects[near].reset_index(drop=True)
    objects["mode"], objects["joint"] = _modes(extract, objects, way_m)
    objects = _of_both_modes(objects, tolerance_m)
    languages = [name for name in map(str, objects) if name.startswith("name")]
    rows = [_checkpoint(group, languages) for _, group in objects.groupby("cluster")]
    columns = [
        *("checkpoint_id", "name", "mode", "status", "users", "home_id", "neighbour_id"),
        *("lon", "lat", "accuracy_km", "hours", "osm", "tagged", "confidence"),
        *(name for name in languages if name != "name"),
    ]
    found = pd.DataFrame(rows, columns=columns).set_index("checkpoint_id").sort_index()
    # Tags are free text, and whoever studies a border cannot mend them.
    readable = found["hours"].map(can_be_read).to_numpy(bool)
    found["hours_unread"] = found["hours"].where(~readable, None)
    found["hours"] = found["hours"].where(readable, None)
    found["capacity_day"], found["delay_h"] = np.nan, np.nan
    found["place"] = _places(extract, found)
    points = gpd.points_from_xy(found["lon"], found["lat"], crs=4326)
    return gpd.GeoDataFrame(found, geometry=points)


def _objects(extract: Extract) -> pd.DataFrame:
    """Nodes, ways and areas that mark a checkpoint, with what is needed of their tags."""
    parts: list[pd.DataFrame] = []
    for tags, kind, letter in (
        (extract.tagged_nodes, control_kind(extract.tagged_nodes), "n"),
        (extract.way_tags, control_kind(extract.way_tags), "w"),
        (extract.relations, control_kind(extract.relations) * is_area(extract.relations), "r"),
    ):
        rows = np.flatnonzero(kind)
        own = tags.iloc[rows]
        if letter == "n":
            node = own["node"].to_numpy(np.int64)
            (lon, lat), osm = extract.degrees(node), extract.node_id[node]
        else:
            node = np.full(len(rows), -1)
            is_way = letter == "w"
            lon, lat = (way_middles if is_way else area_middles)(extract, rows)
            osm = extract.way_id[rows] if is_way else own["relation_id"].to_numpy(np.int64)
        names = [key for key in map(str, tags) if key == "name" or key.startswith("name:")]
        values = np.array([text(own, key) for key in CONTROL_KEYS])
        part = pd.DataFrame(
            {
                "osm": [f"{letter}{number}" for number in osm],
                "kind": kind[rows],
                "node": node,
                "lon": lon,
                "lat": lat,
                "is_open": car_access(own, CAR_ROADS)["is_open"].to_numpy(),
                "foot": has(own, "foot", {"yes", "designated", "permissive"}),
                "of_mode": _modes_of_tags(own),
                "hours": text(own, "opening_hours"),
                "tagged": [
                    " ".join(
                        f"{key}={value}"
                        for key, value in zip(CONTROL_KEYS, column, strict=True)
                        if value in {"border_control", "customs", "checkpoint", "border_crossing"}
                    )
                    for column in values.T
                ],
                **{key.replace(":", "_"): text(own, key) for key in names},
            }
        )
        parts.append(part.loc[~np.isnan(lon)])
    return pd.concat(parts, ignore_index=True)


def _modes_of_tags(tags: pd.DataFrame) -> NDArray[np.object_]:
    """Mode of which the tags say that an object is, None where they say nothing."""
    road, rail = (has(tags, key) if key in tags else False for key in ("highway", "railway"))
    return np.select([rail, road], ["rail", "road"], np.full(len(tags), None, object))


def _modes(
    extract: Extract, objects: pd.DataFrame, way_m: float
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Mode of each object: of the way its node is on, of its tags, else of the nearest way.

    Beyond reach it says of which network the object is, not that it stands on it. The second
    is the mode that it may serve besides: where a road and a railway pass within `_JOINT_M`.
    """
    mode = np.full(len(objects), None, object)
    if objects.empty:
        return mode, mode.copy()
    tags = extract.way_tags
    kinds = {
        "road": has(tags, "highway")
        & ~has(tags, "highway", _FOOT | {"construction", "proposed", "platform"}),
        "rail": has(tags, "railway", frozenset(MAIN_RAILWAYS.kinds)),
        "ferry": has(tags, "route", {"ferry"}),
        "foot": has(tags, "highway", _FOOT),
    }
    ways = np.flatnonzero(_ways_near(extract, objects) & np.logical_or.reduce(list(kinds.values())))
    pieces = cut_ways(extract, ways, open_loops=False)
    at = np.column_stack(extract.degrees(pieces.vertex))
    crs = equal_area_crs(
        gpd.GeoDataFrame(geometry=gpd.points_from_xy(objects["lon"], objects["lat"]).buffer(0.1))
    )
    lines = gpd.GeoSeries(shapely.linestrings(at, indices=pieces.piece), crs=4326).to_crs(crs)
    points = gpd.GeoSeries(gpd.points_from_xy(objects["lon"], objects["lat"]), crs=4326).to_crs(crs)
    point, piece = shapely.STRtree(lines.to_numpy()).query(
        points.to_numpy(), predicate="dwithin", distance=max(way_m, _FAR_WAY_M)
    )
    metres = shapely.distance(points.to_numpy()[point], lines.to_numpy()[piece])
    nearest = {}
    for name, holds in kinds.items():
        best = np.full(len(objects), np.inf)
        mine = holds[pieces.way[piece]]
        np.minimum.at(best, point[mine], metres[mine])
        nearest[name] = best
    order = np.array(list(kinds), dtype=object)
    metres = np.column_stack([nearest[name] for name in order])
    touches = metres < 0.01
    vehicles = metres[:, :3]
    nearest_vehicles = order[vehicles.argmin(axis=1)]
    mode = np.where(np.isfinite(vehicles).any(axis=1), nearest_vehicles, mode)
    mode = np.where(metres[:, 3] <= way_m, "foot", mode)
    mode = np.where((vehicles <= way_m).any(axis=1), nearest_vehicles, mode)
    joint = np.full(len(objects), None, object)
    said = objects["of_mode"].to_numpy(object)
    for number, (name, other) in enumerate((("road", "rail"), ("rail", "road"))):
        both = (metres[:, :2] <= min(way_m, _JOINT_M)).all(axis=1) & (mode == name)
        joint[both & pd.isna(said)] = other
        mode = np.where((said == name) & (metres[:, number] <= way_m), name, mode)
    joint[touches.any(axis=1)] = None
    return np.where(touches.any(axis=1), order[touches.argmax(axis=1)], mode), joint


def _ways_near(extract: Extract, objects: pd.DataFrame) -> NDArray[np.bool_]:
    """Ways with a node in the cells around the objects (a few kilometres), or that pass them."""
    columns = round(360 / _CELL_DEGREES)

    def cell(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.int64]:
        """Number of the cell of each point."""
        row = np.floor((lat + 90) / _CELL_DEGREES).astype(np.int64)
        return row * columns + np.floor((lon + 180) / _CELL_DEGREES).astype(np.int64)

    steps = _CELL_DEGREES * np.array([-1, 0, 1])
    lon = objects["lon"].to_numpy()[:, None, None] + steps[:, None]
    lat = objects["lat"].to_numpy()[:, None, None] + steps
    around = np.unique(cell(*np.broadcast_arrays(lon, lat)))
    near = np.append(np.isin(cell(extract.lon, extract.lat), around), False)
    at = np.flatnonzero(near[extract.ref_node])
    ways = np.zeros(len(extract.way_id), bool)
    ways[np.searchsorted(extract.way_start, at, side="right") - 1] = True
    ways[_ways_past(extract, objects)] = True
    return ways


def _ways_past(extract: Extract, objects: pd.DataFrame) -> NDArray[np.int64]:
    """Ways that pass the objects between two nodes far from both, as straight roads do."""
    found = []
    tree = shapely.STRtree(
        shapely.box(
            *(objects[axis].to_numpy() - _CELL_DEGREES for axis in ("lon", "lat")),
            *(objects[axis].to_numpy() + _CELL_DEGREES for axis in ("lon", "lat")),
        )
    )
    refs = extract.ref_node
    # In pieces, for a country has a hundred million.
    for start in range(0, len(refs) - 1, _REFS_AT_ONCE):
        node = refs[start : start + _REFS_AT_ONCE + 1]
        at = np.column_stack(extract.degrees(node))
        apart = np.abs(np.diff(at, axis=0)).max(axis=1)
        known = (node[:-1] >= 0) & (node[1:] >= 0)
        here = np.flatnonzero(known & (apart > _LONG_DEGREES) & (apart < _TURN))
        way = np.searchsorted(extract.way_start, start + here, side="right") - 1
        inside = start + here + 1 < extract.way_start[way + 1]
        here, way = here[inside], way[inside]
        lines = shapely.linestrings(np.stack([at[here], at[here + 1]], axis=1))
        found.append(way[np.unique(tree.query(lines, predicate="intersects")[0])])
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def _clusters(objects: pd.DataFrame, tolerance_m: float) -> NDArray[np.int64]:
    """Number of the checkpoint each object belongs to; one without a mode joins the nearest."""
    if objects.empty:
        return np.zeros(0, np.int64)
    at = sphere(objects["lon"].to_numpy(), objects["lat"].to_numpy())
    mode = objects["mode"].fillna("").to_numpy(dtype=str)
    pair = cKDTree(at).query_pairs(tolerance_m, output_type="ndarray")
    pair = pair[mode[pair[:, 0]] == mode[pair[:, 1]]]
    graph = coo_array((np.ones(len(pair)), (pair[:, 0], pair[:, 1])), shape=(len(at), len(at)))
    cluster = np.asarray(connected_components(graph, directed=False)[1], np.int64)
    known = np.flatnonzero(mode != "")
    lost = np.flatnonzero(mode == "")
    if len(known) and len(lost):
        metres, nearest = cKDTree(at[known]).query(at[lost])
        joins = metres <= tolerance_m
        cluster[lost[joins]] = cluster[known[nearest[joins]]]
    return cluster


def _of_both_modes(objects: pd.DataFrame, tolerance_m: float) -> pd.DataFrame:
    """Objects with their ``cluster``; those of a joint checkpoint once more for the other mode.

    One object that is of one mode says it for all of its checkpoint, and a railway with a
    control of its own needs no other.
    """
    cluster = _clusters(objects, tolerance_m)
    sure = np.zeros(cluster.max(initial=-1) + 1, bool)
    sure[cluster[objects["joint"].isna()]] = True
    objects = objects.assign(cluster=cluster, twin=False)
    twins = objects[~sure[cluster]]
    if twins.empty:
        return objects
    twins = twins.assign(mode=twins["joint"], twin=True)
    whole = pd.concat([objects, twins], ignore_index=True)
    whole["cluster"] = _clusters(whole, tolerance_m)
    own = whole.loc[~whole["twin"], "cluster"]
    return whole[~whole["twin"] | ~whole["cluster"].isin(own)]


def _checkpoint(group: pd.DataFrame, languages: list[str]) -> dict[str, object]:
    """One checkpoint from its objects; border controls on a way speak first."""
    group = group.assign(strength=group["kind"] * 2 + (group["node"] >= 0) * group["mode"].notna())
    group = group.sort_values(["strength", "osm"], ascending=[False, True], kind="stable")
    best = group[group["strength"] == group["strength"].iloc[0]]
    at = sphere(best["lon"].to_numpy(), best["lat"].to_numpy())
    chosen = best.iloc[np.linalg.norm(at - at.mean(axis=0), axis=1).argmin()]
    everywhere = sphere(group["lon"].to_numpy(), group["lat"].to_numpy())
    centre = sphere(np.array([chosen["lon"]]), np.array([chosen["lat"]]))
    modes = group["mode"].dropna()
    mode = modes.iloc[0] if len(modes) else None
    control = group[group["kind"] == group["kind"].max()]
    forbidden = bool((control["is_open"] == 0).all()) and mode == "road"
    hours = group["hours"].dropna().unique()
    sure = "high" if group["kind"].max() == 2 else "medium"
    second = f"-{mode}" if group["twin"].all() else ""
    return {
        "checkpoint_id": f"osm-{group['osm'].iloc[0]}{second}",
        "mode": mode,
        "status": "closed" if forbidden else "open",
        "users": None,
        "home_id": None,
        "neighbour_id": None,
        "lon": chosen["lon"],
        "lat": chosen["lat"],
        "accuracy_km": max(0.05, np.linalg.norm(everywhere - centre, axis=1).max() / 1000),
        "hours": hours[0] if len(hours) == 1 else None,
        "osm": " ".join(group["osm"]),
        "tagged": " ".join(dict.fromkeys(" ".join(group["tagged"]).split())),
        "confidence": "low" if mode is None else sure,
        **{name: " / ".join(dict.fromkeys(group[name].dropna())) or None for name in languages},
    }


def _places(extract: Extract, found: pd.DataFrame) -> NDArray[np.object_]:
    """Name of the nearest named place within reach of each checkpoint."""
    nodes = extract.tagged_nodes
    named = nodes[has(nodes, "place") & has(nodes, "name")]
    name = np.full(len(found), None, object)
    if len(named) and len(found):
        node = named["node"].to_numpy(np.int64)
        tree = cKDTree(sphere(*extract.degrees(node)))
        at = sphere(found["lon"].to_numpy(), found["lat"].to_numpy())
        metres, nearest = tree.query(at, distance_upper_bound=1000 * _PLACE_KM)
        near = np.isfinite(metres)
        name[near] = text(named, "name")[nearest[near]]
    return name


def match_controls(
    register: pd.DataFrame, found: pd.DataFrame, *, tolerance_km: float = 5
) -> pd.DataFrame:
    """Which checkpoint of a register is which of those found in OSM.

    Each is matched with at most one other of its mode, so that the sum of distances, shortened
    where names agree, is least. A row of the register without a place is matched by name alone.

    Parameters
    ----------
    register
        Index ``checkpoint_id``: ``lon``, ``lat``, ``mode``, ``accuracy_km`` (may be missing)
        and names in all columns that start with ``name``.
    found
        As `controls_from_extract` gives it.
    tolerance_km
        Distance within which two are the same, or the register's accuracy if that is more, km;
        three times as far if their names agree.

    Returns
    -------
    DataFrame
        One row for each checkpoint of either: ``checkpoint_id`` and ``post_id`` (missing where
        the other has none), ``distance_km``, ``likeness`` of the names (0 to 1), ``matched_by``
        (``distance and name``, ``distance``, ``name``; missing without a match), ``lon``,
        ``lat`` (of OSM where matched or the register has none).
    """
    km = _distances_km(register, found)
    names = _names(found)
    likeness = np.array(
        [[_likeness(mine, theirs) for theirs in names] for mine in _names(register)]
    ).reshape(km.shape)
    agree = likeness >= _GOOD_NAME
    accuracy = np.full(len(register), np.nan)
    if "accuracy_km" in register:
        accuracy = register["accuracy_km"].to_numpy(float)
    reach = np.fmax(accuracy, tolerance_km)[:, None] * np.where(agree, 3, 1)
    modes = found["mode"].to_numpy(dtype=object)[None, :]
    same = (register["mode"].to_numpy(dtype=object)[:, None] == modes) | pd.isna(modes)
    placeless = np.isnan(km) & agree
    possible = same & ((km <= reach) | placeless)
    cost = np.where(placeless, 1.0, np.nan_to_num(km) / reach) - likeness
    mine, theirs = linear_sum_assignment(np.where(possible, cost, 1e6))
    good = possible[mine, theirs]
    mine, theirs = mine[good], theirs[good]
    by = np.select([np.isnan(km[mine, theirs]), agree[mine, theirs]], [2, 0], 1)
    matched = pd.DataFrame(
        {
            "checkpoint_id": register.index.to_numpy(dtype=object)[mine],
            "post_id": found.index.to_numpy(dtype=object)[theirs],
            "distance_km": km[mine, theirs],
            "likeness": likeness[mine, theirs],
            "matched_by": np.array(_MATCHES, object)[by],
        }
    )
    table = (
        matched.merge(
            pd.Series(register.index.to_numpy(dtype=object), name="checkpoint_id"), how="right"
        )
        .merge(pd.Series(found.index.to_numpy(dtype=object), name="post_id"), how="outer")
        .sort_values(["checkpoint_id", "post_id"], ignore_index=True)
    )
    for axis in ("lon", "lat"):
        table[axis] = (
            table["post_id"]
            .map(found[axis])
            .fillna(table["checkpoint_id"].map(register[axis].astype(float)))
        )
    return table


def _distances_km(register: pd.DataFrame, found: pd.DataFrame) -> NDArray[np.float64]:
    """Distance of each pair, missing where the register has no place."""
    mine, theirs = (
        sphere(side["lon"].to_numpy(float), side["lat"].to_numpy(float))
        for side in (register, found)
    )
    return np.asarray(np.linalg.norm(mine[:, None, :] - theirs[None, :, :], axis=2) / 1000)


def _names(table: pd.DataFrame) -> list[list[str]]:
    """All names of each row, made comparable."""
    columns = [name for name in table if str(name).startswith("name") or name == "place"]
    return [
        [_plain(part) for value in row if isinstance(value, str) for part in value.split("/")]
        for row in table[columns].itertuples(index=False)
    ]


def _plain(name: str) -> str:
    """A name without case, accents, punctuation and the words that all checkpoints share."""
    return " ".join(word for word in _words(name) if word not in _shared_words())


def _words(name: str) -> list[str]:
    """Words of a name without case, accents and punctuation."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    kept = "".join(c if c.isalnum() else " " for c in letters if not unicodedata.combining(c))
    return kept.split()


@lru_cache(maxsize=1)
def _shared_words() -> frozenset[str]:
    """Words of many languages that name no checkpoint but all of them."""
    with (files("geo_border.osm") / "checkpoint_words.csv").open(encoding="utf-8") as rows:
        table = pd.read_csv(rows)
    return frozenset(word for name in table["word"] for word in _words(name))


def _likeness(mine: Iterable[str], theirs: Iterable[str]) -> float:
    """Best likeness of any two names, 1 where one holds all the words of the other."""
    best = 0.0
    for first in mine:
        for second in theirs:
            words = set(first.split()), set(second.split())
            if words[0] and words[1] and (words[0] <= words[1] or words[1] <= words[0]):
                return 1.0
            best = max(best, difflib.SequenceMatcher(None, first, second).ratio())
    return best
