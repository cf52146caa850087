"""The stages of a study, each a function from frames to frames; nothing here touches the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_border.access.decay import Exponential, calibrated
from geo_border.access.losses import loss_by_checkpoint, loss_shares
from geo_border.access.nearest import nearest_checkpoint, zones
from geo_border.access.reach import border_effect, cumulative, potential
from geo_border.access.regions import by_region
from geo_border.access.variants import transport_variants
from geo_border.border.checkpoints import permeability, placed_checkpoints
from geo_border.border.edges import edge_match
from geo_border.border.line import along, border_line, dyads
from geo_border.bottlenecks.checkpoints import checkpoint_ranking
from geo_border.bottlenecks.closures import closures
from geo_border.bottlenecks.demand import Gravity, cross_demand
from geo_border.bottlenecks.gains import delay_gains
from geo_border.bottlenecks.loads import checkpoint_loads, edge_loads
from geo_border.errors import NetworkError
from geo_border.extracts import RULE, TAGS
from geo_border.index.gains import score_gains
from geo_border.index.levels import IndexMethod, levels
from geo_border.index.measured import measured_indicators, measured_registry
from geo_border.index.registry import LEVELS, checked_registry
from geo_border.index.selection import select
from geo_border.index.uncertainty import uncertainty
from geo_border.index.variance import variance_shares
from geo_border.network.build import build_network
from geo_border.network.crossings import gates_in_use
from geo_border.network.free_border import open_crossings
from geo_border.network.graph import MODES, SIDES, Network
from geo_border.network.places import Access
from geo_border.routing.dissection import elimination_order
from geo_border.routing.inside import OwnTimes, own_times
from geo_border.routing.routes import travel_times
from geo_border.routing.scenarios import Scenario, passages
from geo_border.routing.tables import GateTables, gate_tables
from geo_border.typology.cards import cards
from geo_border.typology.clusters import clusters
from geo_border.typology.disparity import disparity, dyad_gradient
from geo_border.typology.points import Evidence
from geo_border.typology.rules import Thresholds
from geo_border.typology.types import typology

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from geo_border.inputs import Inputs
    from geo_border.settings import Settings

ROAD = ("road", "ferry")
"""Modes of a trip by car, which the headline measures are of."""

INLAND_KM = 10.0
"""What is tagged as customs farther from the border than this is an office inland, km."""

SERVICE = "service:"
"""Before the ids of services while they are joined to the network among the places."""

DELAY_FACTORS = (0.25, 0.5, 1.0, 1.5, 2.0)
"""Delays of the Monte Carlo, as multiples of what they are taken to be."""

HALF_LIFE_FACTORS = (0.5, 1.0, 2.0)
"""Half-lives of the Monte Carlo, as multiples of that of the study."""


def border_stage(inputs: Inputs, settings: Settings) -> dict[str, Any]:
    """Find the border: matched polygons, the line, dyads, checkpoints on it.

    Parameters
    ----------
    inputs
        The checked inputs.
    settings
        The study's parameters.

    Returns
    -------
    dict
        Frames ``regions``, ``territory``, ``mismatch``, ``border``, ``dyads``, ``checkpoints``.
    """
    land, regions = inputs.territory, inputs.regions
    kept, moved = _exact_side(settings)
    match = edge_match(
        land[land["side"] == moved],
        land[land["side"] == kept],
        tolerance_m=1000 * settings.regions.edge_tolerance_km,
    )
    territory = land.copy()
    territory.loc[match.home.index, "geometry"] = match.home.geometry
    studied = territory.dropna(subset="region_id").set_index("region_id")
    regions = regions.set_geometry(studied.geometry.reindex(regions.index))
    home, neighbour = (regions[regions["side"] == side] for side in SIDES)
    border = border_line(home, neighbour)
    pairs = dyads(border)
    checkpoints = _checkpoints(inputs, settings, territory, border)
    mismatch = pd.concat(
        [match.overlaps.assign(kind="overlap"), match.gaps.assign(kind="gap")], ignore_index=True
    ).rename(columns={"home_id": "region_id"})
    mismatch["region_id"] = land["region_id"].reindex(mismatch["region_id"]).to_numpy()
    mismatch["side"] = moved
    permeable = [
        permeability(border.groupby(by)["length_km"].sum(), checkpoints, by=by)
        for by in ("home_id", "neighbour_id")
    ]
    of_region = pd.concat(permeable).reindex(regions.index)
    of_region["border_km"] = of_region["border_km"].fillna(0.0)
    counts = of_region.columns[of_region.columns.str.match("checkpoints_(?!per_)")]
    of_region[counts] = of_region[counts].fillna(0).astype(int)
    open_now = checkpoints[checkpoints["is_open"]]
    by_pair = open_now.groupby(["home_id", "neighbour_id", "mode"]).size().unstack(fill_value=0)
    pairs = pairs.join(by_pair, on=["home_id", "neighbour_id"])
    pairs[by_pair.columns] = pairs[by_pair.columns].fillna(0).astype(int)
    return {
        "regions": regions.join(of_region),
        "territory": territory,
        "mismatch": mismatch,
        "border": border,
        "dyads": pairs,
        "checkpoints": checkpoints,
    }


def _exact_side(settings: Settings) -> tuple[str, str]:
    """The side whose outline is the border, and the one that is matched to it.

    An outline of OpenStreetMap goes before one of a file; else the neighbour's is taken.
    """
    home, neighbour = SIDES
    ours, theirs = settings.regions.home, settings.regions.neighbour
    if isinstance(theirs, str) and not isinstance(ours, str):
        return home, neighbour
    return neighbour, home


def _checkpoints(
    inputs: Inputs, settings: Settings, territory: gpd.GeoDataFrame, border: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Checkpoints on the border, by register, by tags and by the rule of open crossings."""
    section = settings.checkpoints

    def placed(table: pd.DataFrame) -> gpd.GeoDataFrame:
        return placed_checkpoints(
            table,
            border,
            delay_h=settings.delay_h,
            open_status=section.open_status,
            open_users=section.open_users,
            farthest_km=section.farthest_km,
            file=section.file or TAGS,
        )

    points = gpd.GeoSeries.from_xy(inputs.checkpoints["lon"], inputs.checkpoints["lat"], crs=4326)
    inland = along(border, points)["border_distance_km"] > INLAND_KM
    known = inputs.checkpoints[~(inland & (inputs.checkpoints["known_from"] == TAGS))]
    checkpoints = placed(known)
    if not section.open_crossings:
        return checkpoints
    free = open_crossings(
        inputs.lines,
        territory,
        border,
        checkpoints,
        inputs.places,
        tolerance_km=settings.network.crossing_tolerance_km,
    ).assign(known_from=RULE)
    tables = [table.dropna(axis="columns", how="all") for table in (known, free) if len(table)]
    return placed(pd.concat(tables).reindex(columns=known.columns)) if len(free) else checkpoints


