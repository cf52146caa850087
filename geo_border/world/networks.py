"""Trunk roads and railways of the world, as far as a frame of longitudes and latitudes reaches."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Geod

from geo_border.errors import WorldError
from geo_border.world.boxes import boxes_of
from geo_border.world.data import EXTRA, kept, packaged, world_file

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from geo_border.world.boxes import Bounds

WGS84 = Geod(ellps="WGS84")
PACKAGE = "scgraph-data"
SOURCE = "scgraph-data 2.0.0"
FILES = {"road": "scgraph_data/world_highways.py", "rail": "scgraph_data/world_railways.py"}
CLASSES = {"road": "trunk", "rail": "rail"}


def trunk_roads(bounds: Bounds, *, margin_km: float = 0.0) -> gpd.GeoDataFrame:
    """Links of the trunk roads that pass through a frame.

    Parameters
    ----------
    bounds
        West, south, east, north, degrees; west lies beyond east where the frame passes the
        180th meridian.
    margin_km
        How much wider the frame is taken, kilometres.

    Returns
    -------
    GeoDataFrame
        ``link_id`` (of the numbers of its nodes in the source), ``class``, ``straight_km``,
        ``length_km`` (by the factor of its length), ``source``, and straight lines in WGS 84.

    Raises
    ------
    WorldError
        If the package with the network is not installed, or is not as it was.
    """
    return _links("road", bounds, margin_km)


def trunk_railways(bounds: Bounds, *, margin_km: float = 0.0) -> gpd.GeoDataFrame:
    """Links of the main railways that pass through a frame.

    Parameters
    ----------
    bounds, margin_km
        As for `trunk_roads`.

    Returns
    -------
    GeoDataFrame
        As for `trunk_roads`.

    Raises
    ------
    WorldError
        If the package with the network is not installed, or is not as it was.
    """
    return _links("rail", bounds, margin_km)


def source_graph(mode: str) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Nodes and links of a network of the world.

    Parameters
    ----------
    mode
        ``"road"`` or ``"rail"``.

    Returns
    -------
    lonlat : ndarray
        Degrees, shape (n, 2).
    ends : ndarray
        Nodes that each link joins, the lesser first, shape (m, 2).

    Raises
    ------
    WorldError
        If the package with the network is not installed, or is not as it was.
    """
    file = packaged(PACKAGE, FILES[mode])
    with np.load(kept(PACKAGE, f"{mode}.npz", lambda aside: _parse(file, aside))) as arrays:
        return arrays["lonlat"], arrays["ends"]


def _parse(file: Path, aside: Path) -> None:
    """Write the arrays that a module of the package assigns as literals."""
    text = {
        key: value
        for key, _, value in (line.partition(b"=") for line in file.read_bytes().splitlines())
        if key in {b"graph", b"nodes"}
    }
    try:
        lonlat = _numbers(text[b"nodes"])[:, ::-1]
        graph = text[b"graph"]
        # A dictionary for each node: {number of a node that it is joined to: kilometres}.
        raw = np.frombuffer(graph, np.uint8)
        start = np.searchsorted(np.flatnonzero(raw == ord("{")), np.flatnonzero(raw == ord(":")))
        end = _numbers(graph)[:, 0].astype(np.int64)
        ends = np.stack([start - 1, end], axis=1)
    except (KeyError, ValueError):
        raise WorldError(
            "the network is not written as it was", file=file, remedy=f"Run: {EXTRA}"
        ) from None
    np.savez(aside, lonlat=lonlat, ends=ends[ends[:, 0] < ends[:, 1]])


def _numbers(text: bytes) -> NDArray[np.float64]:
    """Pairs of numbers in a literal of lists and dictionaries."""
    plain = text.translate(bytes.maketrans(b"[]{}:,", b"      ")).decode()
    with warnings.catch_warnings():
        # What is no number ends the reading, with no more than a warning.
        warnings.simplefilter("error", DeprecationWarning)
        return np.fromstring(plain, sep=" ").reshape(-1, 2)


def _links(mode: str, bounds: Bounds, margin_km: float) -> gpd.GeoDataFrame:
    """Links of a mode that pass through a frame."""
    lonlat, ends = source_graph(mode)
    lon, lat = lonlat[ends, 0], lonlat[ends, 1]
    boxes = boxes_of(bounds, margin_km)
    near = np.zeros(len(ends), bool)
    for west, south, east, north in boxes:
        near |= (
            (lon.min(1) <= east) & (lon.max(1) >= west)
            & (lat.min(1) <= north) & (lat.max(1) >= south)
        )  # fmt: skip
    lines = shapely.linestrings(lonlat[ends[near]])
    inside = np.zeros(len(lines), bool)
    for box in boxes:
        inside |= shapely.intersects(lines, shapely.box(*box))
    ends, lines = ends[near][inside], lines[inside]
    metres = WGS84.inv(*lonlat[ends[:, 0]].T, *lonlat[ends[:, 1]].T)[2]
    straight = np.asarray(metres, float) / 1000
    factors = pd.read_csv(world_file("length_factors.csv")).query("mode == @mode")
    factor = factors["factor"].to_numpy()[np.digitize(straight, factors["from_km"]) - 1]
    links = gpd.GeoDataFrame(
        {
            "link_id": [f"{mode}-{a}-{b}" for a, b in ends],
            "class": CLASSES[mode],
            "straight_km": straight,
            "length_km": straight * factor,
            "source": SOURCE,
        },
        geometry=lines,
        crs=4326,
    )
    return links[straight > 0].reset_index(drop=True)
