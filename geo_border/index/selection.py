"""One value for each region and indicator, and the record of which one it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.errors import IndicatorError
from geo_border.index.registry import checked_registry
from geo_border.shown import shown

if TYPE_CHECKING:
    from collections.abc import Collection

OLDEST_COMMON = 3
"""A common year is used if it is at most so many years older than the latest figure."""

USED = (
    "region_id",
    "indicator_id",
    "year",
    "value",
    "source",
    "name",
    "level",
    "from_year",
    "n_years",
    "denominator",
    "unit",
    "direction",
    "confidence",
    "note",
)
"""Columns of `Selected.used`."""


@dataclass(frozen=True, slots=True, eq=False)
class Selected:
    """Values that enter the index, wide and tidy.

    Parameters
    ----------
    values
        Index ``region_id``, a column for each indicator; missing where there is no figure.
    used
        One row for each value that is there, columns `USED`: which years it rests on
        (missing for what was measured), how many of them had a figure, and its source.
    """

    __repr__ = shown

    values: pd.DataFrame
    used: pd.DataFrame


def select(
    registry: pd.DataFrame,
    indicators: pd.DataFrame,
    regions: Collection[str],
    *,
    measured: pd.DataFrame | None = None,
    roles: Collection[str] = ("index",),
) -> Selected:
    """Take from every series the value that stands for the region.

    A series is first divided by its denominator (the same year, or the nearest year that is
    not later), then transformed, then one year of it is taken. ``cagr`` is the mean growth
    over the last ``years`` years, ``100 ((x_Y / x_(Y - years))^(1 / years) - 1)``;
    ``compound`` the same from a chain index in % of the previous year,
    ``100 (Π (i / 100)^(1 / years) - 1)``; both in % a year and only where every figure they
    need is there. The year is the latest one that all regions with any figure have, if it
    is at most `OLDEST_COMMON` years older than the latest figure, else the latest of each
    region. With the rule ``mean`` the value is the mean of the figures there are in the
    last ``years`` years up to that year. Nothing is imputed.

    Parameters
    ----------
    registry
        The registry, index ``indicator_id``.
    indicators
        Figures: ``region_id``, ``indicator_id``, ``year``, ``value``, ``source``, and, if
        known, ``confidence`` and ``note``.
    regions
        Ids of the regions that get a row; figures of others are left aside.
    measured
        Values from the earlier stages, index ``region_id``, columns by indicator; they are
        divided by their denominator and otherwise taken as they are.
    roles
        Roles in the registry that are selected.

    Returns
    -------
    Selected
        Wide and tidy values.

    Raises
    ------
    IndicatorError
        If the registry is not sound, a figure is of an unknown indicator, is there twice or
        is not a finite number, or an indicator is both measured and given.

    Examples
    --------
    >>> import geo_border as gb
    >>> import pandas as pd
    >>> folder = gb.embedded_studies()["ru-kz"]
    >>> registry = pd.read_csv(folder / "registry.csv")
    >>> figures = pd.read_csv(folder / "indicators.csv")
    >>> values = gb.select(registry, figures, figures["region_id"].unique()).values
    >>> values.shape
    (20, 31)
    """
    registry = checked_registry(registry)
    regions = pd.Index(list(regions), name="region_id")
    if regions.has_duplicates:
        raise IndicatorError(f"region {regions[regions.duplicated()][0]!r} is there twice")
    figures = _checked_figures(indicators, registry)
    figures = figures[figures["region_id"].isin(regions)]
    if measured is None:
        measured = pd.DataFrame(index=regions)
    else:
        measured = _checked_measured(measured, registry, figures).reindex(regions)
    wanted = registry[registry["role"].isin(list(roles))]
    by_indicator = {str(name): part for name, part in figures.groupby("indicator_id")}
    columns, rows = {}, []
    for name, about in wanted.iterrows():
        indicator = str(name)
        if indicator in measured:
            found = _measured(measured, about, by_indicator)
        else:
            found = _from_series(about, by_indicator)
        columns[indicator] = found["value"].reindex(regions).astype(float)
        row = _describe(found.loc[found["value"].notna()], about, indicator)
        rows.append(row.assign(unit=unit_of(indicator, registry)))
    values = pd.DataFrame(columns, index=regions, dtype=float)
    rows = [part for part in rows if len(part)]
    used = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=list(USED))
    order = {region: position for position, region in enumerate(regions)}
    used = used.sort_values("region_id", key=lambda ids: ids.map(order), kind="stable")
    return Selected(values, used.reset_index(drop=True))


def as_years(values: pd.Series) -> pd.Series[float]:
    """Years as numbers.

    Parameters
    ----------
    values
        Anything.

    Returns
    -------
    Series
        Whole numbers from 1 to 9999, missing where a value is none.
    """
    years = pd.to_numeric(values, errors="coerce").astype(float)
    return years.where(years.between(1, 9999) & (years % 1 == 0))


def _checked_figures(indicators: pd.DataFrame, registry: pd.DataFrame) -> pd.DataFrame:
    """Figures as numbers with the optional columns; raises on the first unsound row."""
    for column in ("region_id", "indicator_id", "year", "value"):
        if column not in indicators.columns:
            raise IndicatorError(f"the indicators lack the column {column!r}")
    figures = indicators.copy()
    for column in ("source", "confidence", "note"):
        if column not in figures.columns:
            figures[column] = pd.NA
    figures["year"] = as_years(figures["year"])
    figures["value"] = pd.to_numeric(figures["value"], errors="coerce").astype(float)
    twice = figures.duplicated(["region_id", "indicator_id", "year"])
    for wrong, what in (
        (~figures["indicator_id"].isin(registry.index), "is not in the registry"),
        (figures["year"].isna(), "has no year"),
        (~np.isfinite(figures["value"]), "is not a finite number"),
        (twice, "is there twice"),
    ):
        if wrong.any():
            row = figures[wrong].iloc[0]
            when = f" in {row['year']:g}" if row["year"] > 0 else ""
            raise IndicatorError(
                f"figure of {row['indicator_id']!r} for {row['region_id']!r}{when} {what}",
                remedy="`geo-border check` lists everything that is wrong with the indicators",
            )
    figures["year"] = figures["year"].astype(int)
    return figures


def _checked_measured(
    measured: pd.DataFrame, registry: pd.DataFrame, figures: pd.DataFrame
) -> pd.DataFrame:
    """Measured values as numbers; raises where they contradict the tables."""
    unknown = measured.columns.difference(registry.index)
    if len(unknown):
        raise IndicatorError(f"measured indicator {unknown[0]!r} is not in the registry")
    twice = measured.columns[measured.columns.isin(figures["indicator_id"])]
    if len(twice):
        raise IndicatorError(
            f"indicator {twice[0]!r} is measured and also in the table",
            remedy="Give the figures of the table another id",
        )
    values = measured.astype(float)
    # Infinity is what cannot be reached: not a number to be averaged.
    return values.where(np.isfinite(values))


def _measured(
    measured: pd.DataFrame, about: pd.Series, by_indicator: dict[str, pd.DataFrame]
) -> pd.DataFrame:
    """Measured values, divided where the registry says so."""
    found = pd.DataFrame({"value": measured[str(about.name)]})
    below = about["denominator"]
    if below in measured:
        found["value"] = _ratio(found["value"], measured[below])
    elif below is not None:
        latest = _latest(by_indicator.get(below))
        found["value"] = _ratio(found["value"], latest.reindex(found.index))
    for column in ("from_year", "year", "n_years"):
        found[column] = np.nan
    found["source"] = about.get("source", pd.NA)
    found["confidence"] = found["note"] = pd.NA
    return found


def _latest(series: pd.DataFrame | None) -> pd.Series:
    """Last figure of each region."""
    if series is None:
        return pd.Series(dtype=float)
    return series.sort_values("year").groupby("region_id")["value"].last()


def _from_series(about: pd.Series, by_indicator: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Value of each region from the series of an indicator."""
    series = by_indicator.get(str(about.name))
    if series is None:
        return pd.DataFrame(columns=["value", "from_year", "year", "n_years"], dtype=float)
    if about["denominator"] is not None:
        series = _divided(series, by_indicator.get(about["denominator"]))
    wide = series.pivot_table(index="region_id", columns="year", values="value")
    if wide.empty:
        return pd.DataFrame(columns=["value", "from_year", "year", "n_years"], dtype=float)
    wide = wide.reindex(columns=range(int(wide.columns.min()), int(wide.columns.max()) + 1))
    span = int(about["years"])
    derived, back = _derived(wide, about["transform"], span)
    if derived.notna().to_numpy().any():
        found = _at_year(derived, span if about["year_rule"] == "mean" else 1)
    else:
        return pd.DataFrame(columns=["value", "from_year", "year", "n_years"], dtype=float)
    found["from_year"] -= back
    keys = pd.MultiIndex.from_arrays([found.index, found["year"]])
    words = series.set_index(["region_id", "year"])[["source", "confidence", "note"]]
    return found.join(words.reindex(keys).set_axis(found.index))


