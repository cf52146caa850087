"""Roads and railways of both sides, mended by the patch table."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Geod
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from builders.packages import NETWORKS, literals
from builders.polygons import ALBERS, Land
from builders.writing import rounded

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

WGS84 = Geod(ellps="WGS84")
SOURCE = "scgraph-data 2.0.0"
FILES = {
    "road": "scgraph_data/world_highways.py",
    "rail": "scgraph_data/world_railways.py",
}
CLASSES = {"road": "trunk", "rail": "rail"}
OUTSIDE_KM = 2.0
"""A link this far outside both sides passes a third country or the sea."""
GAP_KM = 5.0
"""Nodes off all land this near to it belong to a side, at the border or on the Caspian shore."""
CASPIAN = (54.0, 48.0)
"""The shore lies west and south of this."""
LOCAL_KM = 50.0
"""Connectors shorter than this are local roads."""
LEAST_PIECE_KM = 150.0
"""Pieces of network that touch nothing else and are shorter than this are left out."""


@dataclass
class Lines:
    """Nodes and links of one mode while they are being mended.

    Parameters
    ----------
    mode
        ``"road"`` or ``"rail"``.
    points
        Longitude and latitude of each node.
    links
        ``link_id``, ``u``, ``v`` (positions of nodes), ``class``, ``source``,
        ``checkpoint_id``, ``length_km`` (given, or missing), ``straight_km``, ``patch_id``,
        ``via`` (points between the ends).
    """

    mode: str
    points: list[tuple[float, float]]
    links: pd.DataFrame
    notes: dict[str, float] = field(default_factory=dict)

    def coordinates(self, link: pd.Series) -> list[tuple[float, float]]:
        """Points of a link from end to end."""
        return [self.points[link["u"]], *link["via"], self.points[link["v"]]]


def straight_km(points: list[tuple[float, float]]) -> float:
    """Geodesic length of a chain of points.

    Parameters
    ----------
    points
        Longitude and latitude.

    Returns
    -------
    float
        Kilometres.
    """
    lon, lat = np.array(points).T
    return float(WGS84.line_length(lon, lat)) / 1000


def read_lines(mode: str, land: Land, cache: Path) -> Lines:
    """Links of the source with both ends on the two sides.

    Parameters
    ----------
    mode
        ``"road"`` or ``"rail"``.
    land
        The two sides.
    cache
        Folder of downloads.

    Returns
    -------
    Lines
        Ids of links are made of the node numbers of the source, which are fixed by its version.
    """
    lonlat, ends = source_graph(mode, cache)
    ends = ends[on_the_sides(lonlat, land)[ends].all(axis=1)]
    lines = shapely.linestrings(lonlat[ends])
    ends = ends[~_abroad(lines, land)]
    used, position = np.unique(ends, return_inverse=True)
    position = position.reshape(ends.shape)
    metres = WGS84.inv(*lonlat[ends[:, 0]].T, *lonlat[ends[:, 1]].T)[2]
    links = pd.DataFrame(
        {
            "link_id": [f"{mode}-{a}-{b}" for a, b in ends],
            "u": position[:, 0],
            "v": position[:, 1],
            "class": CLASSES[mode],
            "source": SOURCE,
            "checkpoint_id": None,
            "length_km": np.nan,
            "straight_km": metres / 1000,
            "patch_id": None,
            "via": [[] for _ in ends],
        }
    )
    points = [(float(lon), float(lat)) for lon, lat in rounded_points(lonlat[used])]
    return Lines(mode, points, links[links["straight_km"] > 0].reset_index(drop=True))


def source_graph(mode: str, cache: Path) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Nodes and links of the source, kept in the cache once they are parsed.

    Parameters
    ----------
    mode
        ``"road"`` or ``"rail"``.
    cache
        Folder of downloads.

    Returns
    -------
    lonlat : ndarray
        Degrees, shape (n, 2).
    ends : ndarray
        Nodes that each link joins, the lesser first, shape (m, 2).
    """
    kept = cache / f"{NETWORKS.file}.{mode}.npz"
    if not kept.exists():
        values = literals(NETWORKS, FILES[mode], cache)
        lonlat = np.array(values["nodes"], float)[:, ::-1]
        ends = [(a, b) for a, near in enumerate(values["graph"]) for b in near if a < b]
        aside = kept.with_suffix(".part.npz")
        np.savez(aside, lonlat=lonlat, ends=np.array(ends))
        aside.replace(kept)
    with np.load(kept) as arrays:
        return arrays["lonlat"], arrays["ends"]


def on_the_sides(lonlat: NDArray[np.float64], land: Land) -> NDArray[np.bool_]:
    """Whether nodes lie on the two sides, as far as the territory layers reach.

    Parameters
    ----------
    lonlat
        Degrees, shape (n, 2).
    land
        The two sides.

    Returns
    -------
    ndarray
        One flag a node.
    """
    west, south, east, north = land.territory.total_bounds
    box = (lonlat[:, 0] >= west) & (lonlat[:, 0] <= east)
    box &= (lonlat[:, 1] >= south) & (lonlat[:, 1] <= north)
    near = np.flatnonzero(box)
    inside = np.zeros(len(lonlat), bool)
    inside[near] = land.side_of(lonlat[near], reach_m=0) >= 0
    # Between the two sources, and on the Caspian shore, some nodes lie on no polygon.
    off = near[~inside[near] & (land.km_to_border(lonlat[near]) < GAP_KM)]
    off = np.union1d(off, near[~inside[near] & (lonlat[near] < CASPIAN).all(axis=1)])
    inside[off] = land.side_of(lonlat[off], reach_m=GAP_KM * 1000) >= 0
    return inside


