import numpy as np
import pandas as pd
import pytest

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
def both_states(posts):
    """A post of each state on the road, 600 m from the line on its own side."""
    two = posts.iloc[[0, 0, 1]].assign(
        lon=[0.5, 0.5, 0.488], lat=[49.9946, 50.0054, 50.001], accuracy_km=[0.1, 0.1, 1.0]
    )
    return two.set_index(pd.Index(["ours", "theirs", "rail-post"], name="checkpoint_id"))


def test_the_posts_of_both_states_are_one_passage_with_both_delays(
    lines, opened, crossings_of, border, both_states
):
    known = both_states.assign(delay_h=[2.0, 0.5, 1.0])
    placed = placed_checkpoints(known, border, delay_h={"road": 3, "rail": 1})
    _, told = crossings_of(lines, placed)
    assert told["part"].tolist() == ["gate", "in series", "gate"]
    gates = opened(lines, placed)[2]
    assert gates.index.tolist() == ["ours", "rail-post", "x50.000n0.900e"]
    assert gates.loc["ours", ["delay_out_h", "delay_in_h"]].tolist() == [2.5, 2.5]


@pytest.mark.parametrize(
    ("delays", "passage"), [([np.nan, np.nan], 3.0), ([np.nan, 0.5], 0.5), ([2.0, np.nan], 2.0)]
)
def test_a_default_is_of_the_passage_not_of_each_post(
    lines, opened, border, both_states, delays, passage
):
    placed = placed_checkpoints(
        both_states.assign(delay_h=[*delays, 1.0]), border, delay_h={"road": 3, "rail": 1}
    )
    gates = opened(lines, placed)[2]
    road = gates[(gates["mode"] == "road") & ~gates["is_candidate"]]
    assert road["delay_out_h"].tolist() == [passage]


def test_an_old_post_does_not_shut_the_road_of_its_successor(
    lines, opened, crossings_of, border, posts
):
    """The closed one stands on the road, the open one 430 m beside it."""
    two = posts.iloc[[0, 0, 1]].assign(
        lon=[0.5, 0.506, 0.488], lat=[50.0, 50.0, 50.001], status=["closed", "open", "open"]
    )
    two = two.set_index(pd.Index(["old", "new", "rail-post"], name="checkpoint_id"))
    placed = placed_checkpoints(two, border, delay_h={"road": 2, "rail": 1})
    _, told = crossings_of(lines, placed)
    assert told["part"].tolist() == ["beside", "gate", "gate"]
    gates = opened(lines, placed)[2]
    assert gates.loc["new", "is_open"]
    assert "old" not in gates.index
