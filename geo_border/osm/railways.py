"""Which ways trains use, and where they stop."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from geo_border.osm.tags import has, mapped, text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.pbf.extract import Extract

_GAUGE_MM = re.compile(r"\s*([0-9]{3,4})\b")


@dataclass(frozen=True, slots=True)
class RailRules:
    """What counts as a railway.

    Parameters
    ----------
    kinds
        Values of ``railway``; light rail, trams and underground lines are others, and so are
        abandoned, disused, proposed lines and those under construction.
    services
        Values of ``service`` that stay: a crossover joins the tracks of a line, while sidings,
        spurs and yards lead nowhere.
    usages
        Values of ``usage`` that stay; without the tag a line stays.
    stops
        Values of ``railway`` on nodes where trains call or change the state.
    """

    kinds: tuple[str, ...] = ("rail", "narrow_gauge")
    services: tuple[str, ...] = ("crossover",)
    usages: tuple[str, ...] = ("main", "branch")
    stops: tuple[str, ...] = ("station", "halt", "stop", "border")


MAIN_RAILWAYS = RailRules()
"""Lines that carry trains between towns."""


def rail_ways(
    tags: pd.DataFrame, rules: RailRules
) -> tuple[pd.DataFrame, dict[str, NDArray[np.bool_]]]:
    """Railways among ways.

    Parameters
    ----------
    tags
        One row a way, one column a key.
    rules
        What counts as a railway.

    Returns
    -------
    ways : DataFrame
        One row for each way: ``mode`` (None: not in the network), ``road_class`` (``main``,
        ``branch`` or, where usage is not tagged, ``rail``), ``oneway`` (0: trains run both ways,
        whatever the preferred direction of a track), ``destination`` (False).
    counts : dict of str to ndarray
        Ways by why they were dropped or what was taken for granted.
    """
    candidate = has(tags, "railway", frozenset(rules.kinds))
    service = has(tags, "service") & ~has(tags, "service", frozenset(rules.services))
    other_use = has(tags, "usage") & ~has(tags, "usage", frozenset(rules.usages))
    kept = candidate & ~service & ~other_use
    unknown = kept & ~has(tags, "usage")
    lines = pd.Index(["rail", *rules.usages]).unique()
    numbers = {name: number for number, name in enumerate(lines)}
    line = mapped(tags, "usage", lambda name: numbers.get(name, -1), missing=0, dtype=np.int8)
    return pd.DataFrame(
        {
            "mode": pd.Categorical.from_codes(np.where(kept, 0, -1), pd.Index(["rail"])),
            "road_class": pd.Categorical.from_codes(np.where(kept, line, -1), lines),
            "oneway": np.int8(0),
            "destination": False,
        }
    ), {
        "dropped: siding, spur or yard": candidate & service,
        "dropped: industrial, military or tourist line": candidate & ~service & other_use,
        "usage not tagged": unknown,
    }


def gauge_mm(tags: pd.DataFrame) -> NDArray[np.float64]:
    """Gauge of railways.

    Parameters
    ----------
    tags
        One row a way: ``gauge``.

    Returns
    -------
    ndarray
        Millimetres, the first of several; missing without a tag.
    """
    return mapped(tags, "gauge", _gauge, missing=np.nan, dtype=float)


def _gauge(value: str) -> float:
    """First number of a gauge, missing if there is none."""
    found = _GAUGE_MM.match(value)
    return float(found[1]) if found else np.nan


def stop_nodes(extract: Extract, rules: RailRules) -> NDArray[np.int64]:
    """Nodes where trains call or pass a border.

    Parameters
    ----------
    extract
        What was read.
    rules
        Which nodes count.

    Returns
    -------
    ndarray
        Positions in ``extract.node_id``.
    """
    nodes = extract.tagged_nodes
    stops = has(nodes, "railway", frozenset(rules.stops))
    return nodes["node"].to_numpy(np.int64)[stops]


def stations_from_extract(extract: Extract) -> gpd.GeoDataFrame:
    """Stations and halts, for changing between road and railway.

    Parameters
    ----------
    extract
        What was read.

    Returns
    -------
    GeoDataFrame
        Columns ``osm`` (``n123``, ``w123`` or ``r123``), ``name``, ``kind`` (``station`` or
        ``halt``), points; of a station drawn as an area the middle of its nodes.
    """
    kinds = {"station", "halt"}
    nodes = extract.tagged_nodes[has(extract.tagged_nodes, "railway", kinds)]
    at = nodes["node"].to_numpy(np.int64)
    ways = np.flatnonzero(has(extract.way_tags, "railway", kinds))
    lon, lat = way_middles(extract, ways)
    areas = np.flatnonzero(is_area(extract.relations) & has(extract.relations, "railway", kinds))
    area_lon, area_lat = area_middles(extract, areas)
    tables = nodes, extract.way_tags.iloc[ways], extract.relations.iloc[areas]
    found = pd.DataFrame(
        {
            "osm": [f"n{osm}" for osm in extract.node_id[at]]
            + [f"w{osm}" for osm in extract.way_id[ways]]
            + [f"r{osm}" for osm in extract.relations["relation_id"].iloc[areas]],
            "name": np.concatenate([text(table, "name") for table in tables]),
            "kind": np.concatenate([text(table, "railway") for table in tables]),
        }
    )
    x, y = extract.degrees(at)
    points = gpd.points_from_xy(np.r_[x, lon, area_lon], np.r_[y, lat, area_lat], crs=4326)
    return gpd.GeoDataFrame(found, geometry=points)[~np.isnan(points.x)].reset_index(drop=True)


def way_middles(
    extract: Extract, ways: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Middle of the nodes of ways, for areas and buildings.

    Parameters
    ----------
    extract
        What was read.
    ways
        Positions of the ways.

    Returns
    -------
    lon : ndarray
        Degrees; missing where the extract has no node of the way.
    lat : ndarray
        The same.
    """
    lon, lat = np.full(len(ways), np.nan), np.full(len(ways), np.nan)
    for number, way in enumerate(ways):
        nodes = extract.ref_node[extract.way_start[way] : extract.way_start[way + 1]]
        nodes = np.unique(nodes[nodes >= 0])
        if len(nodes):
            lon[number], lat[number] = (degrees.mean() for degrees in extract.degrees(nodes))
    return lon, lat


def is_area(relations: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether relations are areas.

    Parameters
    ----------
    relations
        As an extract has them.

    Returns
    -------
    ndarray
        One flag a relation.
    """
    return has(relations, "type", {"multipolygon"})


def area_middles(
    extract: Extract, rows: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Middle of the outer ways of areas that relations draw.

    Parameters
    ----------
    extract
        What was read.
    rows
        Positions of the relations.

    Returns
    -------
    lon : ndarray
        Degrees; missing where the extract has none of the ways.
    lat : ndarray
        The same.
    """
    numbers = extract.relations["relation_id"].to_numpy(np.int64)[rows]
    members = extract.members
    members = members[
        members["relation_id"].isin(numbers)
        & (members["member_type"] == "w")
        & ~(members["role"] == "inner")
    ]
    members = members[members["ref"].isin(extract.way_id)]
    way = np.searchsorted(extract.way_id, members["ref"].to_numpy(np.int64))
    lon, lat = way_middles(extract, way)
    by_relation = pd.DataFrame({"lon": lon, "lat": lat}).groupby(members["relation_id"].to_numpy())
    middle = by_relation.mean().reindex(numbers)
    return middle["lon"].to_numpy(), middle["lat"].to_numpy()
