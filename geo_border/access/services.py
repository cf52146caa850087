"""Times from places to services on either side, and the nearest service of each kind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from geo_border.compute.compiled import in_blocks
from geo_border.errors import TableError
from geo_border.geometry.geodesic import geodesic_km, reduced_vectors
from geo_border.ids import by_id
from geo_border.network.places import Access
from geo_border.routing.crossing import NO_DIRECT, across, transit
from geo_border.routing.engine.contraction import FRESH
from geo_border.routing.engine.kernels import fill_times
from geo_border.routing.inside import rows_at_once, times_to
from geo_border.routing.tables import gate_tables, nodes_and_legs
from geo_border.shown import shown
from geo_border.terms import SIDES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    import geopandas as gpd
    from numpy.typing import NDArray

    from geo_border.network.graph import Network
    from geo_border.network.straight import ForeignLand
    from geo_border.routing.engine.contraction import Contractor
    from geo_border.routing.inside import Times
    from geo_border.routing.scenarios import Passages
    from geo_border.routing.tables import GateTables

HELD = 25_000_000
"""Times from places to services of a kind that are held at once, 200 MB."""


class ServiceTimes(Protocol):
    """Times from P places to S services, a block of services at a time."""

    @property
    def place_ids(self) -> pd.Index[Any]:
        """Index of the places, P entries."""

    @property
    def service_ids(self) -> pd.Index[Any]:
        """Index of the services, S entries."""

    @property
    def place_side(self) -> NDArray[np.int8]:
        """Position of each place's side in `SIDES`, shape (P,)."""

    @property
    def service_side(self) -> NDArray[np.int8]:
        """Position of each service's side, shape (S,)."""

    def block(self, rows: slice) -> NDArray[np.float64]:
        """Hours to some services, infinite where there is no way, shape (P, rows)."""


