"""Ferries and car trains: those tagged on their relation, and the time that they take."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.border.edges import WGS84
from geo_border.osm.roads import parse_duration
from geo_border.osm.tags import FERRIES, VEHICLE_KEYS, column, has, mapped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.pbf.extract import Extract

FERRY_KMH = (1.0, 120.0)
"""A duration that makes a ferry slower or faster than this is a mistake."""

LENT_KEYS = ("route", *VEHICLE_KEYS, "foot", "bicycle", "name", "ref", "opening_hours")
"""Tags of a relation that hold for its ways where these have none."""


def with_ferry_routes(extract: Extract) -> tuple[Extract, NDArray[np.bool_], int]:
    """Lend the tags of ferry relations to ways that do not carry them.

    Parameters
    ----------
    extract
        What was read.

    Returns
    -------
    extract : Extract
        The same where ways carry their tags.
    lent : ndarray
        Ways that are a ferry by their relation alone, one flag a way.
    lost : int
        Ferry relations none of whose ways is in the extract.
    """
    lent = np.zeros(len(extract.way_id), bool)
    routes = has(extract.relations, "route", FERRIES)
    if not routes.any():
        return extract, lent, 0
    relation_id = extract.relations["relation_id"].to_numpy(np.int64)
    members = extract.members
    members = members[
        members["relation_id"].isin(relation_id[routes]) & (members["member_type"] == "w")
    ]
    way = np.searchsorted(extract.way_id, members["ref"].to_numpy(np.int64))
    way = way.clip(max=max(len(extract.way_id) - 1, 0))
    known = extract.way_id[way] == members["ref"].to_numpy() if len(extract.way_id) else way < 0
    rows = pd.DataFrame(
        {
            "way": way,
            "relation": np.searchsorted(relation_id, members["relation_id"].to_numpy(np.int64)),
            "known": known,
            "back": members["role"].astype(object).isin(["backward"]).to_numpy(),
        }
    )
    lost = int(routes.sum()) - rows.loc[rows["known"], "relation"].nunique()
    tags = extract.way_tags
    bare = ~has(tags, "highway") & ~has(tags, "railway") & ~has(tags, "route")
    takers = rows[rows["known"].to_numpy() & bare[rows["way"].to_numpy()]]
    takers = takers.drop_duplicates("way")
    if takers.empty:
        return extract, lent, lost
    lent[takers["way"]] = True
    to, of = takers["way"].to_numpy(), takers["relation"].to_numpy()
    columns = {key: _lent(extract, key, to, of) for key in LENT_KEYS}
    columns["duration"] = _with_values(column(tags, "duration"), to, _shares(extract, rows, to, of))
    return replace(extract, way_tags=tags.assign(**columns)), lent, lost


def _lent(
    extract: Extract, key: str, to: NDArray[np.int64], of: NDArray[np.int64]
) -> pd.Categorical:
    """Values of a tag of all ways, those of relations where some of the ways have none."""
    theirs = np.asarray(column(extract.relations, key), object)[of]
    return _with_values(column(extract.way_tags, key), to, theirs)


def _with_values(
    own: pd.Categorical, to: NDArray[np.int64], values: NDArray[np.object_]
) -> pd.Categorical:
    """Values of all ways, with other ones where some of the ways have none."""
    given = pd.Categorical(values)
    every = own.categories.append(given.categories.difference(own.categories))
    codes = own.codes.astype(np.int32)
    fill = (codes[to] < 0) & (given.codes >= 0)
    codes[to[fill]] = every.get_indexer(given.categories)[given.codes[fill]]
    return pd.Categorical.from_codes(codes, every)


def _shares(
    extract: Extract, rows: pd.DataFrame, to: NDArray[np.int64], of: NDArray[np.int64]
) -> NDArray[np.object_]:
    """Duration of each way as a tag says it: its share by length of that of its relation."""
    relations = len(extract.relations)
    hours = mapped(extract.relations, "duration", parse_duration, missing=np.nan, dtype=float)
    whole = np.ones(relations, bool)
    whole[rows.loc[~rows["known"], "relation"]] = False
    there = rows[rows["known"] & ~rows["back"]].drop_duplicates(["relation", "way"])
    metres = np.zeros(len(extract.way_id))
    for way in np.unique(there["way"]):
        nodes = extract.ref_node[extract.way_start[way] : extract.way_start[way + 1]]
        metres[way] = WGS84.line_length(*extract.degrees(nodes[nodes >= 0]))
    total = np.bincount(there["relation"], metres[there["way"]], relations)
    with np.errstate(divide="ignore", invalid="ignore"):
        seconds = 3600 * hours[of] * metres[to] / total[of]
    stated = whole[of] & np.isfinite(seconds) & (seconds >= 1)
    return np.array(
        [f"PT{round(s)}S" if good else None for s, good in zip(seconds, stated, strict=True)],
        object,
    )


def ferry_hours(
    tags: pd.DataFrame,
    way: NDArray[np.int64],
    km: NDArray[np.float64],
    usable: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Time on pieces of ferries whose way has a believable duration, shared by length.

    Parameters
    ----------
    tags
        One row a piece: ``duration`` of its way.
    way
        Position of the way of each piece.
    km
        Lengths of the pieces.
    usable
        Pieces of ferries that are there as a whole.

    Returns
    -------
    ndarray
        Hours, missing where the duration says nothing.
    """
    hours = mapped(tags, "duration", parse_duration, missing=np.nan, dtype=float)
    whole = np.bincount(way, weights=km)
    speed = whole[way] / hours
    with np.errstate(invalid="ignore"):
        good = usable & (speed >= FERRY_KMH[0]) & (speed <= FERRY_KMH[1])
    return np.where(good, km / speed, np.nan)
