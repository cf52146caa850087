"""Traffic in equilibrium with queues, beside assignment that looks at pairs of zones.

    python benchmarks/equilibrium.py [--sizes 1000x100x8 10000x1000x32 100000x10000x64]
        [--pairs 1000x100x8] [--aequilibrae PYTHON] [--study ru-kz --many 100 1000 10000]

A border of 7,000 km: N places on one side, M on the other, K checkpoints with lanes in both
directions. Two classes of traffic (trucks slower, 2.5 passenger-car units) choose destination and
checkpoint, out and home, and share the lanes. `--pairs` are sizes at which the same model is
summed over every pair of places in numpy and brought to equilibrium by averaging; AequilibraE, if a
Python with it is given, assigns the trips of cars in one direction, fixed pair by pair, on the same
checkpoints by its bi-conjugate Frank-Wolfe algorithm, to a relative gap of 1e-4.

`--study` solves a study instead, and then as many borders as `--many` says, one after the other in
one process: in each one checkpoint is closed and the delays of all are others, at random.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geo_border.pipeline.memory import Memory
from geo_border.pipeline.runs import Run
from geo_border.pipeline.stages.traffic import traffic_now
from geo_border.routing.inside import OwnTimes
from geo_border.routing.scenarios import Scenario
from geo_border.routing.tables import GateTables
from geo_border.routing.travel import Travel
from geo_border.study import open_study
from geo_border.traffic.class_tables import class_travel
from geo_border.traffic.classes import Segment, TrafficClass
from geo_border.traffic.equilibrium import equilibrium
from geo_border.traffic.flows import place_flows
from geo_border.traffic.model import TrafficModel, traffic_model

SIZES = ["1000x100x8", "10000x1000x32", "100000x10000x64"]

LENGTH_KM, KM_H, DETOUR = 7000, 80, 1.3

AEQUILIBRAE = """
import json, sys, time
import numpy as np, pandas as pd
from aequilibrae.matrix import AequilibraeMatrix
from aequilibrae.paths import Graph, TrafficAssignment, TrafficClass
data = np.load(sys.argv[1])
trips, n = data["trips"], len(data["trips"])
graph = Graph()
graph.network = pd.DataFrame({name: data[name] for name in (
    "link_id", "a_node", "b_node", "direction", "free_flow_time", "capacity", "b", "power")})