@dataclass(frozen=True, slots=True, eq=False)
class SearchedServices:
    """Times to services, searched for backwards from each when they are asked for.

    One search a service, whatever the number of places, each time it is asked for; with
    `held` only once.

    Parameters
    ----------
    tables
        Checkpoint tables of the places and then of all services.
    routes
        Ways between the gates; None is the closed border.
    services
        Positions of the services in `tables`.
    place_ids, service_ids
        Index of the places, the first of `tables`, and of the services.
    times
        What finds the hours to some nodes from those of the places that reach the network,
        shape (nodes, places there).
    node, legs
        Node of each place and service, -1 where the network is out of reach, and hours to it.
    points
        Where they are, as `geo_border.geometry.geodesic.reduced_vectors` gives it.
    lonlat
        The same in degrees, shape (P + S, 2).
    access
        Local ways; None where there are none.
    land
        What bars local ways; None where nothing does.
    direct
        Hours that do not pass the border, if they are held, shape (P, S).
    """

    __repr__ = shown

    tables: GateTables
    routes: Passages | None
    services: NDArray[np.int64]
    place_ids: pd.Index[Any]
    service_ids: pd.Index[Any]
    times: Times
    node: NDArray[np.int64]
    legs: NDArray[np.float64]
    points: NDArray[np.float64]
    lonlat: NDArray[np.float64]
    access: Access | None
    land: ForeignLand | None
    direct: NDArray[np.float64] | None = None

    @property
    def n_places(self) -> int:
        """Number of places."""
        return len(self.place_ids)

    @property
    def place_side(self) -> NDArray[np.int8]:
        """Position of each place's side in `SIDES`, shape (P,)."""
        return self.tables.place_side[: self.n_places]

    @property
    def service_side(self) -> NDArray[np.int8]:
        """Position of each service's side, shape (S,)."""
        return self.tables.place_side[self.services]

    def under(self, routes: Passages | None) -> SearchedServices:
        """Times under another scenario.

        Parameters
        ----------
        routes
            Ways between the gates; None is the closed border.

        Returns
        -------
        SearchedServices
            The same places and services.
        """
        return replace(self, routes=routes)

    def only(self, which: NDArray[np.bool_]) -> SearchedServices:
        """Times to some of the services.

        Parameters
        ----------
        which
            Mask over the services.

        Returns
        -------
        SearchedServices
            The same places and scenario.
        """
        direct = None if self.direct is None else self.direct[:, which]
        ids = self.service_ids[which]
        return replace(self, services=self.services[which], service_ids=ids, direct=direct)

    def held(self) -> SearchedServices:
        """Search once for what does not depend on the border, if it is no more than `HELD` times.

        Returns
        -------
        SearchedServices
            The same times.
        """
        if self.n_places * len(self.services) > HELD:
            return self
        blocks = service_blocks(self, self._direct)
        found = [np.empty((self.n_places, 0)), *(hours for _, hours in blocks)]
        return replace(self, direct=np.concatenate(found, axis=1))

    def block(self, rows: slice) -> NDArray[np.float64]:
        """Hours to some services.

        Parameters
        ----------
        rows
            Which services.

        Returns
        -------
        ndarray
            Shape (P, rows).
        """
        ends = self.services[rows]
        hours = self._direct(rows) if self.direct is None else self.direct[:, rows].copy()
        if self.routes is None:
            return hours
        for side in range(len(SIDES)):
            here = np.flatnonzero(self.place_side == side)
            for other in range(len(SIDES)):
                there = np.flatnonzero(self.tables.place_side[ends] == other)
                tabulate = transit if other == side else across
                pairs = tabulate(
                    self.tables, self.routes, side, origins=here, destinations=ends[there]
                )
                direct = NO_DIRECT
                if other == side:
                    direct = np.ascontiguousarray(hours[np.ix_(here, there)])
                times = np.empty((len(here), len(there)))
                fill_times(direct, pairs.A, pairs.E, times, np.empty(times.shape, np.int32))
                hours[np.ix_(here, there)] = times
        return hours

    def _direct(self, rows: slice) -> NDArray[np.float64]:
        """Hours that do not pass the border: by the network, or by a local way."""
        n, ends = self.n_places, self.services[rows]
        hours = np.full((n, len(ends)), np.inf)
        starts, joined = self.node[:n] >= 0, self.node[ends] >= 0
        roots, root_of = np.unique(self.node[ends[joined]], return_inverse=True)
        hours[np.ix_(starts, joined)] = self.times(roots)[root_of].T
        hours += self.legs[:n, None]
        hours += self.legs[ends]
        if self.access is None:
            return hours
        km = np.empty(n)
        for column, end in enumerate(ends):
            geodesic_km(self.points[end], self.points[:n], km)
            same = self.place_side == self.tables.place_side[end]
            same &= km <= self.access.farthest_km
            local = km * self.access.detour / self.access.speed_kmh
            sooner = np.flatnonzero(same & (local < hours[:, column]))
            sooner = sooner[self._is_free(sooner, end)]
            hours[sooner, column] = local[sooner]
        return hours

    def _is_free(self, places: NDArray[np.int64], service: int) -> NDArray[np.bool_]:
        """Whether no foreign land parts places from a service of their side."""
        if self.land is None:
            return np.ones(len(places), bool)
        ends = np.broadcast_to(self.lonlat[service], (len(places), 2))
        side = self.tables.place_side[service]
        return ~self.land.bars(int(side), self.lonlat[places], ends)


def searched_services(
    network: Network,
    places: gpd.GeoDataFrame,
    services: gpd.GeoDataFrame,
    gates: pd.DataFrame,
    *,
    modes: Collection[str] = ("road",),
    routes: Passages | None = None,
    access: Access | None = Access(),
    land: ForeignLand | None = None,
    contractor: Contractor = FRESH,
) -> SearchedServices:
    """Prepare searches to services, joined to the network as places are.

    Times come from sweeps or from the bucket queue, as those of
    `geo_border.routing.inside.own_searches`.

    Between a place and a service that lie nearer to each other than to the network, the
    local way is taken.

    Parameters
    ----------
    network
        The graph.
    places, services
        Points in WGS 84 with ``side``, ``node`` and ``access_h``, ids in the index.
    gates
        As `geo_border.routing.tables.gate_tables` takes them.
    modes
        Modes of the edges that may be used.
    routes
        Ways between the gates under a scenario, from tables of the same gates; None is the
        closed border.
    access
        Local ways; None for none.
    land
        What bars local ways; None for nothing.
    contractor
        Gives the contraction of a hierarchy.

    Returns
    -------
    SearchedServices
        Times from all places to all services.

    Raises
    ------
    TableError, CheckpointError, NetworkError, SideError
        As `geo_border.routing.tables.gate_tables`.
    """
    columns = ["side", "node", "access_h", "geometry"]
    both = pd.concat([places[columns], services[columns]])
    # Ids of places and services need not differ from each other.
    both.index = pd.RangeIndex(len(both)).astype(str)
    tables = gate_tables(network, both, gates, modes=modes)
    node, legs = nodes_and_legs(network, both, tables.place_side)
    n = len(places)
    starts, roots = (part[part >= 0] for part in (node[:n], node[n:]))
    (times,) = times_to(network, modes, roots, [starts], contractor=contractor, against=True)
    return SearchedServices(
        tables=tables,
        routes=routes,
        services=np.arange(n, len(both)),
        place_ids=places.index,
        service_ids=services.index,
        times=times,
        node=node,
        legs=legs,
        points=reduced_vectors(both.geometry.x, both.geometry.y),
        lonlat=np.column_stack([both.geometry.x, both.geometry.y]),
        access=access,
        land=land,
    )