def _derived(wide: pd.DataFrame, transform: str, span: int) -> tuple[pd.DataFrame, int]:
    """Transformed series, and how many years each of its values looks back."""
    if transform == "none":
        return wide, 0
    if transform == "cagr":
        before = wide.shift(span, axis=1)
        both = wide.where(wide > 0) / before.where(before > 0)
        return 100 * (both ** (1 / span) - 1), span
    chain = (wide.where(wide > 0) / 100).map(np.log)
    mean = chain.T.rolling(span, min_periods=span).mean().T
    return 100 * mean.map(np.expm1), span - 1


def _at_year(derived: pd.DataFrame, span: int) -> pd.DataFrame:
    """Mean of the last `span` years up to the year that stands for each region."""
    known = derived.notna()
    last = known.columns.to_numpy()[known.shape[1] - 1 - known.to_numpy()[:, ::-1].argmax(axis=1)]
    last = np.where(known.any(axis=1), last, np.nan)
    common = known.columns[known[known.any(axis=1)].all(axis=0)]
    if len(common) and np.nanmax(last) - common.max() <= OLDEST_COMMON:
        last = np.where(np.isnan(last), np.nan, float(common.max()))
    years = derived.columns.to_numpy(float)
    window = (years <= last[:, None]) & (years > last[:, None] - span)
    inside = derived.where(window)
    n = inside.notna().sum(axis=1)
    first = np.where(n > 0, years[inside.notna().to_numpy().argmax(axis=1)], np.nan)
    return pd.DataFrame(
        {"value": inside.mean(axis=1), "from_year": first, "year": last, "n_years": n.astype(float)}
    )


