"""Traffic between the United States and Canada: fitted to half of its ports, held against the rest.

    python benchmarks/us_ca.py FOLDER [--within 10] [--resamples 2000]

Makes the study that `geo-border new us-ca --pair US CA` makes in FOLDER, with its finished stages
beside it, and changes nothing in it. us_ca_ports.csv has what entered the United States in 2018.
What `geo-border calibrate` fits by default is fitted to the ports east of 97° W, and those west of
it are predicted, and the other way round.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pyproj import Geod
from scipy.sparse.csgraph import connected_components

from geo_border.pipeline.memory import Memory
from geo_border.pipeline.runs import Run
from geo_border.pipeline.stages.calibration import FITTED
from geo_border.pipeline.stages.class_trips import ClassTrips, class_trips
from geo_border.study import open_study
from geo_border.terms import SIDES
from geo_border.traffic.calibration import Calibration, calibrate
from geo_border.traffic.equilibrium import equilibrium
from geo_border.traffic.flows import checkpoint_traffic
from geo_border.traffic.model import traffic_model
from geo_border.traffic.validation import validate
from geo_border.world.pair import new_pair

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

PORTS = Path(__file__).with_name("us_ca_ports.csv")
COUNTED = {"car": "cars", "truck": "trucks"}
DIRECTION = "in"  # home is the United States
CUT_LON = -97.0
HALVES = ("east", "west")
NAMED_WITHIN_KM = 50.0
MOST_ROUNDS, STILL = 30, 1e-4
BASELINE = " (baseline)"


@dataclass(frozen=True, slots=True)
class Case:
    """The study's trips, its crossings with the port of each, and the ports that have one."""

    trips: ClassTrips
    most_passages: int
    crossings: pd.DataFrame
    ports: pd.DataFrame


def made_study(folder: Path) -> tuple[ClassTrips, int, pd.DataFrame]:
    """Trips by class, most passages, and the crossings that roads lead to."""
    if not (folder / "us-ca").exists():
        new_pair(folder / "us-ca", "US", "CA")
    study = open_study(folder / "us-ca")
    run = Run(study.settings, study.folder, Memory(folder / "stages"), lambda _: None)
    inputs, border, net = run.network()
    everyone = run.everyone(inputs, net)
    trips = class_trips(study.settings, border.checkpoints, net.controls, everyone)
    crossings = border.checkpoints.loc[everyone.tables.gates.index, ["name", "lon", "lat"]]
    return trips, study.settings.traffic.most_passages, crossings


def km_between(one: pd.DataFrame, other: pd.DataFrame) -> NDArray[np.float64]:
    """Straight kilometres, shape (one, other)."""
    shape = len(one), len(other)
    ends = [np.broadcast_to(one[axis].to_numpy()[:, None], shape) for axis in ("lon", "lat")]
    ends += [np.broadcast_to(other[axis].to_numpy(), shape) for axis in ("lon", "lat")]
    found: NDArray[np.float64] = Geod(ellps="WGS84").inv(*ends)[2] / 1000
    return found


def matched(crossings: pd.DataFrame, ports: pd.DataFrame, within_km: float) -> pd.DataFrame:
    """Crossings with `port` and `km`: the nearest port within a distance, or one of their name.

    A port may have several crossings, whose traffic it counts together.
    """
    km = km_between(crossings, ports)
    nearest, rows = km.argmin(axis=1), []
    for row, name in enumerate(crossings["name"]):
        port = nearest[row]
        if km[row, port] > within_km:
            own = set(name.split(" (")[0].split(" – "))
            named = [bool(own & set(each.split("-"))) for each in ports["port"]]
            port = np.where(named, km[row], np.inf).argmin()
            if not named[port] or km[row, port] > NAMED_WITHIN_KM:
                rows.append((None, np.nan))
                continue
        rows.append((ports.index[port], km[row, port]))
    return crossings.assign(**pd.DataFrame(rows, crossings.index, ["port", "km"]))


def made_case(folder: Path, within_km: float) -> Case:
    """Make the study and give its crossings their ports."""
    trips, most_passages, crossings = made_study(folder)
    ports = pd.read_csv(PORTS)
    ports.index = pd.Index(ports["port"] + ", " + ports["state"])
    crossings = matched(crossings, ports, within_km)
    of_port = crossings.groupby("port")["km"]
    ports = ports.assign(km=of_port.min(), n=of_port.size())
    half = np.where(ports["lon"] > CUT_LON, *HALVES)
    return Case(trips, most_passages, crossings, ports.assign(half=half))


