"""From OpenStreetMap, or any layer of lines, to one network in a single call."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from geo_border.border.checkpoints import placed_checkpoints
from geo_border.border.edges import equal_area_crs
from geo_border.border.locate import polygon_near
from geo_border.border.matching import match_sides
from geo_border.errors import GeometryError, SideError, TableError
from geo_border.network.build import BuiltNetwork, build_network
from geo_border.network.graph import MODES, SIDES
from geo_border.network.osm.boundaries import boundaries_from_extract
from geo_border.network.osm.extract import read_extract
from geo_border.network.osm.lines import lines_from_extract
from geo_border.network.osm.overpass import extract_from_overpass
from geo_border.network.osm.posts import posts_from_extract
from geo_border.network.osm.railways import MAIN_RAILWAYS, RailRules, stations_from_extract
from geo_border.network.osm.roads import CAR_ROADS, RoadRules
from geo_border.network.osm.settlements import settlements_from_extract
from geo_border.network.osm.tags import wanted
from geo_border.network.places import Access
from geo_border.network.tolerances import Tolerances

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import shapely

    from geo_border.network.osm.extract import Extract

NO_WAIT: Mapping[str, float] = MappingProxyType(dict.fromkeys(MODES, 0.0))
"""Delay by mode where nothing is known of any, hours."""

ELSEWHERE: Mapping[str, Any] = MappingProxyType({"everything_else": True})
"""The other side where only one is named."""

REACH_M = 10_000.0
"""A point farther than this from both sides belongs to neither, metres."""


def from_osm(
    files: Sequence[Path | str] | Path | str,
    territory: gpd.GeoDataFrame | None = None,
    *,
    home: Mapping[str, Any] | None = None,
    neighbour: Mapping[str, Any] = ELSEWHERE,
    checkpoints: pd.DataFrame | None = None,
    places: gpd.GeoDataFrame | None = None,
    settlements: bool = False,
    roads: RoadRules = CAR_ROADS,
    rails: RailRules = MAIN_RAILWAYS,
    delay_h: Mapping[str, float] = NO_WAIT,
    access: Access = Access(),
    tolerances: Tolerances = Tolerances(),
) -> BuiltNetwork:
    """Build the network of a border from extracts of OpenStreetMap.

    Parameters
    ----------
    files
        Extracts, which may overlap, as `geo_border.network.osm.extract.read_extract` takes
        them.
    territory
        Polygons of both sides: ``side``; ``region_id`` (missing for what is not of a studied
        region; without the column each side is one region); ``country`` (ISO 3166-1 alpha-2),
        for default speeds. Where the extracts hold the whole outline of a country on one side,
        the border is moved to it, see `geo_border.border.matching.match_sides`.
    home, neighbour
        The sides in the words of study.toml, in place of `territory`: taken from the boundaries
        in the extracts, such as ``{"country": "LI", "admin_level": 8}``; the neighbour is all
        that lies around if not said otherwise.
    checkpoints
        A register as `geo_border.border.checkpoints.placed_checkpoints` takes it; without one,
        what OpenStreetMap marks as a checkpoint within 10 km of the border.
    places
        Settlements as points, with ``population`` (persons); ids are the index or ``place_id``.
        ``side`` and ``region_id`` are found where they are missing, and those of neither side
        are left out.
    settlements
        Whether the settlements whose population is tagged in OpenStreetMap are places too.
    roads, rails
        What counts as a road and as a railway.
    delay_h
        Delay by mode of checkpoints whose delay is not known, hours.
    access
        How places and stations reach the network.
    tolerances
        How far apart may lie what is the same on the ground.

    Returns
    -------
    BuiltNetwork
        The network with its crossings, gates, places and accounts.

    Raises
    ------
    ExtractError
        If a file cannot be read.
    GeoBorderError
        If the sides share no border, or the lines do not reach both.

    Examples
    --------
    >>> import geo_border as gb
    >>> file = "liechtenstein.osm.pbf"
    >>> net = gb.from_osm(file, home={"country": "LI"}, settlements=True)  # doctest: +SKIP
    """
    if (territory is None) == (home is None):
        raise SideError(
            "the land of the sides is not given" if home is None else "the land is given twice",
            remedy="Give polygons of both sides as `territory`, or `home` in the words of "
            'study.toml, such as home={"country": "LI"}',
        )
    extract, countries = read_extract(files, wanted()), None
    if territory is None:
        # It is of the readers, which are built on this package.
        from geo_border.inputs.extracts import land_from_extract  # noqa: PLC0415  (see above)

        territory, countries = land_from_extract(extract, {"home": home, "neighbour": neighbour})
    if settlements:
        tagged = settlements_from_extract(extract).query("population > 0")
        places = tagged if places is None else pd.concat([_with_ids(places), tagged])
    return _from_extract(
        extract,
        territory,
        countries=countries,
        checkpoints=checkpoints,
        roads=roads,
        rails=rails,
        places=places,
        delay_h=delay_h,
        access=access,
        tolerances=tolerances,
    )


def from_overpass(
    polygon: shapely.Polygon | shapely.MultiPolygon,
    territory: gpd.GeoDataFrame,
    *,
    url: str | None = None,
    checkpoints: pd.DataFrame | None = None,
    places: gpd.GeoDataFrame | None = None,
    roads: RoadRules = CAR_ROADS,
    rails: RailRules = MAIN_RAILWAYS,
    delay_h: Mapping[str, float] = NO_WAIT,
    access: Access = Access(),
    tolerances: Tolerances = Tolerances(),
) -> BuiltNetwork:
    """Build the network around a border from what an Overpass server answers.

    For areas of some tens of kilometres; for more, download an extract and use `from_osm`.

    Parameters
    ----------
    polygon
        Area in WGS 84 whose ways, checkpoints and stations are asked for.
    territory
        As for `from_osm`.
    url
        Address of the server; that of osmnx's settings by default.
    checkpoints, places, roads, rails, delay_h, access, tolerances
        As for `from_osm`.

    Returns
    -------
    BuiltNetwork
        As `from_osm` gives it.

    Raises
    ------
    ExtractError
        If the server gives no answer.
    GeoBorderError
        As for `from_osm`.
    """
    return _from_extract(
        extract_from_overpass(polygon, roads=roads, rails=rails, url=url),
        territory,
        checkpoints=checkpoints,
        roads=roads,
        rails=rails,
        places=places,
        delay_h=delay_h,
        access=access,
        tolerances=tolerances,
    )


def from_lines(
    lines: gpd.GeoDataFrame,
    territory: gpd.GeoDataFrame,
    *,
    checkpoints: pd.DataFrame | None = None,
    places: gpd.GeoDataFrame | None = None,
    speeds: pd.DataFrame | None = None,
    stations: gpd.GeoDataFrame | None = None,
    delay_h: Mapping[str, float] = NO_WAIT,
    access: Access = Access(),
    tolerances: Tolerances = Tolerances(),
) -> BuiltNetwork:
    """Build the network of a border from a layer of lines.

    Parameters
    ----------
    lines
        As `geo_border.network.links.links_from_lines` takes them.
    territory
        As for `from_osm`.
    checkpoints
        A register as `geo_border.border.checkpoints.placed_checkpoints` takes it; without one
        nothing is open, and every crossing is a candidate.
    places
        As for `from_osm`.
    speeds
        Default speeds, see `geo_border.network.build.build_network`.
    stations
        Points where one changes between road and railway; ``side`` is found where it is
        missing.
    delay_h, access, tolerances
        As for `from_osm`.

    Returns
    -------
    BuiltNetwork
        The network with its crossings, gates, places and accounts.

    Raises
    ------
    GeoBorderError
        If the sides share no border, the lines do not reach both, or a class has no speed.
    """
    land, border = _border(territory, tolerances.edge_km)
    return _built(
        lines,
        land,
        border,
        _no_checkpoints() if checkpoints is None else checkpoints,
        places=places,
        speeds=speeds,
        stations=stations,
        delay_h=delay_h,
        access=access,
        tolerances=tolerances,
    )


def _from_extract(
    extract: Extract,
    territory: gpd.GeoDataFrame,
    *,
    checkpoints: pd.DataFrame | None,
    roads: RoadRules,
    rails: RailRules,
    tolerances: Tolerances,
    countries: gpd.GeoDataFrame | None = None,
    **options: Any,
) -> BuiltNetwork:
    """Network of what was read."""
    whole, _ = boundaries_from_extract(extract)
    whole = whole.rename_axis("country").reset_index()
    land, border = _border(territory, tolerances.edge_km, whole)
    if countries is None and "country" in land:
        countries = land.dropna(subset="country")
    lines, _ = lines_from_extract(extract, roads=roads, rails=rails, countries=countries)
    if checkpoints is None:
        posts = posts_from_extract(extract, border=border)
        posts = posts[posts["mode"].notna()]
        names = posts["name"].fillna(posts["place"]).fillna(posts.index.to_series())
        checkpoints = pd.DataFrame(posts.drop(columns="geometry").assign(name=names))
    return _built(
        lines,
        land,
        border,
        checkpoints,
        stations=stations_from_extract(extract),
        tolerances=tolerances,
        **options,
    )


def _built(
    lines: gpd.GeoDataFrame,
    land: gpd.GeoDataFrame,
    border: gpd.GeoDataFrame,
    checkpoints: pd.DataFrame,
    *,
    places: gpd.GeoDataFrame | None,
    stations: gpd.GeoDataFrame | None,
    delay_h: Mapping[str, float],
    speeds: pd.DataFrame | None = None,
    **options: Any,
) -> BuiltNetwork:
    """Network of lines on matched land."""
    if places is None:
        columns: dict[str, list[Any]] = {"side": [], "region_id": [], "population": []}
        places = gpd.GeoDataFrame(columns, geometry=[], crs=4326)
    places = _with_ids(places)
    if "population" not in places:
        raise TableError(
            "the places have no population",
            remedy="Give them a column `population` (persons), 0 where nobody lives",
        )
    return build_network(
        lines,
        land,
        border,
        placed_checkpoints(checkpoints, border, delay_h=delay_h),
        _with_side(places, land),
        speeds,
        stations=None if stations is None else _with_side(stations, land),
        delay_h=delay_h,
        **options,
    )


def _border(
    territory: gpd.GeoDataFrame, tolerance_km: float, outlines: gpd.GeoDataFrame | None = None
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Land of both sides that meets in one line, that of an outline if one is known; the line."""
    if territory.crs is None:
        raise GeometryError(
            "the territory has no coordinate reference system",
            remedy="Say which it is with set_crs, such as set_crs(4326)",
        )
    given = set(territory["side"]) if "side" in territory else set()
    unknown = [side for side in SIDES if side not in given]
    if unknown:
        raise SideError(
            f"the territory has no polygon of the {unknown[0]} side",
            remedy=f"Give every polygon a `side`, one of {', '.join(SIDES)}",
        )
    land = territory.to_crs(4326)
    if "region_id" not in land:
        land = land.dissolve("side", as_index=False).assign(region_id=lambda rows: rows["side"])
    land = land.reset_index(drop=True)
    matched = match_sides(land, outlines=outlines, tolerance_m=1000 * tolerance_km)
    return matched.land, matched.border


