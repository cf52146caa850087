"""Measures that need the network itself, not its trips alone: what is drawn, and services."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from geo_border.access.corridors import (
    Costs,
    corridor_lines,
    corridor_profiles,
    corridor_summary,
    find_corridors,
)
from geo_border.access.detours import DISTANCE_KMH, by_distance
from geo_border.access.efficiency import network_efficiency
from geo_border.access.isochrones import (
    OffRoad,
    checkpoint_origin,
    isochrone_polygons,
    place_origin,
)
from geo_border.access.reach import without_delays
from geo_border.access.services import SearchedServices, searched_services
from geo_border.border.edges import equal_area_crs
from geo_border.errors import CheckpointError, TableError
from geo_border.ids import by_id
from geo_border.network.beyond import local_km
from geo_border.network.entries import join_cells
from geo_border.network.gates import gates_in_use
from geo_border.network.given import with_side
from geo_border.network.named import find_checkpoint, find_place, find_places, is_checkpoint
from geo_border.network.places import Access
from geo_border.network.straight import foreign_land
from geo_border.routing.between import tables_of
from geo_border.routing.scenarios import AS_IS, Scenario, passages
from geo_border.routing.travel import modes_of, travel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    import pandas as pd

    from geo_border.network.build import BuiltNetwork
    from geo_border.terms import Mode

ENTRIES_KM = 0.1
"""Services enter the network at points of its roads no farther apart than this, km."""


def isochrones(
    network: BuiltNetwork,
    start: str,
    hours: Sequence[float] = (1.0,),
    *,
    mode: Mode = "road",
    scenario: Scenario = AS_IS,
    off_road: OffRoad = OffRoad(),
) -> gpd.GeoDataFrame:
    """Polygons of what can be reached from a place or a checkpoint, on either side.

    Parameters
    ----------
    network
        A built network.
    start
        Id or name of a place or a checkpoint, of a place where both are called so; from a
        checkpoint one goes into both sides at once.
    hours
        The limits, hours.
    mode
        Mode of the trips.
    scenario
        What is different at the border.
    off_road
        How one leaves the roads.

    Returns
    -------
    GeoDataFrame
        A row for each side and limit, as
        `geo_border.access.isochrones.isochrone_polygons` gives them.

    Raises
    ------
    NetworkError
        If nothing, or more than one place, is called so, or it does not reach the network.
    CheckpointError
        If the scenario names a checkpoint that there is not, or `start` is a checkpoint and
        there is a scenario.
    ParameterError
        If a limit is not positive.

    Examples
    --------
    >>> import geo_border as gb
    >>> reached = gb.isochrones(gb.example_network(), "Orsk", [1, 5])
    >>> reached[["side", "part", "hours"]].head(2)
       side part  hours
    0  home  own      1
    1  home  own      5
    """
    places, from_checkpoint = network.places, is_checkpoint(network, start)
    name = find_checkpoint(network, start) if from_checkpoint else find_place(network, start)
    if from_checkpoint and scenario != AS_IS:
        raise CheckpointError(
            f"{start!r} is a checkpoint: from there one goes into both sides at once",
            remedy="Begin at a place to see what another border changes",
        )
    points = places[places.index == (places.index[0] if from_checkpoint else name)]
    tables = tables_of(network, points, mode=mode, scenario=scenario)
    graph = network.network
    origin = (
        checkpoint_origin(graph, tables, name)
        if from_checkpoint
        else place_origin(graph, tables, places.loc[name], scenario=scenario)
    )
    return isochrone_polygons(
        graph,
        network.land,
        [(name, origin)],
        hours=hours,
        off_road=off_road,
        places=places if "population" in places else None,
        modes=modes_of(mode),
    )


def corridors(
    network: BuiltNetwork,
    stops: Mapping[str, Sequence[str]],
    *,
    mode: Mode = "road",
    scenario: Scenario = AS_IS,
    costs: Costs | None = None,
) -> gpd.GeoDataFrame:
    """Fastest ways through given places: length, hours, delays and speeds, drawn.

    Parameters
    ----------
    network
        A built network with places.
    stops
        Ids or names of the places that each corridor leads through, in order, by its name.
    mode
        Mode of the trips.
    scenario
        What is different at the border.
    costs
        What a kilometre, an hour and a passage cost; without it there are no columns of cost.

    Returns
    -------
    GeoDataFrame
        Index ``corridor``; MultiLineStrings in WGS 84 and the columns of
        `geo_border.access.corridors.corridor_summary`.

    Raises
    ------
    NetworkError
        If a corridor has fewer than two places, a place is unknown or does not reach the
        network, or no way leads from one to the next.
    CheckpointError
        If the scenario names a checkpoint that there is not.

    Examples
    --------
    >>> import geo_border as gb
    >>> gb.corridors(gb.example_network(), {"steppe": ["Orsk", "Aktobe"]})["passages"]
    corridor
    steppe    1
    Name: passages, dtype: int64
    """
    ids = {name: find_places(network, list(places)) for name, places in stops.items()}
    named = [place for places in ids.values() for place in places]
    points = network.places[network.places.index.isin(named)]
    tables = tables_of(network, points, mode=mode, scenario=scenario)
    found = find_corridors(network.network, tables, points, ids, scenario=scenario)
    profiles = corridor_profiles(network.network, tables, found, scenario=scenario, costs=costs)
    return corridor_lines(found).join(corridor_summary(profiles))


def detour_index(
    network: BuiltNetwork,
    *,
    mode: Mode = "road",
    weight: str = "population",
    scenario: Scenario = AS_IS,
) -> pd.DataFrame:
    """Mean ratio of the length of the shortest way to the geodesic distance.

    Parameters
    ----------
    network
        A built network with places.
    mode
        Mode of the trips.
    weight
        Column of the places that weighs the destinations.
    scenario
        What is different at the border; its closures count, its delays do not.

    Returns
    -------
    DataFrame
        Index of the places; ``own``, ``across``, ``own_closed`` (1: a straight line), and the
        share of the weight that no way leads to: ``own_unreached`` and so on.

    Raises
    ------
    NetworkError, TableError, SideError, CheckpointError
        As `geo_border.routing.travel.travel` and
        `geo_border.access.efficiency.network_efficiency`.

    Examples
    --------
    >>> import geo_border as gb
    >>> index = gb.detour_index(gb.example_network())
    >>> (index["across"].dropna() > 1).all()
    np.True_
    """
    apart = local_km(network.places).fillna(0.0).to_numpy()
    flat = replace(
        network,
        network=by_distance(network.network),
        places=network.places.assign(access_h=network.places["access_km"] / DISTANCE_KMH),
    )
    used = gates_in_use(network.gates)
    found = network_efficiency(
        travel(flat, mode=mode, candidates=not scenario.named <= set(used.index)),
        reference_kmh=DISTANCE_KMH,
        weight=weight,
        apart_km=apart,
        scenario=without_delays(scenario),
    )
    parts = ["own", "across", "own_closed"]
    return found[[*parts, *(f"{part}_unreached" for part in parts)]]


def service_times(
    network: BuiltNetwork,
    services: gpd.GeoDataFrame,
    *,
    mode: Mode = "road",
    scenario: Scenario = AS_IS,
    access: Access = Access(),
) -> SearchedServices:
    """Times from the places of a network to services, for measures of what these offer.

    Parameters
    ----------
    network
        A built network with places.
    services
        Points; ``side`` is found where it is missing. Ids are the index or ``service_id``.
    mode
        Mode of the trips.
    scenario
        What is different at the border.
    access
        How services reach the network, and local ways to those that are near.

    Returns
    -------
    SearchedServices
        For `geo_border.access.services.nearest_service` and the floating catchments, with the
        places of the network and the same services.

    Raises
    ------
    TableError
        If there are no services, or one lies on neither side.
    NetworkError, CheckpointError
        If no road leads to a checkpoint, or the scenario names one that there is not.

    Examples
    --------
    >>> import geo_border as gb
    >>> net = gb.example_network()
    >>> clinics = net.places.nlargest(5, "population")[["geometry"]].assign(supply=100.0)
    >>> times = gb.service_times(net, clinics)
    >>> gb.nearest_service(times, net.places, clinics)["service_own"].nunique() <= 5
    True
    """
    given = by_id(services, "service_id")
    if not len(given):
        raise TableError("there are no services", remedy="Give one or more points")
    points = with_side(given[["geometry", *({"side"} & {*given})]].to_crs(4326), network.land)
    if len(points) < len(given):
        outside = given.index.difference(points.index)
        raise TableError(
            f"service {outside[0]!r} lies on neither side", remedy="Leave it out, or move it"
        )
    land, gates = foreign_land(network.land), gates_in_use(network.gates)
    if not scenario.named <= set(gates.index):
        gates = network.gates
    # A study joins services as it is built; here they enter roads that are built already.
    graph, joined = join_cells(
        network.network,
        network.gates,
        points.assign(lon=points.geometry.x, lat=points.geometry.y),
        equal_area_crs(network.land),
        land,
        access=access,
        spacing_km=ENTRIES_KM,
    )
    times = searched_services(
        graph, network.places, joined, gates, modes=modes_of(mode), access=access, land=land
    )
    return times.under(passages(times.tables, scenario))
