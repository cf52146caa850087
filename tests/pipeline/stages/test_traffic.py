"""Traffic of a study by class: what stands in its tables, and what it is of."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geo_border.access.decay import Exponential
from geo_border.bottlenecks.closures import closures
from geo_border.network.gates import gates_by
from geo_border.pipeline.memory import Memory
from geo_border.pipeline.runs import Run
from geo_border.pipeline.stages.bottlenecks import bottleneck_stage, gravity_of
from geo_border.pipeline.stages.class_checkpoints import checkpoints_of
from geo_border.pipeline.stages.class_trips import class_trips
from geo_border.pipeline.stages.traffic import about_traffic, traffic_now, traffic_stage
from geo_border.routing.scenarios import passages
from geo_border.study import open_study
from geo_border.traffic.demand import Gravity, cross_demand
from geo_border.traffic.loads import checkpoint_loads

TWO = """
[traffic]
most_passages = 1
counts = "counts.csv"
[traffic.classes.car]
total_year = 36500
segments = [{ theta = 1, outside = 0.3 }]
[traffic.classes.truck]
total_year = 18250
pcu = 2
speed_factor = 0.5
[checkpoints.classes.truck]
delay_h = 2
delay_lo_h = 0.5
"""


@pytest.fixture
def solved(mini):
    """Solve the traffic of the made-up study with more in its settings and its register."""

    def solve(more="", counts=None, **columns):
        toml = mini / "study.toml"
        toml.write_text(toml.read_text() + more)
        file = mini / "checkpoints.csv"
        register = pd.read_csv(file).assign(**columns)
        register.to_csv(file, index=False)
        rows = counts or [("west", "car", "both", 50, 2020)]
        names = ["checkpoint_id", "class", "direction", "vehicles_day", "year"]
        pd.DataFrame(rows, columns=names).to_csv(mini / "counts.csv", index=False)
        study = open_study(mini)
        run = Run(study.settings, Path(study.folder), Memory(None), lambda _: None)
        inputs, border, net = run.network()
        travel = run.travel(net)
        return study.settings, inputs, border, net, travel

    return solve


def traffic_of(parts):
    settings, inputs, border, net, travel = parts
    return traffic_stage(settings, inputs, border, net, travel, None)


def test_vehicles_add_up_and_closures_lose_none_of_them(solved):
    found = traffic_of(solved(TWO))
    table = found.checkpoints.set_index(["checkpoint_id", "class"])
    assert set(table["unit"]) == {"vehicles a day"}
    passed = table["vehicles"].groupby(level="class").sum()
    # The totals are those of the border as it is, 100 cars and 50 trucks a day.
    assert passed.to_dict() == pytest.approx({"car": 100, "truck": 50, "all": 150})
    for name, trips in passed.items():
        rows = table.xs(name, level="class").loc[["west", "middle"]]
        gone = rows["closure_diverted"] + rows["closure_suppressed"] + rows["closure_cut"]
        assert (gone * trips).to_numpy() == pytest.approx(rows["vehicles"].to_numpy())
    regions = found.regions.set_index(["region_id", "class"])
    made = regions["trips"].groupby(level="class").sum()
    assert made.to_dict() == pytest.approx(passed.to_dict())
    assert (regions[["surplus_h", "delay_cost_h"]] > 0).all(axis=None)
    assert found.ranking["load_share"].sum() == pytest.approx(1)
    assert {"load_share_car", "load_share_truck"} <= set(found.ranking)
    assert found.account.loc[0, "of"] == "all"
    moved = found.diversions[found.diversions["closed_id"] == "west"].groupby("class")["share"]
    assert moved.sum().between(0, 1).all()


def test_flows_and_ranks_lie_in_intervals_of_what_is_not_known(solved):
    parts = solved(TWO)
    table = traffic_of(parts).checkpoints.set_index(["checkpoint_id", "class"])
    closed = table.loc[["east"]]
    assert closed[["vehicles_low", "vehicles_high", "rank_low", "rank_high"]].isna().all(axis=None)
    table = table[table["vehicles"] > 0]
    assert (table["vehicles_low"] <= table["vehicles_high"]).all()
    assert table["rank_low"].between(1, table["rank_high"]).all()
    met = table[table["vehicles"] > 0]
    assert (met["vehicles_low"] < met["vehicles"]).all()
    assert (met["vehicles"] < met["vehicles_high"]).all()
    # Totals are known: what one of two checkpoints gains the other loses.
    low, high = (table[f"vehicles_{end}"].unstack() for end in ("low", "high"))
    np.testing.assert_allclose(low.loc["west"] + high.loc["middle"], [150, 100, 50], rtol=1e-6)


@pytest.mark.slow
def test_without_totals_there_are_shares_and_no_sum_of_cars_and_trucks(solved):
    parts = solved(TWO.replace("total_year = 18250\n", ""))
    found = traffic_of(parts)
    unit = found.checkpoints.groupby("class")["unit"].unique().map(list)
    assert unit.to_dict() == {"car": ["vehicles a day"], "truck": ["share"]}
    shares = found.checkpoints.groupby("class")["share"].sum()
    assert shares.to_dict() == pytest.approx({"car": 1, "truck": 1})
    assert found.account.loc[0, "of"] == "car"
    assert about_traffic(parts[0], found)["residual_h"] == 0
    assert found.validation["modelled"].notna().all()


def test_a_class_that_may_not_pass_passes_elsewhere(solved):
    found = traffic_of(solved(TWO, status_car=["closed", None, None, None]))
    table = found.checkpoints.set_index(["checkpoint_id", "class"])
    assert table.at[("west", "car"), "vehicles"] == 0
    assert table.at[("west", "truck"), "vehicles"] > 0
    assert np.isnan(table.at[("west", "car"), "delay_out_h"])
    # Nobody travels but by the middle: what is closed then is the whole border of cars.
    assert table.at[("middle", "car"), "closure_cut"] == pytest.approx(1)


def test_a_class_that_may_pass_nowhere_has_no_rank(solved):
    found = traffic_of(solved(TWO, status_truck="closed"))
    table = found.checkpoints.set_index(["checkpoint_id", "class"])
    trucks = table.xs("truck", level="class")
    assert (trucks["vehicles"] == 0).all()
    assert trucks[["rank_low", "rank_high", "vehicles_low"]].isna().all(axis=None)
    assert table.at[("west", "car"), "rank_low"] >= 1
    assert table.at[("west", "all"), "rank_low"] >= 1


def test_a_detour_is_told_beside_what_its_choice_is_worth(solved):
    parts = solved(TWO)
    table = traffic_of(parts).checkpoints.set_index(["checkpoint_id", "class"])
    cars = table.xs("car", level="class").loc[["west", "middle"]]
    lost = cars["closure_hours_lost"] / cars["vehicles"]
    # By the form of the choice at least 1/theta, whatever the detour.
    assert (lost >= 1).all()
    travel = parts[-1]
    gravity = Gravity(decay=Exponential(half_life=np.log(2)))
    detour = closures(travel, gravity=gravity).effects["closure_extra_hours"]
    np.testing.assert_allclose(cars["closure_detour_h"], detour[cars.index])
    mean = table.xs("all", level="class").loc[cars.index, "closure_detour_h"]
    both = table["closure_detour_h"].unstack("class").loc[cars.index, ["car", "truck"]]
    assert mean.between(both.min(axis=1), both.max(axis=1)).all()


def test_origins_nearer_the_other_side_make_more_of_their_trips(solved):
    settings, _, border, net, travel = solved(TWO)
    now = traffic_now(settings, border.checkpoints, net.controls, travel)
    for name, each in now.traffic.classes.items():
        origins = each.by_origin()
        possible = origins["trips"] + origins["trips_not_made"]
        made = (origins["trips"] / possible)[possible > 0]
        worth = (origins["surplus_h"] / possible)[made.index]
        assert (made.sort_values().index == worth.sort_values().index).all(), name


def test_a_count_is_held_against_the_statuses_of_its_year(solved):
    parts = solved(
        TWO,
        counts=[("west", "car", "both", 50, year) for year in (2020, 2025, 2026)],
        status_car=["closed", None, None, None],
        status_car_since=["2025-08-04", None, None, None],
        capacity_car_day=[10, None, None, None],
    )
    modelled = traffic_of(parts).validation["modelled"]
    assert modelled.tolist()[2] == 0
    assert modelled.tolist()[0] == modelled.tolist()[1] > 20
    border = parts[2]
    before = checkpoints_of(parts[0], border.register, border.line, day=date(2025, 8, 3))
    assert np.isnan(before.at["west", "capacity_car_day"])


def test_what_a_class_may_not_pass_in_one_direction_it_could_before(solved):
    parts = solved(
        TWO,
        counts=[("west", "car", way, 50, year) for year in (2024, 2026) for way in ("out", "in")],
        status_car_out=["closed", None, None, None],
        status_car_since=["2025", None, None, None],
    )
    modelled = traffic_of(parts).validation["modelled"]
    assert modelled[2] == 0
    assert (modelled[[0, 1, 3]] > 0).all()


def test_a_class_that_may_pass_now_could_not_before(solved):
    parts = solved(
        TWO,
        counts=[("west", "truck", "both", 50, year) for year in (2024, 2026)],
        status=["closed", "open", "open", "closed"],
        status_truck=["open", None, None, None],
        status_truck_since=["2025-03", None, None, None],
    )
    modelled = traffic_of(parts).validation["modelled"]
    assert modelled[0] == 0
    assert modelled[1] > 0


def test_gates_by_the_checkpoints_that_they_were_opened_for_are_the_same(solved):
    settings, _, border, net, travel = solved(TWO, status_car_in=["closed", None, None, None])
    gates = travel.tables.gates
    pd.testing.assert_frame_equal(gates_by(gates, net.controls, border.checkpoints), gates)
    again = checkpoints_of(settings, border.register, border.line, day=date(2100, 1, 1))
    pd.testing.assert_frame_equal(again, checkpoints_of(settings, border.register, border.line))


def test_a_capacity_of_0_closes_a_checkpoint_to_the_class(solved):
    found = traffic_of(
        solved(TWO, capacity_truck_day=[0, None, None, None], capacity_car_out_day=[0, 9, None, 9])
    )
    table = found.checkpoints.set_index(["checkpoint_id", "class"])
    assert table.at[("west", "truck"), "vehicles"] == 0
    assert table.at[("west", "car"), "vehicles_out"] == 0
    assert table.at[("west", "car"), "vehicles_in"] > 0


def test_lanes_are_of_those_who_share_them_and_leave_the_stated_delay(solved):
    capacity = {
        "capacity_day": [None, 400, None, None],
        "capacity_truck_in_day": [15, None, None, None],
        "capacity_kind": [None, None, None, None],
    }
    settings, _, border, net, travel = solved(TWO, **capacity)
    trips = class_trips(settings, border.checkpoints, net.controls, travel)
    lanes = trips.lanes.set_index(["checkpoint_id", "direction"])
    assert lanes.loc[("west", "in"), ["classes", "capacity_day"]].tolist() == ["truck", 30]
    assert lanes.at[("middle", "out"), "classes"] == "car truck"
    assert lanes.at[("middle", "out"), "capacity_day"] == pytest.approx(200 * 4 / 3)
    # 200 vehicles of which one in three is a truck, as of all that pass the border.
    now = traffic_now(settings, border.checkpoints, net.controls, travel)
    assert now.traffic.residual < 1e-9
    assert (now.traffic.lanes["queue_h"] > 0).all()
    # The half hour in the west is said of every class.
    stated = {"car": [0.5, 1.0], "truck": [0.5, 2.0]}
    for name, hours in stated.items():
        delay = now.traffic.classes[name].delay
        at = travel.tables.gates.index.get_indexer(["west", "middle"])
        assert delay[:, at] == pytest.approx(np.array([hours, hours]), abs=1e-6), name


@pytest.mark.parametrize(
    "capacity", [{"capacity_day": [400, 300, None, None]}, {"lanes": 1, "minutes_vehicle": 5}]
)
def test_vehicles_that_share_lanes_count_by_what_they_take_of_what_all_take(solved, capacity):
    settings, _, border, net, travel = solved(TWO, **capacity)

    def lanes_if_all_take(pcu):
        classes = settings.traffic.classes.items()
        parts = {name: part.model_copy(update={"pcu": pcu}) for name, part in classes}
        traffic = settings.traffic.model_copy(update={"classes": parts})
        other = settings.model_copy(update={"traffic": traffic})
        return traffic_now(other, border.checkpoints, net.controls, travel).traffic.lanes

    alike, heavier = lanes_if_all_take(1), lanes_if_all_take(3)
    assert (alike["queue_h"] > 0).any()
    np.testing.assert_allclose(heavier["queue_h"], alike["queue_h"])
    np.testing.assert_allclose(heavier["capacity_day"], 3 * alike["capacity_day"])


def test_what_a_checkpoint_was_built_for_makes_no_queue(solved):
    parts = solved(TWO, capacity_day=[1, 1, 1, 1], capacity_kind="design")
    trips = class_trips(parts[0], parts[2].checkpoints, parts[3].controls, parts[4])
    assert trips.lanes.empty


def test_the_fastest_way_keeps_the_loads_of_gravity(solved):
    settings, _, border, net, travel = solved('\n[traffic]\nchoice = "fastest"\n')
    strain = bottleneck_stage(settings, border, net, travel, travel, None, None)
    routes = passages(travel.tables)
    demand = cross_demand(travel, routes, gravity=gravity_of(settings))
    loads = checkpoint_loads(travel.tables, routes, demand)
    assert strain.ranking["load_share"].equals(loads["load_share"])
    assert set(strain.diversions["class"]) == {"car"}
    assert strain.class_load["car"].tolist() == strain.load.tolist()
    assert about_traffic(settings, None) == {"choice": "fastest", "of": "car"}


def test_the_fastest_way_is_that_of_each_class(solved):
    fastest = TWO.replace("[traffic]\n", '[traffic]\nchoice = "fastest"\n', 1)
    settings, _, border, net, travel = solved(fastest, status_truck=["closed", None, None, None])
    strain = bottleneck_stage(settings, border, net, travel, travel, None, None)
    assert strain.ranking.at["west", "load_share_truck"] == 0
    assert (
        strain.ranking.at["west", "load_share_car"] == strain.ranking.at["west", "load_share"] > 0
    )
    assert set(strain.class_load) == {"car", "truck"}
    assert set(strain.gains["class"]) == {"car", "truck"}