def _divided(series: pd.DataFrame, below: pd.DataFrame | None) -> pd.DataFrame:
    """Series over the denominator of the same year or the nearest one before it."""
    if below is None:
        return series.iloc[:0]
    merged = pd.merge_asof(
        series.sort_values(["year", "region_id"]),
        below.sort_values("year")[["region_id", "year", "value"]],
        on="year",
        by="region_id",
        suffixes=("", "_below"),
    )
    merged["value"] = _ratio(merged["value"], merged["value_below"])
    return merged.dropna(subset="value")


def _ratio(above: pd.Series, below: pd.Series) -> pd.Series:
    """Quotient, missing where the denominator is missing or zero."""
    return above / below.where(below != 0)


def unit_of(indicator: str, registry: pd.DataFrame) -> str:
    """Unit of the value that enters, after division and transformation.

    Parameters
    ----------
    indicator
        Its id.
    registry
        Checked registry.

    Returns
    -------
    str
        Such as ``"million t per thousand persons"``; growth is ``"% a year"``.
    """
    about = registry.loc[indicator]
    if about["transform"] != "none":
        return "% a year"
    if pd.isna(about["denominator"]):
        return str(about["unit"])
    return f"{about['unit']} per {registry.loc[about['denominator'], 'unit']}"


def _describe(found: pd.DataFrame, about: pd.Series, indicator: str) -> pd.DataFrame:
    """Rows of `Selected.used` for one indicator."""
    rows = found.rename_axis("region_id").reset_index()
    rows["indicator_id"] = indicator
    for column in ("name", "level", "direction", "denominator"):
        rows[column] = about[column]
    for column in ("from_year", "year", "n_years"):
        rows[column] = rows[column].astype("Int64")
    return rows.reindex(columns=list(USED))