def rounded_points(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coordinates as they will be written.

    Parameters
    ----------
    lonlat
        Degrees.

    Returns
    -------
    ndarray
        Rounded.
    """
    return shapely.get_coordinates(rounded(shapely.points(lonlat)))


def _abroad(lines: NDArray[np.object_], land: Land) -> NDArray[np.bool_]:
    """Links that run outside both sides for more than `OUTSIDE_KM`."""
    everything = pd.concat([land.regions.geometry, land.territory.geometry])
    ground = shapely.union_all(everything.segmentize(0.02).to_crs(ALBERS).simplify(500).to_numpy())
    # The two sources leave gaps of some km between the sides, and coasts are drawn coarsely.
    ground = ground.buffer(OUTSIDE_KM * 1000, quad_segs=2)
    projected = gpd.GeoSeries(lines, crs=4326).segmentize(0.1).to_crs(ALBERS).to_numpy()
    shapely.prepare(ground)
    doubtful = np.flatnonzero(~shapely.contains(ground, projected))
    abroad = np.zeros(len(lines), bool)
    outside = shapely.difference(projected[doubtful], ground)
    abroad[doubtful] = shapely.length(outside) > OUTSIDE_KM * 1000
    return abroad


def without_scraps(lines: Lines) -> Lines:
    """Leave out short pieces that touch nothing else.

    Parameters
    ----------
    lines
        The mended network.

    Returns
    -------
    Lines
        Its pieces of at least `LEAST_PIECE_KM`; what was left out is in ``notes``.
    """
    u, v = lines.links["u"].to_numpy(), lines.links["v"].to_numpy()
    graph = coo_array((np.ones(len(u)), (u, v)), shape=(len(lines.points),) * 2)
    piece = connected_components(graph, directed=False)[1][u]
    km = np.bincount(piece, lines.links["straight_km"])
    kept = km[piece] >= LEAST_PIECE_KM
    lines.notes["left_out_links"] = int((~kept).sum())
    lines.notes["left_out_km"] = float(lines.links["straight_km"][~kept].sum())
    lines.links = lines.links[kept].reset_index(drop=True)
    return lines


def hops_of(lines: Lines) -> pd.DataFrame:
    """Straight hops that links are made of: one, or more where a link is led through a point.

    Parameters
    ----------
    lines
        The network.

    Returns
    -------
    DataFrame
        ``link`` (index in ``lines.links``), ``class``, ``lon``, ``lat``, ``to_lon``,
        ``to_lat``, ``km``.
    """
    rows = []
    for index, link in lines.links.iterrows():
        points = lines.coordinates(link)
        rows += [
            (index, link["class"], *start, *stop) for start, stop in itertools.pairwise(points)
        ]
    hops = pd.DataFrame(rows, columns=["link", "class", "lon", "lat", "to_lon", "to_lat"])
    metres = WGS84.inv(hops["lon"], hops["lat"], hops["to_lon"], hops["to_lat"])[2]
    return hops.assign(km=metres / 1000)


def with_lengths(lines: Lines, factors: pd.DataFrame, *, connector_factor: float) -> Lines:
    """Give each link its corrected length.

    Parameters
    ----------
    lines
        The mended network.
    factors
        ``mode``, ``from_km``, ``factor``: by the length of a straight hop.
    connector_factor
        Length of a local road over the straight line, for connectors shorter than
        `LOCAL_KM`; longer ones stand for regional roads and get the factor of the longest
        links of the source.

    Returns
    -------
    Lines
        With ``length_km`` and ``length_factor`` (the length over that of the line as drawn) on
        every link; a length that the patch table gives stays.
    """
    mine = factors[factors["mode"] == lines.mode]
    hops = hops_of(lines)
    known = mine["factor"].to_numpy()
    factor = known[np.digitize(hops["km"], mine["from_km"]) - 1]
    local = np.where(hops["km"] < LOCAL_KM, connector_factor, known[-1])
    factor = np.where(hops["class"] == "connector", local, factor)
    corrected = (hops["km"] * factor).groupby(hops["link"]).sum()
    straight = hops.groupby("link")["km"].sum()
    length = lines.links["length_km"].astype(float).fillna(corrected)
    lines.links["length_km"] = length.round(4)
    lines.links["length_factor"] = (length / straight).round(4)
    return lines


def layer(lines: Lines) -> gpd.GeoDataFrame:
    """The network as it is written.

    Parameters
    ----------
    lines
        With lengths.

    Returns
    -------
    GeoDataFrame
        One row a link.
    """
    links = lines.links[lines.links["length_km"] > 0]
    columns = [
        "link_id",
        "class",
        "length_km",
        "length_factor",
        "source",
        "checkpoint_id",
        "patch_id",
    ]
    shapes = [shapely.LineString(lines.coordinates(link)) for _, link in links.iterrows()]
    return gpd.GeoDataFrame(links[columns].reset_index(drop=True), geometry=shapes, crs=4326)
