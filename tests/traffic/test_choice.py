"""Factorised choice against every pair of places and every route, one by one."""

from dataclasses import replace

import numpy as np
import pytest
from borderland import make_gates, make_network, make_places, random_borderland, trips_of
from brute_traffic import brute_routes, brute_segment, random_model
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_border.access.decay import Exponential
from geo_border.errors import ParameterError, SideError, TableError
from geo_border.routing.scenarios import Scenario
from geo_border.routing.tables import gate_tables
from geo_border.traffic.border_routes import border_routes
from geo_border.traffic.choice import near_shares, respond
from geo_border.traffic.class_tables import class_travel
from geo_border.traffic.classes import Segment, TrafficClass
from geo_border.traffic.demand import Gravity, cross_demand
from geo_border.traffic.equilibrium import equilibrium
from geo_border.traffic.flows import checkpoint_traffic, place_flows
from geo_border.traffic.model import traffic_model

SCENARIO = Scenario(factor=1.5, open=frozenset({"g2"}), close=frozenset({"g0"}))


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    hostile=st.booleans(),
    most=st.sampled_from([1, 3]),
    scenario=st.sampled_from([Scenario(), SCENARIO]),
)
def test_sums_equal_every_pair_and_route(seed, hostile, most, scenario):
    model = random_model(seed, hostile=hostile, n_places=4, scale=0.1, most_passages=most)
    traffic = equilibrium(model, scenario)
    for name, each in traffic.classes.items():
        tables = each.model.travel.tables
        p, k = tables.to_gate.shape
        passed, to_gate, from_gate = np.zeros((2, k)), np.zeros((p, k)), np.zeros((k, p))
        between, made, surplus = np.zeros((2, k, k)), np.zeros(p), np.zeros(p)
        for segment in each.model.traffic_class.segments:
            trips, origins = brute_segment(each.model, segment, each.delay, each.free, most)
            for i, j, route, leg, flow in trips:
                start, end = (i, j) if leg == 0 else (j, i)
                to_gate[start, route[0][1]] += flow
                from_gate[route[-1][1], end] += flow
                made[i] += flow
                for direction, gate in route:
                    passed[direction, gate] += flow
                if len(route) == 3:
                    side = route[0][0]
                    between[1 - side, route[0][1], route[1][1]] += flow
                    between[side, route[1][1], route[2][1]] += flow
            for i, _, potential, value, outside in origins:
                if potential > 0:
                    with np.errstate(divide="ignore"):
                        surplus[i] += potential * np.log(outside + value) / segment.theta
        close = {"rtol": 1e-9, "atol": 1e-7}
        np.testing.assert_allclose(each.passed, passed, **close, err_msg=name)
        places, flows = each.by_origin(), place_flows(each)
        np.testing.assert_allclose(places["trips"], made, **close)
        np.testing.assert_allclose(places["surplus_h"], surplus, **close)
        np.testing.assert_allclose(flows.to_gate, to_gate, **close)
        np.testing.assert_allclose(flows.from_gate, from_gate, **close)
        np.testing.assert_allclose(flows.between, between, **close)


@pytest.mark.parametrize("seed", range(6))
def test_routes_are_those_that_pay(seed):
    land = random_borderland(seed, k=6, scale=0.05)
    tables = gate_tables(land.network, land.places, land.gates)
    delay = np.where(land.gates["is_open"], land.gates[["delay_out_h", "delay_in_h"]].T, np.inf)
    for side in range(2):
        found = border_routes(delay, tables.within, side, 3)
        wanted = brute_routes(delay, tables.within, side, 3)
        rows = sorted(
            (tuple(divmod(int(p), 6) for p in row if p < 12), hours)
            for row, hours in zip(found.passages, found.hours(delay), strict=True)
        )
        assert [row[0] for row in rows] == sorted(tuple(route[2]) for route in wanted)
        inner = {tuple(route[2]): route[0] for route in wanted}
        assert all(len(set(inner[row])) == len(row) for row, _ in rows)
        # Slower passages never add a route.
        slower = border_routes(delay * 1.3, tables.within, side, 3)
        assert {*map(tuple, slower.passages)} <= {*map(tuple, found.passages)}


