"""Traffic by class by another way: every pair of places and every route, one by one."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
from borderland import random_borderland, trips_of
from scipy.optimize import brentq

from geo_border.routing.tables import gate_tables
from geo_border.traffic.choice import respond
from geo_border.traffic.class_tables import class_travel
from geo_border.traffic.classes import Segment, TrafficClass
from geo_border.traffic.model import traffic_model


def random_model(seed, *, hostile=True, k=4, n_places=6, scale=0.3, most_passages=3, outside=None):
    """A model of two classes on a random border; None where nobody has a mass on a side."""
    rng = np.random.default_rng(seed)
    land = random_borderland(seed, k=k, n_places=n_places, scale=scale, hostile=hostile)
    gates = land.gates.assign(
        delay_truck_out_h=land.gates["delay_out_h"] * 2 + 0.1,
        delay_truck_in_h=np.where(rng.random(k) < 0.3, np.inf, rng.uniform(0, 1, k)),
    )
    tables = gate_tables(land.network, land.places, gates)
    trips = trips_of(land.places, tables)
    shares = rng.choice([0.0, 0.3, 0.8], 3) if outside is None else np.full(3, outside)
    car = TrafficClass(
        "car",
        (Segment(0.7, 2.0, shares[0]), Segment(0.3, 0.2, shares[1])),
        alpha=0.9,
        gamma=1.1,
        total_year=365 * 1000,
    )
    truck = TrafficClass("truck", (Segment(1, 0.5, shares[2]),), 1, 0.5, 365 * 300, 2.5, 0.8)
    classes = [car, truck]
    travels = {each.name: class_travel(trips, each) for each in classes}
    return traffic_model(travels, classes, most_passages=most_passages)


def brute_routes(delay, within, side, most):
    """Routes of a side as (gates, hours, passages), by looking at all."""
    k = delay.shape[1]
    found = [((g,), delay[side, g], [(side, g)]) for g in range(k)]
    if most == 3:
        for a, m, b in permutations(range(k), 3):
            over = within[1 - side, a, m] + delay[1 - side, m] + within[side, m, b]
            if not np.isfinite(over):
                continue
            if (
                delay[side, a] + over < within[side, a, b]
                and over + delay[side, b] < within[1 - side, a, b]
            ):
                hours = delay[side, a] + over + delay[side, b]
                found.append(((a, m, b), hours, [(side, a), (1 - side, m), (side, b)]))
    return [route for route in found if np.isfinite(route[1])]


def brute_segment(model, segment, delay, free, most):  # noqa: C901
    """Trips of both sides by origin, route and destination: a list of them.

    Each entry is (origin, destination, route, out or home, vehicles a day); the second list
    has (origin, made, potential, ln W).
    """
    base = model.travel.tables
    travel, traffic_class = model.travel, model.traffic_class
    mass = travel.places[traffic_class.mass].to_numpy()
    total = traffic_class.total_day * segment.share
    total /= sum(each.share for each in traffic_class.segments)

    def legs(at, free):
        """ln of the sums and the terms of each origin, by leg."""
        found = []
        for side in range(2):
            routes = [brute_routes(free, base.within, each, most) for each in (side, 1 - side)]
            mine = np.flatnonzero((base.place_side == side) & (mass > 0))
            theirs = np.flatnonzero((base.place_side != side) & (mass > 0))
            for i in mine:
                terms = [[], []]
                for j in theirs:
                    pull = mass[j] ** traffic_class.gamma
                    for leg, (a, b) in enumerate(((i, j), (j, i))):
                        for gates, _, passages in routes[leg]:
                            hours = base.to_gate[a, gates[0]] + base.from_gate[gates[-1], b]
                            hours += sum(at[p] for p in passages)
                            if len(gates) == 3:
                                here = side if leg == 0 else 1 - side
                                hours += base.within[1 - here, gates[0], gates[1]]
                                hours += base.within[here, gates[1], gates[2]]
                            weight = pull * np.exp(-segment.theta * hours)
                            terms[leg].append((i, j, passages, leg, weight))
                found.append((i, terms))
        return found

    def worth(terms):
        sums = [sum(term[-1] for term in leg) for leg in terms]
        return np.sqrt(sums[0] * sums[1])

    as_is = legs_of_stated = legs(stated_delays(model), stated_delays(model))
    W = np.array([worth(terms) for _, terms in as_is])
    P = np.array([mass[i] ** traffic_class.alpha for i, _ in legs_of_stated])
    way = W > 0
    U = 0.0
    if segment.outside > 0 and way.any():

        def left(log_u):
            share = np.exp(log_u) / (np.exp(log_u) + W[way])
            return P[way] @ share / P[way].sum() - segment.outside

        U = np.exp(brentq(left, np.log(W[way]).min() - 30, np.log(W[way]).max() + 30, xtol=1e-13))
    made = np.divide(W, U + W, out=np.zeros_like(W), where=way)
    factor = total / (P @ made) if made.any() else 0.0
    trips, origins = [], []
    for i, terms in legs(delay, free):
        value = worth(terms)
        potential = factor * mass[i] ** traffic_class.alpha
        share = value / (U + value) if value > 0 else 0.0
        origins.append((i, share, potential, value, U))
        for leg in terms:
            whole = sum(term[-1] for term in leg)
            trips += [
                (*term[:-1], potential * share / 2 * term[-1] / whole) for term in leg if share > 0
            ]
    return trips, origins


def stated_delays(model):
    """Delays of the tables as they are."""
    gates = model.travel.tables.gates
    delay = gates[["delay_out_h", "delay_in_h"]].to_numpy(float).T.copy()
    delay[:, ~gates["is_open"].to_numpy(bool)] = np.inf
    return delay


def random_lanes(seed, model, *, steep=False):
    """Lanes of most gates: shared ones, own ones, one class alone, one without a capacity."""
    rng = np.random.default_rng(seed)
    gates = model.classes["car"].travel.tables.gates.index
    rows = []
    for gate in gates:
        for direction in ("out", "in"):
            for classes in rng.choice(["car truck", "car|truck", "truck", ""]).split("|"):
                if classes:
                    capacity = np.exp(rng.uniform(np.log(5), np.log(2000)))
                    power = rng.choice([1, 2, 4.5, 8 if steep else 3])
                    rows.append((gate, direction, classes, capacity, rng.uniform(0.1, 2), power))
    rows.append((gates[0], "out", "bus", np.nan, 1.0, 4))
    columns = ["checkpoint_id", "direction", "classes", "capacity_day", "wait_h", "power"]
    return pd.DataFrame(rows, columns=columns)


def flows_at(model, free, routes, lanes, waits):
    """Flow of each row of the lanes at some waits, and the surplus."""
    flow, surplus = np.zeros(len(waits)), 0.0
    for name, each in model.classes.items():
        delay = free[name].copy()
        gates = each.travel.tables.gates.index
        rows = [
            (row, ("out", "in").index(direction), gates.get_loc(gate))
            for row, (gate, direction, classes) in enumerate(
                zip(lanes["checkpoint_id"], lanes["direction"], lanes["classes"], strict=True)
            )
            if name in classes.split()
        ]
        for row, direction, gate in rows:
            delay[direction, gate] += waits[row]
        for origins in each.origins:
            found = respond(origins, routes[name], delay)
            pcu = each.traffic_class.pcu
            for row, direction, gate in rows:
                flow[row] += pcu * found.passed[direction, gate]
            reached = np.isfinite(found.worth)
            worth = np.logaddexp(origins.log_outside, found.worth[reached])
            surplus += pcu * origins.potential[reached] @ worth / origins.theta
    return flow, surplus


def start_of(model, scenario):
    """Free delays and routes by class."""
    free = model.free_delays(scenario)
    return free, {name: model.routes(name, delay) for name, delay in free.items()}
