import numpy as np
import pandas as pd
import pytest
import shapely

from geo_border.border.checkpoints import placed_checkpoints
from geo_border.network.gates import candidates


def test_an_unserved_crossing_is_a_closed_gate_with_the_delay_of_its_mode(
    lines, opened, checkpoints
):
    gates = opened(lines, checkpoints, delay_h={"road": 2.4})[2]
    free = gates.loc["x50.000n0.900e"]
    assert free[["delay_out_h", "delay_in_h"]].tolist() == [2.4, 2.4]
    assert not free["is_open"]
    assert gates["is_candidate"].tolist() == [False, False, True]
    unknown = opened(lines, checkpoints)[2]
    assert np.isinf(unknown.loc["x50.000n0.900e", "delay_out_h"])


def test_of_many_unserved_crossings_the_greater_and_surer_are_candidates():
    names = ["x1", "x2", "x3", "x4", "x5", "x6"]
    crossings = pd.DataFrame(
        {
            "checkpoint_id": [None, None, "post", None, None, None],
            "road_class": ["track", "trunk_link", "trunk", "trunk", "secondary", "residential"],
            "confidence": ["high", "medium", "high", "high", "low", "high"],
            "passage": names,
            "leads_across": True,
        },
        index=names,
    )
    assert candidates(crossings).index.tolist() == ["x1", "x2", "x4", "x5", "x6"]
    assert candidates(crossings, most=1).index.tolist() == ["x4"]
    assert candidates(crossings, most=3).index.tolist() == ["x2", "x4", "x5"]
    assert candidates(crossings, most=4).index.tolist() == ["x2", "x4", "x5", "x6"]
    assert candidates(crossings, most=1, taken=["x4"]).index.tolist() == ["x2"]
    # The lanes of a passage and what ends at the line are none.
    lanes = crossings.assign(passage=["x2", "x2", "x3", "x4", "x5", "x6"])
    assert candidates(lanes).index.tolist() == ["x2", "x4", "x5", "x6"]
    ends = crossings.assign(leads_across=[True] * 5 + [False])
    assert candidates(ends).index.tolist() == ["x1", "x2", "x4", "x5"]


@pytest.fixture
def both_states(controls):
    """A post of each state on the road, 600 m from the line on its own side."""
    two = controls.iloc[[0, 0, 1]].assign(
        lon=[0.5, 0.5, 0.488], lat=[49.9946, 50.0054, 50.001], accuracy_km=[0.1, 0.1, 1.0]
    )
    return two.set_index(pd.Index(["ours", "theirs", "rail-post"], name="checkpoint_id"))


def test_the_controls_of_both_states_are_one_passage_with_both_delays(
    lines, opened, crossings_of, border, both_states
):
    known = both_states.assign(delay_h=[2.0, 0.5, 1.0])
    placed = placed_checkpoints(known, border, delay_h={"road": 3, "rail": 1})
    _, stated = crossings_of(lines, placed)
    assert stated["part"].tolist() == ["gate", "in series", "gate"]
    gates = opened(lines, placed)[2]
    assert gates.index.tolist() == ["ours", "rail-post", "x50.000n0.900e"]
    assert gates.loc["ours", ["delay_out_h", "delay_in_h"]].tolist() == [2.5, 2.5]


@pytest.mark.parametrize(
    ("delays", "passage"), [([np.nan, np.nan], 3.0), ([np.nan, 0.5], 0.5), ([2.0, np.nan], 2.0)]
)
def test_a_default_is_of_the_passage_not_of_each_control(
    lines, opened, border, both_states, delays, passage
):
    placed = placed_checkpoints(
        both_states.assign(delay_h=[*delays, 1.0]), border, delay_h={"road": 3, "rail": 1}
    )
    gates = opened(lines, placed)[2]
    road = gates[(gates["mode"] == "road") & ~gates["is_candidate"]]
    assert road["delay_out_h"].tolist() == [passage]


def in_a_row(controls, at, delay_h):
    """Checkpoints of the road at some longitudes and metres north of the line."""
    lon, metres = zip(*at, strict=True)
    row = controls.iloc[[0] * len(at)].assign(
        lon=lon, lat=50 + np.array(metres) / 111_200, accuracy_km=0.1, delay_h=delay_h
    )
    return row.set_index(pd.Index([f"k{n}" for n in range(len(at))], name="checkpoint_id"))


def divided(lines, at, *more):
    """The lines with the served road parted at some latitudes, and roads besides."""
    turns = [49.9, *at, 50.8]
    pieces = [
        shapely.LineString([(0.5, a), (0.5, b)]) for a, b in zip(turns, turns[1:], strict=False)
    ]
    roads = [*pieces, *map(shapely.LineString, more)]
    added = lines.iloc[[1] * len(roads)].set_geometry(roads)
    return pd.concat([lines.drop(index=1), added], ignore_index=True)


