"""Scenarios in the words of a planner: what they mean, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from geo_border.border.hours import INFORMED, Opening
from geo_border.errors import CheckpointError, ParameterError, StudyError
from geo_border.pipeline.inputs.scenarios import parsed_scenario, read_scenarios
from geo_border.routing.at_gates import at_gates
from geo_border.routing.scenarios import GateDelays, Scenario


@pytest.fixture
def gates():
    return pd.DataFrame(
        {
            "mode": ["road", "road", "road", "road", "rail"],
            "delay_out_h": [1.0, 2.0, 2.4, 2.4, 0.8],
            "delay_in_h": [3.0, 2.0, 2.4, 2.4, 0.8],
            "wait_h": [0.5, 0.0, 0.0, 0.0, 0.0],
            "is_open": [True, False, False, False, True],
            "is_candidate": [False, False, True, True, False],
        },
        index=pd.Index(["west", "east", "x1", "x9", "track"], name="checkpoint_id"),
    )


@pytest.fixture
def crossings():
    """x1 and x2 are the lanes of a road, x3 is no candidate, x4 is served."""
    return pd.DataFrame(
        {
            "checkpoint_id": [None, None, None, "west"],
            "passage": ["x1", "x1", "x3", "x4"],
        },
        index=pd.Index(["x1", "x2", "x3", "x4"], name="crossing_id"),
    )


@pytest.fixture
def controls():
    """West post and one behind it on the same road; a third stands on none."""
    return pd.DataFrame(
        {"passage": ["x4", "x4", None], "nearest": ["x4", "x4", "x3"]},
        index=pd.Index(["west", "theirs", "lost"], name="checkpoint_id"),
    )


def passages_of(scenario, gates):
    """Hours of a passage at West, out and in."""
    position = {name: at for at, name in enumerate(gates.index)}
    hours = gates[["delay_out_h", "delay_in_h"]].to_numpy().T
    return GateDelays(gates, position, hours, gates["wait_h"].to_numpy()).under(scenario)[:, 0]


def test_every_option_has_its_place_in_the_scenario(gates, crossings, controls):
    proposal = parsed_scenario(
        close=("west",),
        open=("east",),
        delay=("east=1/2.5",),
        delay_out=("west=0.5",),
        delay_in=("east=0",),
        hours=("west=Mo-Su 08:00-20:00",),
        one_way=("east=in",),
        modes=("road",),
        users="local",
        factor=0.5,
    )
    assert at_gates(proposal, gates, crossings, controls, informed=0) == Scenario(
        close=frozenset({"west"}),
        open=frozenset({"east"}),
        delay={"east": (1.0, 0.0), "west": (0.5, None)},
        hours={"west": Opening(3.0, 1.0, open_share=0.5)},
        one_way={"east": "in"},
        modes=frozenset({"road"}),
        users="local",
        factor=0.5,
    )


def test_a_lane_and_another_control_stand_for_the_gate_of_their_road(gates, crossings, controls):
    found = at_gates(parsed_scenario(open=("x2",), delay=("x2=1",)), gates, crossings, controls)
    assert found.open == {"x1"}
    assert found.delay == {"x1": (1, 1)}
    requested = parsed_scenario(close=("theirs",), delay_out=("theirs=4",), one_way=("theirs=out",))
    assert at_gates(requested, gates, crossings, controls) == Scenario(
        close=frozenset({"west"}), delay={"west": (4.0, None)}, one_way={"west": "out"}
    )


def test_an_opening_without_a_known_delay_asks_for_it(gates, crossings, controls):
    gates.loc["x1", ["delay_out_h", "delay_in_h"]] = np.inf
    with pytest.raises(CheckpointError, match=r"not known.*Add --delay x1=HOURS"):
        at_gates(parsed_scenario(open=("x1",)), gates, crossings, controls)
    assert at_gates(
        parsed_scenario(open=("x1",), delay=("x1=2",)), gates, crossings, controls
    ).delay


def test_a_crossing_may_stand_for_its_checkpoint(gates, crossings, controls):
    assert at_gates(parsed_scenario(open=("x4",)), gates, crossings, controls).open == {"west"}


@pytest.mark.parametrize(
    ("proposal", "more"),
    [
        (parsed_scenario(delay=("west=+1",)), (1, 1)),
        (parsed_scenario(delay=("west=+0.5/+2",)), (0.5, 2)),
        (parsed_scenario(delay_out=("west=+1",)), (1, 0)),
        (parsed_scenario(delay_in=("west=+1",)), (0, 1)),
        (parsed_scenario(delay=("west=+1",), delay_in=("west=+1",)), (1, 2)),
    ],
)
def test_a_plus_adds_to_the_passage_as_it_is(gates, crossings, controls, proposal, more):
    out, back = gates.loc["west", ["delay_out_h", "delay_in_h"]]
    found = passages_of(at_gates(proposal, gates, crossings, controls), gates)
    assert found == pytest.approx([out + more[0], back + more[1]])


def test_nothing_is_added_to_a_passage_that_never_ends(gates, crossings, controls):
    gates.loc["west", ["delay_out_h", "delay_in_h"]] = np.inf
    more = at_gates(parsed_scenario(delay=("west=+1",)), gates, crossings, controls)
    with pytest.raises(CheckpointError, match=r"'west=\+1' adds to .* no finite time as it is"):
        passages_of(more, gates)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"close": ["wst"]}, "'wst'.*They have west"),
        ({"open": ["eats"]}, "'eats'.*They have east"),
        ({"open": ["lost"]}, "stands on no road that passes the border.*crossing x3"),
        ({"open": ["x3"]}, "'x3' is none of the candidates.*most_candidates"),
        ({"delay": ["west"]}, "is not ID=VALUE"),
        ({"delay": ["=2"]}, "is not ID=VALUE"),
        ({"delay": ["west=soon"]}, "gives no hours"),
        ({"delay": ["west=-1"]}, "gives no hours"),
        ({"delay": ["west=nan"]}, "gives no hours"),
        ({"delay": ["west=+"]}, "gives no hours"),
        ({"delay": ["west=+x/1"]}, "gives no hours"),
        ({"delay": ["west=inf"]}, "lets nobody pass.*Use --close west"),
        ({"modes": ["plane"]}, "no checkpoint has the mode 'plane'.*They have rail, road"),
        ({"modes": ["road", "plane"]}, "'plane'"),
        ({"delay_in": ["nowhere=1"]}, "'nowhere'"),
        ({"hours": ["west=at noon"]}, "not in OSM syntax"),
        ({"hours": ["nowhere=24/7"]}, "'nowhere'"),
    ],
)
def test_what_is_not_there_is_named_with_what_is(gates, crossings, controls, given, says):
    with pytest.raises(CheckpointError, match=says):
        at_gates(parsed_scenario(**given), gates, crossings, controls)


def test_a_list_reads_the_same_from_toml_and_csv(tmp_path):
    toml = tmp_path / "list.toml"
    toml.write_text(
        """
        [[scenario]]
        name = "All by night"
        close = ["west", "east"]
        hours = ["west=Mo-Fr 08:00-20:00; Sa 10:00-12:00"]
        [[scenario]]
        name = "Free"
        delay_factor = 0
        """
    )
    table = tmp_path / "list.csv"
    table.write_text(
        "name,close,hours,delay_factor\n"
        "All by night,west|east,west=Mo-Fr 08:00-20:00; Sa 10:00-12:00,\n"
        "Free,,,0\n"
    )
    found = read_scenarios(toml)
    assert list(found) == ["All by night", "Free"]
    assert found["All by night"].close == {"west", "east"}
    assert found["Free"] == parsed_scenario(factor=0)
    assert read_scenarios(table) == found


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.toml", "[[scenario", "not valid TOML"),
        ("a.toml", "close = ['west']", "not a list of scenarios"),
        ("a.toml", "scenario = [1]", "not a list of scenarios"),
        ("a.toml", "", "names no scenario"),
        ("a.toml", "[[scenario]]\nclose = ['west']", "scenario 1: has no name"),
        ("a.toml", "[[scenario]]\nname = 'a'\n[[scenario]]\nname = 'a'", "scenario 2: has no name"),
        ("a.toml", "[[scenario]]\nname = 'a'\nclsoe = ['west']", r"scenario 1 \(a\): clsoe"),
        ("a.toml", "[[scenario]]\nname = 'a'\nclose = 'west'", "valid tuple"),
        ("a.csv", "name,delay_factor\na,slow\n", "delay_factor: .* valid number"),
        ("a.csv", "name,close\na,west,east\n", "None"),
        ("a.csv", "\n", "names no scenario"),
    ],
)
def test_a_list_that_cannot_be_read_says_where_and_why(tmp_path, name, text, says):
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(StudyError, match=says):
        read_scenarios(file)
    with pytest.raises(StudyError, match="there is no such file"):
        read_scenarios(tmp_path / "none.toml")
    with pytest.raises(StudyError, match="it is a folder"):
        read_scenarios(tmp_path)


def test_infinite_hours_close_a_direction(gates, crossings, controls):
    found = at_gates(parsed_scenario(delay=("west=inf/1",)), gates, crossings, controls)
    assert found.delay == {"west": (np.inf, 1)}


def test_later_options_speak_of_what_earlier_ones_gave():
    given = parsed_scenario(delay=["a=2", "b=+1/3", "a=+4"], delay_out=["b=5"], delay_in=["a=+1"])
    assert given == Scenario(delay={"b": (5.0, 3.0)}, added={"a": (4.0, 5.0)})


@pytest.mark.parametrize(
    ("options", "hours"),
    [
        ({"hours": ["west=Mo-Su 08:00-20:00"]}, [1 - 0.5 + 3, 3 - 0.5 + 3]),
        ({"hours": ["west=Mo-Su 08:00-20:00"], "delay_out": ["west=2"]}, [2 + 3, 3 - 0.5 + 3]),
        ({"hours": ["west=Mo-Su 08:00-20:00"], "delay": ["west=+1"]}, [4.5, 6.5]),
        ({"delay_out": ["west=2"], "delay_in": ["theirs=+1"], "factor": 2}, [4, 8]),
    ],
)
def test_a_direction_without_hours_of_its_own_keeps_them(
    gates, crossings, controls, options, hours
):
    found = at_gates(parsed_scenario(**options), gates, crossings, controls, informed=0)
    assert passages_of(found, gates) == pytest.approx(hours)


def test_hours_are_read_at_their_place(gates, crossings, controls):
    """The first of August is a holiday in Switzerland; in the sea there is none."""
    hours = parsed_scenario(hours=["west=Mo-Su 00:00-24:00; PH off"])
    at = pd.DataFrame({"lon": [8.5, -40.0], "lat": [47.0, 30.0]}, index=["west", "east"])
    swiss = at_gates(hours, gates, crossings, controls, checkpoints=at, month=8).hours["west"]
    assert swiss.wait_h == pytest.approx((1 - INFORMED) * 24**2 / 2 / (31 * 24))
    sea = at_gates(
        hours,
        gates,
        crossings,
        controls,
        checkpoints=at.loc[["east", "west"]].set_axis(["west", "east"]),
        month=8,
    )
    assert (
        sea.hours["west"].wait_h
        == at_gates(hours, gates, crossings, controls).hours["west"].wait_h
        == 0
    )


def test_a_change_of_a_class_stands_in_place_of_that_for_all():
    given = parsed_scenario(
        close=["a", "d"],
        open=["a:truck", "c:car"],
        delay=["b=2", "b:truck=+1", "e=+1", "e:truck=3"],
        delay_in=["b:truck=4"],
        hours=["d:truck=24/7"],
        one_way=["b:car=out"],
        factor=0.5,
    )
    car, truck = given.of_class("car"), given.of_class("truck")
    assert car == Scenario(
        close={"a", "d"},
        open={"c"},
        delay={"b": 2},
        added={"e": 1},
        one_way={"b": "out"},
        factor=0.5,
    )
    assert truck.close == {"d"}
    assert truck.open == {"a"}
    # Trucks wait an hour more than is said of all on the way out, and four on the way back.
    assert truck.delay == {"b": (2, 4), "e": (3, 3)}
    assert truck.added == {"b": (1, 0), "e": (0, 0)}
    assert truck.hours == {"d": "24/7"}
    assert given.of_class("bus") == parsed_scenario(
        close=["a", "d"], delay=["b=2", "e=+1"], factor=0.5
    )
    assert given.named == {"a", "b", "c", "d", "e"}
    with pytest.raises(ParameterError, match="speaks of classes again"):
        Scenario(classes={"car": given})


def test_classes_are_those_of_the_study(gates, crossings, controls):
    given = parsed_scenario(close=["theirs:truck"], delay=["west:truck=1"])
    found = at_gates(given, gates, crossings, controls, classes=["car", "truck"])
    assert found.classes["truck"].close == {"west"}
    assert found.classes["truck"].delay == {"west": (1, 1)}
    with pytest.raises(CheckpointError, match="class 'truck', and what is computed is of car"):
        at_gates(given, gates, crossings, controls)
    both = parsed_scenario(close=["west:truck"], open=["west:truck"])
    with pytest.raises(CheckpointError, match="both closes and opens west"):
        at_gates(both, gates, crossings, controls, classes=["truck"])
