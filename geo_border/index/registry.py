"""The registry of indicators: what each one is, and which level it speaks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from geo_border.errors import IndicatorError
from geo_border.ids import by_id
from geo_border.terms import LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence

COMPONENTS = (*LEVELS, "potential", "dynamics")
"""What indicators are aggregated to: the levels, the economic potential and its dynamics."""

SCORES = (*COMPONENTS, "index")
"""Every score from 0 to 100 that a region has."""

ROLES = ("index", "context")
"""``index``: the indicator enters a score; ``context``: it is shown or divides others."""

TRANSFORMS = ("none", "cagr", "compound")
"""How a series becomes a value: as it is, as mean growth of a quantity, of a chain index."""

YEAR_RULES = ("latest", "mean")
"""Which years of a series count: the latest, or the mean of the last ``years`` ones."""

COLUMNS = ("name", "level", "role", "unit", "direction")
"""Columns that a registry cannot do without."""

OPTIONAL = {"denominator": None, "transform": "none", "years": 1, "year_rule": "latest"}
"""Columns with a default, for registries and rows that do not say."""


def checked_registry(registry: pd.DataFrame) -> pd.DataFrame:
    """Registry with defaults filled in, or the first thing wrong with it.

    Parameters
    ----------
    registry
        Columns `COLUMNS`, and any of `OPTIONAL`; ids in the index or as ``indicator_id``.

    Returns
    -------
    DataFrame
        A copy in which ``denominator`` is None where there is none, ``transform``,
        ``years`` (int) and ``year_rule`` are filled, ``direction`` is int.

    Raises
    ------
    IndicatorError
        If a column is missing, an id is there twice, or a cell says what none may say.
    """
    registry = by_id(registry, "indicator_id")
    problems = registry_problems(registry)
    if problems:
        indicator, problem = problems[0]
        raise IndicatorError(
            f"registry, indicator {indicator!r}: {problem}" if indicator else f"registry: {problem}"
        )
    return _filled(registry)


def registry_problems(registry: pd.DataFrame) -> list[tuple[str, str]]:
    """Everything that makes a registry unusable.

    Parameters
    ----------
    registry
        As in `checked_registry`.

    Returns
    -------
    list of tuple
        Indicator (empty for the whole registry) and problem.
    """
    missing = [column for column in COLUMNS if column not in registry.columns]
    if missing:
        return [("", f"lacks the column {name!r}") for name in missing]
    found = [(str(name), "is there twice") for name in registry.index[registry.index.duplicated()]]
    full = _filled(registry, strict=False)
    allowed: dict[str, Sequence[object]] = {
        "level": (*COMPONENTS, "context"),
        "role": ROLES,
        "transform": TRANSFORMS,
        "year_rule": YEAR_RULES,
        "direction": (-1, 1),
    }
    for column, values in allowed.items():
        for name, value in full.loc[~full[column].isin(values), column].items():
            words = ", ".join(map(str, values))
            found.append((str(name), f"{column} is {value!r}; it may be {words}"))
    years = pd.to_numeric(full["years"], errors="coerce")
    whole = (years >= 1) & (years % 1 == 0)
    found += [
        (str(name), f"years is {value!r}; it must be a whole number from 1")
        for name, value in full.loc[~whole, "years"].items()
    ]
    given = full["denominator"].dropna()
    found += [
        (str(name), f"its denominator {below!r} is not in the registry")
        for name, below in given[~given.isin(registry.index)].items()
    ]
    found += [(str(name), "is its own denominator") for name in given.index[given == given.index]]
    misplaced = (full["role"] == "index") & (full["level"] == "context")
    found += [
        (str(name), "enters the index (role) but belongs to no level")
        for name in full.index[misplaced]
    ]
    return found


def indicators_of(registry: pd.DataFrame, component: str) -> list[str]:
    """Indicators that enter a component.

    Parameters
    ----------
    registry
        Checked registry.
    component
        One of `COMPONENTS`.

    Returns
    -------
    list of str
        Ids in the order of the registry.
    """
    return list(
        registry.index[(registry["role"] == "index") & (registry["level"] == component)].astype(str)
    )


def _filled(registry: pd.DataFrame, *, strict: bool = True) -> pd.DataFrame:
    """Copy with the defaults of `OPTIONAL`; types are only forced when `strict`."""
    full = registry.copy()
    for column, default in OPTIONAL.items():
        if column not in full.columns:
            full[column] = default
        values = full[column].astype(object)
        full[column] = values.where(values.notna() & (values != ""), default)
    if strict:
        full["years"] = full["years"].astype(float).astype(int)
        full["direction"] = full["direction"].astype(float).astype(int)
    return full