def counts_of(case: Case, half: str) -> pd.DataFrame:
    """Counts of the ports of a half that have crossings, shared out equally among these."""
    ports = case.ports[case.ports["half"] == half]
    own = case.crossings[case.crossings["port"].isin(ports.index)]
    rows = [
        pd.DataFrame(
            {
                "checkpoint_id": own.index,
                "port": own["port"].to_numpy(),
                "class": name,
                "direction": DIRECTION,
                "port_day": ports[column].reindex(own["port"]).to_numpy() / 365,
                "share": 1 / ports["n"].reindex(own["port"]).to_numpy(),
            }
        )
        for name, column in COUNTED.items()
    ]
    return pd.concat(rows, ignore_index=True).dropna(subset="port_day")


def fitted(case: Case, half: str) -> Calibration:
    """Fit what `geo-border calibrate` fits by default to the ports of a half.

    Which crossing of a port its vehicles take is not counted: they are shared out as the model
    has it, and it is fitted again until that stays, which is the fit to the ports themselves.
    """
    counts = counts_of(case, half)
    classes = case.trips.classes
    fit = [*(f"total of {each.name}" for each in classes if each.total_year is None), *FITTED]
    for _ in range(MOST_ROUNDS):
        found = calibrate(
            case.trips.travels,
            classes,
            counts.assign(vehicles_day=counts["port_day"] * counts["share"]),
            fit=fit,
            most_passages=case.most_passages,
            leave_one_out=False,
        )
        modelled = found.counts["modelled"]
        whole = modelled.groupby([counts["port"], counts["class"]]).transform("sum")
        share = (modelled / whole).where(whole > 0, counts["share"])
        moved = (share - counts["share"]).abs().max()
        counts["share"] = share
        if moved < STILL:
            return found
    raise RuntimeError(f"shares of the crossings of a port still move by {moved:.1g}")


def modelled_ports(case: Case, calibration: Calibration) -> pd.DataFrame:
    """Vehicles of 2018 into the United States at each port, by class."""
    trips = replace(case.trips, classes=calibration.classes)
    model = traffic_model(trips.on_own_tables(), trips.classes, most_passages=case.most_passages)
    passed = checkpoint_traffic(equilibrium(model))[f"vehicles_{DIRECTION}"].unstack() * 365
    return passed.groupby(case.crossings["port"]).sum()


def straight_gravity(case: Case) -> pd.Series[float]:
    """Product of people over squared kilometres by each port, all pairs by their shortest port.

    What can be said without roads, times or a fit.
    """
    ports = case.ports[case.ports["n"] > 0]
    places = case.trips.travels["car"].places
    sides = [places[places["side"] == side] for side in SIDES]
    home, neighbour = (km_between(each, ports) for each in sides)
    people = [each["population"].to_numpy() for each in sides]
    sums = np.zeros(len(ports))
    for km, mass in zip(home, people[0], strict=True):
        by_port = km + neighbour
        nearest = by_port.argmin(axis=1)
        shortest = by_port[np.arange(len(nearest)), nearest]
        sums += np.bincount(nearest, mass * people[1] / shortest**2, len(ports))
    return pd.Series(sums, ports.index)


def held_against(
    counted: pd.Series[float], modelled: pd.Series[float], resamples: int
) -> tuple[pd.Series[float], pd.DataFrame]:
    """How near, and 95 % of it when ports are drawn again and again with replacement."""
    rng = np.random.default_rng(1)
    pairs = np.array([counted, modelled])
    drawn = [
        validate(*pairs[:, rng.integers(pairs.shape[1], size=pairs.shape[1])])
        for _ in range(resamples)
    ]
    ends = pd.DataFrame(drawn).quantile([0.025, 0.975]).set_axis(["low", "high"])
    return validate(counted, modelled), ends


def print_matching(case: Case) -> None:
    """Ports with crossings, distances, and what is left on both sides."""
    ports, crossings = case.ports, case.crossings
    has = ports["n"] > 0
    print(f"{has.sum()} of {len(ports)} ports have a crossing ({has.mean():.0%}):", end=" ")
    print(
        ", ".join(
            f"{ports.loc[has, c].sum() / ports[c].sum():.1%} of {c}" for c in COUNTED.values()
        )
    )
    km = ports.loc[has, "km"].quantile([0.5, 0.9, 1.0])
    print("km to the nearest, median, 90 %, most:", ", ".join(f"{each:.1f}" for each in km))
    print(f"of several crossings: {'; '.join(ports.index[ports['n'] > 1])}")
    without = ports[~has].sort_values("cars", ascending=False)
    print("without one:", "; ".join(f"{name} ({cars:,})" for name, cars in without["cars"].items()))
    alone = crossings[crossings["port"].isna()]
    print(f"{len(alone)} of {len(crossings)} crossings have no port:", "; ".join(alone.index))


