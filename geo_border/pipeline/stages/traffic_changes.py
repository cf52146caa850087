"""What scenarios change for traffic: by checkpoint and class, by region and class, in all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_border.pipeline.stages.traffic_tables import (
    OUTSIDE,
    every_class,
    has_totals,
    queues_of,
    unit_of,
)
from geo_border.shown import shown
from geo_border.terms import CAR, DIRECTIONS, EVERY_CLASS
from geo_border.traffic.detour import detours
from geo_border.traffic.flows import checkpoint_traffic, passages_of
from geo_border.traffic.welfare import welfare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from geo_border.bottlenecks.changes import Changes
    from geo_border.traffic.equilibrium import Equilibrium
    from geo_border.traffic.welfare import Welfare

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
        ``stayed``, ``driving_h``, ``delay_h`` as in `geo_border.traffic.detour.detours`, and
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
    region = places["region_id"].astype(object).where(places["region_id"].notna(), OUTSIDE)
    totals, regions, checkpoints, passages = {}, {}, {}, {}
    for name, solved in after.items():
        lost = welfare(before, solved)
        by_place = _trips(before, solved, lost, with_detours=with_detours)
        regions[name] = _of_regions(before, solved, by_place, region)
        totals[name] = _in_all(before, lost, by_place)
        checkpoints[name] = _of_checkpoints(before, solved)
        passages[name] = _passages(before, solved)
    return TrafficChanges(
        of=EVERY_CLASS if has_totals(before) else CAR,
        **{
            key: pd.concat(frames, names=["scenario"])
            for key, frames in (
                ("totals", totals),
                ("regions", regions),
                ("checkpoints", checkpoints),
                ("passages", passages),
            )
        },
    )


def _trips(
    before: Equilibrium, after: Equilibrium, lost: Welfare, *, with_detours: bool
) -> pd.DataFrame:
    """Trips and hours of the places, index ``class`` and ``place_id``; nothing of diversions."""
    found = {}
    for name, old in before.classes.items():
        new = after.classes[name]
        own = lost.origins.xs(name, level="class").copy()
        for when, each in zip(BOTH, (old, new), strict=True):
            own[f"trips_not_made_{when}"] = each.by_origin()["trips_not_made"]
        hours = pd.DataFrame(np.nan, own.index, ["stayed", "driving_h", "delay_h"])
        if with_detours:
            hours = detours(old, new)
        own = own.join(hours)
        found[name] = own.assign(detour_h=own["driving_h"] + own["delay_h"])
    return pd.concat(found, names=["class"])


def _in_all(before: Equilibrium, lost: Welfare, by_place: pd.DataFrame) -> pd.DataFrame:
    """Trips and hours of the classes."""
    table = by_place.groupby(level="class", sort=False).sum(min_count=1)
    table = lost.classes.combine_first(table).reindex(list(before.classes))
    if has_totals(before):
        whole = table.sum(skipna=False)
        table = pd.concat([table, whole.to_frame(EVERY_CLASS).T])
    return _told(table.rename_axis("class"), before)


def _of_regions(
    before: Equilibrium, after: Equilibrium, by_place: pd.DataFrame, region: pd.Series[Any]
) -> pd.DataFrame:
    """Trips and hours of the regions."""
    order = sorted({str(name) for name in region if name != OUTSIDE})
    order += [OUTSIDE] if (region == OUTSIDE).any() else []
    group = pd.Index(order).get_indexer(pd.Index(region))
    rows = {}
    for name, old in before.classes.items():
        own = by_place.xs(name, level="class")
        table = own.groupby(group).sum(min_count=1)
        # What those lose who can no longer travel and had no other choice is not finite.
        no_end = (own["hours_lost"].isna() & (own["cut"] > 0)).groupby(group).any()
        table["hours_lost"] = table["hours_lost"].mask(no_end)
        moved = passages_of(after.classes[name], group, len(order))
        moved -= passages_of(old, group, len(order))
        table["diverted"] = np.minimum(
            moved.clip(min=0).sum(axis=(1, 2)), -moved.clip(max=0).sum(axis=(1, 2))
        )
        rows[name] = table.set_axis(pd.Index(order, name="region_id"))
    table = pd.concat(rows, names=["class"]).swaplevel()
    index = pd.MultiIndex.from_product([order, rows], names=["region_id", "class"])
    table = every_class(table.reindex(index), before)
    unknown = table["hours_lost"].isna().groupby(level="region_id").any()
    is_sum = table.index.get_level_values("class") == EVERY_CLASS
    regions = table.index.get_level_values("region_id")
    table["hours_lost"] = table["hours_lost"].mask(is_sum & unknown.reindex(regions).to_numpy())
    return _told(table, before)


def _told(table: pd.DataFrame, before: Equilibrium) -> pd.DataFrame:
    """Trips and hours in their order, with their unit and the detour of each trip."""
    found = table.reindex(columns=list(TRIPS))
    found.insert(0, "unit", unit_of(before, found.index.get_level_values("class")))
    return found.assign(detour_each_h=_ratio(found["detour_h"], found["stayed"]))


def _ratio(part: pd.Series[float], whole: pd.Series[float]) -> pd.Series[float]:
    """Part of a whole, missing where there is none."""
    return part / whole.where(whole > 0)


def _of_checkpoints(before: Equilibrium, after: Equilibrium) -> pd.DataFrame:
    """Vehicles, delays and queues of the checkpoints."""
    passed = {
        when: checkpoint_traffic(each) for when, each in zip(BOTH, (before, after), strict=True)
    }
    vehicles = pd.DataFrame({when: table["vehicles"] for when, table in passed.items()})
    vehicles = every_class(vehicles, before)
    classes = vehicles.index.get_level_values("class")
    trips = pd.Series({n: each.by_origin()["trips"].sum() for n, each in before.classes.items()})
    trips[EVERY_CLASS] = trips.sum()
    whole = pd.Series(trips.reindex(classes).to_numpy(), vehicles.index)
    found = pd.DataFrame({"unit": unit_of(before, classes)}, index=vehicles.index)
    for name, table in (
        ("vehicles", vehicles),
        ("share", vehicles.apply(lambda column: _ratio(column, whole))),
    ):
        for when in BOTH:
            found[f"{name}_{when}"] = table[when]
        found[f"{name}_change"] = table["after"] - table["before"]
    queues = {
        when: queues_of(each, vehicles.index)
        for when, each in zip(BOTH, (before, after), strict=True)
    }
    for way in DIRECTIONS:
        for source, name in (
            (passed, f"delay_{way}_h"),
            (queues, f"wait_{way}_h"),
            (queues, f"utilisation_{way}"),
        ):
            for when in BOTH:
                found[f"{name}_{when}"] = source[when][name].reindex(found.index)
    return found


def _passages(before: Equilibrium, after: Equilibrium) -> pd.DataFrame:
    """Passages that take others than as they are, or are open to others."""
    rows = {}
    for name, old in before.classes.items():
        new = after.classes[name]
        gates = old.model.travel.tables.gates.index
        other = (old.free != new.free).any(axis=0)
        rows[name] = passage_hours(gates, old.delay, new.delay)[other]
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
    table["detour_each_h"] = _ratio(table["detour_h"], table["stayed"])
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
