"""Audit of the indicators: everything that is wrong, or looks wrong, with the figures."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.index.registry import COMPONENTS, indicators_of, registry_problems
from geo_border.index.selection import as_years

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

COLUMNS = ("severity", "indicator_id", "region_id", "year", "problem")
"""Columns of an audit."""

SEVERITIES = ("error", "warning", "note")
"""Errors stop a run; warnings should be looked into; notes should be known."""

NEIGHBOURS = 2
"""Years with a figure on each side that a figure is held against."""


@dataclass(frozen=True, slots=True)
class Identity:
    """An equation between indicators, ``total = Σ added - Σ subtracted``.

    Parameters
    ----------
    total, added, subtracted
        Ids of indicators.
    tolerance
        Largest difference that rounding explains, in the unit of the indicators.
    """

    total: str
    added: tuple[str, ...]
    subtracted: tuple[str, ...] = ()
    tolerance: float = 0.15


NATURAL_INCREASE = Identity("natural_increase", ("birth_rate",), ("death_rate",))
"""Births less deaths; three figures rounded to 0.1 may differ by 0.15."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """When a figure looks wrong beside its neighbours in time.

    Parameters
    ----------
    factor
        How many times larger or smaller than its neighbours on both sides a digit error
        makes a figure (half an order of magnitude and more is nearer to 10 times than to
        once).
    calm
        How many times the neighbours may differ among themselves for that to count.
    swap
        How many times nearer, both figures together, two exchanged figures must come to
        the neighbours of the other (and leave less than half of the distance).
    """

    factor: float = 5.0
    calm: float = 2.0
    swap: float = 5.0


def audit(
    registry: pd.DataFrame,
    indicators: pd.DataFrame,
    regions: Collection[str],
    *,
    identities: Sequence[Identity] = (NATURAL_INCREASE,),
    suspicion: Suspicion = Suspicion(),
    least_share: float = 2 / 3,
) -> pd.DataFrame:
    """List what is wrong with a registry and its figures, worst first.

    Nothing is raised and nothing changed: this is what a user reads before a run.

    Parameters
    ----------
    registry
        The registry, index ``indicator_id``.
    indicators
        Figures: ``region_id``, ``indicator_id``, ``year``, ``value``.
    regions
        Ids of the regions that should have figures.
    identities
        Equations to hold the figures against; those whose indicators are not there are
        passed over.
    suspicion
        When a figure looks wrong.
    least_share
        Share of the indicators below which a component of a region will be missing.

    Returns
    -------
    DataFrame
        ``severity``, ``indicator_id``, ``region_id``, ``year`` (missing where the finding
        is of more than one) and ``problem`` in words.
    """
    found: list[AuditRow] = [
        ("error", name, "", None, text) for name, text in registry_problems(registry)
    ]
    lacking = [c for c in ("region_id", "indicator_id", "year", "value") if c not in indicators]
    found += [("error", "", "", None, f"the figures lack the column {c!r}") for c in lacking]
    if lacking or any(not name for _, name, *_ in found):
        return _table(found)
    regions = list(regions)
    figures = indicators.assign(
        year=as_years(indicators["year"]),
        value=pd.to_numeric(indicators["value"], errors="coerce").astype(float),
    )
    found += _rows(figures, registry, regions)
    sound = figures[np.isfinite(figures["value"]) & np.isfinite(figures["year"])]
    sound = sound.drop_duplicates(["region_id", "indicator_id", "year"])
    sound = sound.assign(year=sound["year"].astype(int))
    # Series beside each other: one row for each region and indicator.
    wide = sound.pivot_table(
        index=["indicator_id", "region_id"], columns="year", values="value"
    ).sort_index()
    if not wide.empty:
        found += _digits(wide, suspicion)
        found += _signs(wide)
        found += _swaps(wide, registry, suspicion)
        for identity in identities:
            found += _identity(wide, identity)
        found += _periods(wide, registry, regions)
    if registry.index.is_unique and "role" in registry:
        found += _coverage(sound, registry, regions, least_share)
    return _table(found)


AuditRow = tuple[str, str, str, int | None, str]


def _table(found: list[AuditRow]) -> pd.DataFrame:
    """Findings as a table, worst first, otherwise in the order they were made."""
    table = pd.DataFrame(found, columns=list(COLUMNS))
    table["year"] = table["year"].astype("Int64")
    order = table["severity"].map(SEVERITIES.index)
    return table.iloc[np.argsort(order.to_numpy(), kind="stable")].reset_index(drop=True)


def _rows(figures: pd.DataFrame, registry: pd.DataFrame, regions: list[str]) -> list[AuditRow]:
    """Rows that cannot be used."""
    tests = (
        (~figures["indicator_id"].isin(registry.index), "error", "the indicator is unknown"),
        (~figures["region_id"].isin(regions), "note", "the region is none of those scored"),
        (~np.isfinite(figures["year"]), "error", "the year is none"),
        (~np.isfinite(figures["value"]), "error", "the value is not a finite number"),
        (
            figures.duplicated(["region_id", "indicator_id", "year"]),
            "error",
            "there is more than one figure for this region and year",
        ),
    )
    found: list[AuditRow] = []
    for wrong, severity, problem in tests:
        rows = figures[wrong]
        if severity == "note":
            # One line a region, not one a figure.
            found += [
                (severity, "", str(region), None, f"{problem} ({n} figures)")
                for region, n in rows["region_id"].value_counts(sort=False).items()
            ]
            continue
        found += [
            (
                severity,
                str(indicator),
                str(region),
                int(year) if np.isfinite(year) else None,
                problem,
            )
            for indicator, region, year in zip(
                rows["indicator_id"], rows["region_id"], rows["year"].astype(float), strict=True
            )
        ]
    return found


def _beside(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Neighbours in time before and after each figure, missing years stepped over.

    Shape (rows, years, NEIGHBOURS) each.
    """
    rows, years = values.shape
    before = np.full((rows, years, NEIGHBOURS), np.nan)
    after = np.full((rows, years, NEIGHBOURS), np.nan)
    for row in range(rows):
        known = np.flatnonzero(~np.isnan(values[row]))
        for place, year in enumerate(known):
            left = known[max(place - NEIGHBOURS, 0) : place]
            right = known[place + 1 : place + 1 + NEIGHBOURS]
            before[row, year, : len(left)] = values[row, left]
            after[row, year, : len(right)] = values[row, right]
    return before, after


