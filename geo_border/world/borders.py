"""Border lines of the world's pairs of countries, and the outlines that they are part of."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Geod

from geo_border.errors import WorldError
from geo_border.world.boxes import boxes_of
from geo_border.world.data import alpha3, world_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.world.boxes import Bounds

WGS84 = Geod(ellps="WGS84")
SOURCE = "OpenStreetMap, in @osm_borders/maritime_10m 1.1.0"
NO_BORDER = ("inner", "coast")
"""Kinds of arcs that lie between no two countries."""


@cache
def units() -> pd.DataFrame:
    """First-level units of all countries.

    Returns
    -------
    DataFrame
        ``region_id``, ``country`` (alpha-3), ``name``, ``type``, and names in other languages; a
        row for each number that the arcs know.
    """
    return pd.read_parquet(world_file("regions.parquet"))


@cache
def arcs() -> gpd.GeoDataFrame:
    """Lines between units, each once.

    Returns
    -------
    GeoDataFrame
        ``one``, ``other`` (numbers of units, -1 for the sea), ``kind`` (``land``, ``river``,
        ``lake`` between countries, else ``inner`` or ``coast``), ``disputed``, ``country_one``,
        ``country_other`` (alpha-3, empty for the sea), lines in WGS 84.
    """
    table = gpd.read_parquet(world_file("arcs.parquet"))
    codes = np.append(units()["country"].to_numpy(object), "")
    return table.assign(country_one=codes[table["one"]], country_other=codes[table["other"]])


@cache
def pairs() -> pd.DataFrame:
    """Pairs of countries that share a border on land.

    Returns
    -------
    DataFrame
        ``pair`` (``DEU|POL``), ``one``, ``other`` (alpha-3, in alphabetical order),
        ``length_km`` (geodesic, on land, in rivers and lakes), ``land_km``, ``river_km``,
        ``lake_km``, ``sea_km``, ``disputed_km`` (where the source draws land for both, or for
        none), ``disputed`` (any of it, or by the words of `disputes`).
    """
    table = pd.read_csv(world_file("pairs.csv"))
    table["disputed"] = (table["disputed_km"] > 0) | table["pair"].isin(disputes()["pair"])
    codes = table["pair"].str.split("|", expand=True)
    table.insert(1, "one", codes[0])
    table.insert(2, "other", codes[1])
    return table


@cache
def disputes() -> pd.DataFrame:
    """Pairs whose border is disputed by the words of a source.

    Returns
    -------
    DataFrame
        ``pair``, ``words`` (a short quotation), ``source``.
    """
    return pd.read_csv(world_file("disputed.csv"))


def line_between(one: str, other: str) -> gpd.GeoDataFrame:
    """Border line of a pair of countries.

    Parameters
    ----------
    one, other
        ISO 3166-1 codes, in any order.

    Returns
    -------
    GeoDataFrame
        ``pair``, ``kind`` (``land``, ``river``, ``lake``, ``sea``), ``disputed`` (drawn twice by
        the source, or all of it by `disputes`), ``source``, ``length_km`` (geodesic), and lines
        in WGS 84.

    Raises
    ------
    WorldError
        If there is no such country, or the two share no line.
    """
    pair = "|".join(sorted((alpha3(one), alpha3(other))))
    mine = _arcs_between(one, other)
    rows = [
        (kind, disputed, line)
        for (kind, disputed), part in mine.groupby(["kind", "disputed"])
        for line in _joined(part.geometry.to_numpy())
    ]
    sea = gpd.read_parquet(world_file("sea_lines.parquet"), filters=[("pair", "==", pair)])
    rows += [("sea", False, line) for line in sea.geometry]
    if not rows:
        raise WorldError(
            f"{pair.replace('|', ' and ')} share no line",
            remedy="`geo_border.world.borders.pairs` lists the pairs that do",
        )
    frame = pd.DataFrame(rows, columns=["kind", "disputed", "geometry"])
    frame["disputed"] |= pair in set(disputes()["pair"])
    frame.insert(0, "pair", pair)
    frame.insert(3, "source", SOURCE)
    frame.insert(4, "length_km", [WGS84.geometry_length(line) / 1000 for line in frame["geometry"]])
    return gpd.GeoDataFrame(frame, crs=4326)


def outline(country: str) -> shapely.Geometry:
    """Land of a country.

    Parameters
    ----------
    country
        ISO 3166-1 code.

    Returns
    -------
    Geometry
        Polygons in WGS 84; their edges along other countries are those of `line_between`.

    Raises
    ------
    WorldError
        If there is no such country, or its islands are too small to be drawn.
    """
    return _outline(alpha3(country))


@cache
def _outline(code: str) -> shapely.Geometry:
    """Land of a country."""
    lines = arcs()
    edge = (lines["country_one"] == code) != (lines["country_other"] == code)
    if not edge.any():
        raise WorldError(
            f"no land of {code} is drawn", remedy="Its islands are smaller than the data show"
        )
    return area_within(lines.geometry[edge].to_numpy())


def area_within(lines: NDArray[np.object_]) -> shapely.Geometry:
    """Area that arcs are the whole outline of.

    Parameters
    ----------
    lines
        LineStrings that meet in their ends.

    Returns
    -------
    Geometry
        Polygon or MultiPolygon, with all vertices of the lines.
    """
    return shapely.normalize(shapely.build_area(shapely.multilinestrings(lines)))


def outlines_near(bounds: Bounds) -> gpd.GeoDataFrame:
    """Land of all countries that have a line in a frame.

    Parameters
    ----------
    bounds
        West, south, east, north, degrees; west lies beyond east where the frame passes the
        180th meridian.

    Returns
    -------
    GeoDataFrame
        ``country`` (alpha-3), and polygons in WGS 84, whole.
    """
    lines = arcs()
    boxes = shapely.union_all([shapely.box(*box) for box in boxes_of(bounds)])
    near = lines.iloc[lines.sindex.query(boxes, predicate="intersects")]
    codes = sorted({*near["country_one"], *near["country_other"]} - {""})
    return gpd.GeoDataFrame({"country": codes}, geometry=[_outline(c) for c in codes], crs=4326)


def _arcs_between(one: str, other: str) -> gpd.GeoDataFrame:
    """Arcs between the land of two countries."""
    a, b = alpha3(one), alpha3(other)
    lines = arcs()
    mine = (lines["country_one"] == a) & (lines["country_other"] == b)
    mine |= (lines["country_one"] == b) & (lines["country_other"] == a)
    return lines[mine & ~lines["kind"].isin(NO_BORDER)]


def _joined(lines: NDArray[np.object_]) -> NDArray[np.object_]:
    """Lines joined to the longest."""
    parts: NDArray[np.object_] = shapely.get_parts(
        shapely.line_merge(shapely.multilinestrings(lines))
    )
    return parts
