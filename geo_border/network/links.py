"""Line layers to links and nodes: the network before it becomes arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_border.border.edges import WGS84, equal_area_crs, extent
from geo_border.errors import NetworkError
from geo_border.geometry.locate import polygon_near
from geo_border.network.meeting import nearest_there, one_place
from geo_border.terms import MODES, SIDES

if TYPE_CHECKING:
    from numpy.typing import NDArray

CUT_DECIMALS = 12
"""Decimals of a degree that a cut leaves of coordinates: what rounding has moved, it moves back."""

_SEAM = 1e-7
"""Nodes on the 180th meridian are this near to it, degrees: the grid of OpenStreetMap."""

REACH_KM = 10.0
"""What lies farther than this from all land of both sides is outside both, km."""

ANYWHERE_KM = 3e4
"""Farther than two places on Earth can lie apart, km."""

CARRIED = ("name", "ref", "way_id", "gauge_mm", "electrified", "bridge", "tunnel")
"""Columns of lines that stay with their links."""


def links_from_lines(
    lines: gpd.GeoDataFrame, territory: gpd.GeoDataFrame, *, reach_km: float = REACH_KM
) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """Nodes and links of line layers that meet at their ends.

    Ends with the id of an OSM node meet where the id is the same, roads and ferries with each
    other and railways with railways; other ends meet what lies within
    `geo_border.network.meeting.MEETING_M` of them.

    Parameters
    ----------
    lines
        LineStrings; columns ``mode``, ``road_class``, and optionally ``length_km`` (geodesic
        where missing; never less than that between its ends), ``oneway`` (1 along the line, -1
        against it, 0 both), ``speed_kmh``, ``travel_kmh`` (the speed one goes, which
        `speed_kmh` need not be), ``hours`` (a time that holds whatever the speed, such as a
        ferry's), ``tail_osm``, ``head_osm`` (ids of the nodes at the ends, missing for lines of
        other sources), ``tail_blocked``, ``head_blocked`` (that
        end meets nothing), ``tail_clipped``, ``head_clipped`` (the source ends there, the line
        goes on), and those of `CARRIED`.
        Lines must meet at their ends where one can change from one to the other.
    territory
        Polygons of both sides with columns ``side`` and ``region_id`` (missing outside the
        studied regions).
    reach_km
        Nodes farther than this from all polygons are outside both sides; lines that end there
        are dropped, but for ferries that meet nothing but ferries there. Coasts and river mouths
        need some reach.

    Returns
    -------
    nodes : DataFrame
        ``lon``, ``lat``, ``osm`` (id of the node in OSM, 0 for none), ``blocked`` (a barrier),
        ``clipped`` (where the source ends),
        ``side`` (position in `SIDES`, -1 outside), ``region_id``.
    links : GeoDataFrame
        ``tail``, ``head`` (positions of nodes), ``mode``, ``road_class``, ``length_km``,
        ``oneway``, ``speed_kmh``, ``travel_kmh``, ``hours``, ``line`` (index of the line it is
        from), those of `CARRIED` that the lines have; LineStrings in WGS 84 drawn from tail to
        head.

    Raises
    ------
    NetworkError
        If there is no line, a mode is unknown, or the lines do not reach one of the sides.
    """
    if lines.empty:
        raise NetworkError("the network has no lines", remedy="Check the layers in [network]")
    unknown = sorted(set(lines["mode"]) - set(MODES))
    if unknown:
        raise NetworkError(
            f"unknown mode {', '.join(map(str, unknown))}", remedy=f"Use one of {', '.join(MODES)}"
        )
    parts = lines.to_crs(4326)
    if (shapely.get_type_id(parts.geometry.to_numpy()) != shapely.GeometryType.LINESTRING).any():
        parts = in_parts(parts)
    geometry = shapely.force_2d(parts.geometry.to_numpy())
    nodes, node = _nodes(parts, geometry)
    nodes[["side", "region_id"]] = _sides(nodes, territory, reach_km)
    for number, side in enumerate(SIDES):
        if not (nodes["side"] == number).any():
            raise NetworkError(
                f"the network does not touch the {side} side: its lines are at "
                f"{extent(shapely.total_bounds(geometry))}, the side at "
                f"{extent(territory[territory['side'] == side].to_crs(4326).total_bounds)}",
                remedy="Check that the line layers cover both sides, in the CRS they name",
            )
    n = len(parts)
    given_km = column_or(parts, "length_km", np.nan)
    links = gpd.GeoDataFrame(
        {
            "tail": node[:n],
            "head": node[n:],
            "mode": parts["mode"].to_numpy(),
            "road_class": parts["road_class"].to_numpy(),
            "length_km": np.where(
                np.isnan(given_km),
                geodesic_km(geometry),
                np.maximum(given_km, straight_km(geometry)),
            ),
            "oneway": column_or(parts, "oneway", 0).astype(np.int8),
            "speed_kmh": column_or(parts, "speed_kmh", np.nan),
            "travel_kmh": column_or(parts, "travel_kmh", np.nan),
            "hours": column_or(parts, "hours", np.nan),
            "line": parts.index.to_numpy(),
            **{name: parts[name].to_numpy() for name in CARRIED if name in parts},
        },
        geometry=geometry,
        crs=4326,
    )
    inside = nodes["side"].to_numpy() >= 0
    tail, head = node[:n], node[n:]
    kept = inside[tail] & inside[head]
    at_sea = _at_sea(links, inside)
    if at_sea.any():
        afloat = np.unique(links.loc[at_sea, ["tail", "head"]])
        afloat = afloat[~inside[afloat]]
        for name, nearest in _sides(nodes.iloc[afloat], territory, ANYWHERE_KM).items():
            values = nodes[name].to_numpy(copy=True)
            values[afloat] = nearest
            nodes[name] = values
    return nodes, links[(kept | at_sea) & (tail != head)].reset_index(drop=True)


def _at_sea(links: pd.DataFrame, inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Ferries that go on, far from all land, where nothing but ferries meets them."""
    ends = links[["tail", "head"]].to_numpy(np.int64)
    ferry = (links["mode"] == "ferry").to_numpy() & (ends[:, 0] != ends[:, 1])
    port = np.zeros(len(inside), bool)
    port[ends[~ferry]] = True
    found: NDArray[np.bool_] = ferry & ~inside[ends].all(axis=1)
    found &= ~(port & ~inside)[ends].any(axis=1)
    while found.any():
        degree = np.bincount(ends[found].ravel(), minlength=len(inside))
        stops = found & (~inside[ends] & (degree[ends] == 1)).any(axis=1)
        if not stops.any():
            break
        found &= ~stops
    return found


