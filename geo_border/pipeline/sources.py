"""From OpenStreetMap, or any layer of lines, to one network in a single call."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd

from geo_border.border.checkpoints import placed_checkpoints
from geo_border.border.register import register_of
from geo_border.errors import SideError
from geo_border.network.build import BuiltNetwork, build_network, with_names
from geo_border.network.free_border import open_crossings as free_checkpoints
from geo_border.network.given import (
    given_lines,
    given_places,
    land_and_border,
    with_side,
)
from geo_border.network.places import Access
from geo_border.network.tolerances import Tolerances
from geo_border.osm.boundaries import boundaries_from_extract
from geo_border.osm.checkpoints import controls_from_extract
from geo_border.osm.graphs import lines_from_osmnx
from geo_border.osm.lines import lines_from_extract
from geo_border.osm.overpass import extract_from_overpass
from geo_border.osm.railways import MAIN_RAILWAYS, RailRules, stations_from_extract
from geo_border.osm.roads import CAR_ROADS, RoadRules
from geo_border.osm.settlements import settlements_from_extract
from geo_border.osm.tags import wanted
from geo_border.pbf.extract import read_extract
from geo_border.terms import MODES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import geopandas as gpd
    import networkx as nx
    import shapely

    from geo_border.pbf.extract import Extract
    from geo_border.pipeline.section import Section

    Side = Mapping[str, Any] | Section

NO_WAIT: Mapping[str, float] = MappingProxyType(dict.fromkeys(MODES, 0.0))
"""Delay by mode where nothing is known of any, hours."""

ELSEWHERE: Mapping[str, Any] = MappingProxyType({"everything_else": True})
"""The other side where only one is named."""


def from_osm(
    files: Sequence[Path | str] | Path | str,
    territory: gpd.GeoDataFrame | None = None,
    *,
    home: Side | None = None,
    neighbour: Side = ELSEWHERE,
    checkpoints: pd.DataFrame | None = None,
    places: gpd.GeoDataFrame | None = None,
    settlements: bool = False,
    roads: RoadRules = CAR_ROADS,
    rails: RailRules = MAIN_RAILWAYS,
    open_crossings: bool = False,
    delay_h: Mapping[str, float] = NO_WAIT,
    access: Access = Access(),
    tolerances: Tolerances = Tolerances(),
) -> BuiltNetwork:
    """Build the network of a border from extracts of OpenStreetMap.

    Parameters
    ----------
    files
        Extracts, which may overlap, as `geo_border.pbf.extract.read_extract` takes
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
        A register: points, or a table with ``lon`` and ``lat``; ids are the index or
        ``checkpoint_id``; ``name``, ``mode``, ``status``, ``delay_h`` and whatever else
        `geo_border.border.checkpoints.placed_checkpoints` takes. Without one, what
        OpenStreetMap marks as a checkpoint within 10 km of the border.
    places
        Settlements as points, with ``population`` (persons); ids are the index or ``place_id``.
        ``side`` and ``region_id`` are found where they are missing, and those of neither side
        are left out.
    settlements
        Whether the settlements whose population is tagged in OpenStreetMap are places too.
    roads, rails
        What counts as a road and as a railway.
    open_crossings
        Whether crossings without a checkpoint are open without delay too, as within Schengen.
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
        from geo_border.pipeline.inputs.extracts import land_from_extract  # noqa: PLC0415  (see above)

        territory, countries = land_from_extract(extract, {"home": home, "neighbour": neighbour})
    if settlements:
        tagged = settlements_from_extract(extract).query("population > 0")
        places = tagged if places is None else pd.concat([given_places(places), tagged])
    return _from_extract(
        extract,
        territory,
        countries=countries,
        checkpoints=checkpoints,
        roads=roads,
        rails=rails,
        places=places,
        open_crossings=open_crossings,
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
    open_crossings: bool = False,
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
    checkpoints, places, roads, rails, open_crossings, delay_h, access, tolerances
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

    Examples
    --------
    >>> import geo_border as gb
    >>> import geopandas as gpd
    >>> import shapely
    >>> area = shapely.box(9.4, 47, 9.7, 47.3)
    >>> halves = [shapely.box(9.3, 47, 9.5, 47.2), shapely.box(9.5, 47, 9.7, 47.2)]
    >>> land = gpd.GeoDataFrame({"side": ["home", "neighbour"]}, geometry=halves, crs=4326)
    >>> net = gb.from_overpass(area, land)  # doctest: +SKIP
    """
    return _from_extract(
        extract_from_overpass(polygon, roads=roads, rails=rails, url=url),
        territory,
        checkpoints=checkpoints,
        roads=roads,
        rails=rails,
        places=places,
        open_crossings=open_crossings,
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
    open_crossings: bool = False,
    delay_h: Mapping[str, float] = NO_WAIT,
    access: Access = Access(),
    tolerances: Tolerances = Tolerances(),
) -> BuiltNetwork:
    """Build the network of a border from a layer of lines.

    Parameters
    ----------
    lines
        LineStrings that meet at their ends, roads if they have no ``mode``; ``road_class``,
        ``speed_kmh``, ``oneway`` and whatever else
        `geo_border.network.links.links_from_lines` takes.
    territory
        As for `from_osm`.
    checkpoints
        A register as for `from_osm`; without one nothing is open, and every crossing is a
        candidate.
    places
        As for `from_osm`.
    speeds
        Default speeds, see `geo_border.network.build.build_network`.
    stations
        Points where one changes between road and railway; ``side`` is found where it is
        missing.
    open_crossings, delay_h, access, tolerances
        As for `from_osm`.

    Returns
    -------
    BuiltNetwork
        The network with its crossings, gates, places and accounts.

    Raises
    ------
    GeoBorderError
        If the sides share no border, the lines do not reach both, or a class has no speed.

    Examples
    --------
    >>> import geo_border as gb
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> import shapely
    >>> line = shapely.LineString([(9.4, 47.1), (9.6, 47.1)])
    >>> roads = gpd.GeoDataFrame({"speed_kmh": [80.0]}, geometry=[line], crs=4326)
    >>> halves = [shapely.box(9.3, 47, 9.5, 47.2), shapely.box(9.5, 47, 9.7, 47.2)]
    >>> land = gpd.GeoDataFrame({"side": ["home", "neighbour"]}, geometry=halves, crs=4326)
    >>> gate = pd.DataFrame({"lon": [9.5], "lat": [47.1], "delay_h": [0.5]}, index=["bridge"])
    >>> net = gb.from_lines(roads, land, checkpoints=gate)
    >>> net.gates[["mode", "delay_out_h"]].to_numpy().tolist()
    [['road', 0.5]]
    """
    land, border = land_and_border(territory, tolerances.edge_km)
    return _built(
        lines,
        land,
        border,
        checkpoints,
        places=places,
        speeds=speeds,
        stations=stations,
        open_crossings=open_crossings,
        delay_h=delay_h,
        access=access,
        tolerances=tolerances,
    )


def from_osmnx(
    graph: nx.MultiDiGraph,
    territory: gpd.GeoDataFrame,
    *,
    checkpoints: pd.DataFrame | None = None,
    places: gpd.GeoDataFrame | None = None,
    stations: gpd.GeoDataFrame | None = None,
    open_crossings: bool = False,
    delay_h: Mapping[str, float] = NO_WAIT,
    access: Access = Access(),
    tolerances: Tolerances = Tolerances(),
) -> BuiltNetwork:
    """Build the network of a border from a graph of OSMnx.

    Parameters
    ----------
    graph
        As ``osmnx.graph_from_polygon`` and its like give it, simplified or not. Times are its
        ``travel_time``, else by its ``speed_kph``, ``maxspeed``, or the default of the class
        in the ``country`` of `territory`.
    territory
        As for `from_osm`.
    checkpoints, places, stations, open_crossings, delay_h, access, tolerances
        As for `from_lines`.

    Returns
    -------
    BuiltNetwork
        As `from_lines` gives it.

    Raises
    ------
    NetworkError
        If the graph has no edges, or its nodes have no ``x`` and ``y``.
    GeoBorderError
        As for `from_lines`.

    Examples
    --------
    >>> import geo_border as gb, geopandas as gpd, networkx as nx, shapely
    >>> graph = nx.MultiDiGraph(crs="EPSG:4326")
    >>> graph.add_nodes_from([(1, {"x": 9.4, "y": 47.1}), (2, {"x": 9.6, "y": 47.1})])
    >>> _ = graph.add_edge(1, 2, osmid=7, highway="primary", oneway=False, maxspeed="80")
    >>> halves = [shapely.box(9.3, 47, 9.5, 47.2), shapely.box(9.5, 47, 9.7, 47.2)]
    >>> land = gpd.GeoDataFrame({"side": ["home", "neighbour"]}, geometry=halves, crs=4326)
    >>> gb.from_osmnx(graph, land, open_crossings=True).gates["is_open"].sum()
    np.int64(1)
    """
    lines = lines_from_osmnx(graph, territory)
    return from_lines(
        lines,
        territory,
        checkpoints=checkpoints,
        places=places,
        stations=stations,
        open_crossings=open_crossings,
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
    land, border = land_and_border(territory, tolerances.edge_km, whole)
    if countries is None and "country" in land:
        countries = land.dropna(subset="country")
    lines, _ = lines_from_extract(extract, roads=roads, rails=rails, countries=countries)
    if checkpoints is None:
        controls = controls_from_extract(extract, border=border)
        controls = controls[controls["mode"].notna()]
        names = controls["name"].fillna(controls["place"]).fillna(controls.index.to_series())
        checkpoints = pd.DataFrame(controls.drop(columns="geometry").assign(name=names))
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
    checkpoints: pd.DataFrame | None,
    *,
    places: gpd.GeoDataFrame | None,
    stations: gpd.GeoDataFrame | None,
    delay_h: Mapping[str, float],
    open_crossings: bool,
    tolerances: Tolerances,
    speeds: pd.DataFrame | None = None,
    access: Access,
) -> BuiltNetwork:
    """Network of lines on matched land."""
    lines = given_lines(lines)
    places = with_side(given_places(places), land)
    register = register_of(checkpoints)
    placed = placed_checkpoints(register, border, delay_h=delay_h)
    if open_crossings:
        named = places if "name" in places else places.assign(name=places.index)
        free = free_checkpoints(lines, land, border, placed, named, tolerances=tolerances)
        tables = [t.dropna(axis="columns", how="all") for t in (register, free) if len(t)]
        if tables:
            register = pd.concat(tables).reindex(columns=register.columns)
            placed = placed_checkpoints(register, border, delay_h=delay_h)
    built = build_network(
        lines,
        land,
        border,
        placed,
        places,
        speeds,
        stations=None if stations is None else with_side(stations, land),
        delay_h=delay_h,
        access=access,
        tolerances=tolerances,
    )
    return with_names(built, register["name"])
