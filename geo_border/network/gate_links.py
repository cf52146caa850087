"""Gates as links between the sides: what every form of the network adds to its arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_border.border.edges import WGS84

if TYPE_CHECKING:
    from geo_border.network.graph import Network

GATE_CLASS = "checkpoint"
"""Class of the links that gates are."""

DIRECTIONS = (
    ("home_node", "neighbour_node", "delay_out_h", True),
    ("neighbour_node", "home_node", "delay_in_h", False),
)
"""Tail, head and delay of the edge of each direction, and whether the link is drawn that way."""


def gate_links(
    network: Network, gates: pd.DataFrame, names: pd.Series | None = None
) -> gpd.GeoDataFrame:
    """Gates as straight links from the node at home to that of the neighbour.

    Parameters
    ----------
    network
        The graph.
    gates
        `geo_border.network.build.BuiltNetwork.gates`.
    names
        Names of checkpoints, by their id.

    Returns
    -------
    GeoDataFrame
        ``checkpoint_id``, ``name`` (missing where none is given), ``mode``, ``road_class``
        (`GATE_CLASS`), ``home_node``, ``neighbour_node``, ``length_m``, ``delay_out_h``,
        ``delay_in_h`` (hours), ``is_open``, ``is_candidate``, LineStrings in WGS 84, of no length
        where both nodes lie at one place; the index ``link`` goes on after that of the network's.
    """
    nodes = [gates[name].to_numpy(np.int64) for name in ("home_node", "neighbour_node")]
    lon, lat = (np.stack([axis[at] for at in nodes], axis=1) for axis in (network.lon, network.lat))
    stated = {
        name: gates[name].to_numpy()
        for name in ("delay_out_h", "delay_in_h", "is_open", "is_candidate")
    }
    return gpd.GeoDataFrame(
        {
            "checkpoint_id": gates.index.to_numpy(object),
            "name": None if names is None else names.reindex(gates.index).to_numpy(object),
            "mode": gates["mode"].to_numpy(object),
            "road_class": GATE_CLASS,
            "home_node": nodes[0],
            "neighbour_node": nodes[1],
            "length_m": WGS84.inv(lon[:, 0], lat[:, 0], lon[:, 1], lat[:, 1])[2],
            **stated,
        },
        geometry=shapely.linestrings(np.stack([lon, lat], axis=2)),
        index=pd.RangeIndex(len(gates), name="link") + len(network.lines),
        crs=4326,
    )


def gate_edges(links: pd.DataFrame) -> pd.DataFrame:
    """Edges of gates, one for each direction.

    Parameters
    ----------
    links
        As `gate_links` gives them.

    Returns
    -------
    DataFrame
        The columns of `links` but for the nodes, with ``tail``, ``head``, ``link``, ``along`` (the
        edge goes as its link is drawn), ``hours`` (infinite where nobody may pass) and
        ``hours_if_open``; first those to the neighbour, then those back.
    """
    ways = [
        links.assign(
            tail=links[tail],
            head=links[head],
            link=links.index,
            along=along,
            hours=links[delay].where(links["is_open"].astype(bool), np.inf),
            hours_if_open=links[delay],
        )
        for tail, head, delay, along in DIRECTIONS
    ]
    return pd.concat(ways, ignore_index=True).drop(columns=["home_node", "neighbour_node"])
