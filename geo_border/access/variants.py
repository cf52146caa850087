"""Regional accessibility under other delays and impedance functions, from the tables alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from geo_border.access.reach import (
    border_effect,
    reached_across,
    reached_inside,
    without_delays,
)
from geo_border.access.regions import by_region
from geo_border.routing.scenarios import AS_IS, Scenario, passages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geo_border.access.decay import Decay
    from geo_border.routing.travel import Travel


def transport_variants(
    travel: Travel,
    *,
    delay_factors: Sequence[float],
    decays: Mapping[str, Decay],
    scenario: Scenario = AS_IS,
) -> pd.DataFrame:
    """Potential and border effect of each region for every pair of delays and decay.

    Times inside the sides are used as they are: no search, and the own side is summed
    once for all delays.

    Parameters
    ----------
    travel
        As in `geo_border.access.reach.potential`.
    delay_factors
        Factors on all delays.
    decays
        Impedance functions by name.
    scenario
        What else is different at the border; the factors multiply its own.

    Returns
    -------
    DataFrame
        Index ``delay_factor``, ``decay``, ``region_id``; columns ``potential_own``,
        ``potential_across`` (persons) and ``border_effect``: population-weighted means.

    Raises
    ------
    TableError, SideError, CheckpointError
        As in `geo_border.access.reach.potential`.
    """
    places, tables = travel.places, travel.tables
    functions = list(decays.values())
    what = [replace(scenario, factor=scenario.factor * f) for f in delay_factors]
    cases = [passages(tables, case) for case in (without_delays(scenario), *what)]
    closed, *gains = reached_inside(travel, cases, functions)
    inside = [closed + gained for gained in gains]
    beyond = [reached_across(travel, routes, functions) for routes in cases]
    parts = {}
    for factor, own_sums, across_sums in zip(delay_factors, inside[1:], beyond[1:], strict=True):
        for position, name in enumerate(decays):
            values = pd.DataFrame(
                {
                    "own": own_sums[:, position],
                    "across": across_sums[:, position],
                    "own_open": inside[0][:, position],
                    "across_open": beyond[0][:, position],
                },
                index=places.index,
            )
            shown = pd.DataFrame(
                {
                    "potential_own": values["own"],
                    "potential_across": values["across"],
                    "border_effect": border_effect(values)["all"],
                }
            )
            parts[factor, name] = by_region(shown, places)[list(shown.columns)]
    return pd.concat(parts, names=["delay_factor", "decay"])
