"""Times from cells to services, by the entries that cells share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo_border.access.services import SearchedServices, searched_services
from geo_border.compute.compiled import kernel
from geo_border.geometry.geodesic import SEMI_MAJOR_KM, apart_km, reduced_vectors
from geo_border.network.places import Access
from geo_border.routing.engine.contraction import FRESH
from geo_border.routing.tables import side_positions
from geo_border.terms import SIDES

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from geo_border.access.cells.cell_entries import Entries
    from geo_border.network.graph import Network
    from geo_border.network.straight import ForeignLand
    from geo_border.routing.engine.contraction import Contractor
    from geo_border.routing.scenarios import Passages


@dataclass(frozen=True, slots=True, eq=False)
class CellServices:
    """Times from cells, and places beyond them, to services.

    What takes `geo_border.access.services.ServiceTimes` takes these: nearest services,
    floating catchments, spatial availability. One search a service; no N x S matrix is held.

    Parameters
    ----------
    searched
        Times from the entries, without local ways.
    place_ids
        Index of the cells and then of the places beyond them, N entries.
    place_side
        Position of the side of each cell and place in `SIDES`, shape (N,).
    entry
        Entry of each, -1 where the network is out of reach, shape (N,).
    legs
        Hours to it, shape (N,).
    points, goals
        Where cells and services are, as `geo_border.geometry.geodesic.reduced_vectors` gives it.
    from_lonlat, to_lonlat
        The same in degrees, shapes (N, 2) and (S, 2).
    access
        Local ways.
    land
        What bars local ways; None where nothing does.
    """

    searched: SearchedServices
    place_ids: pd.Index[Any]
    place_side: NDArray[np.int8]
    entry: NDArray[np.int64]
    legs: NDArray[np.float64]
    points: NDArray[np.float64]
    goals: NDArray[np.float64]
    from_lonlat: NDArray[np.float64]
    to_lonlat: NDArray[np.float64]
    access: Access
    land: ForeignLand | None

    @property
    def service_ids(self) -> pd.Index[Any]:
        """Index of the services, S entries."""
        return self.searched.service_ids

    @property
    def service_side(self) -> NDArray[np.int8]:
        """Position of each service's side, shape (S,)."""
        return self.searched.service_side

    def under(self, routes: Passages | None) -> CellServices:
        """Times under another scenario.

        Parameters
        ----------
        routes
            Ways between the gates; None is the closed border.

        Returns
        -------
        CellServices
            The same cells and services.
        """
        return replace(self, searched=self.searched.under(routes))

    def only(self, which: NDArray[np.bool_]) -> CellServices:
        """Times to some of the services.

        Parameters
        ----------
        which
            Mask over the services.

        Returns
        -------
        CellServices
            The same cells and scenario.
        """
        return replace(
            self,
            searched=self.searched.only(which),
            goals=self.goals[which],
            to_lonlat=self.to_lonlat[which],
        )

    def held(self) -> CellServices:
        """Search once for all that does not depend on the border, as `SearchedServices.held`.

        Returns
        -------
        CellServices
            The same times.
        """
        return replace(self, searched=self.searched.held())

    def block(self, rows: slice) -> NDArray[np.float64]:
        """Hours to some services.

        Parameters
        ----------
        rows
            Which services.

        Returns
        -------
        ndarray
            Infinite where there is no way, shape (N, rows).
        """
        found = self.searched.block(rows)
        hours, local = np.empty((2, len(self.entry), found.shape[1]))
        _from_entries(
            np.ascontiguousarray(found),
            self.entry,
            self.legs,
            self.place_side,
            self.service_side[rows],
            self.points,
            self.goals[rows],
            self.access.farthest_km,
            self.access.detour / self.access.speed_kmh,
            hours,
            local,
        )
        cell, service = np.nonzero(local < hours)
        ends = self.to_lonlat[rows]
        for side in range(len(SIDES)):
            if self.land is None:
                break
            mine = np.flatnonzero(self.place_side[cell] == side)
            starts = self.from_lonlat[cell[mine]]
            barred = mine[self.land.bars(side, starts, ends[service[mine]])]
            local[cell[barred], service[barred]] = np.inf
        return np.minimum(hours, local, out=hours)


