"""Trips from cells to settlements one by one: network efficiency and detours of cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.access.efficiency import Ratios, detour_of, efficiency_of
from geo_border.access.pairs import Behind
from geo_border.access.regions import weight_of
from geo_border.errors import SideError
from geo_border.geometry.geodesic import reduced_vectors
from geo_border.routing.engine.contraction import FRESH
from geo_border.routing.inside import own_searches
from geo_border.routing.scenarios import AS_IS, Scenario
from geo_border.routing.tables import gate_tables
from geo_border.terms import SIDES

if TYPE_CHECKING:
    from collections.abc import Collection

    import geopandas as gpd
    from numpy.typing import NDArray

    from geo_border.access.cells.cell_entries import Entries
    from geo_border.network.graph import Network
    from geo_border.routing.engine.contraction import Contractor
    from geo_border.routing.inside import Inside
    from geo_border.routing.tables import GateTables


@dataclass(frozen=True, slots=True, eq=False)
class CellTrips:
    """Times from the entries of cells to settlements, and who begins there.

    Parameters
    ----------
    tables
        Checkpoint tables of the entries and then of the settlements.
    own
        Times inside the sides from the one to the other.
    behind
        Cells by entry.
    weight
        Of the settlements; 0 at entries.
    starts, points
        Where cells, and entries and settlements, are.
    cell_ids
        Index of the cells.
    lost
        Cells that do not reach the network.
    """

    tables: GateTables
    own: Inside
    behind: Behind
    weight: NDArray[np.float64]
    starts: NDArray[np.float64]
    points: NDArray[np.float64]
    cell_ids: pd.Index[int]
    lost: NDArray[np.bool_]


def cell_trips(
    network: Network,
    cells: pd.DataFrame,
    entries: Entries,
    places: gpd.GeoDataFrame,
    gates: pd.DataFrame,
    *,
    modes: Collection[str] = ("road",),
    weight: str = "population",
    contractor: Contractor = FRESH,
) -> CellTrips:
    """Search from the entries of cells to settlements.

    Parameters
    ----------
    network
        The graph, with the entries in it.
    cells
        ``lon`` and ``lat`` of the centres.
    entries
        As `geo_border.access.cells.cell_entries.shared_entries` groups `cells`.
    places
        Settlements in WGS 84, with the columns of the tables.
    gates
        As `geo_border.routing.tables.gate_tables` takes them.
    modes
        Modes of the edges that may be used.
    weight
        Column of `places` that weighs the destinations.
    contractor
        Gives the contraction of a hierarchy, where there are so many entries that it pays.

    Returns
    -------
    CellTrips
        No time of a cell is held: trips of cells differ by their legs alone.

    Raises
    ------
    TableError, CheckpointError, NetworkError, SideError
        As `geo_border.routing.tables.gate_tables`, and if no place lies on one of the sides.
    """
    columns = ["side", "node", "access_h"]
    both = pd.concat([entries.places[columns], places[columns]]).assign(region_id=None)
    # Ids of entries and places need not differ from each other.
    both.index = pd.RangeIndex(len(both)).astype(str)
    for side in SIDES:
        if not (places["side"] == side).any():
            raise SideError(f"no place lies on the side {side!r}", remedy="Both are needed")
    is_place = np.arange(len(both)) >= len(entries.places)
    return CellTrips(
        tables=gate_tables(network, both, gates, modes=modes),
        own=own_searches(
            network,
            both,
            modes=modes,
            origins=np.r_[entries.is_origin, np.zeros(len(places), np.bool_)],
            destinations=is_place,
            contractor=contractor,
        ),
        behind=Behind(entries.origins, len(cells)),
        weight=np.r_[np.zeros(len(entries.places)), weight_of(places, weight)],
        starts=reduced_vectors(cells["lon"], cells["lat"]),
        points=reduced_vectors(
            np.r_[network.lon[entries.places["node"]], places.geometry.x],
            np.r_[network.lat[entries.places["node"]], places.geometry.y],
        ),
        cell_ids=cells.index,
        lost=entries.entry < 0,
    )


def cell_efficiency(
    trips: CellTrips,
    *,
    reference_kmh: float = 90.0,
    apart_km: float = 0.0,
    scenario: Scenario = AS_IS,
) -> pd.DataFrame:
    """Network efficiency of cells: what `network_efficiency` gives for places.

    Costs one look at each pair of a cell and a settlement, and case.

    Parameters
    ----------
    trips
        Result of `cell_trips`.
    reference_kmh
        Speed along the straight line, km an hour.
    apart_km
        Settlements no farther than this are where the cell is, and no destinations of it.
    scenario
        What is different at the border.

    Returns
    -------
    DataFrame
        Index of the cells; the columns of `geo_border.access.efficiency.network_efficiency`.

    Raises
    ------
    CheckpointError
        If the scenario does not fit the tables.
    """
    measure = Ratios(
        trips.weight,
        trips.starts,
        trips.points,
        reference_kmh,
        np.full(len(trips.starts), apart_km),
        np.zeros(len(trips.points)),
    )
    found = efficiency_of(trips.tables, trips.own, measure, scenario=scenario, behind=trips.behind)
    return _of_cells(trips, found)


def cell_detour(trips: CellTrips, *, scenario: Scenario = AS_IS) -> pd.DataFrame:
    """Checkpoint detour of cells: what `checkpoint_detour` gives for places.

    Parameters
    ----------
    trips
        Result of `cell_trips` with all gates, closed and unserved ones too.
    scenario
        What is different at the border; its closures count, its delays do not.

    Returns
    -------
    DataFrame
        Index of the cells; the columns of `geo_border.access.efficiency.checkpoint_detour`.

    Raises
    ------
    CheckpointError
        If the scenario does not fit the tables.
    """
    found = detour_of(trips.tables, trips.own, trips.weight, scenario=scenario, behind=trips.behind)
    return _of_cells(trips, found)


def _of_cells(trips: CellTrips, found: pd.DataFrame) -> pd.DataFrame:
    """Name the rows, and say of cells off the network that nothing is reached."""
    shares = found.columns[found.columns.str.endswith("_unreached")]
    found.loc[trips.lost, shares] = 1.0
    return found.set_axis(trips.cell_ids)
