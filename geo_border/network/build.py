"""The network of a study: lines, checkpoints and places become one graph of arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from geo_border.errors import NetworkError
from geo_border.network.beyond import join_beyond
from geo_border.network.divided import divide
from geo_border.network.gates import NO_DELAYS, open_gates
from geo_border.network.gauges import with_gauge_breaks
from geo_border.network.graph import Network
from geo_border.network.joining import join_pieces
from geo_border.network.known import known_ground
from geo_border.network.links import CARRIED
from geo_border.network.parts import network_parts
from geo_border.network.places import Access, join_places
from geo_border.network.reach import tagged_nodes
from geo_border.network.stations import join_stations
from geo_border.network.straight import foreign_land
from geo_border.network.tolerances import Tolerances
from geo_border.shown import shown
from geo_border.terms import MODES, SIDES

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

TEXTS = ("name", "ref", "electrified")
"""Columns of `geo_border.network.links.CARRIED` that hold words."""

FLAGS: Mapping[Any, bool] = MappingProxyType({True: True, False: False, "yes": True, "no": False})
"""What a layer may say of a bridge or a tunnel."""

SHORTEST_HOURS = 1e-7
"""Least time of an edge: zero would drop out of sparse matrices."""


@dataclass(frozen=True, slots=True)
class BuiltNetwork:
    """What `from_osm` and its like give: the graph, its checkpoints, crossings and places.

    Measures take it whole. What each knows of the graph is beside it, found in building.

    Parameters
    ----------
    network
        The graph itself, as arrays.
    gates
        The two nodes that each checkpoint joins, or would join, as
        `geo_border.network.gates.open_gates` gives them.
    crossings
        Where links pass the border, with their checkpoint or none.
    controls
        What each checkpoint on the line is to the roads there, as
        `geo_border.network.crossings.find_crossings` gives it.
    places
        Places with the ``node`` where they enter, ``access_km``, ``access_h``.
    speeds
        By ``side``, ``mode`` and ``class``: ``km`` of network, of which ``tagged_km`` with a speed
        of their own and ``imputed_km`` without, and the ``mean_kmh`` they got.
    parts
        Connected parts of the network and whether they lead to a checkpoint, as
        `geo_border.network.parts.network_parts` gives them.
    links
        What is known of each link of the network, in their order: the columns of
        `geo_border.network.links.CARRIED`, missing where nothing is.
    land
        Land of both sides as far as its roads are known, as
        `geo_border.network.known.known_ground` gives it.

    Examples
    --------
    >>> import geo_border as gb
    >>> net = gb.example_network()
    >>> len(net.gates), len(net.places)
    (51, 1420)
    """

    __repr__ = shown

    network: Network
    gates: pd.DataFrame
    crossings: gpd.GeoDataFrame
    controls: pd.DataFrame
    places: gpd.GeoDataFrame
    speeds: pd.DataFrame
    parts: pd.DataFrame
    links: pd.DataFrame
    land: gpd.GeoDataFrame


def build_network(
    lines: gpd.GeoDataFrame,
    territory: gpd.GeoDataFrame,
    border: gpd.GeoDataFrame,
    checkpoints: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame,
    speeds: pd.DataFrame | None = None,
    *,
    stations: gpd.GeoDataFrame | None = None,
    access: Access = Access(),
    tolerances: Tolerances = Tolerances(),
    delay_h: Mapping[Any, float] = NO_DELAYS,
    most_candidates: int = 300,
) -> BuiltNetwork:
    """Join line layers, checkpoints and places into one network.

    Parameters
    ----------
    lines
        Road and railway lines, see `geo_border.network.links.links_from_lines`.
    territory
        Polygons of both sides with ``side`` and ``region_id``.
    border
        Pieces as `geo_border.border.line.border_line` gives them.
    checkpoints
        As `geo_border.border.checkpoints.placed_checkpoints` gives them; where there is none, or
        none that is open and on the network, the border is closed.
    places
        Points with ``side`` and ``population``; may be empty.
    speeds
        ``side``, ``mode``, ``class``, ``kmh``: default speeds of lines that have none; not
        needed where all have ``travel_kmh``, ``speed_kmh`` or ``hours``.
    stations
        Points with ``side`` where one changes between road and railway; without them,
        settlements near a railway have one.
    access
        How places reach the network.
    tolerances
        How far apart lines that are one, and lines and checkpoints, may lie.
    delay_h, most_candidates
        Of checkpoints that there could be, see `geo_border.network.gates.open_gates`.

    Returns
    -------
    BuiltNetwork
        The network with gates, crossings, joined places and the account of speeds.

    Raises
    ------
    NetworkError
        If there is no road, the lines do not touch a side, or a class has no speed.
    """
    if len(lines) and not (lines["mode"] == "road").any():
        raise NetworkError(
            "the network has no roads, by which settlements and cells reach it",
            remedy="Add a layer of mode road to `lines` in [network]",
        )
    nodes, links, crossings, controls = divide(lines, territory, border, checkpoints, tolerances)
    nodes, links, gates = open_gates(
        nodes,
        links,
        crossings,
        controls,
        checkpoints,
        delay_h=delay_h,
        most_candidates=most_candidates,
    )
    gates = with_gauge_breaks(nodes, links, gates, break_h=access.gauge_break_h)
    # Positions in the network before its sides were parted say nothing of this one.
    crossings = crossings.drop(columns=["node", "home_link", "neighbour_link"])
    parts = network_parts(nodes, links, gates)
    land = foreign_land(territory)
    nodes, links, places = join_places(nodes, links, gates, places, land, access=access)
    if access.beyond_km is not None:
        nodes, links, places = join_beyond(nodes, links, gates, places, land, access=access)
    nodes, links = join_stations(
        nodes, links, gates, places, land, stations=stations, access=access
    )
    links = join_pieces(nodes, links, kept=_special(nodes, gates, places, checkpoints, stations))
    nodes, links, gates, places = _compact(nodes, links, gates, places)
    hours, account = hours_of(nodes, links, speeds)
    regions = tuple(sorted(territory["region_id"].dropna()))
    network = assemble(nodes, links, hours, regions)
    known = known_ground(territory, lines, network)
    return BuiltNetwork(
        *(network, gates, crossings, controls, places, account, parts, _carried(links), known)
    )


def with_names(built: BuiltNetwork, names: pd.Series[str]) -> BuiltNetwork:
    """Give the gates of a network the names of their checkpoints.

    Parameters
    ----------
    built
        The network.
    names
        By ``checkpoint_id``; checkpoints without one, and candidates, have none.

    Returns
    -------
    BuiltNetwork
        The same, with ``name`` as the first column of its gates.
    """
    gates = built.gates.drop(columns="name", errors="ignore")
    gates.insert(0, "name", names.astype(object).reindex(gates.index))
    return replace(built, gates=gates)


def _special(
    nodes: pd.DataFrame,
    gates: pd.DataFrame,
    places: pd.DataFrame,
    *marked: pd.DataFrame | None,
) -> NDArray[np.int64]:
    """Nodes of gates and places, and those that OSM marks as a checkpoint or a station."""
    entries = places["node"].to_numpy(np.int64)
    return np.concatenate(
        [
            gates[["home_node", "neighbour_node"]].to_numpy(np.int64).ravel(),
            entries[entries >= 0],
            *(
                tagged_nodes(nodes, table).to_numpy(np.int64)
                for table in marked
                if table is not None
            ),
        ]
    )


def _compact(
    nodes: pd.DataFrame, links: gpd.GeoDataFrame, gates: pd.DataFrame, places: gpd.GeoDataFrame
) -> tuple[pd.DataFrame, gpd.GeoDataFrame, pd.DataFrame, gpd.GeoDataFrame]:
    """The same without the nodes that no link, gate or place is left at."""
    columns = {"tail": links, "head": links, "home_node": gates, "neighbour_node": gates}
    used = np.zeros(len(nodes) + 1, bool)
    for name, table in columns.items():
        used[table[name].to_numpy(np.int64)] = True
    used[places["node"].to_numpy(np.int64)] = True
    used[-1] = False
    number = np.append(np.cumsum(used[:-1]) - 1, -1)
    return (
        nodes[used[:-1]].reset_index(drop=True),
        links.assign(tail=number[links["tail"]], head=number[links["head"]]),
        gates.assign(
            home_node=number[gates["home_node"]], neighbour_node=number[gates["neighbour_node"]]
        ),
        places.assign(node=number[places["node"]]),
    )


def _carried(links: gpd.GeoDataFrame) -> pd.DataFrame:
    """What lines have told of links; what is not understood is missing."""
    stated = pd.DataFrame(links.reindex(columns=list(CARRIED))).rename_axis("link")
    words = {
        name: stated[name].astype(str).astype(object).where(stated[name].notna(), None)
        for name in TEXTS
    }
    numbers = {
        name: pd.to_numeric(stated[name], errors="coerce") for name in ("way_id", "gauge_mm")
    }
    flags = {name: stated[name].astype(object).map(FLAGS) for name in ("bridge", "tunnel")}
    kinds: dict[Hashable, Any] = {"way_id": "Int64", "bridge": "boolean", "tunnel": "boolean"}
    return stated.assign(**words, **numbers, **flags).astype(kinds | {"gauge_mm": float})


def hours_of(
    nodes: pd.DataFrame, links: gpd.GeoDataFrame, speeds: pd.DataFrame | None
) -> tuple[pd.Series, pd.DataFrame]:
    """Time of each link: its own, else by the speed one goes on it, its limit or its default.

    Parameters
    ----------
    nodes, links
        As `geo_border.network.links.links_from_lines` gives them.
    speeds
        As in `build_network`.

    Returns
    -------
    hours : Series
        Positive, index of the links.
    account : DataFrame
        Speeds, as `BuiltNetwork` has them.

    Raises
    ------
    NetworkError
        If a class has no speed.
    """
    side = nodes["side"].to_numpy()[links["tail"]]
    key = pd.DataFrame(
        {
            "side": np.asarray(SIDES, object)[side],
            "mode": links["mode"].to_numpy(),
            "class": links["road_class"].to_numpy(),
        },
        index=links.index,
    )
    kmh = links["travel_kmh"].fillna(links["speed_kmh"])
    if speeds is not None:
        default = key.merge(speeds[["side", "mode", "class", "kmh"]], how="left")["kmh"]
        kmh = kmh.fillna(pd.Series(default.to_numpy(), links.index))
    hours = links["hours"].fillna(links["length_km"] / kmh)
    unknown = key[hours.isna()].drop_duplicates()
    if len(unknown):
        missing = "; ".join(", ".join(row) for row in unknown.itertuples(index=False))
        raise NetworkError(
            f"no default speed for (side, mode, class) {missing}",
            remedy="Add the rows to the speed table of the study",
        )
    km = links["length_km"]
    tagged = links["speed_kmh"].notna() | links["hours"].notna()
    account = (
        key.assign(km=km, tagged_km=km.where(tagged, 0.0), imputed_km=km.mask(tagged, 0.0))
        .assign(hours=hours)
        .groupby(["side", "mode", "class"])
        .sum()
        .assign(mean_kmh=lambda rows: rows["km"] / rows.pop("hours"))
        .reset_index()
    )
    return hours.clip(lower=SHORTEST_HOURS), account


def assemble(
    nodes: pd.DataFrame, links: gpd.GeoDataFrame, hours: pd.Series, regions: tuple[str, ...]
) -> Network:
    """Arrays in compressed sparse row order; two-way links become two edges.

    Parameters
    ----------
    nodes
        ``lon``, ``lat``, ``side``, ``region_id``.
    links
        As `geo_border.network.links.links_from_lines` gives them.
    hours
        Of each link.
    regions
        Region ids.

    Returns
    -------
    Network
        Nodes and links keep their positions.
    """
    tail, head = links["tail"].to_numpy(), links["head"].to_numpy()
    along, against = links["oneway"].to_numpy() >= 0, links["oneway"].to_numpy() <= 0
    number = np.arange(len(links))
    link = np.r_[number[along], number[against]]
    edge_tail = np.r_[tail[along], head[against]]
    edge_head = np.r_[head[along], tail[against]]
    order = np.lexsort((link, edge_head, edge_tail))
    link, edge_tail, edge_head = link[order], edge_tail[order], edge_head[order]
    first = np.unique(link, return_index=True)[1]
    lines = links.geometry.to_numpy()
    lines = np.where(edge_tail[first] == tail, lines, shapely.reverse(lines))
    indptr = np.zeros(len(nodes) + 1, np.int64)
    np.cumsum(np.bincount(edge_tail, minlength=len(nodes)), out=indptr[1:])
    classes, class_of = np.unique(links["road_class"].to_numpy(dtype=str), return_inverse=True)
    region = pd.Categorical(nodes["region_id"], categories=regions).codes
    return Network(
        lon=nodes["lon"].to_numpy(),
        lat=nodes["lat"].to_numpy(),
        side=nodes["side"].to_numpy(np.int8),
        region=region.astype(np.int32),
        indptr=indptr,
        indices=edge_head.astype(np.int32),
        length_m=1000 * links["length_km"].to_numpy()[link],
        hours=hours.to_numpy()[link],
        mode=links["mode"].map(MODES.index).to_numpy(np.int8)[link],
        road_class=class_of.astype(np.int16)[link],
        link=link.astype(np.int32),
        lines=lines,
        regions=regions,
        classes=tuple(map(str, classes)),
    )
