"""What scenarios change for traffic: by checkpoint and class, by region and class, in all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.pipeline.stages.traffic_tables import (
    OUTSIDE,
    has_totals,
    unit_of,
)
from geo_border.shown import shown
from geo_border.terms import CAR, DIRECTIONS, EVERY_CLASS
from geo_border.traffic.detour import detour_hours
from geo_border.traffic.flows import passages_of
from geo_border.traffic.welfare import made_elsewhere, origins_lost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from geo_border.bottlenecks.changes import Changes
    from geo_border.traffic.equilibrium import Equilibrium

    Floats = NDArray[np.float64]
    _Lanes = tuple[tuple[NDArray[np.int64], NDArray[np.int64]], ...]  # rows and slots by class

TRIPS = (
    "trips_before",
    "trips_after",
    "trips_not_made_before",
    "trips_not_made_after",
    "hours_lost",
    "diverted",
    "suppressed",
    "cut",
    "induced",
    "stayed",
    "driving_h",
    "delay_h",
    "detour_h",
)
"""What is given of trips, by region and in all."""

BOTH = ("before", "after")

_TOLD = (*TRIPS, "detour_each_h")
_PASSED = (
    *(f"{name}_{when}" for name in ("vehicles", "share") for when in (*BOTH, "change")),
    *(
        f"{name}_{when}"
        for way in DIRECTIONS
        for name in (f"delay_{way}_h", f"wait_{way}_h", f"utilisation_{way}")
        for when in BOTH
    ),
)


@dataclass(frozen=True, slots=True, eq=False)
class TrafficChanges:
    """What scenarios change for traffic.

    Trips and passages are vehicles a day, hours vehicle-hours a day; where the total of a class is
    not known they are shares of its trips, and hours a trip. Rows of the class ``all`` stand where
    every class has a total.

    Parameters
    ----------
    of
        Class that one figure for all is of: ``all`` where there is one, else that of cars.
    totals
        Index ``scenario``, ``class``: ``unit``, and `TRIPS`: trips made and not made;
        ``hours_lost`` (consumer surplus); ``diverted`` (passages that are made elsewhere),
        ``suppressed``, ``cut``, ``induced`` as `geo_border.traffic.welfare.welfare` has them;
        ``stayed``, ``driving_h``, ``delay_h`` as in `geo_border.traffic.detour.detour_hours`, and
        ``detour_h``, the sum of both hours; ``detour_each_h`` is that for each of those trips.
    regions
        Index ``scenario``, ``region_id`` (`OUTSIDE` for places of none), ``class``: the same of
        those who live there.
    checkpoints
        Index ``scenario``, ``checkpoint_id``, ``class``: ``unit``; ``vehicles``, ``share`` (of
        the trips that the class makes with the border as it is), ``_before``, ``_after`` and
        ``_change``; ``delay_<way>_h``, ``wait_<way>_h`` (the queue in it) and
        ``utilisation_<way>``, ``_before`` and ``_after``.
    passages
        Index ``scenario``, ``checkpoint_id``, ``class``: passages that the scenario itself opens,
        closes or gives other hours: ``delay_<way>_h_before`` and ``_after``, infinite where the
        class may not pass.
    """

    __repr__ = shown

    of: str
    totals: pd.DataFrame
    regions: pd.DataFrame
    checkpoints: pd.DataFrame
    passages: pd.DataFrame


def traffic_changes(
    before: Equilibrium,
    after: Mapping[str, Equilibrium],
    places: pd.DataFrame,
    *,
    with_detours: bool = True,
) -> TrafficChanges:
    """Compare traffic in equilibrium with that of the border as it is.

    Parameters
    ----------
    before
        With the border as it is.
    after
        By scenario, of the same model.
    places
        Those of the trips, with ``region_id``.
    with_detours
        Whether to look at all pairs of places for the hours of detours, which are missing else.

    Returns
    -------
    TrafficChanges
        In the order of the scenarios.
    """
    base = _AsItIs.of(before, places)
    rows = [base.told(solved, with_detours=with_detours) for solved in after.values()]
    trips, passed = (np.array([row[part] for row in rows]) for part in range(2))
    names = pd.Index(list(after), name="scenario")
    return TrafficChanges(
        of=EVERY_CLASS if has_totals(before) else CAR,
        totals=base.frame(trips[:, :1], [names], _TOLD),
        regions=base.frame(trips[:, 1:], [names, base.regions], _TOLD),
        checkpoints=base.frame(passed, [names, base.gates], _PASSED),
        passages=pd.concat(
            {name: _passages(before, solved) for name, solved in after.items()}, names=["scenario"]
        ),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _AsItIs:
    """The border as it is, and what all scenarios share; C classes, one more if they add up."""

    before: Equilibrium
    gates: pd.Index[str]
    regions: pd.Index[str]
    group: NDArray[np.int64]  # region of each place, (P,)
    passages: tuple[Floats, ...]  # of the regions by class, (R, 2, K)
    lanes: _Lanes
    passed: Floats  # at the checkpoints, (K, C, V)
    trips: Floats  # by class, (C,)

    @classmethod
    def of(cls, before: Equilibrium, places: pd.DataFrame) -> _AsItIs:
        """Look at the border as it is."""
        region = places["region_id"].astype(object).where(places["region_id"].notna(), OUTSIDE)
        order = sorted({str(name) for name in region if name != OUTSIDE})
        order += [OUTSIDE] if (region == OUTSIDE).any() else []
        group = pd.Index(order).get_indexer(pd.Index(region))
        first = next(iter(before.classes.values()))
        gates = first.model.travel.tables.gates.index.rename("checkpoint_id")
        way = pd.Index(DIRECTIONS).get_indexer(pd.Index(before.lanes["direction"]))
        slot = way * len(gates) + gates.get_indexer(pd.Index(before.lanes["checkpoint_id"]))
        shared = [str(names).split() for names in before.lanes["classes"]]
        at = [np.flatnonzero([name in row for row in shared]) for name in before.classes]
        lanes = tuple((rows, slot[rows]) for rows in at)
        trips = [each.by_origin()["trips"].sum() for each in before.classes.values()]
        return cls(
            before=before,
            gates=gates,
            regions=pd.Index(order, name="region_id"),
            group=group,
            passages=tuple(
                passages_of(each, group, len(order)) for each in before.classes.values()
            ),
            lanes=lanes,
            passed=_at_checkpoints(before, lanes),
            trips=np.array([*trips, sum(trips)] if has_totals(before) else trips),
        )

    @property
    def classes(self) -> list[str]:
        """Names of the classes."""
        return [*self.before.classes, *([EVERY_CLASS] if has_totals(self.before) else [])]

    def frame(
        self, values: Floats, names: list[pd.Index[str]], columns: tuple[str, ...]
    ) -> pd.DataFrame:
        """Values of scenarios, shape (S, N, C, V), as rows."""
        levels = [*names, pd.Index(self.classes, name="class")]
        index = pd.MultiIndex.from_product(levels)
        found = pd.DataFrame(values.reshape(len(index), len(columns)), index, list(columns))
        found.insert(0, "unit", unit_of(self.before, index.get_level_values("class")))
        return found

    def told(self, after: Equilibrium, *, with_detours: bool) -> tuple[Floats, Floats]:
        """Trips in all and by region, shape (1 + R, C, V), and checkpoints, (K, C, V)."""
        found = np.stack(
            [
                self._trips(number, after, with_detours=with_detours)
                for number in range(len(self.before.classes))
            ],
            axis=1,
        )
        if has_totals(self.before):
            found = np.concatenate([found, found.sum(axis=1, keepdims=True)], axis=1)
        detour, stayed = found[..., -1:], found[..., _TOLD.index("stayed")][..., None]
        each = np.divide(detour, stayed, out=np.full(detour.shape, np.nan), where=stayed > 0)
        old, new = self.passed, _at_checkpoints(after, self.lanes)
        share = [
            np.divide(
                table[..., :1],
                self.trips[:, None],
                out=np.full(table[..., :1].shape, np.nan),
                where=self.trips[:, None] > 0,
            )
            for table in (old, new)
        ]
        vehicles = [old[..., :1], new[..., :1], new[..., :1] - old[..., :1]]
        beside = np.stack([old[..., 1:], new[..., 1:]], axis=-1).reshape(*old.shape[:2], -1)
        passed = np.concatenate([*vehicles, *share, share[1] - share[0], beside], axis=-1)
        return np.concatenate([found, each], axis=-1), passed

    def _trips(self, number: int, after: Equilibrium, *, with_detours: bool) -> Floats:
        """Trips and hours of a class in all and by region, shape (1 + R, V)."""
        name = list(self.before.classes)[number]
        old, new = self.before.classes[name], after.classes[name]
        places = origins_lost(old, new)
        for when, each in zip(BOTH, (old, new), strict=True):
            places[f"trips_not_made_{when}"] = each.by_origin()["trips_not_made"]
        hours = ["stayed", "driving_h", "delay_h"]
        places[hours] = detour_hours(old, new)[hours] if with_detours else np.nan
        # What those lose who can no longer travel and had no other choice is not finite.
        no_end = (places["hours_lost"].isna() & (places["cut"] > 0)).to_numpy(float)
        moved = passages_of(new, self.group, len(self.regions)) - self.passages[number]
        summed = [name for name in TRIPS if name not in ("diverted", "detour_h")]
        values = places[summed].assign(hours_lost=places["hours_lost"].fillna(0.0)).to_numpy()
        values = np.column_stack([values, no_end])
        of_regions = np.zeros((len(self.regions), values.shape[1]))
        np.add.at(of_regions, self.group, values)
        sums = pd.DataFrame(np.vstack([values.sum(axis=0), of_regions]), columns=[*summed, "end"])
        sums["hours_lost"] = sums["hours_lost"].mask(sums["end"] > 0)
        change = np.vstack([(new.passed - old.passed).ravel(), moved.reshape(len(moved), -1)])
        sums["diverted"] = made_elsewhere(change)
        sums["detour_h"] = sums["driving_h"] + sums["delay_h"]
        return sums[list(TRIPS)].to_numpy(float)


def _at_checkpoints(solved: Equilibrium, lanes: _Lanes) -> Floats:
    """Vehicles, and by direction delay, queue and utilisation, shape (K, C, V)."""
    tables = []
    for (rows, slots), each in zip(lanes, solved.classes.values(), strict=True):
        delay = np.where(np.isfinite(each.delay), each.delay, np.nan)
        queues = np.full((2, delay.size), np.nan)
        queues[:, slots] = solved.lanes[["queue_h", "utilisation"]].to_numpy(float)[rows].T
        by_way = np.stack([delay, *queues.reshape(2, *delay.shape)])
        told = by_way.transpose(2, 1, 0).reshape(delay.shape[1], -1)
        tables.append(np.column_stack([each.passed.sum(axis=0), told]))
    if has_totals(solved):
        whole = np.full_like(tables[0], np.nan)
        whole[:, 0] = np.sum([table[:, 0] for table in tables], axis=0)
        tables.append(whole)
    return np.stack(tables, axis=1)


def _passages(before: Equilibrium, after: Equilibrium) -> pd.DataFrame:
    """Passages that take others than as they are, or are open to others."""
    rows = {}
    for name, old in before.classes.items():
        new = after.classes[name]
        gates = old.model.travel.tables.gates.index
        other = (old.free != new.free).any(axis=0)
        rows[name] = passage_hours(gates[other], old.delay[:, other], new.delay[:, other])
    table: pd.DataFrame = pd.concat(rows, names=["class"]).swaplevel()
    return table.sort_index(level=0, sort_remaining=False)


def passage_hours(
    gates: pd.Index[str], before: NDArray[np.float64], after: NDArray[np.float64]
) -> pd.DataFrame:
    """Hours of passages before and after.

    Parameters
    ----------
    gates
        Ids, K of them.
    before, after
        Hours by direction and gate, infinite where nobody may pass, shape (2, K).

    Returns
    -------
    DataFrame
        Index ``checkpoint_id``; ``delay_<way>_h_before`` and ``_after``.
    """
    return pd.DataFrame(
        {
            f"delay_{way}_h_{when}": hours[position]
            for position, way in enumerate(DIRECTIONS)
            for when, hours in zip(BOTH, (before, after), strict=True)
        },
        index=gates.rename("checkpoint_id"),
    )


def fastest_changes(found: Changes, of: str, hours: Mapping[str, pd.DataFrame]) -> TrafficChanges:
    """Say the same of trips that all take the fastest way.

    Parameters
    ----------
    found
        What scenarios change, of trips of the gravity model.
    of
        What to call their class.
    hours
        Of all passages by scenario, as `passage_hours` gives them.

    Returns
    -------
    TrafficChanges
        Their number is fixed: nobody stays at home, what is not cut takes a detour. Queues,
        and who is diverted in which region, are not known.
    """
    every = pd.concat(hours, names=["scenario"])
    changed = np.any(
        [every[f"delay_{way}_h_before"] != every[f"delay_{way}_h_after"] for way in DIRECTIONS],
        axis=0,
    )
    return TrafficChanges(
        of=of,
        totals=_of_fastest(
            found.totals.assign(demand_share=1.0, diverted=_diverted(found.checkpoints)), of
        ),
        regions=_of_fastest(found.regions, of),
        checkpoints=_fastest_checkpoints(found.checkpoints, every, of),
        passages=_with_class(every[changed], of),
    )


def _of_fastest(found: pd.DataFrame, of: str) -> pd.DataFrame:
    """Trips and hours of demand that is fixed."""
    trips = found["demand_share"]
    cut = (found["unserved_share"] * trips).fillna(0.0)
    longer = (found["affected_share"] - found["unserved_share"]) * trips * found["extra_hours"]
    detour = longer.fillna(0.0)
    table = pd.DataFrame(
        {
            "trips_before": trips,
            "trips_after": trips - cut,
            # What is cut had no other choice: it loses no finite time.
            "hours_lost": detour.mask(cut > 0),
            "diverted": found.get("diverted", np.nan),
            "suppressed": 0.0,
            "cut": cut,
            "induced": 0.0,
            "stayed": trips - cut,
            "detour_h": detour,
        },
        index=found.index,
    ).reindex(columns=list(TRIPS))
    table.insert(0, "unit", "share")
    table["detour_each_h"] = table["detour_h"] / table["stayed"].where(table["stayed"] > 0)
    return _with_class(table, of)


def _diverted(checkpoints: pd.DataFrame) -> pd.Series[float]:
    """Passages that are made elsewhere, by scenario."""
    change = checkpoints["load_share_change"]
    more, less = (
        part.groupby(level="scenario").sum()
        for part in (change.clip(lower=0), -change.clip(upper=0))
    )
    return pd.concat([more, less], axis=1).min(axis=1)


def _fastest_checkpoints(found: pd.DataFrame, hours: pd.DataFrame, of: str) -> pd.DataFrame:
    """Loads of the checkpoints."""
    table = pd.DataFrame({"unit": "share"}, index=found.index)
    for name in ("vehicles", "share"):
        for when in (*BOTH, "change"):
            table[f"{name}_{when}"] = found[f"load_share_{when}"]
    table = table.join(hours.replace(np.inf, np.nan))
    queues = [
        f"{name}_{when}"
        for way in DIRECTIONS
        for name in (f"wait_{way}_h", f"utilisation_{way}")
        for when in BOTH
    ]
    return _with_class(table.reindex(columns=[*table, *queues]), of)


def _with_class(table: pd.DataFrame, of: str) -> pd.DataFrame:
    """Rows with their class as the last level of the index."""
    return table.assign(**{"class": of}).set_index("class", append=True)
