"""What a change at the border is worth to those who travel, in hours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.errors import ParameterError
from geo_border.shown import shown
from geo_border.terms import DIRECTIONS
from geo_border.traffic.flows import by_class
from geo_border.traffic.lanes import read_lanes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.traffic.equilibrium import ClassTraffic, Equilibrium


@dataclass(frozen=True, slots=True, eq=False)
class Welfare:
    """What differs between two equilibria of one model.

    Vehicles a day count one way: who drives out and back is counted twice. Hours are vehicle-hours
    a day. Both are shares of the class where it has no total.

    Parameters
    ----------
    classes
        Index ``class``: ``hours_lost`` (consumer surplus lost), ``diverted`` (passages that are
        made elsewhere), ``suppressed`` (trips no longer made by those who still have a way),
        ``cut`` (trips of those who have none any more), ``induced`` (trips that are new).
    origins
        Index ``place_id`` and ``class``: ``trips_before``, ``trips_after``, ``suppressed``,
        ``cut``, ``induced``, ``hours_lost``. Who can no longer travel and had no other choice
        has lost no finite time: ``hours_lost`` is missing there and left out of the sum.
    checkpoints
        Index ``checkpoint_id`` and ``class``: ``before``, ``after`` and ``change`` of the
        vehicles a day, both directions.

    Examples
    --------
    >>> import geo_border as gb
    >>> trips = gb.travel(gb.example_network())
    >>> model = gb.traffic_model({"car": trips}, [gb.TrafficClass("car", total_year=1e6)])
    >>> gb.welfare(gb.equilibrium(model), gb.equilibrium(model, gb.Scenario(factor=0)))
    <Welfare: classes 1 x 5, origins 1,420 x 6, checkpoints 30 x 3>
    """

    __repr__ = shown

    classes: pd.DataFrame
    origins: pd.DataFrame
    checkpoints: pd.DataFrame


def welfare(before: Equilibrium, after: Equilibrium) -> Welfare:
    """Hours and trips that a change at the border costs.

    The consumer surplus of an origin is ``ln(U_0 + W) / θ`` for each trip that it could make.

    Parameters
    ----------
    before, after
        Equilibria of one model under two scenarios.

    Returns
    -------
    Welfare
        By class, by origin and by checkpoint.

    Raises
    ------
    ParameterError
        If they are of different models.

    References
    ----------
    Small & Rosen (1981), Applied welfare economics with discrete choice models, Econometrica
    49(1) 105-130.

    Examples
    --------
    >>> import geo_border as gb
    >>> trips = gb.travel(gb.example_network())
    >>> model = gb.traffic_model({"car": trips}, [gb.TrafficClass("car", total_year=1e6)])
    >>> shut = gb.equilibrium(model, gb.Scenario(close=["sagarchin-zhaisan"]))
    >>> lost = gb.welfare(gb.equilibrium(model), shut)
    >>> list(lost.classes.columns)
    ['hours_lost', 'diverted', 'suppressed', 'cut', 'induced']
    >>> lost.checkpoints["change"].idxmin()
    ('sagarchin-zhaisan', 'car')
    """
    if {name: each.model for name, each in before.classes.items()} != {
        name: each.model for name, each in after.classes.items()
    }:
        raise ParameterError(
            "the two equilibria are of different models",
            remedy="Solve both scenarios with one traffic_model",
        )
    origins, checkpoints, classes = {}, {}, {}
    for name in before.classes:
        old, new = before.classes[name], after.classes[name]
        places = origins_lost(old, new)
        origins[name] = places
        change = new.passed - old.passed
        classes[name] = {
            "hours_lost": _hours(places),
            "diverted": float(made_elsewhere(change.ravel())),
            **places[["suppressed", "cut", "induced"]].sum(),
        }
        passed = {"before": old.passed.sum(axis=0), "after": new.passed.sum(axis=0)}
        gates = old.model.travel.tables.gates.index
        checkpoints[name] = pd.DataFrame(passed, index=gates).assign(change=change.sum(axis=0))
    return Welfare(
        classes=pd.DataFrame.from_dict(classes, orient="index").rename_axis("class"),
        origins=by_class(origins),
        checkpoints=by_class(checkpoints),
    )


def _hours(places: pd.DataFrame) -> float:
    """Hours lost by all origins, missing where what trips that are cut lose is not finite."""
    lost = places["hours_lost"]
    return np.nan if (lost.isna() & (places["cut"] > 0)).any() else float(lost.sum())


def made_elsewhere(change: NDArray[np.float64]) -> NDArray[np.float64]:
    """Passages that are made elsewhere.

    Parameters
    ----------
    change
        Of the vehicles at each passage, along the last axis.

    Returns
    -------
    ndarray
        What is gained or lost over all passages, whichever is less.
    """
    less: NDArray[np.float64] = np.minimum(
        change.clip(min=0).sum(axis=-1), -change.clip(max=0).sum(axis=-1)
    )
    return less


def origins_lost(before: ClassTraffic, after: ClassTraffic) -> pd.DataFrame:
    """Trips and hours that a change costs the places of one class.

    Parameters
    ----------
    before, after
        The class in two equilibria of one model.

    Returns
    -------
    DataFrame
        Index ``place_id``, columns of `Welfare.origins`.
    """
    old, new, reached = before.by_origin(), after.by_origin(), after.reached()
    lost = (old["trips"] - new["trips"]).clip(lower=0)
    with np.errstate(invalid="ignore"):
        hours = old["surplus_h"] - new["surplus_h"]
    return pd.DataFrame(
        {
            "trips_before": old["trips"],
            "trips_after": new["trips"],
            "suppressed": lost.where(reached, 0.0),
            "cut": lost.where(~reached, 0.0),
            "induced": (new["trips"] - old["trips"]).clip(lower=0),
            "hours_lost": hours.where(np.isfinite(hours)),
        }
    )


def hour_values(traffic: Equilibrium) -> pd.DataFrame:
    """What an hour less at each checkpoint is worth.

    With the queues as they are it is worth an hour to everyone who passes (the envelope
    theorem). As traffic answers, queues take back a part: that is the derivative of the
    surplus of all classes by the free delay of one, in equilibrium.

    Parameters
    ----------
    traffic
        As `equilibrium` gives it.

    Returns
    -------
    DataFrame
        Index ``checkpoint_id`` and ``class``; ``hour_out`` and ``hour_in`` (vehicle-hours a day
        for an hour less in that direction, queues as they are), ``hour_out_queued`` and
        ``hour_in_queued`` (queues in equilibrium again).

    Examples
    --------
    >>> import geo_border as gb
    >>> trips = gb.travel(gb.example_network())
    >>> model = gb.traffic_model({"car": trips}, [gb.TrafficClass("car", total_year=1e6)])
    >>> gb.hour_values(gb.equilibrium(model)).columns.tolist()
    ['hour_out', 'hour_in', 'hour_out_queued', 'hour_in_queued']
    """
    names = list(traffic.classes)
    gates = traffic.classes[names[0]].model.travel.tables.gates.index
    lanes = read_lanes(traffic.lanes, gates, names)
    count = len(lanes.slot)
    fall, vehicles = np.zeros((count, count)), np.zeros(count)
    answers = {}
    for (name, each), members in zip(traffic.classes.items(), lanes.members.T, strict=True):
        at = np.flatnonzero(members)
        vehicles[at] += each.passed.ravel()[lanes.slot[at]]
        answers[name] = np.zeros((count, each.passed.size))
        if len(at):
            answers[name][at] = each.model.traffic_class.pcu * each.slope[lanes.slot[at]]
            fall[np.ix_(at, at)] += answers[name][np.ix_(at, lanes.slot[at])]
    rise = lanes.slope_at(traffic.lanes["flow_day"].to_numpy(float))
    weight = np.linalg.solve((np.eye(count) + rise[:, None] * fall).T, vehicles)
    frames = {}
    for name, each in traffic.classes.items():
        direct = each.passed
        queued = direct - ((weight * rise) @ answers[name]).reshape(direct.shape)
        frames[name] = pd.DataFrame(
            {
                f"hour_{direction}{kind}": values[position]
                for kind, values in (("", direct), ("_queued", queued))
                for position, direction in enumerate(DIRECTIONS)
            },
            index=gates,
        )
    return by_class(frames)