def print_pieces(case: Case) -> None:
    """Parts of the roads of each side between which no way leads on that side."""
    tables, places = case.trips.travels["car"].tables, case.trips.travels["car"].places
    people = places["population"].to_numpy()
    for side, name in enumerate(SIDES):
        joined = np.isfinite(tables.within[side])
        n, piece = connected_components(joined, directed=False)
        own = tables.places_on(side)
        reach = np.isfinite(tables.to_gate[own])
        found = [
            ((piece == each).sum(), people[own][reach[:, piece == each].any(axis=1)].sum() / 1e6)
            for each in range(n)
        ]
        words = "; ".join(f"{k} crossings, {m:.2f} M people" for k, m in sorted(found)[::-1])
        print(f"roads of the {name} side lead to crossings in {n} pieces: {words}")


def print_misses(label: str, counted: pd.Series[float], modelled: pd.Series[float]) -> None:
    """Ports whose shares differ most, in hundredths of the traffic of the half."""
    p, q = counted / counted.sum(), modelled / modelled.sum()
    worst = (q - p).abs().nlargest(6).index
    print(f"{label}:", "; ".join(f"{name} {p[name]:.1%} counted, {q[name]:.1%}" for name in worst))


def print_parameters(found: Mapping[str, Calibration]) -> None:
    """What was fitted to each half."""
    print("\n| class | fitted on | parameter | value | 95 % | note |\n|---|---|---|---|---|---|")
    for half, each in found.items():
        for (name, parameter), row in each.parameters.iterrows():
            ends = f"{row['low']:.3g} to {row['high']:.3g}" if row["fitted"] else ""
            value = f"{row['value']:.3g}"
            print(f"| {name} | {half} | {parameter} | {value} | {ends} | {row['note']} |")


def print_fits(
    counted: pd.Series[float], modelled: Mapping[str, pd.Series[float]], resamples: int
) -> None:
    """Rows of the table of fits, by what is modelled."""
    for label, each in modelled.items():
        value, ends = held_against(counted, each.reindex(counted.index), resamples)
        cells = [
            f"{value[name]:.2f} ({ends.at['low', name]:.2f} to {ends.at['high', name]:.2f})"
            if np.isfinite(value[name])
            else "none"
            for name in ("spearman", "overlap")
        ]
        within = "" if label.endswith(BASELINE) else f"{value['within_2']:.2f}"
        print(f"| {label} | {value['n']:.0f} | {' | '.join(cells)} | {within} |")


def main() -> None:
    """Print the matching, parameters, and how near each half comes to the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--within", type=float, default=10.0, help="km from a port to its crossing")
    parser.add_argument("--resamples", type=int, default=2000)
    args = parser.parse_args()
    case = made_case(args.folder, args.within)
    print_matching(case)
    print_pieces(case)
    found = {half: fitted(case, half) for half in HALVES}
    print_parameters(found)
    by = {half: modelled_ports(case, each) for half, each in found.items()}
    other = dict(zip(HALVES, reversed(HALVES), strict=True))
    plain = {
        f"straight-line gravity{BASELINE}": straight_gravity(case),
        f"equal shares{BASELINE}": pd.Series(1.0, case.ports.index),
    }
    for name, column in COUNTED.items():
        print(f"\n| {name}s at ports | n | Spearman | overlap | within 2 |\n|---|---|---|---|---|")
        known = case.ports[(case.ports["n"] > 0) & case.ports[column].notna()]
        predicted = {}
        for half, rows in known.groupby("half"):
            own, predicted[half] = by[half][name], by[other[half]][name].reindex(rows.index)
            fits = {"in sample": own, f"fitted {other[half]}": predicted[half], **plain}
            labelled = {f"{half}, {label}": each for label, each in fits.items()}
            print_fits(rows[column], labelled, args.resamples)
        fits = {"each half by the other": pd.concat(predicted.values()), **plain}
        labelled = {f"both, {label}": each for label, each in fits.items()}
        print_fits(known[column], labelled, args.resamples)
        for half, each in predicted.items():
            print_misses(
                f"\n{name}s {half}, fitted {other[half]}", known.loc[each.index, column], each
            )


if __name__ == "__main__":
    main()
