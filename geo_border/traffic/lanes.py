"""Lanes of checkpoints, and the wait that their flow makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.errors import CheckpointError, TableError
from geo_border.shown import shown
from geo_border.terms import DIRECTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LANE_COLUMNS = ("checkpoint_id", "direction", "classes", "capacity_day", "wait_h", "power")


@dataclass(frozen=True, slots=True, eq=False)
class Lanes:
    """Lanes that answer to their flow: ``w = w0 (x / c)^β``.

    Parameters
    ----------
    table
        Rows of the lanes that have a capacity.
    slot
        ``direction * K + gate`` of each row, shape (L,).
    members
        Which classes share them, shape (L, C).
    capacity
        ``c``, passenger-car units a day, shape (L,).
    wait
        ``w0``, hours at a flow of the capacity, shape (L,).
    power
        ``β``, shape (L,).

    References
    ----------
    Bureau of Public Roads (1964), Traffic assignment manual.
    """

    __repr__ = shown

    table: pd.DataFrame
    slot: NDArray[np.int64]
    members: NDArray[np.bool_]
    capacity: NDArray[np.float64]
    wait: NDArray[np.float64]
    power: NDArray[np.float64]

    def wait_at(self, flow: NDArray[np.float64]) -> NDArray[np.float64]:
        """Wait that a flow makes.

        Parameters
        ----------
        flow
            Passenger-car units a day, shape (L,).

        Returns
        -------
        ndarray
            Hours, shape (L,).
        """
        waits: NDArray[np.float64] = self.wait * (flow / self.capacity) ** self.power
        return waits

    def slope_at(self, flow: NDArray[np.float64]) -> NDArray[np.float64]:
        """Growth of the wait with the flow.

        Parameters
        ----------
        flow
            Passenger-car units a day, shape (L,).

        Returns
        -------
        ndarray
            Hours for a unit a day, shape (L,).
        """
        used = (flow / self.capacity) ** (self.power - 1)
        slopes: NDArray[np.float64] = self.wait * self.power / self.capacity * used
        return slopes

    def flow_at(self, waits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Flow that makes a wait, continued as an odd function below 0.

        Parameters
        ----------
        waits
            Hours, shape (L,).

        Returns
        -------
        ndarray
            Passenger-car units a day, shape (L,).
        """
        used = (np.abs(waits) / self.wait) ** (1 / self.power)
        flows: NDArray[np.float64] = np.sign(waits) * self.capacity * used
        return flows

    def area_to(self, waits: NDArray[np.float64]) -> float:
        """Integral of `flow_at` from 0, over all lanes.

        Parameters
        ----------
        waits
            Hours, shape (L,).

        Returns
        -------
        float
            Vehicle-hours a day in passenger-car units.
        """
        share = self.power / (self.power + 1)
        return float((share * np.abs(waits) * np.abs(self.flow_at(waits))).sum())


def read_lanes(table: pd.DataFrame, gates: pd.Index[str], classes: Sequence[str]) -> Lanes:
    """Lanes from a table, checked.

    Parameters
    ----------
    table
        Columns ``checkpoint_id``, ``direction`` (``"out"`` or ``"in"``), ``classes`` (names of
        those that share the lanes, parted by blanks), ``capacity_day`` (passenger-car units a
        day, missing where it is not known: the delay is constant then), ``wait_h`` (hours at a
        flow of the capacity) and ``power``.
    gates
        Ids of the gates. Lanes of others are left out.
    classes
        Names of the classes. Others that share lanes are taken to have no traffic.

    Returns
    -------
    Lanes
        Those that answer to their flow.

    Raises
    ------
    TableError
        If a column is missing or a value is not sound.
    CheckpointError
        If two rows hold the same class in the same direction of a checkpoint.
    """
    missing = [column for column in LANE_COLUMNS if column not in table.columns]
    if missing:
        raise TableError(
            f"lanes lack the column {missing[0]!r}", remedy=f"They need {', '.join(LANE_COLUMNS)}"
        )
    table = table[table["checkpoint_id"].isin(gates) & table["capacity_day"].notna()]
    table = table[table["wait_h"] != 0].reset_index(drop=True)
    for column in ("capacity_day", "wait_h", "power"):
        values = table[column].to_numpy(float)
        wrong = ~((values > 0) & (values < np.inf))
        if wrong.any():
            row = table.index[wrong][0]
            raise TableError(
                f"lanes of {table['checkpoint_id'][row]!r} have the {column} "
                f"{table[column][row]!r}",
                remedy="Give a positive number, or no capacity where none is known",
            )
    direction = pd.Index(DIRECTIONS).get_indexer(pd.Index(table["direction"]))
    if (direction < 0).any():
        raise TableError(
            f"lanes name the direction {table['direction'][direction < 0].iloc[0]!r}",
            remedy=f"Write one of {', '.join(DIRECTIONS)}",
        )
    slot = direction * len(gates) + gates.get_indexer(pd.Index(table["checkpoint_id"]))
    names = [str(entry).split() for entry in table["classes"]]
    members = np.array([[name in row for name in classes] for row in names], bool)
    members = members.reshape(len(table), len(classes))
    for name, taken in zip(classes, members.T, strict=True):
        again = pd.Index(slot[taken]).duplicated()
        if again.any():
            row = np.flatnonzero(taken)[again][0]
            raise CheckpointError(
                f"two rows of lanes at {table['checkpoint_id'][row]!r}, direction "
                f"{table['direction'][row]!r}, hold the class {name!r}",
                remedy="Each class has its lanes once in each direction",
            )
    return Lanes(
        table=table,
        slot=slot,
        members=members,
        capacity=table["capacity_day"].to_numpy(float),
        wait=table["wait_h"].to_numpy(float),
        power=table["power"].to_numpy(float),
    )
