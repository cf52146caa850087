"""Where roads and railways pass the border, and which checkpoint they pass there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_border.border.checkpoints import ON_THE_LINE, RULE
from geo_border.border.edges import WGS84, equal_area_crs
from geo_border.border.line import along
from geo_border.geometry.frame import turned
from geo_border.network.leeway import leeway_at, own_leeway
from geo_border.network.passages import (
    GATE,
    OFF,
    class_ranks,
    controls_on_roads,
    of_kind,
    one_passage,
    parts_met,
    parts_of_controls,
)
from geo_border.network.reach import tagged_nodes
from geo_border.network.series import unavoidable
from geo_border.network.stubs import blind_ends
from geo_border.terms import SIDES

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

STUB_M = 50.0
"""A link of the right mode that ends this near a checkpoint leads to it, metres."""

SURE_KM = 0.25
"""Where neither road nor border can lie farther from where it is drawn, a crossing is known, km."""

VAGUE_KM = 5.0
"""Where one of them may lie farther from where it is drawn than this, hardly anything is known."""

VOUCHED_KM = 1.0
"""A checkpoint no farther from a crossing than this vouches for it, km."""

ID_DECIMALS = 3
"""Decimals of a degree in the ids of crossings, a hundred metres: they outlast small edits."""

ORDER_DECIMALS = 6
"""Decimals of a degree up to which places are told apart when they are put in order."""

_TEXTS = ("road_class", "name", "ref")


def find_crossings(
    nodes: pd.DataFrame,
    links: gpd.GeoDataFrame,
    border: gpd.GeoDataFrame,
    checkpoints: gpd.GeoDataFrame,
    *,
    tolerance_km: float | None = None,
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Where links of both sides meet, each with its passage and its checkpoint or none.

    A checkpoint stands on a road of its mode not farther than `tolerance_km` or its own
    accuracy, whichever is more, and serves the crossing to which that road leads. A link that
    ends blind within `STUB_M` of a checkpoint without a crossing is one by its stub, and a link
    that ends at the OSM node of such a checkpoint is one by its tag; neither leads across.

    Parameters
    ----------
    nodes, links
        As `geo_border.network.sides.cut_at_border` and `geo_border.network.stubs.join_stubs`
        give them.
    border
        Pieces as `geo_border.border.line.border_line` gives them.
    checkpoints
        As `geo_border.border.checkpoints.placed_checkpoints` gives them; with ``osm`` (ids of
        their objects, such as ``n12 w34``) they are found by tag.
    tolerance_km
        As `geo_border.network.reach.roads_near` takes it.

    Returns
    -------
    crossings : GeoDataFrame
        Index ``crossing_id``, made of the place; ``node`` (position), ``mode``, ``road_class``,
        ``name``, ``ref`` and ``way_id`` of its greatest road, ``passage`` (id of the crossing
        that stands for the road's lanes and carriageways), ``checkpoint_id`` of the passage or
        none, ``checkpoint_km`` (distance to it), ``found_by`` (``geometry``; ``ends`` where the
        link does not meet the border line; ``stub``; ``tag``), ``tagged`` (the checkpoint is a
        node of the network), ``confidence`` (``high``, ``medium``, ``low``), ``leads_across``,
        ``home_id``, ``neighbour_id``, ``home_link``, ``neighbour_link`` (positions, -1 for
        none), ``lon``, ``lat``, points.
    controls : DataFrame
        Each checkpoint on the line whose place is known: ``passage`` that it stands at or None,
        ``part``, ``stops_out``, ``stops_in`` (what it is to it and who stops there, as
        `geo_border.network.passages.parts_of_controls` says),
        ``off_km`` (from its road), ``walk_km`` (from there to the crossing), ``side`` (of the
        road there, -1 off all), ``nearest`` (crossing as the crow flies) and ``nearest_km``.
    """
    crs = equal_area_crs(border)
    on_line = checkpoints_on_line(checkpoints)
    rows = _meetings(nodes, links, crs)
    stands_for = one_passage(rows.join(parts_met(links, rows)), links, crs=crs)
    controls = controls_on_roads(nodes, links, rows, on_line, crs=crs, tolerance_km=tolerance_km)
    met = unavoidable(
        links,
        rows.assign(passage=stands_for),
        controls,
        on_line,
        tagged_nodes(nodes, on_line),
        crs=crs,
        tolerance_km=tolerance_km,
    )
    controls = controls.join(parts_of_controls(controls.join(met), stands_for, on_line))
    gate = controls[controls["part"] == GATE]
    control_of = np.full(len(rows), -1)
    control_of[stands_for[gate["crossing"].to_numpy(np.int64)]] = on_line.index.get_indexer(
        gate.index
    )
    rows["control"] = control_of[stands_for]
    lost = np.flatnonzero((controls["part"] == OFF).to_numpy())
    ends = _one_sided(nodes, links, on_line, lost, crs)
    rows = pd.concat([rows, ends], ignore_index=True) if len(ends) else rows
    stands_for = np.r_[stands_for, np.arange(len(stands_for), len(rows))]
    crossings = _stated(nodes, links, border, on_line, rows, crs)
    names = crossings.index.to_numpy(object)
    crossings.insert(5, "passage", names[stands_for])
    at = controls.pop("crossing").to_numpy(np.int64)
    controls.insert(
        0,
        "passage",
        np.where(at >= 0, np.array([*names, None], object)[np.append(stands_for, -1)[at]], None),
    )
    return crossings, controls.join(_nearest(crossings[crossings["leads_across"]], on_line))


