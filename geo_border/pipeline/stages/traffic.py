"""The stage of traffic: who passes where, in equilibrium, and what closures and hours cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_border.access.decay import Exponential
from geo_border.bottlenecks.closures import closures
from geo_border.pipeline.stages.class_checkpoints import checkpoints_of
from geo_border.pipeline.stages.class_trips import class_trips, trips_by
from geo_border.pipeline.stages.parameters import CUT_H
from geo_border.pipeline.stages.traffic_counts import (
    COLUMNS,
    beside,
    border_of,
    modelled_as_counted,
)
from geo_border.pipeline.stages.traffic_draws import traffic_intervals
from geo_border.pipeline.stages.traffic_tables import (
    OUTSIDE,
    every_class,
    may_not_pass,
    ranking,
    traffic_by_checkpoint,
    traffic_by_region,
)
from geo_border.routing.scenarios import Scenario
from geo_border.routing.spots import gathered
from geo_border.terms import CAR, DIRECTIONS, EVERY_CLASS
from geo_border.traffic.demand import Gravity
from geo_border.traffic.equilibrium import equilibrium
from geo_border.traffic.flows import place_flows
from geo_border.traffic.lanes import read_lanes
from geo_border.traffic.loads import flow_loads
from geo_border.traffic.model import traffic_model
from geo_border.traffic.observed import without_queues
from geo_border.traffic.welfare import welfare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from geo_border.network.outer import OuterZones
    from geo_border.pipeline.inputs.read import Inputs
    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.border import Border
    from geo_border.pipeline.stages.class_trips import ClassTrips
    from geo_border.pipeline.stages.network import StudyNetwork
    from geo_border.routing.travel import Travel
    from geo_border.traffic.equilibrium import Equilibrium
    from geo_border.traffic.lanes import Lanes
    from geo_border.traffic.model import TrafficModel
    from geo_border.traffic.welfare import Welfare


@dataclass(frozen=True, slots=True, eq=False)
class Traffic:
    """Traffic of a study by class.

    Parameters
    ----------
    checkpoints
        ``checkpoint_id``, ``class`` and what is told of both: flows, delays, waits, utilisation,
        what a closure does, what an hour is worth.
    regions
        The same of ``region_id`` and ``class``: trips made and not made, surplus.
    ranking
        Index ``checkpoint_id``: loads and the effect of closures, as
        `geo_border.bottlenecks.checkpoints.checkpoint_ranking` gives them, of all classes or, if
        not all have a total, of cars; loads of each class beside them.
    diversions
        ``closed_id``, ``class``, ``to_id``, ``share``: where the traffic of a closed checkpoint
        goes.
    saved
        ``checkpoint_id``, ``class``, ``region_id``, ``hours_saved``: of a trip of the class that
        begins in the region, if the delay there falls by `CUT_H`; of all where every class counts
        in vehicles.
    queued
        ``checkpoint_id``, ``class``, ``queued_out_h``, ``queued_in_h``: what of the delay that was
        observed is the queue, missing where no capacity is known.
    load
        Share of the trips on each directed edge of the study's network, shape (m,), of what
        `ranking` is of.
    class_load
        The same by class, one column each.
    validation
        Counts with what is modelled beside them; empty without counts.
    account
        One row: ``of`` (what `ranking` is of), ``residual_h``, ``steps``, ``lanes`` (with a
        capacity).
    """

    checkpoints: pd.DataFrame
    regions: pd.DataFrame
    ranking: pd.DataFrame
    diversions: pd.DataFrame
    saved: pd.DataFrame
    queued: pd.DataFrame
    load: NDArray[np.float64]
    class_load: pd.DataFrame
    validation: pd.DataFrame
    account: pd.DataFrame

    def tables(self) -> dict[str, pd.DataFrame]:
        """Tables of the results.

        Returns
        -------
        dict
            By name.
        """
        found = {"traffic": self.checkpoints, "traffic_regions": self.regions}
        return found | ({"validation": self.validation} if len(self.validation) else {})


def about_traffic(settings: Settings, traffic: Traffic | None) -> dict[str, object]:
    """Say how traffic was solved, for the manifest.

    Parameters
    ----------
    settings
        The study's parameters.
    traffic
        In equilibrium; None where all take the fastest way.

    Returns
    -------
    dict
        ``choice``, ``of`` (the class that figures without the name of one are of) and, in
        equilibrium, ``residual_h``, ``steps``, ``lanes``.
    """
    solved = {"of": CAR} if traffic is None else traffic.account.to_dict("records")[0]
    return {"choice": settings.traffic.choice, **{str(key): v for key, v in solved.items()}}


@dataclass(frozen=True, slots=True, eq=False)
class TrafficNow:
    """Traffic with the border as it is, and what other borders are solved with.

    Parameters
    ----------
    trips
        Of the classes.
    observed
        Over delays as they were observed, queues in them.
    model
        Over delays without queues.
    lanes
        Those with a capacity.
    traffic
        In equilibrium.
    """

    trips: ClassTrips
    observed: TrafficModel
    model: TrafficModel
    lanes: Lanes
    traffic: Equilibrium

    def queued(self) -> pd.DataFrame:
        """What of the delays that were observed is the queue.

        Returns
        -------
        DataFrame
            As `Traffic.queued`.
        """
        columns = [f"queued_{way}_h" for way in DIRECTIONS]
        rows = {}
        for name, members in zip(self.model.classes, self.lanes.members.T, strict=True):
            travel = self.observed.classes[name].travel
            known = np.zeros((len(DIRECTIONS), travel.tables.n_gates), bool)
            known.ravel()[self.lanes.slot[members]] = True
            with np.errstate(invalid="ignore"):
                hours = self.observed.free_delays()[name] - self.model.free_delays()[name]
            rows[name] = pd.DataFrame(
                np.where(known, np.nan_to_num(hours), np.nan).T, travel.tables.gates.index, columns
            )
        table = pd.concat(rows, names=["class", "checkpoint_id"]).swaplevel()
        return table.dropna(how="all").reset_index()


def traffic_now(
    settings: Settings, checkpoints: pd.DataFrame, controls: pd.DataFrame, travel: Travel
) -> TrafficNow:
    """Solve the traffic of a study with the border as it is.

    Parameters
    ----------
    settings, checkpoints, controls, travel
        As `geo_border.pipeline.stages.class_trips.class_trips` takes them.

    Returns
    -------
    TrafficNow
        In equilibrium; the delays there are those of the register.
    """
    trips = class_trips(settings, checkpoints, controls, travel)
    observed = traffic_model(
        trips.on_own_tables(), trips.classes, most_passages=settings.traffic.most_passages
    )
    model = without_queues(observed, trips.lanes, least=trips.least)
    names = [each.name for each in trips.classes]
    lanes = read_lanes(trips.lanes, travel.tables.gates.index, names)
    return TrafficNow(trips, observed, model, lanes, equilibrium(model, lanes=lanes))


def traffic_stage(
    settings: Settings,
    inputs: Inputs,
    border: Border,
    net: StudyNetwork,
    travel: Travel,
    outer: OuterZones | None,
) -> Traffic:
    """Let trips by class choose their checkpoints, and close each in turn.

    Parameters
    ----------
    settings
        The study's parameters.
    inputs
        The checked inputs.
    border, net
        The border and the network of the study.
    travel
        Trips by road of all who make them, those beyond too.
    outer
        What lies beyond; None if nothing does.

    Returns
    -------
    Traffic
        By checkpoint, region and edge.
    """
    every_place = travel
    if in_proportion(settings):
        travel = gathered(travel)
    now = traffic_now(settings, border.checkpoints, net.controls, travel)
    solved = now.traffic
    gates = travel.tables.gates.index
    passed = np.sum([each.passed for each in solved.classes.values()], axis=(0, 1))
    used = gates[passed > 0]
    shut = {
        str(name): welfare(
            solved, equilibrium(now.model, Scenario(close=[str(name)]), lanes=now.lanes)
        )
        for name in used
    }
    # Draws vary the exponents of masses: trips are in proportion to people in none of them.
    apart = class_trips(settings, border.checkpoints, net.controls, every_place)
    likely = traffic_intervals(settings, border.checkpoints, net, apart)
    table = traffic_by_checkpoint(solved, shut, _detours(now)).join(likely)
    table.loc[may_not_pass(table), likely.columns] = np.nan
    of = EVERY_CLASS if EVERY_CLASS in table.index.get_level_values("class") else CAR
    diversions = _diversions(shut, solved)
    loads = _edge_loads(solved, net, travel, outer)
    total = {n: float(each.by_origin()["trips"].sum()) for n, each in solved.classes.items()}
    every = loads.sum(axis=1) / sum(total.values())
    shares = pd.DataFrame({name: loads[name] / trips for name, trips in total.items()})
    return Traffic(
        checkpoints=table.reset_index(),
        regions=traffic_by_region(now.model, solved, now.lanes, travel.places).reset_index(),
        ranking=ranking(table, diversions, of),
        diversions=diversions,
        saved=_saved(now, used, travel.places),
        queued=now.queued(),
        load=(every if of == EVERY_CLASS else shares[CAR]).to_numpy(float),
        class_load=shares,
        validation=_held_against(inputs.counts, settings, border, net, travel, now),
        account=pd.DataFrame(
            {
                "of": [of],
                "residual_h": [float(f"{solved.residual:.0e}")],
                "steps": [solved.steps],
                "lanes": [len(solved.lanes)],
            }
        ),
    )


def in_proportion(settings: Settings) -> bool:
    """Whether trips of every class are in proportion to the people at both ends.

    Parameters
    ----------
    settings
        The study's parameters.

    Returns
    -------
    bool
        If so, places at one spot and in one region can be one point.
    """
    of_classes = [(part.alpha, part.gamma) for part in settings.traffic.classes.values()]
    exponents = [(settings.demand.alpha, settings.demand.gamma), *of_classes]
    return all(each in (None, 1) for both in exponents for each in both)


def _held_against(
    counts: pd.DataFrame | None,
    settings: Settings,
    border: Border,
    net: StudyNetwork,
    travel: Travel,
    now: TrafficNow,
) -> pd.DataFrame:
    """Counts with the traffic of the border as it was then."""
    if counts is None:
        return pd.DataFrame(columns=list(COLUMNS))
    modelled = pd.Series(np.nan, counts.index)
    for day, part in counts.groupby(border_of(counts, border.register), dropna=False):
        solved = now.traffic
        if not pd.isna(day):
            then = checkpoints_of(settings, border.register, border.line, day=day)
            trips = trips_by(travel, net.controls, then)
            solved = traffic_now(settings, then, net.controls, trips).traffic
        modelled[part.index] = modelled_as_counted(part, solved)
    return beside(counts, modelled)


def _edge_loads(
    solved: Equilibrium, net: StudyNetwork, travel: Travel, outer: OuterZones | None
) -> pd.DataFrame:
    """Vehicles a day on each directed edge of the study's network, by class."""
    network = net.network if outer is None else outer.network
    loads = {}
    for name, each in solved.classes.items():
        flows = place_flows(each)
        load = flow_loads(network, travel.tables, flows.to_gate, flows.from_gate, flows.between)
        loads[name] = load if outer is None else outer.inner_load(load, net.network.n_edges)
    return pd.DataFrame(loads)


