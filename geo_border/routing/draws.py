"""Random draws of delays, each checkpoint between its own ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from geo_border.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


def quantiles(
    names: Sequence[str], *, draws: int, seed: int = 1, correlation: float = 0.0
) -> NDArray[np.float64]:
    """Draw at which quantile of its own distribution each of some quantities lies.

    A Gaussian copula: ``Φ(√ρ z + √(1 - ρ) z_k)`` with a part ``z`` common to all and one of each
    quantity, whose random numbers hang on the seed and its name alone.

    Parameters
    ----------
    names
        Names of the quantities, such as the ids of checkpoints: another order or another
        selection of them changes no quantile.
    draws
        Number of draws D.
    seed
        Of the random numbers: the same seed gives the same bits.
    correlation
        Correlation ``ρ`` of any two of them: 0 draws each on its own, 1 all as one.

    Returns
    -------
    ndarray
        Between 0 and 1, shape (D, names).

    Raises
    ------
    ParameterError
        If the correlation is not between 0 and 1.

    Examples
    --------
    >>> from geo_border.routing.draws import quantiles
    >>> one, two = quantiles(["ilek", "syrym"], draws=3, correlation=1.0).T
    >>> bool((one == two).all())
    True
    """
    if not 0 <= correlation <= 1:
        raise ParameterError(f"a correlation is between 0 and 1, not {correlation}")
    own = np.empty((draws, len(names)))
    for column, name in enumerate(names):
        own[:, column] = _normal(seed, name, draws)
    common = _normal(seed, "", draws)[:, None]
    found: NDArray[np.float64] = ndtr(
        np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own
    )
    return found


def _normal(seed: int, name: str, draws: int) -> NDArray[np.float64]:
    """Normal random numbers of a name."""
    return np.random.default_rng([seed, *name.encode()]).standard_normal(draws)


def between(
    quantile: ArrayLike, low: ArrayLike, central: ArrayLike, high: ArrayLike
) -> NDArray[np.float64]:
    """Values at quantiles of a distribution between two ends.

    Two halves of triangles: the density rises from 0 at the low end to the central value and
    falls from there to 0 at the high end, with half of the probability on either side. So the
    central value is the median, whatever the ends, and an end may be 0.

    Parameters
    ----------
    quantile
        Between 0 and 1; shapes are broadcast.
    low, central, high
        Ends and median, ``low ≤ central ≤ high``; where the central value is infinite, so is
        the result.

    Returns
    -------
    ndarray
        Of the broadcast shape.

    Examples
    --------
    >>> from geo_border.routing.draws import between
    >>> between([0.0, 0.125, 0.5, 1.0], 1, 3, 9).tolist()
    [1.0, 2.0, 3.0, 9.0]
    """
    at, low, central, high = (np.asarray(each, float) for each in (quantile, low, central, high))
    is_low = at < 0.5
    reach = 1 - np.sqrt(2 * np.where(is_low, at, 1 - at))
    known = np.isfinite(central)
    middle = np.where(known, central, 0.0)
    wide = np.where(known, np.where(is_low, low, high) - middle, np.inf)
    return middle + np.where(known, wide * reach, np.inf)
