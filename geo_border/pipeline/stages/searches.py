"""The stage of searches: times inside the sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo_border.routing.engine.contraction import FRESH
from geo_border.routing.inside import own_times
from geo_border.terms import ROAD

if TYPE_CHECKING:
    from collections.abc import Collection

    import pandas as pd

    from geo_border.network.graph import Network
    from geo_border.routing.engine.contraction import Contractor
    from geo_border.routing.inside import OwnTimes


def inside_stage(
    network: Network,
    places: pd.DataFrame,
    *,
    modes: Collection[str] = ROAD,
    contractor: Contractor = FRESH,
) -> OwnTimes:
    """Times between the places of each side, the costliest searches of a study.

    Parameters
    ----------
    network
        The graph.
    places
        Joined places.
    modes
        Modes of the edges of a trip.
    contractor
        Gives the contraction of the network, where there are so many places that it pays.

    Returns
    -------
    OwnTimes
        Times from the origins to all places of their side.
    """
    return own_times(network, places, modes=modes, contractor=contractor)