graph.prepare_graph(np.arange(1, n + 1))
graph.set_graph("free_flow_time")
graph.set_blocked_centroid_flows(False)
matrix = AequilibraeMatrix()
matrix.create_empty(zones=n, matrix_names=["car"], memory_only=True)
matrix.index[:] = np.arange(1, n + 1)
matrix.matrix["car"][:] = trips
matrix.computational_view(["car"])
assignment = TrafficAssignment()
assignment.set_classes([TrafficClass("car", graph, matrix)])
assignment.set_vdf("BPR")
assignment.set_vdf_parameters({"alpha": "b", "beta": "power"})
assignment.set_capacity_field("capacity")
assignment.set_time_field("free_flow_time")
assignment.set_algorithm("bfw")
assignment.max_iter, assignment.rgap_target = 500, 1e-4
start = time.process_time()
assignment.execute()
spent = time.process_time() - start
report = assignment.report()
print(json.dumps({"s": spent, "rounds": len(report), "gap": float(report["rgap"].iloc[-1])}))
"""


def border(n: int, m: int, k: int) -> Travel:
    """Places and checkpoints along a straight border."""
    rng = np.random.default_rng(0)
    gate = np.sort(rng.uniform(0, LENGTH_KM, k))
    along, off = rng.uniform(0, LENGTH_KM, n + m), rng.exponential(300, n + m)
    hours = np.hypot(along[:, None] - gate, off[:, None]) * DETOUR / KM_H
    within = np.abs(gate[:, None] - gate) * DETOUR / KM_H
    side = np.repeat(np.array([0, 1], np.int8), [n, m])
    delay = rng.uniform(0.3, 4, k)
    gates = pd.DataFrame(
        {"mode": "road", "delay_out_h": delay, "delay_in_h": delay, "is_open": True},
        index=pd.Index([f"g{number}" for number in range(k)], name="checkpoint_id"),
    )
    places = pd.DataFrame(
        {
            "side": np.array(["home", "neighbour"])[side],
            "population": rng.pareto(1.2, n + m) * 100 + 1,
        },
        index=pd.Index([f"p{number}" for number in range(n + m)], name="place_id"),
    )
    tables = GateTables(
        gates, places.index, side, hours, np.ascontiguousarray(hours.T), np.stack([within] * 2)
    )
    nobody, nowhere = np.empty(0, np.int64), np.empty((0, 0))
    return Travel(places, tables, OwnTimes((nobody,) * 2, (nobody,) * 2, (nowhere,) * 2))


def traffic_of(travel: Travel, k: int) -> tuple[TrafficModel, pd.DataFrame]:
    """Two classes and the lanes that they share."""
    car = TrafficClass("car", (Segment(theta=0.8, outside=0.5),), total_year=365 * 600 * k)
    truck = TrafficClass(
        "truck",
        (Segment(theta=0.3, outside=0.2),),
        total_year=365 * 100 * k,
        pcu=2.5,
        speed_factor=0.85,
    )
    rng = np.random.default_rng(1)
    rows = [
        (gate, way, "car truck", rng.uniform(100, 1500), rng.uniform(0.3, 2), 4.0)
        for gate in travel.tables.gates.index
        for way in ("out", "in")
    ]
    columns = ["checkpoint_id", "direction", "classes", "capacity_day", "wait_h", "power"]
    travels = {"car": travel, "truck": class_travel(travel, truck)}
    model = traffic_model(travels, [car, truck], most_passages=1)
    return model, pd.DataFrame(rows, columns=columns)


def pair_flows(origins: Any, tables: GateTables, delay: np.ndarray, pull: np.ndarray) -> np.ndarray:
    """Flows of a segment and side, summed over every pair of places."""
    ends = tables.places_on(1 - origins.side)
    legs = []
    for to, beyond, direction in (
        (origins.there.hours, tables.from_gate[:, ends], origins.side),
        (origins.home.hours, tables.to_gate[ends].T, 1 - origins.side),
    ):
        hours = to[:, :, None] + delay[direction][:, None] + beyond
        legs.append(pull[ends] * np.exp(-origins.theta * hours))
    worth = np.sqrt(legs[0].sum(axis=(1, 2)) * legs[1].sum(axis=(1, 2)))
    trips = origins.potential * worth / (np.exp(origins.log_outside) + worth) / 2
    flows = np.zeros_like(delay)
    for leg, direction in zip(legs, (origins.side, 1 - origins.side), strict=True):
        share = leg.sum(axis=2) / leg.sum(axis=(1, 2))[:, None]
        flows[direction] += trips @ share
    return flows


def averaged(model: TrafficModel, lanes: pd.DataFrame, rounds: int) -> tuple[float, np.ndarray]:
    """Residual and waits after some rounds of averaging over pairs."""
    k = len(lanes) // 2
    capacity, scale = (
        lanes[name].to_numpy(float).reshape(k, 2).T for name in ("capacity_day", "wait_h")
    )
    free = model.free_delays()
    flow = np.zeros((2, k))
    wait = np.zeros((2, k))
    gap = np.inf
    for number in range(1, rounds + 1):
        answer = np.zeros((2, k))
        for name, each in model.classes.items():
            pull = each.travel.places["population"].to_numpy() ** each.traffic_class.gamma
            for origins in each.origins:
                found = pair_flows(origins, each.travel.tables, free[name] + wait, pull)
                answer += each.traffic_class.pcu * found
        gap = float(np.abs(wait - scale * (answer / capacity) ** 4).max())
        flow += (answer - flow) / number
        wait = scale * (flow / capacity) ** 4
    return gap, wait


def by_aequilibrae(python: str, model: TrafficModel, lanes: pd.DataFrame) -> dict[str, float]:
    """Seconds of processor time, rounds and gap of AequilibraE."""
    each = model.classes["car"]
    tables = each.travel.tables
    k, n = tables.n_gates, len(tables.place_ids)
    homes, ends = tables.places_on(0), tables.places_on(1)
    flows = place_flows(equilibrium(model).classes["car"])
    out = flows.to_gate[homes].sum(axis=1)
    share = flows.from_gate[:, ends].sum(axis=0) / flows.from_gate[:, ends].sum()
    trips = np.zeros((n, n))
    trips[np.ix_(homes, ends)] = out[:, None] * share
    near, far = n + 1 + np.arange(k), n + k + 1 + np.arange(k)
    to, beyond = tables.to_gate[homes], tables.from_gate[:, ends]
    own = lanes[lanes["direction"] == "out"]
    delay = model.free_delays()["car"][0]
    a = np.concatenate([np.repeat(homes + 1, k), near, np.repeat(far, len(ends))])
    b = np.concatenate([np.tile(near, len(homes)), far, np.tile(ends + 1, k)])
    hours = np.concatenate([to.ravel(), delay, beyond.ravel()])
    at = slice(to.size, to.size + k)
    capacity, alpha = np.full(len(a), 1e9), np.zeros(len(a))
    capacity[at], alpha[at] = own["capacity_day"], own["wait_h"] / delay
    with tempfile.TemporaryDirectory() as folder:
        file, script = Path(folder) / "network.npz", Path(folder) / "assign.py"
        script.write_text(AEQUILIBRAE, encoding="utf-8")
        np.savez(
            file, trips=trips, link_id=np.arange(1, len(a) + 1), a_node=a, b_node=b,
            direction=np.ones(len(a), np.int8), free_flow_time=hours, capacity=capacity,
            b=alpha, power=np.full(len(a), 4.0),
        )  # fmt: skip
        done = subprocess.run(
            [python, str(script), str(file)], capture_output=True, text=True, check=True
        )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def of_study(name: str, many: list[int]) -> None:
    """Print what many borders of a study take."""
    study = open_study(name)
    run = Run(study.settings, Path(study.folder), Memory(None), lambda _: None)
    inputs, border, net = run.network()
    everyone = run.everyone(inputs, net)
    start = time.process_time()
    now = traffic_now(study.settings, border.checkpoints, net.controls, everyone)
    ready = time.process_time() - start
    gates = everyone.tables.gates
    used = gates.index[gates["is_open"]]
    rng = np.random.default_rng(0)
    points = sum(
        len(part.potential) for each in now.model.classes.values() for part in each.origins
    )
    print(
        f"{name}: {len(everyone.places):,} places, {points:,} origins, {len(gates)} checkpoints, "
        f"{len(now.model.classes)} classes, {len(now.lanes.slot)} lanes with a capacity; "
        f"made ready in {ready:.3g} s of processor time\n"
    )
    print("| equilibria | processor s | ms each | wall s | residual, h |\n|---|---|---|---|---|")
    for count in many:
        worst, start, clock = 0.0, time.process_time(), time.perf_counter()
        for _ in range(count):
            delay = dict(zip(used, rng.uniform(0, 4, len(used)).tolist(), strict=True))
            shut = str(rng.choice(used))
            del delay[shut]
            found = equilibrium(now.model, Scenario(close=[shut], delay=delay), lanes=now.lanes)
            worst = max(worst, found.residual)
        spent, wall = time.process_time() - start, time.perf_counter() - clock
        each = 1000 * spent / count
        print(f"| {count:,} | {spent:.4g} | {each:.3g} | {wall:.4g} | {worst:.1e} |", flush=True)


def main() -> None:
    """Print a table of all sizes, or of a study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="+", default=SIZES)
    parser.add_argument("--pairs", nargs="*", default=["1000x100x8"])
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--aequilibrae", metavar="PYTHON")
    parser.add_argument("--study", metavar="NAME")
    parser.add_argument("--many", nargs="+", type=int, default=[100, 1000, 10_000])
    options = parser.parse_args()
    if options.study:
        of_study(options.study, options.many)
        return
    first, lanes = traffic_of(border(100, 100, 4), 4)
    equilibrium(first, lanes=lanes)  # compiled
    print("| size | work | processor s | steps | residual, h | ratio |\n|---|---|---|---|---|---|")
    for size in dict.fromkeys([*options.sizes, *options.pairs]):
        n, m, k = map(int, size.split("x"))
        start = time.process_time()
        model, lanes = traffic_of(border(n, m, k), k)
        ready = time.process_time()
        found = equilibrium(model, lanes=lanes)
        spent = time.process_time() - ready
        print(f"| {size} | made ready once | {ready - start:.3g} | | | |")
        print(f"| | equilibrium | {spent:.3g} | {found.steps} | {found.residual:.1e} | |")
        if size not in options.pairs:
            continue
        start = time.process_time()
        gap, wait = averaged(model, lanes, options.rounds)
        pairs = time.process_time() - start
        ratio = f"{pairs / spent:.0f}"
        print(f"| | pairs, averaging | {pairs:.3g} | {options.rounds} | {gap:.1e} | {ratio} |")
        apart = np.abs(wait.T.ravel() - found.lanes["queue_h"]).max()
        print(f"| | greatest difference of waits, h | | | {apart:.1e} | |")
        if options.aequilibrae:
            peer = by_aequilibrae(options.aequilibrae, model, lanes)
            ratio = f"{peer['s'] / spent:.0f}"
            print(
                f"| | AequilibraE, cars one way | {peer['s']:.3g} | {peer['rounds']:.0f} | "
                f"relative gap {peer['gap']:.1e} | {ratio} |"
            )


if __name__ == "__main__":
    main()
