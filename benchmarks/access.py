"""Accessibility of every place across a border: from tables of gates, and as peers do it.

    python benchmarks/access.py [--nodes 30000 100000 300000] [--places 1000 3000 10000]
        [--sample 200] [--pandana 30000] [--csv FILE]

The graph is that of searches.py, cut by a line with 64 gates that take time. For every place:
the population of the own side and of the other one, discounted by time (half after 1.5 hours)
and within an hour. All engines get the same whole milliseconds, and passing a gate is an edge
to those that know no gates. Slow ones search from some of the places (marked ~, scaled to
all); an engine that is not installed is left out. Only processor time counts.
"""

# ruff: noqa: PLC0415  (engines are imported where they are installed)
from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd
from border_graph import GATES, border
from scipy.sparse.csgraph import dijkstra
from searches import sweeping

from geo_border.access.decay import Exponential, Step, codes
from geo_border.access.reach import potentials
from geo_border.bottlenecks.changes import changes
from geo_border.routing.crossing import closure_sums
from geo_border.routing.engine.hierarchy import sweep_to
from geo_border.routing.engine.queue import MS_PER_H
from geo_border.routing.inside import own_times
from geo_border.routing.scenarios import Scenario
from geo_border.routing.tables import gate_tables
from geo_border.routing.travel import Travel
from geo_border.terms import SIDES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from border_graph import Border
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from geo_border.access.decay import Decay
    from geo_border.routing.tables import GateTables

    Floats = NDArray[np.float64]
    Nodes = NDArray[np.int64]

T = TypeVar("T")

OURS, SCIPY = "geo_border", "scipy, a search from each place"

FEW = 50
"""Places that the slowest engines search from."""

HOUR = 1 + 0.5 / MS_PER_H
"""Hours: no time in whole milliseconds lies on the threshold, where rounding would decide."""

DECAYS: tuple[Decay, ...] = (Exponential(1.5), Step(HOUR))

PANDANA_HOURS = 1.5 / np.log(2)
"""pandana's ``exp`` is exp(-t / radius) and nothing beyond the radius, so this is its radius."""


def timed(work: Callable[[], T], repeats: int = 1) -> tuple[T, float]:
    """Result, and the median of the processor seconds of all threads."""
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        result = work()
        seconds.append(time.process_time() - start)
    return result, float(np.median(seconds))


def sums(ms: Floats, case: Border, origins: Nodes, decays: tuple[Decay, ...] = DECAYS) -> Floats:
    """Population of own side and across under each decay, shape (N, 2 D)."""
    side, people = case.places["side"].to_numpy(), case.places["population"].to_numpy(float)
    own = side[origins][:, None] == side
    reached = [decay(ms / MS_PER_H) * people for decay in decays]
    return np.column_stack([np.where(own == here, r, 0).sum(1) for r in reached for here in (1, 0)])


def by_scipy(graph: csr_array, sources: Nodes, targets: Nodes) -> Floats:
    """Milliseconds by a search from each source."""
    parts = [sources[first : first + 32] for first in range(0, len(sources), 32)]
    return np.concatenate([dijkstra(graph, indices=part)[:, targets] for part in parts])


def by_networkit(graph: csr_array) -> Callable[[Nodes, Nodes], Floats]:
    """What searches as `by_scipy` does."""
    import networkit as nk

    whole = graph.tocoo()
    ends = whole.row.astype(np.uint64), whole.col.astype(np.uint64)
    built = nk.GraphFromCoo((whole.data, ends), n=whole.shape[0], weighted=True, directed=True)

    def one(source: int, targets: Nodes) -> Floats:
        run = nk.distance.Dijkstra(built, source, storePaths=False)
        run.run()
        found = np.array(run.getDistances(asarray=True))[targets]
        return np.where(found < 1e300, found, np.inf)

    return lambda sources, targets: np.array([one(int(source), targets) for source in sources])


def by_igraph(graph: csr_array) -> Callable[[Nodes, Nodes], Floats]:
    """What searches as `by_scipy` does."""
    import igraph

    whole = graph.tocoo()
    built = igraph.Graph(whole.shape[0], np.column_stack(whole.coords).tolist(), directed=True)
    ms = whole.data.tolist()
    return lambda sources, targets: np.array(
        built.distances(sources.tolist(), targets.tolist(), ms), float
    )


