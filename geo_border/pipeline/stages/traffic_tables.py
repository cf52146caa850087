"""Tables of traffic: by checkpoint and class, by region and class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_border.routing.scenarios import Scenario
from geo_border.terms import DIRECTIONS, EVERY_CLASS
from geo_border.traffic.equilibrium import equilibrium
from geo_border.traffic.flows import checkpoint_traffic
from geo_border.traffic.welfare import hour_values, welfare

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from geo_border.traffic.equilibrium import Equilibrium
    from geo_border.traffic.lanes import Lanes
    from geo_border.traffic.model import TrafficModel
    from geo_border.traffic.welfare import Welfare

OUTSIDE = "outside"
"""What stands for the region of places that are in none that is studied."""

DAY, SHARE = "vehicles a day", "share"
"""Units of flows: where the total of a class is known, and where it is not."""


def has_totals(solved: Equilibrium) -> bool:
    """Whether every class counts in vehicles, so that there is a sum of all.

    Parameters
    ----------
    solved
        Traffic in equilibrium.

    Returns
    -------
    bool
        False too where there is but one class, which is all there is.
    """
    totals = [each.model.traffic_class.total_year for each in solved.classes.values()]
    return len(totals) > 1 and all(total is not None for total in totals)


def every_class(table: pd.DataFrame, solved: Equilibrium) -> pd.DataFrame:
    """Add the sum over the classes, where all of them count in vehicles.

    Parameters
    ----------
    table
        Index with the level ``class``, the last; columns that add up.
    solved
        Traffic in equilibrium.

    Returns
    -------
    DataFrame
        With rows of the class `EVERY_CLASS` behind those of the classes.
    """
    if not has_totals(solved):
        return table
    first = str(table.index.names[0])
    levels = [first, "class"]
    total = table.groupby(level=first, sort=False).sum(min_count=1)
    total.index = pd.MultiIndex.from_product([total.index, [EVERY_CLASS]], names=levels)
    ids = table.index.get_level_values(first).unique()
    order = pd.MultiIndex.from_product([ids, [*solved.classes, EVERY_CLASS]], names=levels)
    return pd.concat([table, total]).reindex(order)


def unit_of(solved: Equilibrium, classes: Iterable[object]) -> list[str]:
    """Units that flows are in.

    Parameters
    ----------
    solved
        Traffic in equilibrium.
    classes
        Names of classes, `EVERY_CLASS` too.

    Returns
    -------
    list of str
        `DAY` or `SHARE`.
    """
    totals = {name: each.model.traffic_class.total_year for name, each in solved.classes.items()}
    return [SHARE if totals.get(str(name), 1.0) is None else DAY for name in classes]


def traffic_by_checkpoint(
    solved: Equilibrium, shut: Mapping[str, Welfare], detours: pd.Series[float]
) -> pd.DataFrame:
    """What is told of traffic by checkpoint and class.

    Parameters
    ----------
    solved
        Traffic in equilibrium.
    shut
        What the closure of checkpoints costs, by their id.
    detours
        ``closure_detour_h`` by ``checkpoint_id`` and ``class``.

    Returns
    -------
    DataFrame
        Index ``checkpoint_id`` and ``class``; ``unit``, ``vehicles_out``, ``vehicles_in``,
        ``vehicles`` (a day, or shares of the trips of the class), ``share``, ``share_out``,
        ``share_in`` (of the trips of the class), ``delay_out_h``, ``delay_in_h``,
        ``wait_out_h``, ``wait_in_h`` (the queue in them), ``utilisation_out``,
        ``utilisation_in``, ``closure_detour_h`` (of all the mean by vehicles),
        ``closure_hours_lost`` (vehicle-hours a day, or hours a trip of the class),
        ``closure_diverted``, ``closure_suppressed``, ``closure_cut`` (shares of the trips of the
        class), ``hour_out``, ``hour_in`` (worth of an hour less, queues in equilibrium).
    """
    passed = checkpoint_traffic(solved)
    flows = every_class(passed[["vehicles_out", "vehicles_in", "vehicles"]], solved)
    trips = pd.Series({n: each.by_origin()["trips"].sum() for n, each in solved.classes.items()})
    trips[EVERY_CLASS] = trips.sum()
    whole = trips.reindex(flows.index.get_level_values("class")).to_numpy()
    unit = unit_of(solved, flows.index.get_level_values("class"))
    hours = every_class(hour_values(solved)[["hour_out_queued", "hour_in_queued"]], solved)
    found = pd.DataFrame({"unit": unit}, index=flows.index).join(flows)
    for part in ("", *(f"_{way}" for way in DIRECTIONS)):
        found[f"share{part}"] = np.divide(
            found[f"vehicles{part}"].to_numpy(float),
            whole,
            out=np.full(len(found), np.nan),
            where=whole > 0,
        )
    found = found.join(passed[["delay_out_h", "delay_in_h"]]).join(_queues(solved, flows.index))
    found = found.join(_detours(flows, detours, solved)).join(_closures(solved, shut, trips))
    hours.columns = ["hour_out", "hour_in"]
    return found.join(hours)


def may_not_pass(table: pd.DataFrame) -> pd.Series[bool]:
    """Say where a class may not pass, so that there is nothing to be said of its traffic.

    Parameters
    ----------
    table
        As `traffic_by_checkpoint` gives it.

    Returns
    -------
    Series
        Of its rows; all may not pass where no class may.
    """
    delays = table[["delay_out_h", "delay_in_h"]]
    known = np.isfinite(delays.to_numpy(float, na_value=np.nan)).any(axis=1)
    of_class = table.index.get_level_values("class") != EVERY_CLASS
    ids = table.index.get_level_values("checkpoint_id")
    passed: pd.Series[bool] = pd.Series(known & of_class, table.index)
    return ~passed.groupby(ids).transform("any").where(~of_class, passed)


def _detours(
    flows: pd.DataFrame, detours: pd.Series[float], solved: Equilibrium
) -> pd.Series[float]:
    """Detours of closures, those of all by the vehicles of the classes."""
    known = detours.reindex(flows.index)
    if has_totals(solved):
        weight = flows["vehicles"].where(known.notna())
        sums = pd.DataFrame({"hours": weight * known, "weight": weight}).groupby(level=0).sum()
        mean = (sums["hours"] / sums["weight"].where(sums["weight"] > 0)).reindex(
            flows.index.get_level_values(0)
        )
        is_all = flows.index.get_level_values("class") == EVERY_CLASS
        known = known.where(~is_all, pd.Series(mean.to_numpy(float), flows.index))
    return known.rename("closure_detour_h")


def _queues(solved: Equilibrium, index: pd.Index[Any]) -> pd.DataFrame:
    """Wait and utilisation of the lanes of each class."""
    found = pd.DataFrame(
        np.nan,
        index,
        [f"{what}_{way}{end}" for what, end in (("wait", "_h"), ("utilisation", ""))
         for way in DIRECTIONS],
    )  # fmt: skip
    for row in solved.lanes.to_dict("records"):
        way = row["direction"]
        for name in str(row["classes"]).split():
            if (row["checkpoint_id"], name) in index:
                at = (row["checkpoint_id"], name)
                found.loc[at, [f"wait_{way}_h", f"utilisation_{way}"]] = [
                    row["queue_h"],
                    row["utilisation"],
                ]
    return found


def _closures(
    solved: Equilibrium, shut: Mapping[str, Welfare], trips: pd.Series[float]
) -> pd.DataFrame:
    """What the closure of each checkpoint does to each class."""
    columns = ["hours_lost", "diverted", "suppressed", "cut"]
    if not shut:
        nothing = pd.MultiIndex.from_arrays([[], []], names=["checkpoint_id", "class"])
        return pd.DataFrame(np.nan, nothing, [f"closure_{column}" for column in columns])
    table = pd.concat(
        {name: lost.classes[columns] for name, lost in shut.items()}, names=["checkpoint_id"]
    )
    table = every_class(table, solved)
    whole = trips.reindex(table.index.get_level_values("class")).to_numpy()
    shares = table[columns[1:]].div(whole, axis=0)
    return table[["hours_lost"]].join(shares).add_prefix("closure_")


def ranking(table: pd.DataFrame, diversions: pd.DataFrame, of: str) -> pd.DataFrame:
    """Loads and the effect of closures, one row a checkpoint.

    Parameters
    ----------
    table
        As `traffic_by_checkpoint` gives it.
    diversions
        ``closed_id``, ``class``, ``to_id``, ``share``, the largest first.
    of
        Class that the figures without the name of one are of.

    Returns
    -------
    DataFrame
        Index ``checkpoint_id``: ``load_share``, ``load_out_share``, ``load_in_share``,
        ``closure_extra_hours`` (for each trip that passed), ``closure_detour_h``,
        ``closure_extra_total``,
        ``closure_unserved``, ``diverted_to``, ``diverted_to_share``, and ``load_share_<class>``
        of each class, if there are several.
    """
    main = table[table.index.get_level_values("class") == of].droplevel("class")
    trips = (main["vehicles"] / main["share"]).max()
    lost = main["closure_hours_lost"]
    passed = main["vehicles"].where(main["vehicles"] > 0)
    found = pd.DataFrame(
        {
            "load_share": main["share"],
            "load_out_share": main["share_out"],
            "load_in_share": main["share_in"],
            "closure_extra_hours": lost / passed,
            "closure_detour_h": main["closure_detour_h"],
            "closure_extra_total": lost / trips,
            "closure_unserved": main["closure_cut"],
        }
    )
    most = diversions[diversions["class"] == of].drop_duplicates("closed_id")
    most = most.set_index("closed_id").rename(columns={"to_id": "diverted_to"})
    found = found.join(
        most[["diverted_to", "share"]].rename(columns={"share": "diverted_to_share"})
    )
    names = table.index.get_level_values("class").unique()
    if len(names) > 1:
        shares = table["share"].unstack("class")
        for name in names:
            if name != EVERY_CLASS:
                found[f"load_share_{name}"] = shares[name]
    return found


def traffic_by_region(
    model: TrafficModel, solved: Equilibrium, lanes: Lanes, places: pd.DataFrame
) -> pd.DataFrame:
    """Trips and surplus by region and class.

    Parameters
    ----------
    model
        Of the classes.
    solved
        Traffic with the border as it is.
    lanes
        Those with a capacity.
    places
        Those of the trips, with ``region_id``.

    Returns
    -------
    DataFrame
        Index ``region_id`` (`OUTSIDE` for places of none) and ``class``; ``unit``, ``trips``,
        ``trips_not_made`` (vehicles a day, or shares of the trips of the class),
        ``trips_made_share`` (of both), ``surplus_h``
        (what the region would lose if the border were closed) and ``delay_cost_h`` (what it
        would gain if no passage took time), vehicle-hours a day, or hours a trip of the class.
    """
    region = places["region_id"].astype(object).where(places["region_id"].notna(), OUTSIDE)
    closed = Scenario(close=[str(name) for name in _gates(solved)])
    lost = welfare(solved, equilibrium(model, closed, lanes=lanes)).origins["hours_lost"]
    free = welfare(solved, equilibrium(model, Scenario(factor=0))).origins["hours_lost"]
    rows = {}
    for name, each in solved.classes.items():
        own = each.by_origin()[["trips", "trips_not_made"]].assign(
            surplus_h=lost.xs(name, level="class"),
            delay_cost_h=-free.xs(name, level="class"),
        )
        # Nobody's surplus is known where those who may not stay at home have no way.
        unknown = own.isna().groupby(region.to_numpy()).any()
        rows[name] = own.groupby(region.to_numpy()).sum().mask(unknown)
    table = pd.concat(rows, names=["class", "region_id"]).swaplevel()
    order = [r for r in dict.fromkeys(region) if r != OUTSIDE]
    order = sorted(map(str, order)) + ([OUTSIDE] if (region == OUTSIDE).any() else [])
    index = pd.MultiIndex.from_product([order, rows], names=["region_id", "class"])
    table = every_class(table.reindex(index), solved)
    possible = table["trips"] + table["trips_not_made"]
    table.insert(2, "trips_made_share", table["trips"] / possible.where(possible > 0))
    table.insert(0, "unit", unit_of(solved, table.index.get_level_values("class")))
    return table


def _gates(solved: Equilibrium) -> pd.Index[str]:
    """Ids of the gates."""
    first = next(iter(solved.classes.values()))
    return first.model.travel.tables.gates.index