@pytest.mark.parametrize("metres", [(-600, -3000, 700), (-3000, 700, -600), (900, 300, 2500)])
def test_one_passes_all_checkpoints_of_a_road_in_turn(
    lines, opened, crossings_of, border, controls, metres
):
    three = in_a_row(controls, [(0.5, m) for m in metres], [2.0, 0.5, 0.25])
    placed = placed_checkpoints(three, border, delay_h={"road": 3})
    _, stated = crossings_of(lines, placed)
    assert sorted(stated["part"]) == ["gate", "in series", "in series"]
    gates = opened(lines, placed)[2]
    assert gates.loc[~gates["is_candidate"], "delay_out_h"].tolist() == [2.75]
    # A closed one is not passed, and one of which nothing is known adds nothing.
    told_less = three.assign(delay_h=[2.0, np.nan, 0.25], status=["open", "open", "closed"])
    less = placed_checkpoints(told_less, border, delay_h={"road": 3})
    gates = opened(lines, less)[2]
    assert gates.loc[~gates["is_candidate"], "delay_in_h"].tolist() == [2.0]


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("lane_of", ["farther", "nearer"])
def test_what_one_may_pass_by_adds_nothing(
    lines, opened, crossings_of, border, controls, side, lane_of
):
    """A service lane 140 m beside the road; the one on the road is met by all."""
    start, end = (50 + side * m / 111_200 for m in (1000, 1600))
    lane = [(0.5, start), (0.502, start), (0.502, end), (0.5, end)]
    roads = divided(lines, sorted([start, end]), lane)
    on_road, theirs = (300, -700) if lane_of == "farther" else (2500, -700)
    at = [(0.5, side * on_road), (0.5, side * theirs), (0.502, side * 1300)]
    three = in_a_row(controls, at, [2.0, 0.5, 0.25])
    placed = placed_checkpoints(three, border, delay_h={"road": 3})
    _, stated = crossings_of(roads, placed)
    assert stated.loc["k2", "part"] == "beside"
    assert sorted(stated["part"]) == ["beside", "gate", "in series"]
    gates = opened(roads, placed)[2]
    assert gates.loc[~gates["is_candidate"], "delay_out_h"].tolist() == [2.5]


def test_a_carriageway_of_one_direction_cannot_be_passed_by(lines, crossings_of, border, controls):
    """Two kilometres of it are parted; who leaves meets one post, who comes the other."""
    start, end = (50 - m / 111_200 for m in (3000, 500))
    back = [(0.5, start), (0.505, start), (0.505, end), (0.5, end)]
    roads = divided(lines, [start, end], back)
    roads["oneway"] = np.r_[np.zeros(len(roads) - 4), 0, 1, 0, -1].astype(int)
    at = [(0.5, -100), (0.5, -1500), (0.505, -1600)]
    placed = placed_checkpoints(
        in_a_row(controls, at, [2.0, 0.5, 0.25]), border, delay_h={"road": 3}
    )
    _, stated = crossings_of(roads, placed)
    assert stated["part"].tolist() == ["gate", "in series", "in series"]
    both_ways = roads.assign(oneway=0)
    assert crossings_of(both_ways, placed)[1]["part"].tolist() == ["gate", "beside", "beside"]


def test_a_village_before_a_checkpoint_is_no_way_round_it(lines, crossings_of, border, controls):
    junction = 50 - 600 / 111_200
    at = [(0.5, -100), (0.5, -1500)]
    placed = placed_checkpoints(in_a_row(controls, at, [2.0, 0.5]), border, delay_h={"road": 3})
    village = divided(lines, [junction], [(0.5, junction), (0.53, junction)])
    assert crossings_of(village, placed)[1]["part"].tolist() == ["gate", "in series"]
    another = divided(lines, [junction], [(0.5, junction), (0.2, 49.2)])
    assert crossings_of(another, placed)[1]["part"].tolist() == ["gate", "beside"]


def test_an_old_control_does_not_shut_the_road_of_its_successor(
    lines, opened, crossings_of, border, controls
):
    """The closed one stands on the road, the open one 430 m beside it."""
    two = controls.iloc[[0, 0, 1]].assign(
        lon=[0.5, 0.506, 0.488], lat=[50.0, 50.0, 50.001], status=["closed", "open", "open"]
    )
    two = two.set_index(pd.Index(["old", "new", "rail-post"], name="checkpoint_id"))
    placed = placed_checkpoints(two, border, delay_h={"road": 2, "rail": 1})
    _, stated = crossings_of(lines, placed)
    assert stated["part"].tolist() == ["beside", "gate", "gate"]
    gates = opened(lines, placed)[2]
    assert gates.loc["new", "is_open"]
    assert "old" not in gates.index
