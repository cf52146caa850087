"""Disparity between regions: concentration, inequality, convergence, gradients."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geo_border.errors import IndicatorError


def theil(
    values: pd.Series[float],
    population: pd.Series[float],
    *,
    groups: pd.Series[str] | None = None,
) -> pd.Series[float]:
    """Theil's T of a quantity a head, in all, between and within groups.

    ``T = Σ s_i ln(s_i / p_i)``, ``s`` the shares in the quantity, ``p`` in the population;
    0 where all are equal, at most ``ln (1 / least p)``. The parts add up to the whole.

    Parameters
    ----------
    values
        Quantity a head, not negative; regions without a value or without people are left out.
    population
        Persons, of the same regions.
    groups
        Group of each region (side, country).

    Returns
    -------
    Series
        ``theil`` and, with groups, ``theil_between``, ``theil_within``.

    Raises
    ------
    IndicatorError
        If a value is negative, all are zero, or a population is negative.

    References
    ----------
    Theil (1967), Economics and Information Theory, North-Holland.
    """
    y, p = _pair(values, population)
    if not y.sum() > 0:
        raise IndicatorError("Theil's T needs values above zero")
    share = y * p / (y * p).sum()
    of_people = p / p.sum()
    result = {"theil": _divergence(share, of_people)}
    if groups is not None:
        group = groups.reindex(y.index)
        if group.isna().any():
            raise IndicatorError(f"region {group.index[group.isna()][0]!r} has no group")
        share_g, people_g = share.groupby(group).sum(), of_people.groupby(group).sum()
        result["theil_between"] = _divergence(share_g, people_g)
        result["theil_within"] = 0.0
        for name in share_g.index[share_g > 0]:
            mine, total = group == name, float(share_g[name])
            inside = _divergence(share[mine] / total, of_people[mine] / float(people_g[name]))
            result["theil_within"] += total * inside
    return pd.Series(result, dtype=float)


def _divergence(share: pd.Series[float], of_people: pd.Series[float]) -> float:
    """``Σ s ln(s / p)`` with ``0 ln 0 = 0``."""
    some = share > 0
    return float((share[some] * np.log(share[some] / of_people[some])).sum())


def gini(values: pd.Series[float], population: pd.Series[float] | None = None) -> float:
    """Gini coefficient of a quantity a head.

    Twice the area between the Lorenz curve and the diagonal: half the mean absolute
    difference of two persons (or regions) over the mean.

    Parameters
    ----------
    values
        Quantity a head, not negative.
    population
        Persons, regions without any are left out; regions count equally if not given.

    Returns
    -------
    float
        0 (all equal) to below 1.

    Raises
    ------
    IndicatorError
        If a value is negative, all are zero, or a population is negative.

    References
    ----------
    Gini (1912), Variabilità e mutabilità, Bologna.
    """
    if population is None:
        population = pd.Series(1.0, index=values.index)
    y, p = _pair(values, population)
    x, w = y.to_numpy(), (p / p.sum()).to_numpy()
    mean = float((w * x).sum())
    if not mean > 0:
        raise IndicatorError("the Gini coefficient needs values above zero")
    return float((np.abs(x[:, None] - x[None, :]) * w[:, None] * w[None, :]).sum() / (2 * mean))


def williamson(values: pd.Series[float], population: pd.Series[float]) -> float:
    """Williamson's coefficient of variation weighted by population.

    ``√(Σ (y_i - ȳ)² f_i) / ȳ``, ``f`` the shares of the population and ``ȳ`` the mean
    weighted by them.

    Parameters
    ----------
    values
        Quantity a head.
    population
        Persons.

    Returns
    -------
    float
        0 where all are equal.

    Raises
    ------
    IndicatorError
        If a value is negative, the mean is zero, or a population is negative.

    References
    ----------
    Williamson (1965), Regional inequality and the process of national development, Econ.
    Dev. Cult. Change 13(4) 1-84.
    """
    y, p = _pair(values, population)
    f = p / p.sum()
    mean = float((y * f).sum())
    if not mean > 0:
        raise IndicatorError("Williamson's coefficient needs a mean above zero")
    return float(np.sqrt((((y - mean) ** 2) * f).sum()) / mean)


def sigma_convergence(series: pd.DataFrame) -> pd.DataFrame:
    """Dispersion of the regions in each year.

    Parameters
    ----------
    series
        Regions by years, positive values; only regions that have every year enter, so that
        the years compare the same regions.

    Returns
    -------
    DataFrame
        Index of the years: ``sigma`` (standard deviation of logarithms), ``cv``
        (coefficient of variation), ``regions`` (number). Falling values are convergence.

    Raises
    ------
    IndicatorError
        If fewer than two regions have all years, or a value is not positive.

    References
    ----------
    Barro & Sala-i-Martin (1992), Convergence, J. Polit. Econ. 100(2) 223-251.
    """
    complete = series.dropna()
    if len(complete) < 2:
        raise IndicatorError("fewer than two regions have figures for every year")
    if not (complete > 0).all(axis=None):
        raise IndicatorError("convergence needs values above zero")
    return pd.DataFrame(
        {
            "sigma": np.log(complete).std(),
            "cv": complete.std() / complete.mean(),
            "regions": len(complete),
        }
    )


def beta_convergence(
    start: pd.Series[float], end: pd.Series[float], *, years: int
) -> pd.Series[float]:
    """Tell whether regions that began lower grow faster.

    Regression ``ln(y_T / y_0) / T = a + b ln y_0``; the speed of convergence is
    ``-ln(1 + b T) / T``.

    Parameters
    ----------
    start, end
        Values of the regions in the first and the last year, positive.
    years
        ``T``.

    Returns
    -------
    Series
        ``b``, ``standard_error``, ``p_value``, ``r_squared``, ``speed`` (a year, missing
        where ``1 + b T`` is not positive), ``half_life`` (years, infinite without
        convergence), ``regions`` (number).

    Raises
    ------
    IndicatorError
        If fewer than three regions have both values, one is not positive, or all began equal.

    References
    ----------
    Barro & Sala-i-Martin (1992), Convergence, J. Polit. Econ. 100(2) 223-251.
    """
    both = pd.DataFrame({"start": start, "end": end}).dropna()
    if len(both) < 3:
        raise IndicatorError("fewer than three regions have both values")
    if not (both > 0).all(axis=None) or years < 1:
        raise IndicatorError("convergence needs values above zero and a year or more")
    if both["start"].min() == both["start"].max():
        raise IndicatorError("all regions began equal: there is nothing to converge")
    growth = np.log(both["end"] / both["start"]) / years
    from scipy import stats  # noqa: PLC0415  (slow to import)

    fit = stats.linregress(np.log(both["start"]), growth)
    left = 1 + fit.slope * years
    # Nothing but rounding left: all ended equal, and the speed has no limit.
    speed = -np.log(left) / years if left > 1e-9 else np.nan
    return pd.Series(
        {
            "b": fit.slope,
            "standard_error": fit.stderr,
            "p_value": fit.pvalue,
            "r_squared": fit.rvalue**2,
            "speed": speed,
            "half_life": np.log(2) / speed if speed > 0 else np.inf,
            "regions": len(both),
        },
        dtype=float,
    )


def location_quotient(table: pd.DataFrame) -> pd.DataFrame:
    """Share of each branch in a region over its share in all regions.

    Parameters
    ----------
    table
        Regions by branches, not negative.

    Returns
    -------
    DataFrame
        Shape of `table`; 1 where the region is like all together, above where it is
        specialised; missing for empty regions or branches.

    Raises
    ------
    IndicatorError
        If a value is missing or negative.

    References
    ----------
    Isard (1960), Methods of Regional Analysis, MIT Press.
    """
    _not_negative(table)
    own = table.div(table.sum(axis=1).where(lambda total: total > 0), axis=0)
    total = table.sum()
    everywhere = total / total.sum() if total.sum() > 0 else total * np.nan
    return own.div(everywhere.where(everywhere > 0), axis=1)


def herfindahl(table: pd.DataFrame) -> pd.Series[float]:
    """Concentration of each region on few branches (partners, checkpoints).

    Parameters
    ----------
    table
        Regions by branches, not negative.

    Returns
    -------
    Series
        ``herfindahl``: sum of squared shares, ``1 / n`` (even) to 1 (one alone); missing
        for empty regions.

    Raises
    ------
    IndicatorError
        If a value is missing or negative.

    References
    ----------
    Hirschman (1964), The paternity of an index, Am. Econ. Rev. 54(5) 761.
    """
    _not_negative(table)
    share = table.div(table.sum(axis=1).where(lambda total: total > 0), axis=0)
    return (share**2).sum(axis=1, skipna=False).rename("herfindahl")


def dyad_gradient(dyads: pd.DataFrame, values: pd.Series[float]) -> pd.Series[float]:
    """How many times higher a quantity is on the home side of each dyad.

    Money must be at purchasing power, or in one currency, before it is compared.

    Parameters
    ----------
    dyads
        Columns ``home_id``, ``neighbour_id``.
    values
        Quantity by ``region_id``, positive.

    Returns
    -------
    Series
        ``gradient``, ``y_home / y_neighbour``, index of `dyads`; missing where a side has
        no value above zero.
    """
    home, neighbour = (
        dyads[side].map(values).astype(float) for side in ("home_id", "neighbour_id")
    )
    return (home.where(home > 0) / neighbour.where(neighbour > 0)).rename("gradient")


def disparity(
    values: pd.Series[float],
    population: pd.Series[float],
    *,
    groups: pd.Series[str] | None = None,
) -> pd.Series[float]:
    """Every measure of inequality of a quantity a head, beside each other.

    Parameters
    ----------
    values
        Quantity a head, not negative.
    population
        Persons.
    groups
        Group of each region.

    Returns
    -------
    Series
        ``theil`` (and its parts), ``gini``, ``williamson``, ``ratio`` (highest to lowest),
        ``regions`` (number); missing where a measure is not defined, as where all values are
        zero or one is negative.

    Examples
    --------
    >>> import geo_border as gb
    >>> import pandas as pd
    >>> folder = gb.embedded_studies()["ru-kz"]
    >>> registry = pd.read_csv(folder / "registry.csv")
    >>> figures = pd.read_csv(folder / "indicators.csv")
    >>> values = gb.select(registry, figures, figures["region_id"].unique()).values
    >>> gb.disparity(values["wage"], pd.Series(1.0, values.index)).round(1).index.tolist()
    ['theil', 'gini', 'williamson', 'ratio', 'regions']
    """
    try:
        y, _ = _pair(values, population)
    except IndicatorError:
        y = pd.Series(dtype=float)
    if not y.sum() > 0:
        parts = ["theil"] if groups is None else ["theil", "theil_between", "theil_within"]
        undefined = pd.Series(np.nan, [*parts, "gini", "williamson", "ratio"])
        return pd.concat([undefined, pd.Series({"regions": float(len(y))})])
    rest = {
        "gini": gini(values, population),
        "williamson": williamson(values, population),
        "ratio": float(y.max() / y.min()) if y.min() > 0 else np.inf,
        "regions": float(len(y)),
    }
    return pd.concat([theil(values, population, groups=groups), pd.Series(rest)])


def _pair(
    values: pd.Series[float], population: pd.Series[float]
) -> tuple[pd.Series[float], pd.Series[float]]:
    """Values and population of the regions that have both, checked."""
    y = values.astype(float).dropna()
    p = population.reindex(y.index).astype(float).fillna(0.0)
    if not (np.isfinite(p).all() and (p >= 0).all()):
        raise IndicatorError("a population is negative or infinite")
    y, p = y[p > 0], p[p > 0]
    if y.empty:
        raise IndicatorError("no region has a value and people")
    if not (np.isfinite(y).all() and (y >= 0).all()):
        raise IndicatorError("a measure of inequality needs finite values from zero on")
    return y, p


def _not_negative(table: pd.DataFrame) -> None:
    """Refuse a table with missing or negative values."""
    if not (table.to_numpy(float) >= 0).all():
        raise IndicatorError("a table of shares needs values from zero on, none missing")