def in_parts(lines: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Lines of one part each; a length or a time that is given is shared out by length.

    Parameters
    ----------
    lines
        Lines in WGS 84, of one or several parts.

    Returns
    -------
    GeoDataFrame
        LineStrings with the columns and the index of their lines.
    """
    whole = lines.reset_index(names="line")
    parts = whole.explode()
    km = pd.Series(geodesic_km(parts.geometry.to_numpy()), parts.index)
    share = km / km.groupby(level=0).transform("sum")
    given = [name for name in ("length_km", "hours") if name in parts]
    parts[given] = parts[given].astype(float).mul(share, axis=0)
    return parts.set_index("line")


def _nodes(
    parts: gpd.GeoDataFrame, geometry: NDArray[np.object_]
) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Nodes at the ends of lines, and the node of each tail, then of each head."""
    ends = [shapely.get_coordinates(shapely.get_point(geometry, end)) for end in (0, -1)]
    lonlat = np.concatenate(ends)
    rail = np.tile((parts["mode"] == "rail").to_numpy(), 2)
    osm = np.concatenate([column_or(parts, f"{end}_osm", np.nan) for end in ("tail", "head")])
    osm = _over_the_seam(osm, lonlat)
    blocked, clipped = (
        np.concatenate([column_or(parts, f"{end}_{what}", 0) for end in ("tail", "head")])
        for what in ("blocked", "clipped")
    )
    known = ~np.isnan(osm)
    apart = blocked == 1
    node = np.full(len(osm), -1, np.int64)
    first: list[NDArray[np.intp]] = []

    meeting = np.flatnonzero(known & ~apart)
    key = 2 * osm[meeting].astype(np.int64) + rail[meeting]
    _, at, node[meeting] = np.unique(key, return_index=True, return_inverse=True)
    first += [meeting[at], np.flatnonzero(apart)]
    node[apart] = len(at) + np.arange(apart.sum())

    other = np.flatnonzero(~known & ~apart)
    place, spots = one_place(lonlat[other])
    near = nearest_there(lonlat[other], rail[other], lonlat[meeting[at]], rail[meeting[at]])
    # A place is at a node of OSM if any of its ends is.
    of_osm = np.full(2 * len(spots), -1)
    np.maximum.at(of_osm, 2 * place + rail[other], near)
    node[other] = of_osm[2 * place + rail[other]]
    lonlat[other] = spots[place]
    alone = node[other] < 0
    loose = other[alone]
    _, at, inverse = np.unique(place[alone], return_index=True, return_inverse=True)
    node[loose] = sum(map(len, first)) + inverse
    end = np.concatenate([*first, loose[at]])
    nodes = {
        "lon": lonlat[end, 0],
        "lat": lonlat[end, 1],
        "osm": np.nan_to_num(osm[end]).astype(np.int64),
        "blocked": apart[end],
        "clipped": clipped[end] == 1,
    }
    return pd.DataFrame(nodes), node


def _over_the_seam(osm: NDArray[np.float64], lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ids of nodes, the same for those at one place of the 180th meridian.

    OpenStreetMap cuts there what passes it, with a node on either edge of the map.
    """
    on = np.flatnonzero((np.abs(np.abs(lonlat[:, 0]) - 180) < _SEAM) & ~np.isnan(osm))
    place, spots = one_place(lonlat[on])
    least = np.full(len(spots), np.inf)
    np.minimum.at(least, place, osm[on])
    osm[on] = least[place]
    return osm


def geodesic_km(lines: NDArray[np.object_]) -> NDArray[np.float64]:
    """Length of lines on the ellipsoid.

    Parameters
    ----------
    lines
        LineStrings in WGS 84.

    Returns
    -------
    ndarray
        Kilometres.
    """
    points, line = shapely.get_coordinates(lines, return_index=True)
    joined = line[1:] == line[:-1]
    start, end = points[:-1][joined], points[1:][joined]
    metres = WGS84.inv(start[:, 0], start[:, 1], end[:, 0], end[:, 1])[2]
    return np.bincount(line[1:][joined], metres, minlength=len(lines)) / 1000


def straight_km(lines: NDArray[np.object_]) -> NDArray[np.float64]:
    """Shortest way between the ends of lines on the ellipsoid: no length can be less.

    Parameters
    ----------
    lines
        LineStrings in WGS 84.

    Returns
    -------
    ndarray
        Kilometres.
    """
    start, end = (shapely.get_coordinates(shapely.get_point(lines, at)) for at in (0, -1))
    metres = WGS84.inv(start[:, 0], start[:, 1], end[:, 0], end[:, 1])[2]
    return np.asarray(metres, np.float64) / 1000


def column_or(frame: pd.DataFrame, name: str, default: float) -> NDArray[np.float64]:
    """Values of an optional column of numbers.

    Parameters
    ----------
    frame
        Any.
    name
        The column.
    default
        What stands where nothing does.

    Returns
    -------
    ndarray
        One value a row.
    """
    if name not in frame:
        return np.full(len(frame), default, float)
    return np.asarray(frame[name].astype(float).fillna(default), np.float64)


def _sides(nodes: pd.DataFrame, territory: gpd.GeoDataFrame, reach_km: float) -> pd.DataFrame:
    """Side and region of each node, by the polygon it lies in or the nearest within reach."""
    polygon = polygon_near(
        territory.geometry.to_crs(4326),
        nodes["lon"].to_numpy(),
        nodes["lat"].to_numpy(),
        crs=equal_area_crs(territory),
        reach_m=1000 * reach_km,
    )
    side = np.append(territory["side"].map(SIDES.index).to_numpy(np.int8), np.int8(-1))
    region = np.array([*territory["region_id"], None], dtype=object)
    return pd.DataFrame({"side": side[polygon], "region_id": region[polygon]})


def split_links(
    nodes: pd.DataFrame, links: gpd.GeoDataFrame, cuts: pd.DataFrame
) -> tuple[pd.DataFrame, gpd.GeoDataFrame, NDArray[np.int64]]:
    """Cut links at points along them.

    Parameters
    ----------
    nodes, links
        As `links_from_lines` gives them.
    cuts
        ``link`` (position of the link) and ``share`` (0 to 1 of its length from the tail).

    Returns
    -------
    nodes : DataFrame
        With a node for each new point, on the side and in the region of the nearer end.
    links : GeoDataFrame
        Cut links are replaced by their parts, in order; lengths and times are shared out.
    node : ndarray
        Node at each cut; cuts at the same point of a link, or at its end, share one.
    """
    link = cuts["link"].to_numpy()
    share = cuts["share"].to_numpy(float).clip(0, 1)
    at = np.where(share == 0, links["tail"].to_numpy()[link], links["head"].to_numpy()[link])
    inner = (share > 0) & (share < 1)
    key = pd.DataFrame({"link": link[inner], "share": share[inner]})
    points = key.drop_duplicates().sort_values(["link", "share"], ignore_index=True)
    points["node"] = len(nodes) + np.arange(len(points))
    at = at.astype(np.int64)
    at[inner] = key.merge(points, how="left")["node"].to_numpy()
    if points.empty:
        return nodes, links, at

    whole = links.iloc[points["link"]]
    flat, squeeze = flattened(whole.geometry.to_numpy())
    where = shapely.line_interpolate_point(flat, points["share"].to_numpy(), normalized=True)
    nearer = np.where(points["share"] < 0.5, whole["tail"], whole["head"])
    new = nodes.iloc[nearer].assign(
        lon=np.round(shapely.get_x(where) / squeeze, CUT_DECIMALS),
        lat=np.round(shapely.get_y(where), CUT_DECIMALS),
    )
    for name, blank in (("osm", 0), ("blocked", False), ("clipped", False), ("met", None)):
        if name in nodes:
            new[name] = blank
    parts = _parts(links, points)
    kept = links.drop(index=links.index[points["link"].unique()])
    return (
        pd.concat([nodes, new], ignore_index=True),
        pd.concat([kept, parts], ignore_index=True),
        at,
    )


def _parts(links: gpd.GeoDataFrame, points: pd.DataFrame) -> gpd.GeoDataFrame:
    """Parts of the links between their ends and the sorted points on them."""
    cut = links.iloc[points["link"].unique()]
    rows = np.unique(points["link"])
    ends = pd.concat(
        [
            pd.DataFrame({"link": rows, "share": 0.0, "node": cut["tail"].to_numpy()}),
            points,
            pd.DataFrame({"link": rows, "share": 1.0, "node": cut["head"].to_numpy()}),
        ]
    ).sort_values(["link", "share"], kind="stable")
    start, stop = ends[ends["share"] < 1], ends[ends["share"] > 0]
    parts = links.iloc[start["link"]].copy()
    parts["tail"], parts["head"] = start["node"].to_numpy(), stop["node"].to_numpy()
    share = stop["share"].to_numpy() - start["share"].to_numpy()
    for whole in ("length_km", "hours"):
        if whole in parts:
            parts[whole] *= share
    flat, squeeze = flattened(parts.geometry.to_numpy())
    pieces = between(flat, start["share"].to_numpy(), stop["share"].to_numpy())
    drawn = squeezed(pieces, 1 / squeeze)
    parts.geometry = shapely.transform(drawn, lambda lonlat: np.round(lonlat, CUT_DECIMALS))
    # A line drawn straight in degrees bends beside the shortest way.
    parts["length_km"] = np.maximum(parts["length_km"], straight_km(parts.geometry.to_numpy()))
    return parts


def between(
    lines: NDArray[np.object_], start: NDArray[np.float64], stop: NDArray[np.float64]
) -> NDArray[np.object_]:
    """Give the part of each line between two points on it.

    Parameters
    ----------
    lines
        LineStrings.
    start, stop
        Shares of the length of each, the first less than the second.

    Returns
    -------
    ndarray
        LineStrings, drawn as the lines are.
    """
    if not len(lines):
        return lines
    points, line = shapely.get_coordinates(lines, return_index=True)
    begins = np.insert(line[1:] != line[:-1], 0, values=True)
    step = np.where(begins, 0.0, np.insert(np.hypot(*np.diff(points, axis=0).T), 0, 0.0))
    along = pd.Series(step).groupby(line).cumsum().to_numpy()
    length = shapely.length(lines)
    inner = (along > (start * length)[line]) & (along < (stop * length)[line])
    # The last vertex may lie within the rounding of the length.
    inner &= ~np.append(begins[1:], values=True)
    ends = [
        shapely.get_coordinates(shapely.line_interpolate_point(lines, share * length))
        for share in (start, stop)
    ]
    own = np.arange(len(lines))
    of = np.concatenate([own, line[inner], own])
    order = np.argsort(of, kind="stable")
    coordinates = np.concatenate([ends[0], points[inner], ends[1]])
    return np.asarray(shapely.linestrings(coordinates[order], indices=of[order]))


def flattened(
    lines: NDArray[np.object_],
) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    """Lines on a plane whose unit is as long to the east as to the north.

    Parameters
    ----------
    lines
        LineStrings in WGS 84.

    Returns
    -------
    lines : ndarray
        The same with longitudes shortened as they are at the middle latitude of each.
    squeeze : ndarray
        What the longitudes of each were multiplied by.
    """
    _, south, _, north = shapely.bounds(lines).T
    squeeze = np.cos(np.radians((south + north) / 2))
    return squeezed(lines, squeeze), squeeze


def squeezed(lines: NDArray[np.object_], factor: NDArray[np.float64]) -> NDArray[np.object_]:
    """Stretch or shorten the longitudes of lines.

    Parameters
    ----------
    lines
        LineStrings.
    factor
        What the longitudes of each are multiplied by.

    Returns
    -------
    ndarray
        LineStrings.
    """
    points, line = shapely.get_coordinates(lines, return_index=True)
    points[:, 0] *= factor[line]
    return np.asarray(shapely.linestrings(points, indices=line))
