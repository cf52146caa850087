"""Indicators that the run itself measures: the transport side of the index."""

from __future__ import annotations

import numpy as np
import pandas as pd

SOURCE = "measured by geo_border on the network of the study"

_ROWS = {
    "hours_to_checkpoint": (
        "Time to the nearest open checkpoint by road",
        "hours",
        -1,
        "by car, also to that of a car ferry; mean over the population",
    ),
    "hours_to_rail_checkpoint": (
        "Time to the nearest open railway checkpoint",
        "hours",
        -1,
        "by road to a station and by rail, mean over the population",
    ),
    "checkpoints_per_100km": (
        "Open checkpoints per 100 km of border",
        "per 100 km",
        1,
        "road, rail, ferry and foot; none where there is no border",
    ),
    "potential_across": (
        "Population accessible across the border",
        "persons",
        1,
        "each person discounted by travel time, delays included; mean over the population",
    ),
    "hours_to_neighbour_capital": (
        "Time from the capital to the nearest regional capital across the border",
        "hours",
        -1,
        "by road and car ferry, delays included",
    ),
}


def measured_registry(given: pd.DataFrame, measured: pd.DataFrame | None = None) -> pd.DataFrame:
    """Add what the run measures to a registry.

    Parameters
    ----------
    given
        The study's registry, index ``indicator_id``; a measured indicator that it lists
        keeps the row it has there.
    measured
        As `measured_indicators` gives them; what no region has (time to a railway checkpoint
        where there is no railway) is then not added.

    Returns
    -------
    DataFrame
        The registry with a row for every measured indicator, in the level transport
        communication.
    """
    rows = pd.DataFrame.from_dict(
        _ROWS, orient="index", columns=["name", "unit", "direction", "definition"]
    ).assign(
        level="transport_communication",
        role="index",
        transform="none",
        years=1,
        year_rule="latest",
        source=SOURCE,
        licence="as the study's",
    )
    rows["direction"] = rows["direction"].astype(float)
    new = rows.loc[~rows.index.isin(given.index)]
    if measured is not None:
        new = new[measured[new.index].notna().any().to_numpy()]
    return pd.concat([given, new]).rename_axis("indicator_id")


def measured_indicators(measures: pd.DataFrame, travel_times: pd.DataFrame) -> pd.DataFrame:
    """Values of the measured indicators for the home regions.

    Parameters
    ----------
    measures
        Index ``region_id`` of the home regions; the columns of that name.
    travel_times
        ``from_id``, ``to_id``, ``hours`` between capitals, both sides.

    Returns
    -------
    DataFrame
        A column for each measured indicator; missing where a region has none.
    """
    nearest = hours_to_neighbour_capital(travel_times, measures.index)
    values = measures.reindex(columns=list(_ROWS)).assign(hours_to_neighbour_capital=nearest)
    return values.replace(np.inf, np.nan).astype(float)


def hours_to_neighbour_capital(travel_times: pd.DataFrame, home: pd.Index) -> pd.Series[float]:
    """Time from each capital to the nearest capital across the border.

    Parameters
    ----------
    travel_times
        ``from_id``, ``to_id``, ``hours`` between capitals, both sides.
    home
        Ids of the home regions.

    Returns
    -------
    Series
        Hours, index `home`; infinite or missing where none is reached.
    """
    abroad = travel_times[travel_times["from_id"].isin(home) & ~travel_times["to_id"].isin(home)]
    nearest: pd.Series[float] = abroad.groupby("from_id")["hours"].min().reindex(home)
    return nearest