def network_stage(inputs: Inputs, settings: Settings, border: dict[str, Any]) -> dict[str, Any]:
    """Join lines, checkpoints and places into one network.

    Parameters
    ----------
    inputs
        The checked inputs.
    settings
        The study's parameters.
    border
        Parts of `border_stage`.

    Returns
    -------
    dict
        ``network`` and frames ``gates``, ``crossings``, ``places``, ``speeds``, ``parts`` and,
        if the study has any, ``services``, joined to the network as places are.
    """
    section = settings.network
    places = inputs.places
    if inputs.services is not None:
        services = inputs.services.assign(population=0.0, region_id=None)
        services.index = SERVICE + services.index
        places = pd.concat([places, services[places.columns.intersection(services.columns)]])
    built = build_network(
        inputs.lines,
        border["territory"],
        border["border"],
        border["checkpoints"],
        places,
        inputs.speeds,
        stations=inputs.stations,
        access=local_ways(settings),
        crossing_tolerance_km=settings.network.crossing_tolerance_km,
        delay_h=settings.delay_h,
        most_candidates=section.most_candidates,
    )
    parts: dict[str, Any] = {
        "network": built.network,
        "gates": built.gates,
        "crossings": built.crossings,
        "places": built.places.iloc[: len(inputs.places)],
        "speeds": built.speeds,
        "parts": built.parts,
    }
    if inputs.services is not None:
        joined = built.places.iloc[len(inputs.places) :].set_index(inputs.services.index)
        columns = ["node", "access_km", "access_h"]
        parts["services"] = inputs.services.join(joined[columns])
    return parts


