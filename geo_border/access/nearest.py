"""Time to the nearest checkpoint, and who lives how near to one."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.access.decay import ROUNDING_H
from geo_border.access.regions import weight_of
from geo_border.errors import CheckpointError, ParameterError
from geo_border.ids import by_id, in_order_of
from geo_border.routing.scenarios import AS_IS, Scenario, delays
from geo_border.terms import MODES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo_border.routing.tables import GateTables
    from geo_border.routing.travel import Travel

BANDS_H: tuple[float, ...] = (0.5, 1.0, 1.5)
"""Upper ends of the zones around checkpoints, hours (JRC116859)."""


def nearest_checkpoint(
    travel: Travel, *, mode: str | None = None, scenario: Scenario = AS_IS
) -> pd.DataFrame:
    """Nearest checkpoint by which each place can leave its side.

    Parameters
    ----------
    travel
        The trips.
    mode, scenario
        As in `nearest_gate`.

    Returns
    -------
    DataFrame
        Index of the places; ``hours`` to the gate on the place's side, infinite where
        none can be reached, and ``checkpoint_id``, missing there.

    Raises
    ------
    CheckpointError
        If the scenario names a checkpoint that there is not, or the mode is unknown.

    Examples
    --------
    >>> import geo_border as gb
    >>> net = gb.example_network()
    >>> nearest = gb.nearest_checkpoint(gb.travel(net))
    >>> nearest[net.places["name"] == "Orsk"]["checkpoint_id"].tolist()
    ['orsk-alimbet']
    """
    return nearest_gate(travel.tables, mode=mode, scenario=scenario)


def nearest_gate(
    tables: GateTables, *, mode: str | None = None, scenario: Scenario = AS_IS
) -> pd.DataFrame:
    """Nearest checkpoint of tables, by which each of their places can leave its side.

    Parameters
    ----------
    tables
        Checkpoint tables.
    mode
        Mode of the checkpoints that count; all of the tables if not given, for a trip by road
        those of car ferries too.
    scenario
        What is different at the border; delays do not matter, only what can be passed.

    Returns
    -------
    DataFrame
        Index of the places; ``hours`` to the gate on the place's side, infinite where
        none can be reached, and ``checkpoint_id``, missing there.

    Raises
    ------
    CheckpointError
        If the scenario does not fit the tables, or the mode is unknown.
    """
    if mode is not None and mode not in MODES:
        raise CheckpointError(f"unknown mode {mode!r}", remedy=f"Use one of {', '.join(MODES)}")
    passable = np.isfinite(delays(tables, scenario))
    if mode is not None:
        passable &= (tables.gates["mode"] == mode).to_numpy()
    hours = np.where(passable[tables.place_side], tables.to_gate, np.inf)
    # A last column for none, so that there is one where the border has no gate at all.
    hours = np.column_stack([hours, np.full(len(hours), np.inf)])
    best = hours.argmin(axis=1)
    least = hours[np.arange(len(hours)), best]
    names = np.array([*tables.gates.index, None], dtype=object)[best]
    return pd.DataFrame(
        {"hours": least, "checkpoint_id": np.where(np.isfinite(least), names, None)},
        index=tables.place_ids,
    )


def zones(
    hours: pd.Series[float],
    places: pd.DataFrame,
    *,
    bands: Sequence[float] = BANDS_H,
    weight: str = "population",
) -> pd.DataFrame:
    """Population (or area, or anything else) of each region by time to a checkpoint.

    Parameters
    ----------
    hours
        Hours of each place, by its id.
    places
        Columns ``region_id`` and ``population``; ids in the index or as ``place_id``.
    bands
        Upper ends of the zones, hours, ascending; each end belongs to its zone.
    weight
        Column of `places` that is counted; for cells of a raster this may be their area.

    Returns
    -------
    DataFrame
        Index ``region_id``, sorted; persons (or the unit of `weight`) in a column for each
        zone, named by minutes
        (``0-30``, ``30-60``, ``60-90``, ``90+``), and ``unreached``.

    Raises
    ------
    TableError
        If the ids are not the same, or the weights are not sound.
    ParameterError
        If the bands do not ascend from above 0.

    References
    ----------
    Christodoulou & Christidis (2019), Measuring cross-border road accessibility in the
    European Union, JRC116859.

    Examples
    --------
    >>> import geo_border as gb
    >>> trips = gb.travel(gb.example_network())
    >>> hours = gb.nearest_checkpoint(trips)["hours"]
    >>> gb.zones(hours, trips.places, bands=[1, 3]).columns.tolist()
    ['0-60', '60-180', '180+', 'unreached']
    """
    if not all(low < high for low, high in pairwise((0.0, *bands))):
        raise ParameterError(f"bands must ascend from above 0, not {list(bands)}")
    places = by_id(places, "place_id")
    hours = in_order_of(hours, places, "place_id")
    edges = [0, *(round(band * 60) for band in bands)]
    names = [f"{low}-{high}" for low, high in pairwise(edges)]
    names += [f"{edges[-1]}+", "unreached"]
    zone = np.searchsorted(np.array(bands) + ROUNDING_H, hours.to_numpy(float))
    zone[~np.isfinite(hours.to_numpy(float))] = len(bands) + 1
    inside = places["region_id"].notna().to_numpy()
    region, ids = pd.factorize(places["region_id"][inside], sort=True)
    persons = np.zeros((len(ids), len(names)))
    np.add.at(persons, (region, zone[inside]), weight_of(places, weight)[inside])
    return pd.DataFrame(persons, index=pd.Index(ids, name="region_id"), columns=names)
