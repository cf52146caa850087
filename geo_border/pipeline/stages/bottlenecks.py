"""The stage of bottlenecks: load of the network, closures, what less delay gains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from geo_border.access.decay import Exponential, calibrated
from geo_border.bottlenecks.checkpoints import checkpoint_ranking
from geo_border.bottlenecks.closures import closures
from geo_border.bottlenecks.gains import delay_gains
from geo_border.pipeline.stages.class_trips import measured_by_class
from geo_border.pipeline.stages.parameters import CUT_H
from geo_border.routing.scenarios import passages
from geo_border.terms import CAR, EVERY_CLASS, MODES, SIDES
from geo_border.traffic.demand import Gravity, cross_demand
from geo_border.traffic.loads import checkpoint_loads, edge_loads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from geo_border.network.graph import Network
    from geo_border.network.outer import OuterZones
    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.border import Border
    from geo_border.pipeline.stages.network import StudyNetwork
    from geo_border.pipeline.stages.traffic import Traffic
    from geo_border.routing.travel import Travel

GAINED = ("delay_cut_h", "potential_across_gain", "hours_saved")
"""What less delay gains, as `geo_border.bottlenecks.gains.delay_gains` gives it."""


@dataclass(frozen=True, slots=True, eq=False)
class Bottlenecks:
    """What the border does to the traffic across it.

    Parameters
    ----------
    ranking
        By checkpoint: its load, and the effect of its closure.
    diversions
        Where the traffic of a closed checkpoint goes, by class.
    gains
        What less delay gains, by checkpoint, class and region; of all classes hours alone, since
        people whom cars reach and people whom trucks reach are the same people.
    load
        Demand on each directed edge, shape (m,).
    class_load
        The same of each class of traffic, one column each.
    """

    ranking: pd.DataFrame
    diversions: pd.DataFrame
    gains: pd.DataFrame
    load: NDArray[np.float64]
    class_load: pd.DataFrame


def bottleneck_stage(
    settings: Settings,
    border: Border,
    net: StudyNetwork,
    travel: Travel,
    everyone: Travel,
    outer: OuterZones | None,
    traffic: Traffic | None,
) -> Bottlenecks:
    """Say which checkpoints hold the traffic back, by the choice of the study.

    Parameters
    ----------
    settings
        The study's parameters.
    border, net
        The border and the network of the study.
    travel
        Trips by road, their tables with trees.
    everyone
        The same with those from beyond.
    outer
        What lies beyond; None if nothing does.
    traffic
        In equilibrium; None where all take the fastest way.

    Returns
    -------
    Bottlenecks
        By checkpoint, by region and by edge.
    """
    own = measured_by_class(settings, border.checkpoints, net.controls, travel)
    gains = _gains(settings, own, None if traffic is None else traffic.saved)
    if traffic is not None:
        return Bottlenecks(
            ranking=traffic.ranking,
            diversions=traffic.diversions,
            gains=gains,
            load=traffic.load,
            class_load=traffic.class_load,
        )
    graph = net.network if outer is None else outer.network
    loads, moved, rankings = {}, {}, {}
    for name, trips in measured_by_class(
        settings, border.checkpoints, net.controls, everyone
    ).items():
        gravity, routes = gravity_of(settings, name), passages(trips.tables)
        demand = cross_demand(trips, routes, gravity=gravity)
        closed = closures(trips, gravity=gravity)
        load = edge_loads(graph, trips.tables, routes, demand)
        loads[name] = load if outer is None else outer.inner_load(load, net.network.n_edges)
        moved[name] = closed.diversions
        rankings[name] = checkpoint_ranking(checkpoint_loads(trips.tables, routes, demand), closed)
    ranking = rankings[CAR]
    if len(rankings) > 1:
        shares = {f"load_share_{name}": each["load_share"] for name, each in rankings.items()}
        ranking = ranking.assign(**shares)
    diversions = pd.concat(moved, names=["class"]).reset_index("class")
    return Bottlenecks(
        ranking=ranking,
        diversions=diversions[["closed_id", "class", "to_id", "share"]].reset_index(drop=True),
        gains=gains,
        load=loads[CAR],
        class_load=pd.DataFrame(loads),
    )


def _gains(
    settings: Settings, own: Mapping[str, Travel], saved: pd.DataFrame | None
) -> pd.DataFrame:
    """What less delay at one checkpoint gains each region, by class.

    Hours are saved by the trips in equilibrium where `saved` says how many.
    """
    decay = calibrated(settings.access.decay, settings.access.half_life_h)
    found = {
        name: delay_gains(trips, cut_h=CUT_H, decay=decay, gravity=gravity_of(settings, name))
        for name, trips in own.items()
    }
    gains = pd.concat(found, names=["class"]).reset_index("class")
    gains = gains[["checkpoint_id", "class", "region_id", *GAINED]].reset_index(drop=True)
    if saved is None:
        return gains
    keys = ["checkpoint_id", "class", "region_id"]
    gains = gains.drop(columns="hours_saved").merge(saved, "left", keys)
    whole = saved[saved["class"] == EVERY_CLASS]
    most = gains.groupby(["checkpoint_id", "region_id"])["delay_cut_h"].max().reset_index()
    together = most.merge(whole, on=["checkpoint_id", "region_id"])
    return pd.concat([gains, together[[c for c in gains if c in together]]], ignore_index=True)


def gravity_of(settings: Settings, name: str = CAR) -> Gravity:
    """Demand model of a class of a study.

    Parameters
    ----------
    settings
        The study's parameters.
    name
        The class.

    Returns
    -------
    Gravity
        The model.
    """
    own = settings.traffic.classes[name]
    return Gravity(
        decay=Exponential(half_life=settings.demand.half_life_h),
        origin_exponent=settings.demand.alpha if own.alpha is None else own.alpha,
        destination_exponent=settings.demand.gamma if own.gamma is None else own.gamma,
    )


def edge_layer(
    network: Network, load: NDArray[np.float64], class_load: pd.DataFrame
) -> gpd.GeoDataFrame:
    """Links of the network as lines, with what they carry across the border.

    Parameters
    ----------
    network
        The graph.
    load
        Demand on each directed edge, shape (m,).
    class_load
        The same of each class, one column each.

    Returns
    -------
    GeoDataFrame
        One row a link: ``mode``, ``road_class``, ``side``, ``length_km``, ``hours`` (of the
        faster direction), ``load_share`` (both directions), ``load_share_<class>`` if there are
        several, LineStrings in WGS 84.
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
    shares = ["load_share"]
    if len(class_load.columns) > 1:
        edges = edges.join(class_load.add_prefix("load_share_"))
        shares += [f"load_share_{name}" for name in class_load]
    first = dict.fromkeys(["mode", "road_class", "side", "length_km"], "first")
    links = edges.groupby("link").agg(first | {"hours": "min"} | dict.fromkeys(shares, "sum"))
    return gpd.GeoDataFrame(links, geometry=network.lines[links.index], crs=4326)