def local_ways(settings: Settings) -> Access:
    """How places reach the network.

    Parameters
    ----------
    settings
        The study's parameters.

    Returns
    -------
    Access
        Reach, detour and speed of local ways.
    """
    section = settings.network
    return Access(
        farthest_km=section.place_reach_km,
        detour=section.place_detour,
        speed_kmh=section.place_kmh,
        station_km=section.station_km,
        transfer_h=section.transfer_h,
        beyond_km=settings.beyond_km,
    )


def inside_stage(
    network: Network,
    places: pd.DataFrame,
    *,
    order: Callable[[csr_array], NDArray[np.int32]] = elimination_order,
) -> dict[str, Any]:
    """Times by road between the places of each side, the costliest searches of a study.

    Parameters
    ----------
    network
        The graph.
    places
        Joined places.
    order
        Gives an order of elimination, where there are so many places that it pays.

    Returns
    -------
    dict
        Arrays by side: origins, destinations and hours.
    """
    own = own_times(network, places, modes=ROAD, order=order)
    parts: dict[str, Any] = {}
    for side, name in enumerate(SIDES):
        parts[f"origins_{name}"] = own.origins[side]
        parts[f"destinations_{name}"] = own.destinations[side]
        parts[f"hours_{name}"] = own.hours[side]
    return parts


def own_times_of(inside: dict[str, Any]) -> OwnTimes:
    """Put the parts of `inside_stage` together again.

    Parameters
    ----------
    inside
        Parts of `inside_stage`.

    Returns
    -------
    OwnTimes
        Times from the origins to all places of their side.
    """
    origins, destinations, hours = (
        (inside[f"{part}_{SIDES[0]}"], inside[f"{part}_{SIDES[1]}"])
        for part in ("origins", "destinations", "hours")
    )
    return OwnTimes(origins=origins, destinations=destinations, hours=hours)


def access_stage(
    settings: Settings,
    regions: gpd.GeoDataFrame,
    built: dict[str, Any],
    tables: GateTables,
    own: OwnTimes,
) -> dict[str, Any]:
    """Measure what can be reached, for each place and each region.

    Parameters
    ----------
    settings
        The study's parameters.
    regions
        Regions of `border_stage`.
    built
        Parts of `network_stage`.
    tables
        Checkpoint tables by road, with their trees.
    own
        Times inside the sides.

    Returns
    -------
    dict
        Frames ``places`` (with measures), ``regions`` (measures only), ``zones``,
        ``losses`` (share of each checkpoint in the border effect of each region),
        ``travel_times`` (between capitals), ``variants`` (potentials under other delays and
        decays).
    """
    network, places = built["network"], built["places"]
    gates = gates_in_use(built["gates"])
    half_life = settings.access.half_life_h
    decay = calibrated(settings.access.decay, half_life)
    nearest = nearest_checkpoint(tables)
    reach = potential(places, tables, own, decay=decay)
    values = pd.DataFrame({"hours_to_checkpoint": nearest["hours"]}, index=places.index)
    within = settings.access.limits_h
    values = values.join(cumulative(places, tables, own, hours=within))
    values = values.join(reach.add_prefix("potential_"))
    if (gates["mode"] == "rail").any():
        by_rail = gate_tables(network, places, gates, modes=MODES)
        values["hours_to_rail_checkpoint"] = nearest_checkpoint(by_rail, mode="rail")["hours"]
    measures = by_region(values, places)
    measures.insert(0, "population", places.groupby("region_id")["population"].sum())
    measures["border_effect"] = border_effect(
        measures.filter(regex="^potential_").rename(columns=lambda c: c.removeprefix("potential_"))
    )
    measures["border_effect_across"] = 1 - (
        measures["potential_across"] / measures["potential_across_open"]
    )
    values["border_effect"] = border_effect(reach)
    values["nearest_checkpoint"] = nearest["checkpoint_id"]
    losses = loss_shares(loss_by_checkpoint(places, tables, own, decay=decay), places)
    bands = zones(
        nearest["hours"], places, bands=[minutes / 60 for minutes in settings.access.zones_min]
    )
    variants = transport_variants(
        places,
        tables,
        own,
        delay_factors=DELAY_FACTORS,
        decays={
            f"half-life {factor * half_life:g} h": calibrated(
                settings.access.decay, factor * half_life
            )
            for factor in HALF_LIFE_FACTORS
        },
    )
    capitals = capital_places(regions, places)
    times = travel_times(network, tables, capitals)
    for factor in DELAY_FACTORS:
        scenario = Scenario(delay_factor=factor)
        other = travel_times(network, tables, capitals, scenario=scenario)
        times[hours_column(factor)] = other["hours"]
    for end in ("from_id", "to_id"):
        times["km"] += times[end].map(capitals["access_km"]).astype(float)
    return {
        "places": places.join(values),
        "regions": measures,
        "zones": bands,
        "losses": losses,
        "travel_times": times,
        "variants": variants.reset_index(),
    }


