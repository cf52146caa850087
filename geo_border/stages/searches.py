"""The stage of searches: times inside the sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geo_border.network.graph import SIDES, Network
from geo_border.routing.contraction import FRESH
from geo_border.routing.inside import OwnTimes, own_times
from geo_border.stages.parameters import ROAD

if TYPE_CHECKING:
    from collections.abc import Collection

    import pandas as pd

    from geo_border.routing.contraction import Contractor


def inside_stage(
    network: Network,
    places: pd.DataFrame,
    *,
    modes: Collection[str] = ROAD,
    contractor: Contractor = FRESH,
) -> dict[str, Any]:
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
    dict
        Arrays by side: origins, destinations and hours.
    """
    own = own_times(network, places, modes=modes, contractor=contractor)
    parts: dict[str, Any] = {}
    for side, name in enumerate(SIDES):
        parts[f"origins_{name}"] = own.origins[side]
        parts[f"destinations_{name}"] = own.destinations[side]
        parts[f"hours_{name}"] = own.hours[side]
    return parts


def own_times_of(inside: dict[str, Any]) -> OwnTimes:
    """Put the parts of `inside_stage` together again.

    Parameters
    ----------
    inside
        Parts of `inside_stage`.

    Returns
    -------
    OwnTimes
        Times from the origins to all places of their side.
    """
    origins, destinations, hours = (
        (inside[f"{part}_{SIDES[0]}"], inside[f"{part}_{SIDES[1]}"])
        for part in ("origins", "destinations", "hours")
    )
    return OwnTimes(origins=origins, destinations=destinations, hours=hours)
