"""Sums over all pairs across a border: the tiled kernels, and what else could be done.

    python benchmarks/kernels.py [--origins 25000 50000 100000] [--destinations 10000]

One operation is one ``A[i, k] + E[k, j]`` compared with the least so far. Rates count all
origins x destinations x gates, also those that pruning leaves out. The rate by processor time
is what all cores give when nothing else runs.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from typing import TYPE_CHECKING

import numpy as np

from geo_border.routing.engine.kernels import EXPONENTIAL, STEP
from geo_border.routing.tiles import tile_closures, tile_sums

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

GATES = 64

CODES = np.array(
    [(EXPONENTIAL, np.log(2) / 1.5, 0), (STEP, 1.5, 0), (STEP, 6, 0), (STEP, 12, 0)], float
)
"""A potential and three thresholds."""


def border(
    origins: int, destinations: int
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float64]]:
    """Times to and from gates along a border of 2000 km, places 600 km deep; hours, persons."""
    rng = np.random.default_rng(0)
    gates = np.column_stack([np.linspace(0, 2000, GATES), rng.normal(0, 20, GATES)])
    starts, ends = (
        np.column_stack([rng.random(n) * 2000, sign * rng.random(n) * 600])
        for n, sign in ((origins, 1), (destinations, -1))
    )
    A = np.linalg.norm(starts[:, None] - gates, axis=2) / 60
    E = np.linalg.norm(gates[:, None] - ends, axis=2) / 60 + rng.uniform(0.5, 3, (GATES, 1))
    weight = rng.pareto(1.2, destinations) * 1000
    return A.astype(np.float32), E.astype(np.float32), weight


def by_numpy(
    A: NDArray[np.float32], E: NDArray[np.float32], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The same sums gate by gate, for as many origins as are given."""
    times = np.full((len(A), E.shape[1]), np.inf, np.float32)
    for k in range(len(E)):
        np.minimum(times, A[:, k : k + 1] + E[k], out=times)
    leeway = 1 + 4 * np.finfo(np.float32).eps  # of single precision, as tiles have it
    limits = CODES[1:, 1] * leeway
    values = [np.exp(-CODES[0, 1] * times), *(times <= limit for limit in limits)]
    return np.column_stack([value @ weight for value in values])


def print_difference(found: NDArray[np.float64], expected: NDArray[np.float64]) -> None:
    """Of the first origins, relative to the greatest sum of each function."""
    apart = np.abs(found[: len(expected)] - expected).max(axis=0) / expected.max(axis=0)
    print(f"  greatest difference, of the greatest sum {apart.max():.1e}")


def timed(name: str, operations: float, work: Callable[[], object], repeats: int = 3) -> object:
    """Run, print the best of some repeats, and give the result."""
    wall, cpu, result = [], [], None
    for _ in range(repeats):
        start, used = time.perf_counter(), time.process_time()
        result = work()
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - used)
    cores = os.cpu_count() or 1
    print(
        f"{name:38}{min(wall):8.2f}{operations / min(wall) / 1e9:10.1f}"
        f"{operations / min(cpu) / 1e9 * cores:16.1f}"
    )
    return result


def main() -> None:
    """Compare at each size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--origins", type=int, nargs="+", default=[25_000, 50_000, 100_000])
    parser.add_argument("--destinations", type=int, default=10_000)
    options = parser.parse_args()
    small = border(100, 1000)
    tile_sums(*small, CODES)
    tile_closures(*small, CODES)
    for origins in options.origins:
        A, E, weight = border(origins, options.destinations)
        operations = float(origins) * options.destinations * GATES
        print(f"\n{origins:,} origins x {options.destinations:,} destinations x {GATES} gates")
        print(f"{'':38}{'s':>8}{'G/s':>10}{'G/s by CPU time':>16}")
        few = min(origins, 400)
        expected = timed(
            f"numpy, float32, {few} origins only",
            operations * few / origins,
            lambda A=A, E=E, w=weight, few=few: by_numpy(A[:few], E, w),
        )
        found = timed(
            "potential + 3 thresholds",
            operations,
            lambda A=A, E=E, w=weight: tile_sums(A, E, w, CODES),
        )
        print_difference(found, expected)
        timed(
            "potential alone",
            operations,
            lambda A=A, E=E, w=weight: tile_sums(A, E, w, CODES[:1]),
        )
        _, losses = timed(
            "potential, base and 64 closures",
            operations,
            lambda A=A, E=E, w=weight: tile_closures(A, E, w, CODES[:1]),
        )
        without = np.arange(GATES) != GATES // 2
        closed = by_numpy(A[:few, without], E[without], weight)[:, :1]
        print_difference((found[:, :1] - losses[GATES // 2])[:few], closed)
        rng = np.random.default_rng(1)
        A, E = (10 * rng.random(part.shape, np.float32) for part in (A, E))
        found = timed(
            "potential + 3, nothing to prune",
            operations,
            lambda A=A, E=E, w=weight: tile_sums(A, E, w, CODES),
            repeats=2,
        )
        print_difference(found, by_numpy(A[:few], E, weight))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\npeak memory {peak:,.0f} MB")


if __name__ == "__main__":
    main()