def capital_places(regions: gpd.GeoDataFrame, places: gpd.GeoDataFrame) -> pd.DataFrame:
    """Find the settlement that is the capital of each region.

    Parameters
    ----------
    regions
        Columns ``side``, ``capital_lon``, ``capital_lat``.
    places
        Joined places.

    Returns
    -------
    DataFrame
        Index ``region_id``; ``side``, ``node``, ``access_h``, ``access_km`` of the settlement of
        the same side nearest to the capital's coordinates; regions without them are left out.

    Raises
    ------
    NetworkError
        If a capital does not reach the network.
    """
    given = regions.dropna(subset=["capital_lon", "capital_lat"])
    found: dict[str, Any] = {}
    for side in SIDES:
        here = given[given["side"] == side]
        points = shapely.points(here["capital_lon"], here["capital_lat"])
        of_side = places[places["side"] == side]
        nearest = shapely.STRtree(of_side.geometry.to_numpy()).nearest(points)
        found |= dict(zip(here.index, of_side.index[nearest], strict=True))
    capitals = places.loc[list(found.values()), ["side", "node", "access_h", "access_km"]]
    capitals = capitals.set_axis(pd.Index(list(found), name="region_id"))
    lost = capitals.index[capitals["node"] < 0]
    if len(lost):
        raise NetworkError(
            f"the capital of {lost[0]} does not reach the network",
            remedy="Check its coordinates, or raise `place_reach_km`",
        )
    return pd.DataFrame(capitals)


def gravity_of(settings: Settings) -> Gravity:
    """Demand model of a study.

    Parameters
    ----------
    settings
        The study's parameters.

    Returns
    -------
    Gravity
        The model.
    """
    return Gravity(
        decay=Exponential(half_life=settings.demand.half_life_h),
        origin_exponent=settings.demand.alpha,
        destination_exponent=settings.demand.gamma,
    )


def bottleneck_stage(
    settings: Settings, built: dict[str, Any], tables: GateTables
) -> dict[str, Any]:
    """Load the network with demand across the border and close each checkpoint in turn.

    Parameters
    ----------
    settings
        The study's parameters.
    built
        Parts of `network_stage`.
    tables
        Checkpoint tables by road, with their trees.

    Returns
    -------
    dict
        Frames ``ranking`` (by checkpoint), ``diversions``, ``gains`` (by checkpoint and
        region), and ``load``: demand on each edge.
    """
    places = built["places"]
    gravity = gravity_of(settings)
    ways = passages(tables)
    demand = cross_demand(places, tables, ways, gravity=gravity)
    loads = checkpoint_loads(tables, ways, demand)
    closed = closures(places, tables, gravity=gravity)
    gains = delay_gains(
        places,
        tables,
        decay=calibrated(settings.access.decay, settings.access.half_life_h),
        gravity=gravity,
    )
    return {
        "ranking": checkpoint_ranking(loads, closed),
        "diversions": closed.diversions,
        "gains": gains,
        "load": edge_loads(built["network"], tables, ways, demand),
    }


