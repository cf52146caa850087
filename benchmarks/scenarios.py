"""Scenarios at the border of the embedded study, many at once and one at a time.

    python benchmarks/scenarios.py [--scenarios 10 100 1000] [--check 20]

Each closes some road checkpoints, delays others and multiplies all delays, at random. The study
is run first as far as its network and the times inside the sides; what is measured is
`Study.whatif` after that. Some scenarios are evaluated again alone by the functions for one
scenario; the last column is the greatest relative difference of their potentials.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from typing import TYPE_CHECKING

import numpy as np

from geo_border.access.decay import calibrated
from geo_border.access.reach import potential
from geo_border.network.gates import gates_in_use
from geo_border.pipeline.stages.border import border_stage
from geo_border.pipeline.stages.network import network_stage
from geo_border.routing.inside import own_times
from geo_border.routing.scenarios import Scenario
from geo_border.routing.tables import gate_tables
from geo_border.routing.travel import Travel
from geo_border.study import open_study
from geo_border.terms import ROAD

if TYPE_CHECKING:
    from geo_border.pipeline.results import WhatIf
    from geo_border.study import Study


def some_scenarios(names: list[str], n: int) -> dict[str, Scenario]:
    """Draw scenarios."""
    rng = np.random.default_rng(n)
    found = {}
    for number in range(n):
        touched = rng.choice(names, rng.integers(1, 8), replace=False).tolist()
        closed = frozenset(touched[: rng.integers(0, len(touched) + 1)])
        hours = {name: tuple(rng.uniform(0, 6, 2)) for name in touched if name not in closed}
        factor = float(rng.choice([1.0, 1.0, 0.5, 1.5]))
        found[f"s{number}"] = Scenario(close=closed, delay=hours, factor=factor)
    return found


def greatest_difference(study: Study, result: WhatIf, n: int) -> float:
    """Difference of potentials to those of some scenarios each evaluated alone."""
    inputs = study.read()
    border = border_stage(study.settings, inputs)
    built = network_stage(study.settings, inputs, border)
    gates, places = gates_in_use(built.gates), built.places
    tables = gate_tables(built.network, places, gates[gates["mode"].isin(ROAD)], modes=ROAD)
    own = own_times(built.network, places, modes=ROAD)
    decay = calibrated(study.settings.access.decay, study.settings.access.half_life_h)
    worst = 0.0
    for name in list(result.scenarios)[:n]:
        alone = potential(Travel(places, tables, own), decay=decay, scenario=result.scenarios[name])
        after = result.changes.places.loc[name]
        for side in ("own", "across"):
            expected = alone[side].to_numpy()
            apart = np.abs(after[f"potential_{side}_after"].to_numpy() - expected)
            worst = max(worst, float(np.nanmax(apart / np.maximum(expected, 1))))
    return worst


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenarios", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--check", type=int, default=20, help="scenarios evaluated again alone")
    options = parser.parse_args()
    study = open_study("ru-kz")
    with tempfile.TemporaryDirectory() as folder:
        started = study.whatif({"as it is": Scenario()}, folder)
        roads = started.checkpoints.index[started.checkpoints["mode"].isin(ROAD)].tolist()
        start = time.process_time()
        study.whatif({"as it is": Scenario()}, folder)
        fixed = time.process_time() - start
        print(
            f"{len(started.places):,} places, {len(roads)} road checkpoints;"
            f" one scenario {fixed:.2f} s of processor time, most of it what they all share"
        )
        print(f"{'scenarios':>10}{'':16}{'processor s':>12}{'ms a scenario':>15}{'difference':>12}")
        for n in options.scenarios:
            for each_place in (False, True):
                start = time.process_time()
                result = study.whatif(some_scenarios(roads, n), folder, each_place=each_place)
                seconds = time.process_time() - start
                what = "with places" if each_place else "regions"
                apart = greatest_difference(study, result, options.check) if each_place else None
                print(
                    f"{n:10,}  {what:14}{seconds:12.2f}{1000 * (seconds - fixed) / n:15.2f}"
                    f"{'' if apart is None else f'{apart:.1e}':>12}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