def _digits(wide: pd.DataFrame, suspicion: Suspicion) -> list[AuditRow]:
    """Single figures, and steps that stay, by about an order of magnitude."""
    values = wide.to_numpy(float)
    positive = (np.isnan(values) | (values > 0)).all(axis=1)
    logs = np.log(np.where(values > 0, values, np.nan))
    before, after = _beside(logs)
    around = np.concatenate([before, after], axis=2)
    n_before, n_after = ((~np.isnan(part)).sum(axis=2) for part in (before, after))
    low, high = _span(around)
    far = np.log(suspicion.factor)
    off = (logs - high >= far) | (low - logs >= far)
    off &= (high - low <= np.log(suspicion.calm)) & (n_before + n_after >= 2)
    # At the end of a series a step cannot be told from a wrong digit.
    found: list[AuditRow] = []
    for row, year in np.argwhere(off & positive[:, None]):
        times = np.exp(logs[row, year] - (low[row, year] + high[row, year]) / 2)
        how = f"{times:.1f} times" if times > 1 else f"1/{1 / times:.1f} of"
        found.append(
            _at(wide, row, year, f"{values[row, year]:g} is {how} its neighbours in time: digits?")
        )
    b_low, b_high = _span(before)
    for row, year in np.argwhere((n_before == 2) & (n_after >= 1) & positive[:, None]):
        here = np.append(after[row, year], logs[row, year])
        a_low, a_high = np.nanmin(here), np.nanmax(here)
        calm = max(a_high - a_low, b_high[row, year] - b_low[row, year]) <= np.log(suspicion.calm)
        step = max(a_low - b_high[row, year], b_low[row, year] - a_high)
        if calm and step >= far:
            text = (
                f"from this year on the figures are {np.exp(step):.1f} times "
                f"{'larger' if a_low > b_high[row, year] else 'smaller'}: "
                "another unit, period or boundary?"
            )
            found.append(_at(wide, row, year, text))
    return found