def nearest_service(
    times: ServiceTimes, places: pd.DataFrame, services: pd.DataFrame
) -> pd.DataFrame:
    """Time from each place to the nearest service, on its side and across.

    Takes the times once, a block of services at a time.

    Parameters
    ----------
    times
        Times from the places to the services.
    places
        The places, ids in the index or as ``place_id``.
    services
        The services, ids in the index or as ``service_id``.

    Returns
    -------
    DataFrame
        Index of `places`; ``hours_own``, ``hours_across`` (infinite where there is no way),
        ``service_own``, ``service_across`` (missing there).

    Raises
    ------
    TableError
        If the times are not of these places and services.

    Examples
    --------
    >>> import geo_border as gb
    >>> net = gb.example_network()
    >>> clinics = net.places.nlargest(20, "population")[["geometry"]].assign(supply=100.0)
    >>> times = gb.service_times(net, clinics)
    >>> nearest = gb.nearest_service(times, net.places, clinics)
    >>> nearest["hours_own"].idxmin() in clinics.index
    True
    """
    check_services(times, places, services)
    hours = np.full((2, len(places)), np.inf)
    found = np.full((2, len(places)), -1)
    for rows, (least, at) in service_blocks(times, partial(_least, times)):
        less = least < hours
        hours[less], found[less] = least[less], at[less] + rows.start
    names = by_id(services, "service_id").index.to_numpy(object)
    columns: dict[str, Any] = {}
    for number, name in enumerate(("own", "across")):
        columns[f"hours_{name}"] = hours[number]
    for number, name in enumerate(("own", "across")):
        at = found[number]
        columns[f"service_{name}"] = np.where(at >= 0, names[at], None) if len(names) else None
    return pd.DataFrame(columns, index=by_id(places, "place_id").index)


def _least(times: ServiceTimes, rows: slice) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Least hours to some services and which it is: own side, across."""
    hours = times.block(rows)
    same = times.place_side[:, None] == times.service_side[rows]
    split = np.stack([np.where(same, hours, np.inf), np.where(same, np.inf, hours)])
    at = split.argmin(axis=2)
    return np.take_along_axis(split, at[:, :, None], axis=2)[:, :, 0], at


def service_blocks(times: ServiceTimes, work: Any) -> Iterator[tuple[slice, Any]]:
    """Apply work to blocks of services, on all cores.

    Parameters
    ----------
    times
        Times whose blocks `work` will ask for.
    work
        As `geo_border.compute.compiled.in_blocks` takes it.

    Yields
    ------
    tuple
        The slice of services and what `work` returned, in order.
    """
    size, n = rows_at_once(len(times.place_side)), len(times.service_side)
    for number, result in enumerate(in_blocks(n, work, size=size)):
        yield slice(number * size, min((number + 1) * size, n)), result


def check_services(times: ServiceTimes, places: pd.DataFrame, services: pd.DataFrame) -> None:
    """Refuse places and services that are not those of the times.

    Parameters
    ----------
    times
        Times from places to services.
    places, services
        What they should be of.

    Raises
    ------
    TableError
        If they have other ids, or the same in another order.
    """
    for what, given, known in (
        ("place", by_id(places, "place_id").index, times.place_ids),
        ("service", by_id(services, "service_id").index, times.service_ids),
    ):
        if not given.equals(known):
            raise TableError(
                f"the times are not of these {what}s",
                remedy=f"Give the {what}s that the times were made with, in their order",
            )