def cell_services(
    network: Network,
    cells: pd.DataFrame,
    beyond: gpd.GeoDataFrame,
    entries: Entries,
    services: gpd.GeoDataFrame,
    gates: pd.DataFrame,
    *,
    modes: Collection[str] = ("road",),
    routes: Passages | None = None,
    access: Access = Access(),
    land: ForeignLand | None = None,
    contractor: Contractor = FRESH,
) -> CellServices:
    """Prepare searches from services to cells, and to places beyond them.

    Parameters
    ----------
    network
        The graph, with the entries in it.
    cells
        ``side``, ``lon``, ``lat``, ``access_h``.
    beyond
        Places in none of the cells, whose people ask for services too.
    entries
        As `geo_border.access.cells.cell_entries.shared_entries` groups both.
    services, gates, modes, routes, contractor
        As in `geo_border.access.services.searched_services`.
    access
        Local ways between cells and services.
    land
        What bars them; None for nothing.

    Returns
    -------
    CellServices
        Times from the cells and then the places to all services.

    Raises
    ------
    TableError, CheckpointError, NetworkError, SideError
        As `geo_border.routing.tables.gate_tables`.
    """
    node = entries.places["node"]
    at = gpd.points_from_xy(network.lon[node], network.lat[node])
    shared = gpd.GeoDataFrame(entries.places, geometry=at, crs=4326)
    searched = searched_services(
        network,
        shared,
        services,
        gates,
        modes=modes,
        routes=routes,
        access=None,
        contractor=contractor,
    )
    both = pd.concat([cells[["side", "access_h"]], beyond[["side", "access_h"]]])
    lon, lat = (
        np.r_[cells[name], getattr(beyond.geometry, axis)]
        for name, axis in (("lon", "x"), ("lat", "y"))
    )
    return CellServices(
        searched=searched,
        place_ids=both.index,
        place_side=side_positions(both),
        entry=np.r_[entries.entry, entries.beyond],
        legs=both["access_h"].to_numpy(float),
        points=reduced_vectors(lon, lat),
        goals=reduced_vectors(services.geometry.x, services.geometry.y),
        from_lonlat=np.column_stack([lon, lat]),
        to_lonlat=np.column_stack([services.geometry.x, services.geometry.y]),
        access=access,
        land=land,
    )


@kernel
def _from_entries(
    found: NDArray[np.float64],
    entry: NDArray[np.int64],
    legs: NDArray[np.float64],
    side: NDArray[np.int8],
    goal_side: NDArray[np.int8],
    points: NDArray[np.float64],
    goals: NDArray[np.float64],
    farthest_km: float,
    hours_per_km: float,
    hours: NDArray[np.float64],
    local: NDArray[np.float64],
) -> None:
    """Add the legs to the times from entries; where the local way is faster, give its time."""
    for i in range(len(entry)):
        x, y, z = points[i]
        for s in range(len(goals)):
            least, straight = np.inf, np.inf
            if entry[i] >= 0:
                least = found[entry[i], s] + legs[i]
            if side[i] == goal_side[s]:
                gx, gy, gz = goals[s]
                chord = np.sqrt((x - gx) ** 2 + (y - gy) ** 2 + (z - gz) ** 2)
                # The way along the ellipsoid is no shorter than 99 % of that through the sphere.
                low = 0.99 * SEMI_MAJOR_KM * chord
                if low <= farthest_km and low * hours_per_km < least:
                    km = apart_km(x, y, z, gx, gy, gz)
                    if km <= farthest_km:
                        straight = km * hours_per_km
            hours[i, s], local[i, s] = least, straight