def _detours(now: TrafficNow) -> pd.Series[float]:
    """Hours that the next fastest way takes longer, of trips whose fastest is by a checkpoint."""
    found = {}
    for each in now.trips.classes:
        shares = np.array([segment.share for segment in each.segments])
        theta = float(shares @ [segment.theta for segment in each.segments] / shares.sum())
        gravity = Gravity(
            decay=Exponential(half_life=np.log(2) / theta),
            origin_exponent=each.alpha,
            destination_exponent=each.gamma,
        )
        travel = now.observed.classes[each.name].travel
        found[each.name] = closures(travel, gravity=gravity).effects["closure_extra_hours"]
    table = pd.concat(found, names=["class", "checkpoint_id"]).swaplevel()
    named: pd.Series[float] = table.rename("closure_detour_h")
    return named


def _diversions(shut: Mapping[str, Welfare], solved: Equilibrium) -> pd.DataFrame:
    """Where the traffic of closed checkpoints goes, by class and, where it has a total, for all."""
    rows = []
    for closed, lost in shut.items():
        table = every_class(lost.checkpoints, solved)
        for name, part in table.groupby(level="class", sort=False):
            before = part.droplevel("class")
            gone = float(before["before"].astype(float)[closed])
            if gone <= 0:
                continue
            more = before["change"].drop(closed).clip(lower=0) / gone
            more = more[more > 0].sort_values(ascending=False, kind="stable")
            rows += [(closed, name, to, share) for to, share in more.items()]
    return pd.DataFrame(rows, columns=["closed_id", "class", "to_id", "share"])