def checkpoints_on_line(checkpoints: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Checkpoints that lie on the border, at a place that is known.

    Parameters
    ----------
    checkpoints
        As `geo_border.border.checkpoints.placed_checkpoints` gives them.

    Returns
    -------
    GeoDataFrame
        Rows of `checkpoints`.
    """
    return checkpoints[checkpoints["mode"].isin(ON_THE_LINE) & checkpoints["lon"].notna()]


def _meetings(nodes: pd.DataFrame, links: gpd.GeoDataFrame, crs: CRS) -> pd.DataFrame:
    """Nodes where links of both sides meet, apart for railways, and their greatest links."""
    rail = of_kind(links["mode"], rail=True)
    n = len(links)
    ends = pd.DataFrame(
        {
            "node": np.r_[links["tail"], links["head"]],
            "link": np.tile(np.arange(n), 2),
            "at_head": np.repeat([False, True], n),
            "side": np.tile(links["side"], 2),
            "rail": np.tile(rail, 2),
        }
    )
    key = 2 * ends["node"].to_numpy(np.int64) + ends["rail"].to_numpy()
    seen = np.zeros((2 * len(nodes), len(SIDES)), bool)
    seen[key, ends["side"]] = True
    ends = ends[seen[key].all(axis=1)]
    if ends.empty:
        texts = dict.fromkeys((*_TEXTS, "mode", "modes", "found_by"), object)
        numbers = dict.fromkeys(("node", "home_link", "neighbour_link", "link"), np.int64)
        flags = dict.fromkeys(("rail", "out", "back", "leads_across"), bool)
        kinds = {**numbers, **flags, **texts, "x": float, "y": float}
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})
    oneway = links["oneway"].to_numpy()[ends["link"]] * np.where(ends["at_head"], 1, -1)
    away = np.where(ends["side"] == 0, oneway >= 0, oneway <= 0)
    towards = np.where(ends["side"] == 0, oneway <= 0, oneway >= 0)
    ends = ends.assign(
        rank=class_ranks(links["road_class"].iloc[ends["link"]]),
        out=away,
        back=towards,
        mode=links["mode"].to_numpy(object)[ends["link"]],
    )
    ends = ends.sort_values(["node", "rail", "rank", "link"], kind="stable")
    by_side = ends.groupby(["node", "rail", "side"], sort=True)
    # Out of home and into the neighbour, by whichever of the links.
    ways = by_side[["out", "back"]].any().groupby(["node", "rail"]).all()
    first = by_side["link"].first().unstack("side")
    whole = ends.groupby(["node", "rail"])
    rows = pd.DataFrame(
        {
            "home_link": first[0],
            "neighbour_link": first[1],
            "link": whole["link"].first(),
            "modes": whole["mode"].agg(frozenset),
            "out": ways["out"],
            "back": ways["back"],
        }
    ).reset_index()
    rows["mode"] = [
        "ferry" if "ferry" in modes else "rail" if "rail" in modes else "road"
        for modes in rows["modes"]
    ]
    for column in _TEXTS:
        rows[column] = _text(links, column)[rows["link"].to_numpy(np.int64)]
    at = nodes.iloc[rows["node"]]
    rows["found_by"] = at["met"].to_numpy(object)
    points = gpd.GeoSeries.from_xy(at["lon"], at["lat"], crs=4326).to_crs(crs)
    rows = rows.assign(x=points.x.to_numpy(), y=points.y.to_numpy(), leads_across=True)
    # By place, whatever the order of the lines.
    lon, lat = (np.round(at[axis].to_numpy(), ORDER_DECIMALS) for axis in ("lon", "lat"))
    order = np.lexsort((rows["rail"], lon, lat))
    return rows.iloc[order].reset_index(drop=True)


def _one_sided(
    nodes: pd.DataFrame,
    links: gpd.GeoDataFrame,
    checkpoints: gpd.GeoDataFrame,
    lost: NDArray[np.int64],
    crs: CRS,
) -> pd.DataFrame:
    """Where a link ends at a checkpoint without a crossing: blind near it, or at its node."""
    stubs = _stubs(nodes, links, checkpoints.iloc[lost], crs)
    stubs["control"] = lost[stubs["control"].to_numpy(np.int64)]
    tags = tagged_nodes(nodes, checkpoints)
    tags = tags[tags.index.isin(lost) & ~tags.index.isin(stubs["control"])]
    ends = links[["tail", "head"]].to_numpy()
    link, at_head = np.nonzero(np.isin(ends, tags.to_numpy()))
    node = ends[link, at_head]
    control = pd.Series(tags.index, index=tags.to_numpy())[node].to_numpy(np.int64)
    marked = pd.DataFrame({"node": node, "link": link, "control": control}).drop_duplicates(
        "control"
    )
    found = pd.concat([stubs, marked.assign(found_by="tag")], ignore_index=True)
    link = found["link"].to_numpy(np.int64)
    side = links["side"].to_numpy()[link]
    for number, name in enumerate(SIDES):
        found[f"{name}_link"] = np.where(side == number, link, -1)
    for column in ("mode", "road_class", "name", "ref"):
        found[column] = _text(links, column)[link]
    at = nodes.iloc[found["node"]]
    points = gpd.GeoSeries.from_xy(at["lon"], at["lat"], crs=4326).to_crs(crs)
    return found.assign(x=points.x.to_numpy(), y=points.y.to_numpy(), leads_across=False)


def _stubs(
    nodes: pd.DataFrame, links: gpd.GeoDataFrame, checkpoints: gpd.GeoDataFrame, crs: CRS
) -> pd.DataFrame:
    """Links that end blind at a checkpoint of their mode."""
    blind = blind_ends(nodes, links)
    at = nodes.iloc[blind["node"]]
    points = gpd.GeoSeries.from_xy(at["lon"], at["lat"], crs=4326).to_crs(crs).to_numpy()
    controls = checkpoints.geometry.to_crs(crs).to_numpy()
    end, control = shapely.STRtree(controls).query(points, predicate="dwithin", distance=STUB_M)
    mode = links["mode"].to_numpy(object)[blind["link"].to_numpy()[end]]
    right = mode == checkpoints["mode"].to_numpy(object)[control]
    found = blind.iloc[end[right]].assign(control=control[right], found_by="stub")
    return pd.DataFrame(found[["node", "link", "control", "found_by"]])


def _stated(
    nodes: pd.DataFrame,
    links: gpd.GeoDataFrame,
    border: gpd.GeoDataFrame,
    checkpoints: gpd.GeoDataFrame,
    rows: pd.DataFrame,
    crs: CRS,
) -> gpd.GeoDataFrame:
    """Crossings as they are given out, with their ids and how sure each is."""
    at = shapely.points(rows[["x", "y"]].to_numpy(float))
    points = gpd.GeoSeries(at, crs=crs).to_crs(4326)
    control, link = rows["control"].to_numpy(np.int64), rows["link"].to_numpy(np.int64)
    served = control >= 0
    km = np.full(len(rows), np.nan)
    km[served] = shapely.distance(
        at[served], checkpoints.geometry.to_crs(crs).to_numpy()[control[served]]
    )
    km /= 1000
    tagged = tagged_nodes(nodes, checkpoints).index
    found_by = rows["found_by"].to_numpy(object)
    # A checkpoint that a rule has put on the crossing says nothing of where that is.
    by_rule = checkpoints.get("known_from", pd.Series("", checkpoints.index)) == RULE
    vouched = (km <= VOUCHED_KM) & ~np.append(by_rule.to_numpy(bool), False)[control]
    lines = gpd.GeoSeries(_courses(nodes, links, rows), crs=4326).to_crs(crs).to_numpy()
    doubt_km = np.maximum(
        own_leeway(lines, at), leeway_at(border.geometry, gpd.GeoSeries(at, crs=crs))
    )
    doubt_km /= 1000
    known = (doubt_km <= SURE_KM) & (found_by == "geometry")
    sure = np.where(vouched | known, "high", "medium")
    sure[(doubt_km > VAGUE_KM) & ~vouched] = "low"
    sure[(found_by == "stub") & (sure == "high")] = "medium"
    sure[found_by == "tag"] = "low"
    lon, lat = points.x.to_numpy(), points.y.to_numpy()
    region = along(border, points)
    return gpd.GeoDataFrame(
        {
            "node": rows["node"].to_numpy(np.int64),
            "mode": rows["mode"].to_numpy(object),
            "road_class": rows["road_class"].to_numpy(object),
            "name": rows["name"].to_numpy(object),
            "ref": rows["ref"].to_numpy(object),
            "way_id": _ways(links)[link],
            "checkpoint_id": np.array([*checkpoints.index, None], object)[control],
            "checkpoint_km": km,
            "found_by": found_by,
            "tagged": np.isin(control, tagged) & served,
            "confidence": sure,
            "leads_across": rows["leads_across"].to_numpy(bool),
            "home_id": region["home_id"].to_numpy(object),
            "neighbour_id": region["neighbour_id"].to_numpy(object),
            "home_link": rows["home_link"].to_numpy(np.int64),
            "neighbour_link": rows["neighbour_link"].to_numpy(np.int64),
            "lon": lon,
            "lat": lat,
        },
        index=pd.Index(place_ids("x", lon, lat), name="crossing_id"),
        geometry=points.to_numpy(),
        crs=4326,
    )


def _courses(
    nodes: pd.DataFrame, links: gpd.GeoDataFrame, rows: pd.DataFrame
) -> NDArray[np.object_]:
    """The course of the road through each crossing, without the vertex that a cut has made."""
    lines, tail = links.geometry.to_numpy(), links["tail"].to_numpy()
    of_osm = nodes["osm"].to_numpy() != 0
    courses = []
    for node, home, neighbour in rows[["node", "home_link", "neighbour_link"]].to_numpy(np.int64):
        ends = [
            shapely.get_coordinates(lines[link])[:: -1 if tail[link] == node else 1]
            for link in (home, neighbour)
            if link >= 0
        ]
        if len(ends) == 1:
            courses.append(ends[0])
        else:
            middle = ends[0][-1:] if of_osm[node] else ends[0][:0]
            courses.append(np.concatenate([ends[0][:-1], middle, ends[1][-2::-1]]))
    return np.array([shapely.linestrings(course) for course in courses], object)


def place_ids(prefix: str, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> list[str]:
    """Ids made of places, that stay the same when others come or go.

    Parameters
    ----------
    prefix
        What each begins with.
    lon, lat
        Degrees.

    Returns
    -------
    list of str
        Such as ``x47.167n9.509e``; of several at one place the later, from south to north and
        west to east, have a number more.
    """
    names = [
        f"{prefix}{abs(y):.{ID_DECIMALS}f}{'s' if y < 0 else 'n'}"
        f"{abs(x):.{ID_DECIMALS}f}{'w' if x < 0 else 'e'}"
        for x, y in zip(turned(lon, 0.0), lat, strict=True)
    ]
    order = np.lexsort([np.round(axis, ORDER_DECIMALS) for axis in (lon, lat)])
    again = pd.Series(names, dtype=object).iloc[order].groupby(np.array(names, object)[order])
    number = again.cumcount().sort_index()
    return [f"{name}-{n + 1}" if n else name for name, n in zip(names, number, strict=True)]


def _nearest(across: gpd.GeoDataFrame, checkpoints: gpd.GeoDataFrame) -> pd.DataFrame:
    """The crossing nearest to each checkpoint of its mode, as the crow flies, km."""
    found = pd.DataFrame({"nearest": None, "nearest_km": np.nan}, index=checkpoints.index)
    for mode, controls in checkpoints.groupby("mode"):
        own = across[across["mode"] == mode]
        if own.empty:
            continue
        lon, lat = own["lon"].to_numpy(), own["lat"].to_numpy()
        for name, x, y in zip(controls.index, controls["lon"], controls["lat"], strict=True):
            n = len(own)
            metres = WGS84.inv(lon, lat, np.full(n, x), np.full(n, y))[2]
            found.loc[name, ["nearest", "nearest_km"]] = (
                own.index[metres.argmin()],
                metres.min() / 1000,
            )
    return found


def _text(links: pd.DataFrame, name: str) -> NDArray[np.object_]:
    """Values of an optional column of text."""
    if name not in links:
        return np.full(len(links), None, object)
    return links[name].to_numpy(dtype=object)


def _ways(links: pd.DataFrame) -> NDArray[np.float64]:
    """Way in OpenStreetMap of each link, missing for lines of other sources."""
    if "way_id" not in links:
        return np.full(len(links), np.nan)
    ways: NDArray[np.float64] = links["way_id"].to_numpy(float)
    return ways
