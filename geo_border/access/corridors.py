"""Corridors: hours and cost against kilometres along a named way, delays as steps."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import MultiLineString

from geo_border.errors import NetworkError, ParameterError
from geo_border.routing.routes import WGS84, routes
from geo_border.routing.scenarios import AS_IS, Scenario, delays
from geo_border.shown import shown
from geo_border.terms import SIDES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from geo_border.network.graph import Network
    from geo_border.routing.routes import Route
    from geo_border.routing.tables import GateTables


PROFILE = [
    "corridor",
    "km",
    "hours",
    "driving_hours",
    "lon",
    "lat",
    "side",
    "place_id",
    "checkpoint_id",
    "delay_h",
]
"""Columns of a profile."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What a trip along a corridor costs; all in one currency.

    Parameters
    ----------
    per_km
        For each kilometre (fuel, wear, tolls).
    per_hour
        For each hour, driving or waiting (driver, vehicle, freight).
    per_passage
        For each passage of the border (fees, papers).

    Examples
    --------
    >>> import geo_border as gb
    >>> price = gb.Costs(per_km=0.3, per_hour=20)
    >>> net = gb.example_network()
    >>> gb.corridors(net, {"steppe": ["Orsk", "Aktobe"]}, costs=price)["cost"].round(-1)
    corridor
    steppe    100.0
    Name: cost, dtype: float64
    """

    per_km: float = 0.0
    per_hour: float = 0.0
    per_passage: float = 0.0

    def __post_init__(self) -> None:
        for name in ("per_km", "per_hour", "per_passage"):
            value = getattr(self, name)
            if not 0 <= value < np.inf:
                raise ParameterError(f"{name} must be a number, 0 or more, not {value}")


@dataclass(frozen=True, slots=True, eq=False)
class Corridor:
    """The fastest way through given places.

    Parameters
    ----------
    stops
        Ids of the places, in order.
    nodes
        Node of each place.
    legs
        Way from each place to the next, without local ways between places and network.
    """

    __repr__ = shown

    stops: tuple[str, ...]
    nodes: tuple[int, ...]
    legs: tuple[Route, ...]


def find_corridors(
    network: Network,
    tables: GateTables,
    points: pd.DataFrame,
    stops: Mapping[str, Sequence[str]],
    *,
    scenario: Scenario = AS_IS,
) -> dict[str, Corridor]:
    """Fastest ways through given places; the through traffic stays on the network.

    Two searches for each leg.

    Parameters
    ----------
    network
        The graph that was searched for the tables.
    tables
        Checkpoint tables with their trees.
    points
        Places, index of ids; columns ``side``, ``node``.
    stops
        Ids of the places that each corridor leads through, in order, by its name.
    scenario
        What is different at the border.

    Returns
    -------
    dict
        Corridor by name, in the order given.

    Raises
    ------
    NetworkError
        If a corridor has fewer than two places, a place is unknown or does not reach the
        network, or no way leads from one to the next.
    TableError, CheckpointError
        As `geo_border.routing.routes.routes`.
    """
    found = {}
    for name, ids in stops.items():
        if len(ids) < 2:
            raise NetworkError(
                f"corridor {name!r} leads through fewer than two places", remedy="Name two or more"
            )
        nodes = tuple(_node(points, stop, name) for stop in ids)
        legs = []
        for start, end in pairwise(ids):
            both = points.loc[[start, end], ["side", "node"]].assign(access_h=0.0)
            leg = routes(network, tables, both, scenario=scenario)[start, end]
            if not np.isfinite(leg.hours):
                raise NetworkError(
                    f"corridor {name!r}: no way leads from {start!r} to {end!r}",
                    remedy="Name other places, or open a checkpoint between them",
                )
            legs.append(leg)
        found[name] = Corridor(tuple(ids), nodes, tuple(legs))
    return found


def corridor_profiles(
    network: Network,
    tables: GateTables,
    corridors: Mapping[str, Corridor],
    *,
    scenario: Scenario = AS_IS,
    costs: Costs | None = None,
) -> pd.DataFrame:
    """Time and cost against distance along corridors.

    A passage of the border is two rows at the same kilometre (but for the way between the
    gate's two nodes), before and after its delay.

    Parameters
    ----------
    network
        The graph that was searched for the tables.
    tables
        Checkpoint tables with their trees.
    corridors
        Result of `find_corridors` under the same scenario.
    scenario
        What is different at the border.
    costs
        What a kilometre, an hour and a passage cost; without it there are no columns of cost.

    Returns
    -------
    DataFrame
        One row for each place, junction and passage in order: ``corridor``, ``km``,
        ``hours``, ``driving_hours`` (without delays), ``cost``, ``driving_cost`` (without
        the hours of delays; passages are still paid for), ``lon``, ``lat``, ``side``,
        ``place_id`` (missing between places), ``checkpoint_id`` and ``delay_h`` (of the
        passage that ends in the row, else missing and 0).

    Raises
    ------
    CheckpointError
        If the scenario does not fit the tables.

    References
    ----------
    UNESCAP (2019), Time/Cost-Distance Methodology; ADB, CAREC Corridor Performance
    Measurement and Monitoring.
    """
    delay = delays(tables, scenario)
    rows: list[dict[str, Any]] = []
    for name, corridor in corridors.items():
        walk = _Walk(network, tables.gates, delay, corridor.nodes[0])
        walk.note(place_id=corridor.stops[0])
        for leg, stop in zip(corridor.legs, corridor.stops[1:], strict=True):
            before = len(walk.rows)
            walk.along(leg)
            if len(walk.rows) == before:  # both places are at one node
                walk.note()
            walk.rows[-1]["place_id"] = stop
        rows += [{"corridor": name, **row} for row in walk.rows]
    profile = pd.DataFrame(rows, columns=PROFILE)
    if costs is not None:
        passed = profile["checkpoint_id"].notna().groupby(profile["corridor"]).cumsum()
        fixed = costs.per_km * profile["km"] + costs.per_passage * passed
        profile.insert(4, "cost", fixed + costs.per_hour * profile["hours"])
        profile.insert(5, "driving_cost", fixed + costs.per_hour * profile["driving_hours"])
    return profile


def corridor_summary(profiles: pd.DataFrame) -> pd.DataFrame:
    """Length, time and speed of each corridor, with and without delays at the border.

    Parameters
    ----------
    profiles
        Result of `corridor_profiles`.

    Returns
    -------
    DataFrame
        Index ``corridor``, in the order of the profiles; ``km``, ``hours``,
        ``driving_hours``, ``delay_h``, ``passages``, ``via`` (checkpoints in order, joined
        by ``;``), ``swod_kmh`` (speed without delay), ``swd_kmh`` (speed with delay) and,
        if the profiles have them, ``cost`` and ``driving_cost``.

    References
    ----------
    ADB (2014), CAREC Corridor Performance Measurement and Monitoring: SWOD and SWD.
    """
    groups = profiles.groupby("corridor", sort=False)
    last = groups.last()
    found = pd.DataFrame(
        {
            "km": last["km"],
            "hours": last["hours"],
            "driving_hours": last["driving_hours"],
            "delay_h": groups["delay_h"].sum(),
            "passages": groups["checkpoint_id"].count(),
            "via": groups["checkpoint_id"].agg(lambda ids: ";".join(ids.dropna())),
            "swod_kmh": last["km"] / last["driving_hours"].where(last["driving_hours"] > 0),
            "swd_kmh": last["km"] / last["hours"].where(last["hours"] > 0),
        }
    )
    return found.join(last[["cost", "driving_cost"]]) if "cost" in profiles else found


def corridor_lines(corridors: Mapping[str, Corridor]) -> gpd.GeoDataFrame:
    """Draw each corridor.

    Parameters
    ----------
    corridors
        Result of `find_corridors`.

    Returns
    -------
    GeoDataFrame
        Index ``corridor``; one MultiLineString each, WGS 84.
    """
    drawn = [
        MultiLineString([line for leg in corridor.legs for line in leg.lines.geoms])
        for corridor in corridors.values()
    ]
    index = pd.Index(list(corridors), name="corridor")
    return gpd.GeoDataFrame(geometry=drawn, index=index, crs=4326)


def _node(points: pd.DataFrame, stop: str, corridor: str) -> int:
    """Node of a place of a corridor."""
    known = stop in points.index
    node = int(points["node"].to_numpy(np.int64)[points.index.get_loc(stop)]) if known else -1
    if node < 0:
        problem = "does not reach the network" if known else "is unknown"
        raise NetworkError(
            f"corridor {corridor!r}: place {stop!r} {problem}", remedy="Name another place"
        )
    return node


class _Walk:
    """Adds up kilometres and hours along routes."""

    def __init__(
        self, network: Network, gates: pd.DataFrame, delay: NDArray[np.float64], node: int
    ) -> None:
        self.network = network
        self.tail = network.tail
        self.names = gates.index
        self.ends = gates[["home_node", "neighbour_node"]].to_numpy(np.int64)
        self.delay = delay
        self.node = node
        self.km = self.hours = self.driving = 0.0
        self.rows: list[dict[str, Any]] = []

    def note(
        self,
        *,
        place_id: str | None = None,
        checkpoint_id: str | None = None,
        delay_h: float = 0.0,
    ) -> None:
        """Add a row where the walk is."""
        self.rows.append(
            {
                "km": self.km,
                "hours": self.hours,
                "driving_hours": self.driving,
                "lon": float(self.network.lon[self.node]),
                "lat": float(self.network.lat[self.node]),
                "side": SIDES[self.network.side[self.node]],
                "place_id": place_id,
                "checkpoint_id": checkpoint_id,
                "delay_h": delay_h,
            }
        )

    def along(self, route: Route) -> None:
        """Walk along the edges of a route and through its checkpoints."""
        gates = list(route.via)
        for edge in route.edges:
            while self.node != self.tail[edge]:
                self.through(gates.pop(0))
            self.km += float(self.network.length_m[edge]) / 1000
            self.hours += float(self.network.hours[edge])
            self.driving += float(self.network.hours[edge])
            self.node = int(self.network.indices[edge])
            self.note()
        while gates:
            self.through(gates.pop(0))

    def through(self, name: str) -> None:
        """Pass a checkpoint."""
        gate = self.names.get_loc(name)
        side = int(self.network.side[self.node])
        before, after = self.ends[gate, side], self.ends[gate, 1 - side]
        ends = [before, after]
        self.km += WGS84.line_length(self.network.lon[ends], self.network.lat[ends]) / 1000
        waited = float(self.delay[side, gate])
        self.hours += waited
        self.node = int(after)
        self.note(checkpoint_id=name, delay_h=waited)