def _saved(now: TrafficNow, used: pd.Index[str], places: pd.DataFrame) -> pd.DataFrame:
    """Hours that a trip of each region saves if the delay of a checkpoint falls, by class."""
    region = places["region_id"].astype(object).where(places["region_id"].notna(), OUTSIDE)
    before = _by_region(now.traffic, region)
    rows = {}
    for checkpoint in map(str, used):
        at = now.model.classes[CAR].delays.position[checkpoint]
        classes = {}
        for name, model in now.model.classes.items():
            hours = model.delays.hours.copy()
            hours[:, at] = np.maximum(hours[:, at] - CUT_H, 0.0)
            classes[name] = replace(model, delays=replace(model.delays, hours=hours))
        after = _by_region(
            equilibrium(replace(now.model, classes=classes), lanes=now.lanes), region
        )
        trips = before["trips"].where(before["trips"] > 0)
        rows[checkpoint] = (after["surplus_h"] - before["surplus_h"]) / trips
    names = ["checkpoint_id", "region_id", "class"]
    empty = pd.Series(dtype=float, index=pd.MultiIndex.from_arrays([[], [], []], names=names))
    saved = pd.concat(rows, names=names) if rows else empty
    return saved.rename("hours_saved").reset_index()


def _by_region(solved: Equilibrium, region: pd.Series[Any]) -> pd.DataFrame:
    """Trips and surplus by region and class, and of all where every class counts in vehicles."""
    rows = {
        name: each.by_origin()[["trips", "surplus_h"]].fillna(0.0).groupby(region.to_numpy()).sum()
        for name, each in solved.classes.items()
    }
    table = pd.concat(rows, names=["class", "region_id"]).swaplevel().sort_index()
    return every_class(table, solved)