@pytest.mark.parametrize("seed", range(4))
def test_as_many_come_home_as_go_out(seed):
    model = random_model(seed, hostile=False)
    for scenario in (Scenario(), Scenario(one_way={"g1": "out"}), Scenario(close=["g0"])):
        for each in equilibrium(model, scenario).classes.values():
            flows = place_flows(each)
            out, back = each.passed
            assert out.sum() == pytest.approx(back.sum())
            made = each.by_origin()
            assert flows.to_gate.sum() == pytest.approx(made["trips"].sum())
            assert flows.from_gate.sum() == pytest.approx(made["trips"].sum())
            if scenario == Scenario():
                assert made["trips"].sum() == pytest.approx(each.model.traffic_class.total_day)
            potential = sum(origins.potential.sum() for origins in each.model.origins)
            assert made[["trips", "trips_not_made"]].to_numpy().sum() == pytest.approx(potential)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), outside=st.sampled_from([0.0, 0.6, None]))
def test_slopes_are_those_of_finite_differences(seed, outside):
    model = random_model(seed, scale=0.1, outside=outside)
    free = model.free_delays(SCENARIO)
    step = 1e-5
    for name, each in model.classes.items():
        routes = model.routes(name, free[name])
        for origins in each.origins:
            found = respond(origins, routes, free[name], slope=True)
            np.testing.assert_allclose(found.slope, found.slope.T, atol=1e-9)
            assert np.linalg.eigvalsh(found.slope).min() > -1e-8
            for slot in np.flatnonzero(np.isfinite(free[name]).ravel()):
                flows = []
                for sign in (1, -1):
                    delay = free[name].ravel().copy()
                    delay[slot] += sign * step
                    flows.append(respond(origins, routes, delay.reshape(2, -1)).passed.ravel())
                slope = (flows[1] - flows[0]) / (2 * step)
                np.testing.assert_allclose(found.slope[:, slot], slope, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_without_dispersion_everybody_takes_the_fastest(seed):
    land = random_borderland(seed, hostile=False, n_places=8, scale=0.1)
    one = land.places["side"].eq("home") | (land.places.index == "p1")
    land.places["population"] = np.where(one, 5.0, 0.0)
    tables = gate_tables(land.network, land.places, land.gates)
    trips = trips_of(land.places, tables)
    sure = TrafficClass("car", (Segment(theta=1e4, outside=0),))
    model = traffic_model({"car": trips}, [sure])
    traffic = equilibrium(model).classes["car"]
    demand = cross_demand(trips, gravity=Gravity(Exponential(2)))
    home = np.flatnonzero(tables.place_side == 0)
    wanted = demand.to_gate[home] / demand.to_gate[home].sum(axis=1, keepdims=True)
    assert len(np.unique(wanted.argmax(axis=1))) > 1
    origins, response = traffic.model.origins[0], traffic.responses[0]
    np.testing.assert_array_equal(origins.positions, home)
    found = near_shares(origins.there, response.legs[0].worth, 1e4, origins.point)
    np.testing.assert_allclose(found, wanted, atol=1e-12)


def two_roads(**changes):
    """A place on each side and two like gates between them, half an hour from either."""
    sides = [0, 0, 0, 1, 1, 1]
    pairs = ((0, 1), (0, 2), (3, 5), (4, 5))
    edges = [(*pair, 0.5, "road") for u, v in pairs for pair in ((u, v), (v, u))]
    network = make_network(sides, edges)
    places = make_places(
        network, [("h", "home", 0, 0.0, 10.0, "H"), ("n", "neighbour", 5, 0.0, 10.0, "N")]
    )
    gates = make_gates([(g, 1 + i, 3 + i, 1.0, 1.0, True, "road") for i, g in enumerate("ab")])
    tables = gate_tables(network, places, gates.assign(**changes))
    return trips_of(places, tables)


@pytest.mark.parametrize("theta", [0.01, 1.0, 1e3, 1e6])
def test_ties_are_split_evenly_at_any_dispersion(theta):
    car = TrafficClass("car", (Segment(theta=theta, outside=0.3),), total_year=365 * 40)
    traffic = equilibrium(traffic_model({"car": two_roads()}, [car])).classes["car"]
    np.testing.assert_allclose(traffic.passed, 10.0)


def test_an_hour_more_is_taken_less_often_by_a_power_of_theta():
    car = TrafficClass("car", (Segment(theta=0.7, outside=0),), total_year=365)
    model = traffic_model({"car": two_roads()}, [car])
    out, back = equilibrium(model, Scenario(added={"b": (1.0, None)})).classes["car"].passed
    assert out[1] / out[0] == pytest.approx(np.exp(-0.7))
    assert back[1] == pytest.approx(back[0])


def test_the_outside_option_decides_what_a_closure_leaves():
    kept = {}
    for outside in (0.0, 0.5, 0.999999):
        car = TrafficClass("car", (Segment(theta=1.0, outside=outside),), total_year=365)
        model = traffic_model({"car": two_roads()}, [car])
        kept[outside] = equilibrium(model, Scenario(close=["a"])).classes["car"].passed.sum()
    # U_0 = W with both: with one the worth is halved, and 1/2 over 1 + 1/2 of twice the trips.
    assert kept[0.0] == pytest.approx(1.0)
    assert kept[0.5] == pytest.approx(2 / 3)
    assert kept[0.999999] == pytest.approx(0.5, rel=1e-5)


def test_who_cannot_come_home_does_not_go():
    car = TrafficClass("car", total_year=365)
    model = traffic_model({"car": two_roads()}, [car])
    traffic = equilibrium(model, Scenario(one_way={"a": "out", "b": "out"})).classes["car"]
    assert not traffic.passed.any()
    places = traffic.by_origin()
    assert places["trips_not_made"].sum() == pytest.approx(2.0)
    # With a way home by the other one, all do.
    around = equilibrium(model, Scenario(one_way={"a": "out", "b": "in"})).classes["car"].passed
    assert around[0, 0] == pytest.approx(around[1, 1])
    assert around[0, 1] == around[1, 0] == 0


def test_nested_choice_is_joint_choice_where_its_dispersions_are_one():
    # Reference: log-sum of the checkpoints of each pair, then the destination by its decay.
    model = random_model(3, hostile=False, outside=0.4, most_passages=1)
    traffic = equilibrium(model).classes["truck"]
    tables = traffic.model.travel.tables
    origins, response = traffic.model.origins[0], traffic.responses[0]
    theta = origins.theta
    mass = traffic.model.travel.places["population"].to_numpy()
    ends = np.flatnonzero((tables.place_side == 1) & (mass > 0))
    for i, made in zip(origins.positions, response.made[origins.point], strict=True):
        worth = []
        for to, back, delay in (
            (tables.to_gate[i], tables.from_gate[:, ends], traffic.delay[0]),
            (tables.from_gate[:, i], tables.to_gate[ends].T, traffic.delay[1]),
        ):
            hours = to[:, None] + delay[:, None] + back
            log_sum = -np.log(np.exp(-theta * hours).sum(axis=0)) / theta
            worth.append((mass[ends] ** 0.5 * np.exp(-theta * log_sum)).sum())
        W = np.sqrt(worth[0] * worth[1])
        assert made == pytest.approx(W / (np.exp(origins.log_outside) + W))


def test_a_class_travels_at_its_speed_with_its_delays():
    truck = TrafficClass("truck", speed_factor=0.5)
    trips = two_roads(delay_truck_out_h=[4.0, np.inf], delay_truck_in_h=[5.0, 6.0])
    own = class_travel(trips, truck)
    np.testing.assert_allclose(own.tables.to_gate, trips.tables.to_gate * 2)
    assert own.tables.gates["delay_out_h"].tolist() == [4.0, np.inf]
    assert trips.tables.gates["delay_out_h"].tolist() == [1.0, 1.0]
    assert class_travel(trips, TrafficClass("bus")) is trips
    traffic = equilibrium(traffic_model({"truck": own}, [truck]))
    table = checkpoint_traffic(traffic)
    assert table.index.tolist() == [("a", "truck"), ("b", "truck")]
    assert table.loc[("b", "truck"), "vehicles_out"] == 0
    assert np.isnan(table.loc[("b", "truck"), "delay_out_h"])
    assert table["vehicles"].sum() == pytest.approx(1.0)


def test_places_at_one_point_are_looked_at_once():
    trips = two_roads()
    many = trips.places.loc[["h"] * 40 + ["n"]].reset_index(drop=True)
    many["population"] = [1.0 + i for i in range(40)] + [10.0]
    row = np.r_[np.zeros(40, int), 1]
    tables = replace(
        trips.tables,
        place_ids=many.index,
        place_side=trips.tables.place_side[row],
        to_gate=trips.tables.to_gate[row],
        from_gate=trips.tables.from_gate[:, row],
    )
    car = TrafficClass("car", (Segment(outside=0.2),), alpha=0.5, total_year=365)
    model = traffic_model({"car": trips_of(many, tables)}, [car])
    assert [len(origins.potential) for origins in model.classes["car"].origins] == [1, 1]
    traffic = equilibrium(model, Scenario(close=["a"])).classes["car"]
    made = traffic.by_origin()["trips"]
    np.testing.assert_allclose(made[:40] / made[0], np.sqrt(many["population"][:40]))
    flows = place_flows(traffic)
    np.testing.assert_allclose(flows.to_gate.sum(), made.sum())
    np.testing.assert_allclose(traffic.passed.sum(), made.sum())


def test_what_is_refused():
    for values in ({"share": 0}, {"theta": np.inf}, {"outside": 1}, {"outside": -0.1}):
        with pytest.raises(ParameterError):
            Segment(**values)
    for values in ({"segments": ()}, {"pcu": 0}, {"total_year": -1}, {"gamma": -1}):
        with pytest.raises(ParameterError, match="car"):
            TrafficClass("car", **values)
    trips = two_roads()
    with pytest.raises(ParameterError, match="truck"):
        traffic_model({"car": trips}, [TrafficClass("truck")])
    with pytest.raises(ParameterError, match="2 times"):
        traffic_model({"car": trips}, [TrafficClass("car")], most_passages=2)
    with pytest.raises(TableError, match="jobs"):
        traffic_model({"car": trips}, [TrafficClass("car", mass="jobs")])
    empty = trips.places.assign(population=[1.0, 0.0])
    with pytest.raises(SideError, match="neighbour"):
        traffic_model({"car": trips_of(empty, trips.tables)}, [TrafficClass("car")])
    other = two_roads().tables
    fewer = trips_of(trips.places, gate_subset(other))
    with pytest.raises(TableError, match="same checkpoints"):
        traffic_model({"car": trips, "bus": fewer}, [TrafficClass("car"), TrafficClass("bus")])


def gate_subset(tables):
    """Tables with the first gate alone."""
    return replace(
        tables,
        gates=tables.gates.iloc[:1],
        to_gate=tables.to_gate[:, :1],
        from_gate=tables.from_gate[:1],
        within=tables.within[:, :1, :1],
    )


def test_nobody_crosses_a_closed_border():
    land = random_borderland(4)
    land.gates["is_open"] = False
    trips = trips_of(land.places, gate_tables(land.network, land.places, land.gates))
    traffic = equilibrium(traffic_model({"car": trips}, [TrafficClass("car")])).classes["car"]
    assert not traffic.passed.any()
    assert (
        checkpoint_traffic(equilibrium(traffic_model({"car": trips}, [TrafficClass("car")])))[
            "share"
        ]
        .isna()
        .all()
    )
