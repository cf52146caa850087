"""The patch table applied: links removed, added, led through points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from builders.network import CLASSES, WGS84, straight_km
from builders.polygons import ALBERS

if TYPE_CHECKING:
    from builders.network import Lines

SNAP_KM = 1.0
"""An end of an added link belongs to the node or link this near."""


def apply_patches(lines: Lines, patches: pd.DataFrame, checkpoints: pd.DataFrame) -> Lines:
    """Remove, add and lead links as the patch table says, in its order.

    Parameters
    ----------
    lines
        The network of one mode.
    patches
        ``patch_id``, ``mode``, ``action``, ``link_id``, ``from_lon``, ``from_lat``, ``to_lon``,
        ``to_lat``, ``checkpoint_id``, ``length_km``.
    checkpoints
        Index ``checkpoint_id``; ``lon``, ``lat``.

    Returns
    -------
    Lines
        The mended network.

    Raises
    ------
    ValueError
        If a patch names a link that is not there.
    """
    for patch in patches[patches["mode"] == lines.mode].itertuples():
        if patch.action == "add":
            _add(lines, patch)
            continue
        row = lines.links.index[lines.links["link_id"] == patch.link_id]
        if len(row) != 1:
            raise ValueError(f"{patch.patch_id}: no link {patch.link_id}")
        if patch.action == "remove":
            lines.links = lines.links.drop(index=row)
            continue
        if isinstance(patch.checkpoint_id, str):
            control = checkpoints.loc[patch.checkpoint_id]
            through = (float(control["lon"]), float(control["lat"]))
        else:
            through = (patch.to_lon, patch.to_lat)
        lines.links.at[row[0], "via"] = [*lines.links.at[row[0], "via"], through]
        lines.links.at[row[0], "patch_id"] = patch.patch_id
        for name in ("checkpoint_id", "length_km"):
            if pd.notna(getattr(patch, name)):
                lines.links.at[row[0], name] = getattr(patch, name)
        link = lines.links.loc[row[0]]
        lines.links.at[row[0], "straight_km"] = straight_km(lines.coordinates(link))
    return lines


def _add(lines: Lines, patch: pd.Series) -> None:
    """Add a link; its ends join the nodes or links that are there."""
    start, stop = (patch.from_lon, patch.from_lat), (patch.to_lon, patch.to_lat)
    # A connector begins at a settlement or exactly at its checkpoint, whatever passes nearby.
    at_control = isinstance(patch.checkpoint_id, str)
    ends = [
        _own_node(lines, start) if at_control else _node_at(lines, start),
        _node_at(lines, stop),
    ]
    row = {
        "link_id": f"{lines.mode}-{patch.patch_id}",
        "u": ends[0],
        "v": ends[1],
        "class": "connector" if isinstance(patch.checkpoint_id, str) else CLASSES[lines.mode],
        "source": "patch",
        "checkpoint_id": patch.checkpoint_id if isinstance(patch.checkpoint_id, str) else None,
        "length_km": patch.length_km,
        "straight_km": straight_km([lines.points[end] for end in ends]),
        "patch_id": patch.patch_id,
        "via": [],
    }
    lines.links = pd.concat([lines.links, pd.DataFrame([row])], ignore_index=True)


def _own_node(lines: Lines, at: tuple[float, float]) -> int:
    """Node at exactly this point."""
    if at not in lines.points:
        lines.points.append(at)
    return lines.points.index(at)


def _node_at(lines: Lines, at: tuple[float, float]) -> int:
    """Node at a point: one that is there, a new one on a link, or a new one on its own."""
    lonlat = np.array(lines.points)
    used = np.unique(lines.links[["u", "v"]].to_numpy())
    km = WGS84.inv(*lonlat[used].T, *np.tile(at, (len(used), 1)).T)[2] / 1000
    if km.min() <= SNAP_KM:
        return int(used[km.argmin()])
    trunk = lines.links[lines.links["class"] != "connector"]
    shapes = gpd.GeoSeries(
        [shapely.LineString(lines.coordinates(link)) for _, link in trunk.iterrows()], crs=4326
    ).to_crs(ALBERS)
    point = gpd.GeoSeries([shapely.Point(at)], crs=4326).to_crs(ALBERS).iloc[0]
    away = shapes.distance(point)
    if away.min() > SNAP_KM * 1000:
        lines.points.append(at)
        return len(lines.points) - 1
    index = trunk.index[int(away.to_numpy().argmin())]
    return _split(lines, index, at)


def _split(lines: Lines, index: int, at: tuple[float, float]) -> int:
    """Cut a link at a point beside it and return the new node."""
    link = lines.links.loc[index]
    shape = shapely.LineString(lines.coordinates(link))
    share = shape.project(shapely.Point(at))
    foot = shape.interpolate(share)
    node = len(lines.points)
    lines.points.append((round(foot.x, 6), round(foot.y, 6)))
    before = [point for point in link["via"] if shape.project(shapely.Point(point)) < share]
    after = link["via"][len(before) :]
    chains = [
        [lines.points[link["u"]], *before, lines.points[node]],
        [lines.points[node], *after, lines.points[link["v"]]],
    ]
    lengths = [straight_km(chain) for chain in chains]
    parts = []
    for letter, ends, via, km in zip(
        "ab", [(link["u"], node), (node, link["v"])], (before, after), lengths, strict=True
    ):
        part = link.copy()
        part["link_id"] = f"{link['link_id']}{letter}"
        part["u"], part["v"] = ends
        part["via"], part["straight_km"] = via, km
        part["length_km"] = link["length_km"] * km / sum(lengths)
        if not via:
            part["checkpoint_id"] = None
        parts.append(part)
    lines.links = pd.concat([lines.links.drop(index=index), pd.DataFrame(parts)], ignore_index=True)
    return node