@contextmanager
def silent() -> Iterator[None]:
    """Send what compiled code writes to the terminal nowhere."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def by_pandana(case: Border) -> tuple[Floats, float]:
    """Sums from every node as `sums` gives them, for all places; seconds to prepare."""
    import pandana

    whole = case.whole().tocoo()
    # Seconds, which it multiplies by 1000 and cuts: a third of a millisecond keeps them whole.
    seconds = pd.DataFrame({"s": (whole.data + 0.3) / 1000})
    x, y = pd.Series(case.network.lon), pd.Series(case.network.lat)
    ends = pd.Series(whole.row), pd.Series(whole.col)
    graph, ready = timed(lambda: pandana.Network(x, y, *ends, seconds, twoway=False))
    side = case.places["side"].to_numpy()
    columns = []
    for hours, decay in ((PANDANA_HOURS, "exp"), (HOUR, "flat")):
        by_side = []
        for here in SIDES:
            people = case.places["population"].where(side == here, 0.0)
            graph.set(pd.Series(case.node), variable=people.reset_index(drop=True), name=here)
            found = graph.aggregate(3600 * hours, "sum", decay, imp_name="s", name=here)
            by_side.append(found.to_numpy()[case.node])
        home, other = by_side
        columns += [np.where(side == SIDES[0], *pair) for pair in ((home, other), (other, home))]
    return np.column_stack(columns), ready


def apart(found: Floats, expected: Floats) -> float:
    """Greatest relative difference, of sums of at least a person."""
    return float((np.abs(found - expected) / np.maximum(expected, 1)).max())


@dataclass(slots=True)
class Table:
    """What is printed, kept for the file."""

    rows: list[dict[str, object]] = field(default_factory=list)

    def row(
        self, name: str, seconds: float, ours: float, difference: float = np.nan, mark: str = ""
    ) -> None:
        """Print a line."""
        apart = "" if np.isnan(difference) else f"{difference:.1e}"
        print(f"{name:44}{mark:1}{seconds:10.3f}{seconds / ours:9.1f}{apart:>12}", flush=True)
        self.rows.append({"engine": name.strip(), "processor_s": seconds, "scaled": mark == "~"})


def compare(case: Border, largest_pandana: int) -> pd.DataFrame:
    """Print a table for one size, and give it."""
    n, p, some = case.network.n_nodes, len(case.places), len(case.sample)
    print(f"\n{n:,} nodes, {p:,} places, {GATES} gates; slow engines from {some:,} places")
    print(f"{'':44}{'processor s':>11}{'x ours':>9}{'difference':>12}")
    table = Table()
    row = table.row
    scale = p / some
    graph, at = case.whole(), case.node[case.sample]
    ms, searched = timed(lambda: by_scipy(graph, at, case.node))
    expected, summed = timed(lambda: sums(ms, case, case.sample))

    tables, first = timed(lambda: gate_tables(case.network, case.places, case.gates), 3)
    own, second = timed(lambda: own_times(case.network, case.places), 3)
    reach = partial(potentials, case.places, tables, own, decays=DECAYS)
    frames, third = timed(reach, 3)
    found = np.column_stack([frame[["own", "across"]] for frame in frames])
    ours = first + second + third
    row(OURS, ours, ours, apart(found[case.sample], expected))
    print(f"  tables {first:.3f} s, times inside the sides {second:.3f} s, sums {third:.3f} s,")
    print("  and in that the sums without delays and with all gates closed")
    whole = (searched + summed) * scale
    row(SCIPY, whole, ours, mark="~" * (some < p))
    for name, engine in (("networkit", by_networkit), ("igraph", by_igraph)):
        if not importlib.util.find_spec(name):
            print(f"{name} is not installed")
            continue
        few = at[:FEW]
        search = engine(graph)
        theirs, seconds = timed(lambda search=search, few=few: search(few, case.node))
        other = theirs != ms[: len(few)]
        difference = float(np.abs(theirs[other] - ms[: len(few)][other]).max(initial=0))
        row(f"{name}, the same", seconds * p / len(few) + summed * scale, ours, difference, "~")
    if n <= largest_pandana and importlib.util.find_spec("pandana"):
        compare_pandana(row, case, ms, expected, ours)
    else:
        print("pandana is not installed, or would take too long")
    compare_closures(row, case, tables, reach, partial(changes, case.places, tables, own))
    return pd.DataFrame(table.rows).assign(nodes=n, places=p)


def compare_pandana(
    row: Callable[..., None], case: Border, ms: Floats, expected: Floats, ours: float
) -> None:
    """Aggregations from every node, and what they leave out."""
    with silent():
        (found, ready), seconds = timed(lambda: by_pandana(case))
    near = sums(np.where(ms <= PANDANA_HOURS * MS_PER_H, ms, np.inf), case, case.sample)
    share = len(case.places) / case.network.n_nodes
    row("pandana, from every node", seconds, ours, apart(found[case.sample], near))
    per_place = ready + (seconds - ready) * share
    row("  if it could be asked for places alone", per_place, ours, mark="~")
    lost = 1 - near[:, :2].sum(0) / expected[:, :2].sum(0)
    print(
        f"  {ready:.1f} s to prepare; by its radius it leaves out {lost[0]:.0%} of the potential"
        f" of the own side, {lost[1]:.0%} of that across"
    )


def across_without(case: Border, tables: GateTables) -> Floats:
    """Potential across of every place without each gate, in one pass, shape (K, P)."""
    without = np.empty((GATES, len(case.places)))
    people = case.places["population"].to_numpy(float)
    for side in range(len(SIDES)):
        weight = people[tables.places_on(1 - side)]
        found = closure_sums(tables, side, weight, codes(DECAYS[:1]))[1]
        without[:, tables.places_on(side)] = found[:, :, 0]
    return without


def compare_closures(
    row: Callable[..., None],
    case: Border,
    tables: GateTables,
    reach: Callable[..., Any],
    changed: Callable[..., Any],
) -> None:
    """Closures of one gate and of each of them, from the tables and by searching again."""
    closures = {name: Scenario(close=[name]) for name in case.gates.index}
    checked = list(closures)[GATES // 2 :: GATES // 2 - 1]
    at, scale = case.node[case.sample], len(case.places) / len(case.sample)
    expected = {}
    start = time.process_time()
    for name in checked:
        ms = by_scipy(case.whole(name), at, case.node)
        expected[name] = sums(ms, case, case.sample, DECAYS[:1])
    whole = (time.process_time() - start) / len(checked) * scale
    one, seconds = timed(lambda: reach(scenario=closures[checked[0]]), 3)
    difference = apart(one[0][["own", "across"]].to_numpy()[case.sample], expected[checked[0]])
    row("one gate closed, from the tables", seconds, seconds, difference)
    row("  one gate closed, scipy", whole, seconds, mark="~")
    found, each = timed(lambda: changed(closures))
    after = found.places[["potential_own_after", "potential_across_after"]]
    difference = max(
        apart(after.loc[name].to_numpy()[case.sample], expected[name]) for name in checked
    )
    row(f"each of {GATES} closed, with demand and loads", each, each, difference)
    row("  each closed, scipy, without demand and loads", whole * GATES, each, mark="~")
    without, seconds = timed(lambda: across_without(case, tables), 3)
    difference = max(
        apart(without[list(closures).index(name)][case.sample], expected[name][:, 1])
        for name in checked
    )
    row(f"each of {GATES} closed, across alone, in one pass", seconds, seconds, difference)


def main() -> None:
    """Compare at each size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, nargs="+", default=[30_000, 100_000, 300_000])
    parser.add_argument("--places", type=int, nargs="+", default=[1000, 3000, 10_000])
    parser.add_argument("--sample", type=int, default=200, help="places of slow engines")
    parser.add_argument("--pandana", type=int, default=30_000, help="most nodes for pandana")
    parser.add_argument("--csv", type=Path, help="file for the table of all sizes")
    options = parser.parse_args()
    small = border(10_000, 200, 10)  # compiles
    sweep_to(sweeping(small.network.matrix())[0], small.node).times(small.node)
    tables = gate_tables(small.network, small.places, small.gates)
    own = own_times(small.network, small.places)
    potentials(Travel(small.places, tables, own), decays=DECAYS)
    changes(
        Travel(small.places, tables, own),
        {"closed": Scenario(close=small.gates.index[:1])},
    )
    measured = pd.concat(
        compare(border(n, p, options.sample), options.pandana)
        for n, p in zip(options.nodes, options.places, strict=True)
    )
    if options.csv:
        measured.to_csv(options.csv, index=False)
    cost = measured.pivot(index="engine", columns="nodes", values="processor_s")
    growth = cost[options.nodes[-1]] / cost[options.nodes[0]]
    pairs = (options.places[-1] / options.places[0]) ** 2
    print(f"\nfrom the first size to the last: ours x {growth[OURS]:.0f}, scipy", end="")
    print(f" x {growth[SCIPY]:.0f} (nodes x {options.nodes[-1] / options.nodes[0]:.0f},", end="")
    print(f" pairs x {pairs:.0f})")
    print("r5py is left out: it reads OSM extracts alone, and knows no time at a gate")


if __name__ == "__main__":
    main()
