"""Modelled traffic beside counted traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.errors import CheckpointError, ParameterError, TableError
from geo_border.terms import DIRECTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from geo_border.traffic.equilibrium import Equilibrium

COUNT_COLUMNS = ("checkpoint_id", "class", "direction", "vehicles_day")

ALL = "all"
"""Class of counts that hold every class."""

BOTH = "both"
"""Direction of counts that hold both."""

FACTOR = 2.0
"""Modelled within this factor of what was counted is taken as near."""


def counted_slots(
    counts: pd.DataFrame, gates: pd.Index[str], classes: Sequence[str]
) -> NDArray[np.float64]:
    """Which passages each count holds.

    Parameters
    ----------
    counts
        Columns ``checkpoint_id``, ``class`` (a name, or ``"all"``), ``direction`` (``"both"``,
        ``"out"``, ``"in"``) and ``vehicles_day``.
    gates
        Ids of the gates.
    classes
        Names of the classes.

    Returns
    -------
    ndarray
        1 where it holds a class, direction and gate, numbered ``direction * K + gate``, else 0,
        shape (n, C, 2K).

    Raises
    ------
    TableError
        If a column is missing or a value is not sound.
    CheckpointError
        If a checkpoint is not among the gates.
    """
    missing = [column for column in COUNT_COLUMNS if column not in counts.columns]
    if missing:
        raise TableError(
            f"counts lack the column {missing[0]!r}",
            remedy=f"They need {', '.join(COUNT_COLUMNS)}",
        )
    vehicles = counts["vehicles_day"].to_numpy(float)
    wrong = ~((vehicles >= 0) & (vehicles < np.inf))
    if wrong.any():
        raise TableError(
            f"row {counts.index[wrong][0]!r} of the counts has no vehicles_day or a negative one",
            remedy="Leave out what was not counted",
        )
    held = np.zeros((len(counts), len(classes), 2, len(gates)))
    position = gates.get_indexer(pd.Index(counts["checkpoint_id"]))
    if (position < 0).any():
        raise CheckpointError(
            f"the counts name checkpoint {counts['checkpoint_id'][position < 0].iloc[0]!r}, which "
            "the tables do not have",
            remedy="Leave out counts of checkpoints that no road of the study leads to",
        )
    for row, (gate, name, direction) in enumerate(
        zip(position, counts["class"], counts["direction"], strict=True)
    ):
        if name != ALL and name not in classes:
            raise TableError(
                f"row {counts.index[row]!r} of the counts is of the class {name!r}",
                remedy=f"Write one of {', '.join([*classes, ALL])}",
            )
        if direction not in (*DIRECTIONS, BOTH):
            raise TableError(
                f"row {counts.index[row]!r} of the counts is of the direction {direction!r}",
                remedy=f"Write one of {', '.join([*DIRECTIONS, BOTH])}",
            )
        which = slice(None) if name == ALL else list(classes).index(name)
        where = slice(None) if direction == BOTH else DIRECTIONS.index(direction)
        held[row, which, where, gate] = 1.0
    return held.reshape(len(counts), len(classes), 2 * len(gates))


def beside_counts(traffic: Equilibrium, counts: pd.DataFrame) -> pd.DataFrame:
    """Counts with what is modelled beside each.

    Parameters
    ----------
    traffic
        As `geo_border.traffic.equilibrium.equilibrium` gives it.
    counts
        Columns ``checkpoint_id``, ``class`` (a name, or ``"all"``), ``direction`` (``"both"``,
        ``"out"``, ``"in"``) and ``vehicles_day``.

    Returns
    -------
    DataFrame
        `counts` with ``modelled`` (vehicles a day, or shares of the class where it has no total)
        and ``ratio`` (modelled over counted).

    Raises
    ------
    TableError
        If a column is missing or a value is not sound.
    CheckpointError
        If a checkpoint is not among the gates.

    Examples
    --------
    >>> import geo_border as gb
    >>> import pandas as pd
    >>> trips = gb.travel(gb.example_network())
    >>> model = gb.traffic_model({"car": trips}, [gb.TrafficClass("car", total_year=1e6)])
    >>> counts = pd.DataFrame({"checkpoint_id": ["ilek-aksay"], "vehicles_day": [100]})
    >>> counts = counts.assign(**{"class": "car", "direction": "both"})
    >>> gb.beside_counts(gb.equilibrium(model), counts).columns.tolist()[-2:]
    ['modelled', 'ratio']
    """
    names = list(traffic.classes)
    gates = traffic.classes[names[0]].model.travel.tables.gates.index
    passed = np.array([each.passed.ravel() for each in traffic.classes.values()])
    modelled = np.tensordot(counted_slots(counts, gates, names), passed, 2)
    vehicles = counts["vehicles_day"].to_numpy(float)
    ratio = np.divide(modelled, vehicles, out=np.full_like(modelled, np.nan), where=vehicles > 0)
    return counts.assign(modelled=modelled, ratio=ratio)


def validate(counted: ArrayLike, modelled: ArrayLike) -> pd.Series[float]:
    """How near modelled traffic comes to counted traffic.

    Parameters
    ----------
    counted, modelled
        In the same order, not negative; pairs with a missing value are left out. The scale of
        each does not matter but for ``within_2``.

    Returns
    -------
    Series
        ``n``; ``spearman`` (rank correlation); ``overlap`` (``Σ min(p, q)`` of the shares);
        ``rmse_log`` (root of the mean square of ``ln(q / p)`` of the shares, over what is
        above 0 in both); ``within_2`` (share of counts that are met within a factor of 2).
        Missing where it cannot be told: ranks of fewer than 3, shares of nothing.

    Raises
    ------
    ParameterError
        If the lengths differ, or something is no number.

    Examples
    --------
    >>> import geo_border as gb
    >>> gb.validate([100, 50, 10], [120, 40, 30])[["spearman", "overlap"]].round(3).tolist()
    [1.0, 0.898]
    """
    try:
        p, q = (np.atleast_1d(np.asarray(each, float)) for each in (counted, modelled))
    except (TypeError, ValueError) as error:
        raise ParameterError(
            "what is counted and modelled is no numbers", remedy="Give vehicles, in one order"
        ) from error
    if p.shape != q.shape:
        raise ParameterError(f"{len(p)} counts stand beside {len(q)} modelled values")
    known = np.isfinite(p) & np.isfinite(q)
    p, q = p[known], q[known]
    ranks = pd.DataFrame({"p": p, "q": q}).rank()
    varies = len(p) >= 3 and np.ptp(p) > 0 and np.ptp(q) > 0
    near = (q <= FACTOR * p) & (p <= FACTOR * q)
    some = p.sum() > 0 and q.sum() > 0
    overlap = rmse = np.nan
    if some:
        p_share, q_share = p / p.sum(), q / q.sum()
        overlap = np.minimum(p_share, q_share).sum()
        both = (p > 0) & (q > 0)
        if both.any():
            rmse = np.sqrt((np.log(q_share[both] / p_share[both]) ** 2).mean())
    return pd.Series(
        {
            "n": float(len(p)),
            "spearman": ranks["p"].corr(ranks["q"]) if varies else np.nan,
            "overlap": overlap,
            "rmse_log": rmse,
            "within_2": near.mean() if len(p) else np.nan,
        }
    )
