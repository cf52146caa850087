"""Breaks of gauge: gates on railways where a train cannot go on as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.network.parts import gate_parts

if TYPE_CHECKING:
    from numpy.typing import NDArray

WITHIN_MM = 10.0
"""Gauges nearer than this to each other take the same trains, as 1520 and 1524 mm do."""


def with_gauge_breaks(
    nodes: pd.DataFrame, links: pd.DataFrame, gates: pd.DataFrame, *, break_h: float = 0.0
) -> pd.DataFrame:
    """Find the gates on railways between two gauges, and add the time that the change takes.

    Parameters
    ----------
    nodes, links, gates
        As `geo_border.network.gates.open_gates` gives them; links may have ``gauge_mm``.
    break_h
        Hours that a change of gauge takes, either way.

    Returns
    -------
    DataFrame
        The gates with ``home_gauge_mm``, ``neighbour_gauge_mm`` (missing where no gauge is
        tagged) and ``gauge_break``; the delays of those with a break are longer. The gauge of a
        side is that of the track at the gate, and if that is the same on both sides, that of most
        of the railways which the gate leads to there.
    """
    here, whole = np.full((2, 2, len(gates)), np.nan)
    rail = (gates["mode"] == "rail").to_numpy()
    if "gauge_mm" in links and rail.any():
        part = gate_parts(nodes, links, gates, ("rail",))[0]
        tracks = links[(links["mode"] == "rail").to_numpy()]
        tracks = tracks.assign(gauge_mm=pd.to_numeric(tracks["gauge_mm"], errors="coerce"))
        tracks = tracks[tracks["gauge_mm"].notna()]
        for number, name in enumerate(("home_node", "neighbour_node")):
            node = gates[name].to_numpy(np.int64)
            here[number, rail] = _at(tracks, node[rail])
            whole[number, rail] = _most(tracks, part)[part[node[rail]]]
    parted = _differ(here)
    gauges = np.where(parted, here, np.where(np.isnan(whole), here, whole))
    broken = rail & _differ(gauges)
    more = np.where(broken, break_h, 0.0)
    return gates.assign(
        delay_out_h=gates["delay_out_h"] + more,
        delay_in_h=gates["delay_in_h"] + more,
        home_gauge_mm=gauges[0],
        neighbour_gauge_mm=gauges[1],
        gauge_break=broken,
    )


def _differ(gauges: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether two gauges are known and take different trains."""
    apart: NDArray[np.bool_] = np.abs(gauges[0] - gauges[1]) > WITHIN_MM
    return apart


def _at(tracks: pd.DataFrame, nodes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Gauge of the first track at each node, missing without one."""
    ends = np.concatenate([tracks["tail"], tracks["head"]])
    gauge = pd.Series(np.tile(tracks["gauge_mm"].to_numpy(float), 2), ends)
    found = gauge[~gauge.index.duplicated()].reindex(nodes)
    return found.to_numpy(float)


def _most(tracks: pd.DataFrame, part: NDArray[np.int32]) -> NDArray[np.float64]:
    """Gauge of most kilometres of each part of the railways, missing where none is tagged."""
    gauge = np.full(int(part.max(initial=0)) + 1, np.nan)
    km = tracks["length_km"].groupby([part[tracks["tail"]], tracks["gauge_mm"].to_numpy()]).sum()
    number, mm = km.sort_values(kind="stable").index.to_frame().to_numpy().T
    gauge[number.astype(np.int64)] = mm
    return gauge
