"""Trips of one mode: the places, their times to the gates, and their times inside the sides."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from geo_border.errors import NetworkError, TableError
from geo_border.network.gates import gates_in_use
from geo_border.network.graph import Network
from geo_border.routing.engine.contraction import FRESH
from geo_border.routing.inside import held_or_searched
from geo_border.routing.tables import gate_tables
from geo_border.terms import MODES_OF, SIDES, Mode

if TYPE_CHECKING:
    import pandas as pd

    from geo_border.network.build import BuiltNetwork
    from geo_border.routing.engine.contraction import Contractor
    from geo_border.routing.inside import Inside
    from geo_border.routing.tables import GateTables


@dataclass(frozen=True, slots=True, eq=False)
class Travel:
    """Trips between the places of both sides, which every measure across the border is made of.

    Parameters
    ----------
    places
        Index ``place_id``, P rows; ``side``, ``population`` (persons), ``region_id``, and what
        the network knows of them. What measures distances needs them as points in EPSG:4326.
    tables
        Times between places and gates, and between gates, by the mode of the trips.
    own
        Times inside the sides by the same mode: `OwnTimes`, or where they are too many to hold
        `OwnSpots` and `OwnSearches`. Measures give a value to its origins.
    mode
        Of the trips: ``"road"`` (and car ferries), ``"rail"`` or ``"both"``.

    Raises
    ------
    TableError
        If the places are not those of the tables.

    Examples
    --------
    >>> import geo_border as gb
    >>> trips = gb.travel(gb.example_network())
    >>> trips.tables.gates["mode"].unique().tolist()
    ['road']
    """

    places: pd.DataFrame
    tables: GateTables
    own: Inside
    mode: Mode = "road"

    def __post_init__(self) -> None:
        """Refuse places and tables that do not belong together."""
        if not self.places.index.equals(self.tables.place_ids):
            raise TableError("the places are not those of the checkpoint tables")

    def __repr__(self) -> str:
        """Say how much there is, not all of it."""
        return f"<Travel: {len(self.places):,} places, {self.tables.n_gates:,} checkpoints>"


def travel(
    network: BuiltNetwork,
    *,
    mode: Mode = "road",
    candidates: bool = False,
    contractor: Contractor = FRESH,
) -> Travel:
    """Search once for all trips between the places of both sides.

    No delay and no closure changes what is found: measures take them as a scenario, without
    another search. Costs a search from each place and from both ends of each checkpoint, and
    holds the times inside the sides where they are at most 1.6 GB.

    Parameters
    ----------
    network
        A built network with places that have a ``population``.
    mode
        Mode of the trips: ``"road"`` (and car ferries), ``"rail"`` or ``"both"``.
    candidates
        Whether a scenario may open crossings that have no checkpoint: two searches more each.
    contractor
        Gives the contraction of the network, where there are so many places that it pays.

    Returns
    -------
    Travel
        What measures across the border take.

    Raises
    ------
    NetworkError
        If the network has no places, or the mode is unknown.
    TableError, SideError, CheckpointError
        As `geo_border.routing.tables.gate_tables`.

    Examples
    --------
    >>> import geo_border as gb
    >>> gb.travel(gb.example_network())
    <Travel: 1,420 places, 30 checkpoints>
    """
    edges = modes_of(mode)
    if isinstance(network, Network):
        raise NetworkError(
            "trips need a network with its checkpoints and places, and this is the graph alone",
            remedy="Give what `from_osm`, or its like, gave; not its `network`",
        )
    if network.places.empty:
        raise NetworkError(
            "the network has no places that one could travel between",
            remedy="Build it with `places` (points with a population), or from extracts with "
            "settlements=True",
        )
    for side in SIDES:
        if not (network.places["side"] == side).any():
            warnings.warn(
                f"no place lies on the side {side!r}: nothing is reached across from the other; "
                "give `places` on both sides",
                stacklevel=2,
            )
    gates = network.gates if candidates else gates_in_use(network.gates)
    return Travel(
        network.places,
        gate_tables(network.network, network.places, gates, modes=edges, trees=True),
        held_or_searched(network.network, network.places, modes=edges, contractor=contractor),
        mode,
    )


def modes_of(mode: Mode) -> tuple[str, ...]:
    """Modes of the edges of a trip.

    Parameters
    ----------
    mode
        Mode of the trip.

    Returns
    -------
    tuple of str
        Some of `geo_border.terms.MODES`.

    Raises
    ------
    NetworkError
        If the mode is unknown.
    """
    if mode not in MODES_OF:
        raise NetworkError(f"mode {mode!r}: choose of {', '.join(get_args(Mode))}")
    return MODES_OF[mode]