def edge_layer(network: Network, load: np.ndarray[Any, np.dtype[np.float64]]) -> gpd.GeoDataFrame:
    """Links of the network as lines, with what they carry across the border.

    Parameters
    ----------
    network
        The graph.
    load
        Demand on each directed edge, shape (m,).

    Returns
    -------
    GeoDataFrame
        One row a link: ``mode``, ``road_class``, ``side``, ``length_km``, ``hours`` (of the
        faster direction), ``load_share`` (both directions), LineStrings in WGS 84.
    """
    tail_side, head_side = network.side[network.tail], network.side[network.indices]
    side = np.where(tail_side == head_side, np.array(SIDES, object)[tail_side], "crossing")
    edges = pd.DataFrame(
        {
            "link": network.link,
            "mode": np.array(MODES, object)[network.mode],
            "road_class": np.array(network.classes, object)[network.road_class],
            "side": side,
            "length_km": network.length_m / 1000,
            "hours": network.hours,
            "load_share": load,
        }
    )
    first = dict.fromkeys(["mode", "road_class", "side", "length_km"], "first")
    links = edges.groupby("link").agg(first | {"hours": "min", "load_share": "sum"})
    return gpd.GeoDataFrame(links, geometry=network.lines[links.index], crs=4326)


def index_stage(
    settings: Settings,
    inputs: Inputs,
    regions: gpd.GeoDataFrame,
    border: dict[str, Any],
    access: dict[str, Any],
    bottlenecks: dict[str, Any],
) -> dict[str, Any]:
    """Score the home regions on the three levels, type them, and say how sure that is.

    Parameters
    ----------
    settings
        The study's parameters.
    inputs
        The checked inputs.
    regions
        Regions of both sides with their measures.
    border, access, bottlenecks
        Parts of the earlier stages.

    Returns
    -------
    dict
        Frames ``registry``, ``indicators`` (the values that entered), ``levels`` (with rank
        intervals), ``typology``, ``cards``, ``sensitivity`` (what an hour less at a checkpoint
        adds to the scores), ``variance_shares`` (what the uncertainty is from), ``clusters``,
        ``cluster_quality``, ``cluster_stability``, ``cluster_agreement``, ``disparity``.
    """
    section = settings.index
    home = regions[regions["side"] == SIDES[0]]
    measured = measured_indicators(home, access["travel_times"])
    registry = checked_registry(measured_registry(inputs.registry, measured))
    measured = measured[measured.columns.intersection(registry.index)]
    selected = select(registry, inputs.indicators, home.index, measured=measured)
    method = IndexMethod(
        normalisation=section.normalisation,
        weights=section.weights,
        aggregation=section.aggregation,
        least_share=section.least_share,
    )
    scores = levels(selected.values, registry, method=method)
    transport_draws = _transport_draws(access, measured, selected.values)
    drawn = uncertainty(
        selected.values,
        registry,
        draws=section.draws,
        seed=section.seed,
        method=method,
        transport_draws=transport_draws,
    )
    shares = variance_shares(
        selected.values,
        registry,
        seed=section.seed,
        method=method,
        transport_draws=transport_draws,
    )
    checkpoints = border["checkpoints"].join(bottlenecks["ranking"])
    changes = _less_delay(bottlenecks["gains"], measured, checkpoints["name"])
    named = changes.drop_duplicates("change")[["change", "checkpoint_id"]]
    sensitivity = score_gains(selected.values, registry, changes, method=method).merge(named)
    evidence = Evidence(
        regions=regions,
        checkpoints=checkpoints,
        gains=bottlenecks["gains"],
        losses=access["losses"],
        places=access["places"],
        sensitivity=sensitivity,
    )
    thresholds = Thresholds(low=settings.typology.low, high=settings.typology.high)
    types = typology(scores, drawn, evidence=evidence, thresholds=thresholds)
    return {
        "registry": registry,
        "indicators": selected.used,
        "levels": scores.rename(columns={"rank": "index_rank"}).join(drawn.intervals),
        "typology": types,
        "cards": cards(
            scores,
            types,
            evidence,
            intervals=drawn.intervals,
            dyads=border["dyads"],
            travel_times=access["travel_times"],
            gradients=_gradients(inputs, registry, border["dyads"]),
        ),
        "sensitivity": sensitivity,
        "variance_shares": shares,
        **_clusters(scores, types["type"]),
        "disparity": _disparities(selected.used, regions["population"]),
    }