def _span(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Least and greatest along the last axis, infinite the wrong way where there is none."""
    missing = np.isnan(values)
    return (
        np.where(missing, np.inf, values).min(axis=-1),
        np.where(missing, -np.inf, values).max(axis=-1),
    )


def _signs(wide: pd.DataFrame) -> list[AuditRow]:
    """Single figures with the other sign than a series that never changes its sign."""
    values = wide.to_numpy(float)
    n = (values != 0).sum(axis=1) - np.isnan(values).sum(axis=1)
    minus, plus = (values < 0).sum(axis=1), (values > 0).sum(axis=1)
    found = []
    for row in map(int, np.flatnonzero((n >= 5) & (np.minimum(minus, plus) == 1))):
        odd = values[row] < 0 if minus[row] == 1 else values[row] > 0
        year = int(odd.argmax())
        others = np.abs(values[row][~odd & ~np.isnan(values[row])])
        # A small value across zero is a year like any other.
        if abs(values[row, year]) >= 0.5 * np.median(others):
            text = f"{values[row, year]:g} has another sign than every other year: sign?"
            found.append(_at(wide, row, year, text))
    return found


def _swaps(wide: pd.DataFrame, registry: pd.DataFrame, suspicion: Suspicion) -> list[AuditRow]:
    """Figures of two indicators that look exchanged.

    Only such as belong together: of one level and unit, with a word of their ids in common.
    """
    logs = wide.where(wide > 0).map(np.log)
    before, after = _beside(logs.to_numpy())
    inside = np.logical_and(np.isfinite(before).any(axis=2), np.isfinite(after).any(axis=2))
    middle = pd.DataFrame(
        _median(np.concatenate([before, after], axis=2), inside),
        index=wide.index,
        columns=wide.columns,
    )
    kind = registry["level"].astype(str) + registry["unit"].astype(str)
    names = [name for name in wide.index.unique("indicator_id") if name in kind.index]
    found: list[AuditRow] = []
    for a, b in combinations(names, 2):
        if kind[a] != kind[b] or not set(str(a).split("_")) & set(str(b).split("_")):
            continue
        x, y = logs.loc[a].align(logs.loc[b], join="inner")
        of_x, of_y = (middle.loc[name].reindex(x.index) for name in (a, b))
        stay = (x - of_x).abs() + (y - of_y).abs()
        change = (x - of_y).abs() + (y - of_x).abs()
        better = ((x - of_y).abs() < (x - of_x).abs()) & ((y - of_x).abs() < (y - of_y).abs())
        looks = better & (stay - change >= np.log(suspicion.swap)) & (change < stay / 2)
        for row, column in np.argwhere(looks.to_numpy(bool)):
            region, year = x.index[row], int(x.columns[column])
            text = (
                f"{np.exp(x.iloc[row, column]):g} would suit {b!r} better, and its "
                f"{np.exp(y.iloc[row, column]):g} would suit this: exchanged?"
            )
            found.append(("warning", str(a), str(region), year, text))
    return found


def _median(around: NDArray[np.float64], where: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Median along the last axis of the cells that `where` names."""
    result = np.full(where.shape, np.nan)
    result[where] = np.nanmedian(around[where], axis=-1)
    return result


def _identity(wide: pd.DataFrame, identity: Identity) -> list[AuditRow]:
    """Figures that do not add up."""
    ids = wide.index.unique("indicator_id")
    if not {identity.total, *identity.added, *identity.subtracted} <= set(ids):
        return []
    difference = wide.loc[[identity.total]].droplevel("indicator_id")
    for names, sign in ((identity.added, -1), (identity.subtracted, 1)):
        for name in names:
            difference = difference + sign * wide.loc[[name]].droplevel("indicator_id")
    # Differences of rounded figures carry binary dust.
    values = difference.to_numpy(float)
    wrong = np.abs(values) > identity.tolerance + 1e-9
    equation = " + ".join(identity.added) + "".join(f" - {name}" for name in identity.subtracted)
    return [
        (
            "warning",
            identity.total,
            str(difference.index[row]),
            int(difference.columns[column]),
            f"differs from {equation} by {values[row, column]:g}",
        )
        for row, column in np.argwhere(wrong)
    ]


def _periods(wide: pd.DataFrame, registry: pd.DataFrame, regions: list[str]) -> list[AuditRow]:
    """Indicators whose last figures are of different years."""
    found: list[AuditRow] = []
    years = wide.columns.to_numpy()
    for name, block in wide.groupby(level="indicator_id"):
        rows = block.loc[block.index.get_level_values("region_id").isin(regions)]
        known = rows.notna().to_numpy()
        if name not in registry.index or not len(rows):
            continue
        last = pd.Series(
            years[known.shape[1] - 1 - known[:, ::-1].argmax(axis=1)],
            index=rows.index.get_level_values("region_id"),
        )
        usual = int(last.mode().max())
        for region, year in last[last != usual].items():
            found.append(
                (
                    "warning" if abs(usual - year) > 3 else "note",
                    str(name),
                    str(region),
                    int(year),
                    f"the last figure is of {year}, that of most regions of {usual}",
                )
            )
    return found


def _coverage(
    sound: pd.DataFrame, registry: pd.DataFrame, regions: list[str], least_share: float
) -> list[AuditRow]:
    """Indicators and components without figures, by region."""
    found: list[AuditRow] = []
    given = sound.groupby("indicator_id")["region_id"].agg(set).to_dict()
    for component in COMPONENTS:
        names = indicators_of(registry, component)
        if not names:
            found.append(("warning", "", "", None, f"no indicator enters {component}"))
            continue
        # What earlier stages measure has no figures in the table.
        tabled = [name for name in names if not _is_measured(registry, name)]
        for name in tabled:
            without = [region for region in regions if region not in given.get(name, set())]
            if without and len(without) == len(regions):
                found.append(("error", name, "", None, "no region has a figure"))
            else:
                found += [("note", name, region, None, "has no figure") for region in without]
        for region in regions:
            share = 1 - sum(region not in given.get(name, set()) for name in tabled) / len(names)
            if share < least_share - 1e-9:
                text = f"has {share:.0%} of the indicators of {component}: it will be missing"
                found.append(("warning", "", region, None, text))
    return found


def _is_measured(registry: pd.DataFrame, name: str) -> bool:
    """Whether the indicator comes from the stages before."""
    return "source" in registry and str(registry.at[name, "source"]).startswith(MEASURED)


MEASURED = "measured"
"""How the source of what the earlier stages measure begins in the registry."""


def _at(wide: pd.DataFrame, row: int, year: int, problem: str) -> AuditRow:
    """Finding at one cell."""
    indicator, region = wide.index[row]
    return ("warning", str(indicator), str(region), int(wide.columns[year]), problem)