def _with_ids(places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Places in WGS 84 by their ids, which are words."""
    if places.crs is None:
        raise GeometryError(
            "the places have no coordinate reference system",
            remedy="Say which it is with set_crs, such as set_crs(4326)",
        )
    if "place_id" in places:
        places = places.set_index("place_id")
    return places.set_axis(places.index.astype(str)).rename_axis("place_id").to_crs(4326)


def _with_side(points: gpd.GeoDataFrame, land: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Points with the side and region they lie in; those of neither side are left out."""
    if {"side", "region_id"} <= {*points} or points.empty:
        return points
    points = points.to_crs(4326)
    polygon = polygon_near(
        land.geometry,
        points.geometry.x.to_numpy(),
        points.geometry.y.to_numpy(),
        crs=equal_area_crs(land),
        reach_m=REACH_M,
    )
    of = land[["side", "region_id"]].iloc[polygon[polygon >= 0]]
    there = points[polygon >= 0]
    found = {name: of[name].to_numpy() for name in of if name not in there}
    return there.assign(**found)


def _no_checkpoints() -> pd.DataFrame:
    """A register without a row."""
    text = ("name", "mode", "status", "users", "home_id", "neighbour_id", "hours")
    numbers = ("lon", "lat", "accuracy_km", "capacity_day", "delay_h")
    return pd.DataFrame(
        {name: pd.Series(dtype=object) for name in text}
        | {name: pd.Series(dtype=float) for name in numbers},
        index=pd.Index([], name="checkpoint_id", dtype=object),
    )
