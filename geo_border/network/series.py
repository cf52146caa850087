"""Which checkpoints of a road all its traffic meets, and which one may pass by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order

from geo_border.network.passages import INLAND_KM, TWIN_M, of_kind
from geo_border.network.reach import roads_near

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

AROUND_KM = 2 * INLAND_KM
"""A way round a checkpoint that leads farther from the crossing than this is none, km."""


def unavoidable(
    links: gpd.GeoDataFrame,
    crossings: pd.DataFrame,
    controls: pd.DataFrame,
    checkpoints: gpd.GeoDataFrame,
    tagged: pd.Series,
    *,
    crs: CRS,
    tolerance_km: float | None = None,
) -> pd.DataFrame:
    """Whether all that passes the border at a crossing passes each of its checkpoints too.

    The road is shut where the checkpoint stands: at its nodes, else at the nearest link of its
    mode and those no more than `TWIN_M` farther off that lead past it. Traffic in one of the
    directions cannot do without it if the crossing then keeps the lesser part of the roads
    within `AROUND_KM` that lead to it.

    Parameters
    ----------
    links
        As `geo_border.network.sides.cut_at_border` gives them.
    crossings
        ``node``, ``x``, ``y`` (metres) and ``passage`` (position of the crossing that stands for
        the passage).
    controls
        As `geo_border.network.passages.controls_on_roads` gives them.
    checkpoints
        In the order of `controls`.
    tagged
        Nodes among the objects of checkpoints, as `geo_border.network.reach.tagged_nodes`
        gives them.
    crs
        Projection in which distances are measured.
    tolerance_km
        As `geo_border.network.reach.roads_near` takes it.

    Returns
    -------
    DataFrame
        ``met_out`` (by all who leave home), ``met_in`` (by all who come home), the index of
        `controls`; False where a passage has no second checkpoint.
    """
    met = np.zeros((len(controls), 2), bool)
    passage = crossings["passage"].to_numpy(np.int64)
    of_control = np.append(passage, -1)[controls["crossing"].to_numpy(np.int64)]
    several = (of_control >= 0) & pd.Series(of_control).duplicated(keep=False).to_numpy()
    if not several.any():
        return pd.DataFrame(met, controls.index, ["met_out", "met_in"])
    near = roads_near(links, checkpoints[several], crs=crs, tolerance_km=tolerance_km)
    near["control"] = np.flatnonzero(several)[near["control"]]
    bounds = shapely.bounds(links.geometry.to_numpy())
    side, rail = links["side"].to_numpy(), of_kind(links["mode"], rail=True)
    for control in np.flatnonzero(several).tolist():
        here = passage == of_control[control]
        own = _around(bounds, crossings[here], crs)
        own &= (side == controls["side"].iloc[control]) & (
            rail == (checkpoints["mode"].iloc[control] == "rail")
        )
        shut = _shut(links, near[near["control"] == control], tagged[tagged.index == control])
        local = links[own]
        goals = crossings["node"].to_numpy(np.int64)[here]
        at_home = controls["side"].iloc[control] == 0
        met[control] = [
            2 * _km_led_to(local[~shut[own]], goals, away=away)
            < _km_led_to(local, goals, away=away)
            for away in (not at_home, at_home)
        ]
    return pd.DataFrame(met, controls.index, ["met_out", "met_in"])


def _around(bounds: NDArray[np.float64], crossings: pd.DataFrame, crs: CRS) -> NDArray[np.bool_]:
    """Links that come near the crossings."""
    points = gpd.GeoSeries.from_xy(crossings["x"], crossings["y"], crs=crs)
    west, south, east, north = points.buffer(1000 * AROUND_KM).to_crs(4326).total_bounds
    near: NDArray[np.bool_] = (
        (bounds[:, 0] <= east)
        & (bounds[:, 2] >= west)
        & (bounds[:, 1] <= north)
        & (bounds[:, 3] >= south)
    )
    return near


def _shut(links: pd.DataFrame, near: pd.DataFrame, tagged: pd.Series) -> NDArray[np.bool_]:
    """Links on which one meets a checkpoint."""
    if len(tagged):
        ends = links[["tail", "head"]].to_numpy()
        return np.asarray(np.isin(ends, tagged.to_numpy()).any(axis=1), np.bool_)
    off_km = near["off_km"]
    # What ends nearest to it begins beside it and leads elsewhere.
    past = near["share"].between(0, 1, inclusive="neither") & (
        off_km <= off_km.min() + TWIN_M / 1000
    )
    shut = np.zeros(len(links), bool)
    shut[near.loc[past | (off_km == off_km.min()), "link"]] = True
    return shut


def _km_led_to(links: pd.DataFrame, goals: NDArray[np.int64], *, away: bool) -> float:
    """Length of the links from which one gets to one of the goals, or to which from there."""
    tail, head = links["tail"].to_numpy(np.int64), links["head"].to_numpy(np.int64)
    oneway = links["oneway"].to_numpy() * (1 if away else -1)
    names, number = np.unique(np.r_[goals, tail, head], return_inverse=True)
    goal, tail, head = np.split(number, [len(goals), len(goals) + len(tail)])
    along, against = oneway >= 0, oneway <= 0
    source = len(names)
    rows = np.r_[np.full(len(goal), source), tail[along], head[against]]
    columns = np.r_[goal, head[along], tail[against]]
    graph = csr_array((np.ones(len(rows), bool), (rows, columns)), shape=(source + 1,) * 2)
    order = breadth_first_order(graph, source, return_predecessors=False)
    reached = np.zeros(source + 1, bool)
    reached[order] = True
    led = np.where(along, reached[tail], False) | np.where(against, reached[head], False)
    return float(links["length_km"].to_numpy()[led].sum())