def _less_delay(gains: pd.DataFrame, measured: pd.DataFrame, names: pd.Series[str]) -> pd.DataFrame:
    """What each home region would reach across the border with less delay at a checkpoint."""
    ours = gains[
        gains["region_id"].isin(measured.index) & (gains["potential_across_gain"] > 0)
    ].copy()
    now = ours["region_id"].map(measured["potential_across"]).astype(float)
    cuts = zip(ours["delay_cut_h"], ours["checkpoint_id"].map(names), strict=True)
    return ours.assign(
        change=[f"{hours:g} h less at {name}" for hours, name in cuts],
        indicator_id="potential_across",
        value=now + ours["potential_across_gain"],
    )[["change", "region_id", "indicator_id", "value", "checkpoint_id"]]


def _gradients(inputs: Inputs, registry: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Home over neighbour, for every indicator of the index that both sides have."""
    latest = (
        inputs.indicators.sort_values("year")
        .groupby(["indicator_id", "region_id"])["value"]
        .last()
        .unstack(0)
    )
    neighbours = pairs["neighbour_id"].unique()
    both = [
        name
        for name in latest.columns[latest.reindex(neighbours).notna().any()]
        if registry.loc[name, "role"] == "index"
    ]
    return pd.DataFrame(
        {str(registry.loc[name, "name"]): dyad_gradient(pairs, latest[name]) for name in both},
        index=pairs.index,
    )


def _clusters(scores: pd.DataFrame, types: pd.Series[str]) -> dict[str, pd.DataFrame]:
    """Clusters beside the rules, where there are regions enough for any."""
    complete = scores[list(LEVELS)].dropna()
    if len(complete) < 4:
        return {}
    found = clusters(scores, types=types)
    agreement = pd.DataFrame([found.agreement]).assign(k=found.k, k_gap=found.k_gap)
    return {
        "clusters": found.labels,
        "cluster_quality": found.quality.reset_index(),
        "cluster_stability": found.stability,
        "cluster_agreement": agreement.assign(note=found.note),
    }


def _disparities(used: pd.DataFrame, population: pd.Series[float]) -> pd.DataFrame:
    """Inequality of the home regions in each indicator of the economic potential."""
    potential_of = used[(used["level"] == "potential") & (used["direction"] > 0)]
    rows = {
        name: disparity(values["value"], population.reindex(values.index))
        for name, values in potential_of.set_index("region_id").groupby("indicator_id")
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("indicator_id")


def _transport_draws(
    access: dict[str, Any], measured: pd.DataFrame, values: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Measured indicators under every pair of delays and decay of the Monte Carlo."""
    tables = {}
    for (factor, decay), rows in access["variants"].groupby(["delay_factor", "decay"]):
        times = access["travel_times"].assign(
            hours=access["travel_times"][hours_column(float(factor))]
        )
        changed = measured_indicators(
            rows.set_index("region_id").reindex(measured.index), times
        ).dropna(axis="columns", how="all")
        tables[f"delays x {factor:g}, {decay}"] = changed[
            changed.columns.intersection(values.columns)
        ]
    return tables


def hours_column(delay_factor: float) -> str:
    """Name of the column of travel times with multiplied delays.

    Parameters
    ----------
    delay_factor
        The multiple.

    Returns
    -------
    str
        Such as ``hours_delays_x0.5``.
    """
    return f"hours_delays_x{delay_factor:g}"
