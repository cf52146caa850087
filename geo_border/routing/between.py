"""Times between chosen places of a network, as tables by their ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.network.gates import gates_in_use
from geo_border.network.named import find_places
from geo_border.routing.matrix import prepared_pairs
from geo_border.routing.scenarios import AS_IS, Scenario, passages
from geo_border.routing.tables import gate_tables
from geo_border.routing.travel import modes_of
from geo_border.routing.travel_times import times_and_ways

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo_border.network.build import BuiltNetwork
    from geo_border.routing.tables import GateTables
    from geo_border.terms import Mode


def travel_times(
    network: BuiltNetwork,
    between: Sequence[str] | None = None,
    *,
    mode: Mode = "road",
    scenario: Scenario = AS_IS,
) -> pd.DataFrame:
    """Hours, kilometres and checkpoints of the fastest ways between places.

    Costs a search from each place and from both ends of each checkpoint, and holds all pairs
    with their ways: for hours alone between many places, `pair_times` is the lighter.

    Parameters
    ----------
    network
        A built network with places.
    between
        Ids or names of the places; all if not given.
    mode
        Mode of the trips.
    scenario
        What is different at the border.

    Returns
    -------
    DataFrame
        A row for each pair: ``from_id``, ``to_id``, ``km`` (missing where there is no way),
        ``hours`` (infinite there) and ``via`` (checkpoints in order, joined by ``;``).

    Raises
    ------
    NetworkError
        If a place is unknown or named twice, or the mode is unknown.
    CheckpointError
        If the scenario names a checkpoint that there is not.

    Examples
    --------
    >>> import geo_border as gb
    >>> times = gb.travel_times(gb.example_network(), ["Orsk", "Aktobe"])
    >>> times[["from_id", "to_id", "via"]].shape
    (2, 3)
    """
    points = network.places.loc[find_places(network, between)]
    tables = tables_of(network, points, mode=mode, scenario=scenario)
    return times_and_ways(network.network, tables, points, scenario=scenario)


def pair_times(
    network: BuiltNetwork,
    origins: Sequence[str] | None = None,
    destinations: Sequence[str] | None = None,
    *,
    mode: Mode = "road",
    scenario: Scenario = AS_IS,
) -> pd.DataFrame:
    """Hours of the fastest ways from some places to others, as a table of both.

    Costs a search from each place; holds eight bytes a pair.

    Parameters
    ----------
    network
        A built network with places.
    origins, destinations
        Ids or names of the places; all if not given.
    mode
        Mode of the trips.
    scenario
        What is different at the border.

    Returns
    -------
    DataFrame
        Hours, infinite where there is no way; the ids of `origins` as the index, those of
        `destinations` as columns, in the order given.

    Raises
    ------
    NetworkError, CheckpointError
        As `travel_times`.

    Examples
    --------
    >>> import geo_border as gb
    >>> gb.pair_times(gb.example_network(), ["Orsk"], ["Aktobe", "Oral"]).shape
    (1, 2)
    """
    starts, ends = find_places(network, origins), find_places(network, destinations)
    places = network.places[network.places.index.isin([*starts, *ends])]
    tables = tables_of(network, places, mode=mode, scenario=scenario)
    pairs = prepared_pairs(
        network.network,
        places,
        tables,
        passages(tables, scenario),
        places.index.isin(starts),
        places.index.isin(ends),
        modes=modes_of(mode),
    )
    hours = np.concatenate([np.empty((0, len(pairs.destinations))), *pairs.blocks()])
    rows, columns = places.index[pairs.origins], places.index[pairs.destinations]
    found = pd.DataFrame(hours, rows.rename("from_id"), columns.rename("to_id"))
    return found.loc[starts, ends]


def tables_of(
    network: BuiltNetwork, points: pd.DataFrame, *, mode: Mode, scenario: Scenario
) -> GateTables:
    """Checkpoint tables of chosen places, with what a scenario opens.

    Parameters
    ----------
    network
        A built network.
    points
        Rows of its places.
    mode
        Mode of the trips.
    scenario
        What is different at the border.

    Returns
    -------
    GateTables
        With their trees.

    Raises
    ------
    NetworkError
        If the mode is unknown.
    """
    gates = gates_in_use(network.gates)
    if not scenario.named <= set(gates.index):
        gates = network.gates
    return gate_tables(network.network, points, gates, modes=modes_of(mode), trees=True)
