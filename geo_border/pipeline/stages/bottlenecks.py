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
from geo_border.terms import MODES, SIDES
from geo_border.traffic.demand import Gravity, cross_demand
from geo_border.traffic.loads import checkpoint_loads, edge_loads

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.network.graph import Network
    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.network import StudyNetwork
    from geo_border.routing.travel import Travel


@dataclass(frozen=True, slots=True, eq=False)
class Bottlenecks:
    """What the border does to the traffic across it.

    Parameters
    ----------
    ranking
        By checkpoint: its load, and the effect of its closure.
    diversions
        Where the traffic of a closed checkpoint goes.
    gains
        What less delay gains, by checkpoint and region.
    load
        Demand on each directed edge, shape (m,).
    """

    ranking: pd.DataFrame
    diversions: pd.DataFrame
    gains: pd.DataFrame
    load: NDArray[np.float64]


def bottleneck_stage(settings: Settings, net: StudyNetwork, travel: Travel) -> Bottlenecks:
    """Load the network with demand across the border and close each checkpoint in turn.

    Parameters
    ----------
    settings
        The study's parameters.
    net
        The network of the study.
    travel
        Trips by road, their tables with trees.

    Returns
    -------
    Bottlenecks
        By checkpoint, by region and by edge.
    """
    tables = travel.tables
    gravity = gravity_of(settings)
    routes = passages(tables)
    demand = cross_demand(travel, routes, gravity=gravity)
    loads = checkpoint_loads(tables, routes, demand)
    closed = closures(travel, gravity=gravity)
    gains = delay_gains(
        travel,
        cut_h=CUT_H,
        decay=calibrated(settings.access.decay, settings.access.half_life_h),
        gravity=gravity,
    )
    return Bottlenecks(
        ranking=checkpoint_ranking(loads, closed),
        diversions=closed.diversions,
        gains=gains,
        load=edge_loads(net.network, tables, routes, demand),
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


def edge_layer(network: Network, load: NDArray[np.float64]) -> gpd.GeoDataFrame:
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
