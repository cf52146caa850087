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
from geo_border.pipeline.stages.parameters import CUT_H
from geo_border.routing.scenarios import passages
from geo_border.terms import CAR, MODES, SIDES
from geo_border.traffic.demand import Gravity, cross_demand
from geo_border.traffic.loads import checkpoint_loads, edge_loads

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.network.graph import Network
    from geo_border.network.outer import OuterZones
    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.network import StudyNetwork
    from geo_border.pipeline.stages.traffic import Traffic
    from geo_border.routing.travel import Travel


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
        What less delay gains, by checkpoint and region.
    load
        Demand on each directed edge, shape (m,).
    class_load
        The same of each class of traffic, one column each; none where all take the fastest way.
    """

    ranking: pd.DataFrame
    diversions: pd.DataFrame
    gains: pd.DataFrame
    load: NDArray[np.float64]
    class_load: pd.DataFrame


def bottleneck_stage(
    settings: Settings,
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
    net
        The network of the study.
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
    gravity = gravity_of(settings)
    gains = delay_gains(
        travel,
        cut_h=CUT_H,
        decay=calibrated(settings.access.decay, settings.access.half_life_h),
        gravity=gravity,
    )
    if traffic is not None:
        keys = ["checkpoint_id", "region_id"]
        saved = traffic.saved.set_index(keys)["hours_saved"]
        return Bottlenecks(
            ranking=traffic.ranking,
            diversions=traffic.diversions,
            gains=gains.drop(columns="hours_saved").join(saved, on=keys),
            load=traffic.load,
            class_load=traffic.class_load,
        )
    tables = everyone.tables
    routes = passages(tables)
    demand = cross_demand(everyone, routes, gravity=gravity)
    closed = closures(everyone, gravity=gravity)
    load = edge_loads(net.network if outer is None else outer.network, tables, routes, demand)
    return Bottlenecks(
        ranking=checkpoint_ranking(checkpoint_loads(tables, routes, demand), closed),
        diversions=closed.diversions.assign(**{"class": CAR})[
            ["closed_id", "class", "to_id", "share"]
        ],
        gains=gains,
        load=load if outer is None else outer.inner_load(load, net.network.n_edges),
        class_load=pd.DataFrame(index=range(net.network.n_edges)),
    )


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
