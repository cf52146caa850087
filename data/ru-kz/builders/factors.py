"""How much longer a road or railway is than the straight link that stands for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from builders.network import WGS84, Lines, hops_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLASS_KM = {"road": (0.0, 10.0, 50.0, 150.0), "rail": (0.0, 2.0, 10.0, 50.0)}
"""Lower ends of the length classes of straight links."""

END_KM = 15.0
"""The ends of a known road must lie this near to a node."""

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


def known_routes(lines: Lines, known: pd.DataFrame) -> pd.DataFrame:
    """Straight links under roads and railways of known length.

    Parameters
    ----------
    lines
        The mended network, before lengths are corrected.
    known
        ``mode``, ``name``, ``from_lon``, ``from_lat``, ``to_lon``, ``to_lat``, ``km``.

    Returns
    -------
    DataFrame
        One row a known route: ``name``, ``km``, ``straight_km`` (of the links of the shortest
        path), ``ratio``, and the straight kilometres in each length class.

    Raises
    ------
    ValueError
        If an end is not on the network, or there is no path.
    """
    hops = hops_of(lines)
    hops = hops[hops["class"] != "connector"]
    ends = np.concatenate([hops[["lon", "lat"]], hops[["to_lon", "to_lat"]]])
    lonlat, position = np.unique(ends, axis=0, return_inverse=True)
    u, v = np.split(position, 2)
    n = len(lonlat)
    best = (
        pd.DataFrame({"u": np.r_[u, v], "v": np.r_[v, u], "km": np.tile(hops["km"], 2)})
        .groupby(["u", "v"], as_index=False)["km"]
        .min()
    )
    graph = csr_array((best["km"], (best["u"], best["v"])), shape=(n, n))
    rows = []
    for route in known[known["mode"] == lines.mode].itertuples():
        ends = []
        for end in ((route.from_lon, route.from_lat), (route.to_lon, route.to_lat)):
            km = WGS84.inv(*lonlat.T, *np.tile(end, (n, 1)).T)[2] / 1000
            if km.min() > END_KM:
                raise ValueError(f"{route.name}: {km.min():.0f} km from the network at {end}")
            ends.append(km.argmin())
        total, before = dijkstra(graph, indices=ends[0], return_predecessors=True)
        if not np.isfinite(total[ends[1]]):
            raise ValueError(f"{route.name}: no path")
        path = [ends[1]]
        while path[-1] != ends[0]:
            path.append(before[path[-1]])
        steps = np.array([graph[a, b] for a, b in zip(path[1:], path[:-1], strict=True)])
        classes = np.digitize(steps, CLASS_KM[lines.mode]) - 1
        in_class = np.bincount(classes, steps, minlength=len(CLASS_KM[lines.mode]))
        rows.append([route.name, route.km, steps.sum(), route.km / steps.sum(), *in_class])
    columns = ["name", "km", "straight_km", "ratio", *map(str, CLASS_KM[lines.mode])]
    table = pd.DataFrame(rows, columns=columns)
    return table.astype(dict.fromkeys(columns[1:], float))


def weighted_quantile(
    values: NDArray[np.float64], weights: NDArray[np.float64], shares: tuple[float, ...]
) -> NDArray[np.float64]:
    """Quantiles of weighted values.

    Parameters
    ----------
    values, weights
        Shape (n,).
    shares
        Quantiles between 0 and 1.

    Returns
    -------
    ndarray
        The values at which the cumulative weight passes each share, interpolated.
    """
    order = np.argsort(values)
    weight = weights[order]
    middle = (np.cumsum(weight) - weight / 2) / weight.sum()
    return np.interp(shares, middle, values[order])


def length_factors(routes: pd.DataFrame, mode: str) -> pd.DataFrame:
    """Factor of each length class.

    Parameters
    ----------
    routes
        As `known_routes` gives them.
    mode
        ``"road"`` or ``"rail"``.

    Returns
    -------
    DataFrame
        ``mode``, ``from_km``, ``to_km``, ``factor`` (median of the routes' ratios weighted by
        their kilometres in the class, not below 1), ``n`` (routes with any part in the class),
        ``weight_km``, and the weighted quantiles.
    """
    rows = []
    lower = CLASS_KM[mode]
    for low, high in zip(lower, (*lower[1:], np.inf), strict=True):
        part = routes[routes[str(low)] > 0]
        weight = part[str(low)].to_numpy()
        quantiles = np.ones(len(QUANTILES))
        if len(part):
            quantiles = weighted_quantile(part["ratio"].to_numpy(), weight, QUANTILES).clip(1)
        rows.append(
            [
                mode,
                low,
                high if np.isfinite(high) else np.nan,
                quantiles[2],
                len(part),
                weight.sum(),
                *quantiles,
            ]
        )
    names = [f"q{round(100 * share)}" for share in QUANTILES]
    table = pd.DataFrame(
        rows, columns=["mode", "from_km", "to_km", "factor", "n", "weight_km", *names]
    )
    return table.round({"factor": 4, "weight_km": 1, **dict.fromkeys(names, 4)})
