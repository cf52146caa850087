"""Scenarios of traffic by class: those of a run, and of a study run anew with another register."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geo_border.errors import CheckpointError
from geo_border.pipeline.inputs.scenarios import parsed_scenario
from geo_border.pipeline.memory import Memory
from geo_border.pipeline.runs import Run
from geo_border.pipeline.stages.class_trips import class_trips
from geo_border.pipeline.stages.traffic import traffic_now
from geo_border.routing.scenarios import GateDelays, Scenario
from geo_border.routing.spots import gathered
from geo_border.study import open_study
from geo_border.traffic.class_tables import class_travel
from geo_border.traffic.equilibrium import equilibrium
from geo_border.traffic.flows import checkpoint_traffic

TWO = """
[traffic.classes.car]
total_year = 36500
segments = [{{ theta = 1, outside = {outside} }}]
[traffic.classes.truck]
total_year = 18250
pcu = 2
speed_factor = 0.5
segments = [{{ theta = 0.5, outside = {outside} }}]
[checkpoints.classes.truck]
delay_h = 2
delay_lo_h = 0.5
"""

CAPACITIES = {
    "capacity_day": [None, 200, None, None],
    "capacity_truck_in_day": [15, None, None, None],
    "capacity_kind": [None, None, None, None],
    "delay_truck_h": [2.5, None, None, None],
    "delay_truck_lo_h": [2.4, None, None, None],
}
"""A capacity that all share in the middle, and one of trucks whose queue meets a least delay."""

CHANGES = {
    "closed": ({"close": ["west"]}, {"status": ["closed", "open", "closed", "open"]}),
    "closed to cars": ({"close": ["west:car"]}, {"status_car": ["closed", None, None, None]}),
    "for trucks alone": (
        {"close": ["west"], "open": ["west:truck"]},
        {"status_car": ["closed", None, None, None]},
    ),
    "opened": ({"open": ["east"]}, {"status": ["open", "open", "open", "open"]}),
    "opened to trucks": ({"open": ["east:truck"]}, {"status_truck": [None, None, "open", None]}),
    "quicker for trucks, slower for cars": (
        {"delay": ["west=1.5"]},
        {
            "delay_h": [1.5, None, None, None],
            "delay_truck_h": [1.5, None, None, None],
            "delay_truck_lo_h": [1.4, None, None, None],
        },
    ),
    "slower for trucks": (
        {"delay": ["middle:truck=3"]},
        {"delay_truck_h": [None, 3, None, None]},
    ),
    "slower one way": (
        {"delay_out": ["middle:car=4"]},
        {"delay_car_out_h": [None, 4, None, None]},
    ),
}
"""What a scenario says, and the columns of the register that say the same."""

QUICK = ("for trucks alone", "quicker for trucks, slower for cars")
"""Those that are tried each time."""


def write(folder, outside=0.3, **columns):
    """Add two classes to the made-up study, and columns to its register."""
    toml, file = folder / "study.toml", folder / "checkpoints.csv"
    text = toml.read_text(encoding="utf-8").partition("[traffic")[0]
    toml.write_text(text + TWO.format(outside=outside), encoding="utf-8")
    pd.read_csv(file).assign(**columns).to_csv(file, index=False)
    return open_study(folder)


@pytest.fixture
def made(mini):
    return lambda **columns: write(mini, **columns)


@pytest.fixture(scope="module")
def compared(tmp_path_factory, make_mini):
    """All changes as scenarios of one study, without queues and with them, and the latter."""
    folder = tmp_path_factory.mktemp("changes")
    scenarios = {name: parsed_scenario(**words) for name, (words, _) in CHANGES.items()}
    hours = {key: given for key, given in CAPACITIES.items() if key.startswith("delay")}
    plain = write(make_mini(folder / "plain"), outside=0, **hours).whatif(scenarios)
    study = write(make_mini(folder / "queues"), **CAPACITIES)
    return plain, study.whatif(scenarios), traffic_now(*parts_of(study))


def parts_of(study):
    """Settings, checkpoints, controls and trips, as the stage of traffic gets them."""
    run = Run(study.settings, Path(study.folder), Memory(None), lambda _: None)
    _, border, net = run.network()
    return study.settings, border.checkpoints, net.controls, gathered(run.travel(net))


def told(found, name):
    """Vehicles and delays of a scenario, by checkpoint and class."""
    table = found.traffic.checkpoints.loc[name]
    columns = ["vehicles", "delay_out_h", "delay_in_h"]
    table = table[[f"{column}_after" for column in columns]].set_axis(columns, axis=1)
    return table.drop(index="all", level="class")


def as_told(solved):
    """The same of traffic that is solved without a scenario."""
    return checkpoint_traffic(solved)[["vehicles", "delay_out_h", "delay_in_h"]]


@pytest.mark.parametrize(
    "change",
    [pytest.param(change, marks=() if change in QUICK else pytest.mark.slow) for change in CHANGES],
)
def test_a_scenario_is_the_study_run_anew_with_that_register(made, compared, change):
    plain, queued, now = compared
    columns = {
        key: [own if stated is None else stated for stated, own in zip(both, given, strict=True)]
        for key, given in CAPACITIES.items()
        for both in [CHANGES[change][1].get(key, [None] * 4)]
    }
    settings, checkpoints, controls, travel = parts_of(made(**CHANGES[change][1] | columns))

    # Nobody stays at home, and there are no queues: nothing is calibrated to the border as it is.
    stays = made(outside=0).settings
    known = [name for name in checkpoints if str(name).startswith("capacity")]
    free = checkpoints.drop(columns=known)
    anew = traffic_now(stays, free, controls, travel).traffic
    same = {"check_names": False, "rtol": 1e-9, "atol": 1e-9}
    pd.testing.assert_frame_equal(told(plain, change), as_told(anew), **same)
    trips = plain.traffic.regions.loc[change, "trips_after"].groupby(level="class").sum()
    assert trips.to_dict() == pytest.approx({"all": 150, "car": 100, "truck": 50})

    # Else the trips, and the queues in what is stated, are those of the border as it is.
    assert (now.traffic.lanes["queue_h"] > 0.005).all()
    trips = class_trips(settings, checkpoints, controls, travel)
    classes = {}
    for of_class in trips.classes:
        model = now.model.classes[of_class.name]
        tables = class_travel(trips.travels[of_class.name], of_class).tables
        stated = GateDelays.of(tables, of_class.name)
        stated = stated.without(model.delays.queue, model.delays.least)
        classes[of_class.name] = replace(model, delays=stated)
    anew = equilibrium(replace(now.model, classes=classes), lanes=now.lanes)
    pd.testing.assert_frame_equal(told(queued, change), as_told(anew), **same)


def test_no_change_is_the_run_to_the_last_digit(made):
    study = made(**CAPACITIES)
    results = study.run()
    found = study.whatif({"as is": Scenario()})
    keys = ["checkpoint_id", "class"]
    run = results.more["traffic"].set_index(keys)
    table = found.traffic.checkpoints.loc["as is"]
    for when in ("before", "after"):
        for name in ("vehicles", "share", "delay_out_h", "wait_in_h", "utilisation_out"):
            pd.testing.assert_series_equal(
                table[f"{name}_{when}"], run[name], check_names=False, check_exact=True
            )
    regions = found.traffic.regions.loc["as is"]
    of_run = results.more["traffic_regions"].set_index(["region_id", "class"])
    for name in ("trips", "trips_not_made"):
        for when in ("before", "after"):
            pd.testing.assert_series_equal(
                regions[f"{name}_{when}"], of_run[name], check_names=False, check_exact=True
            )
    nothing = ["hours_lost", "diverted", "suppressed", "cut", "induced", "detour_h"]
    assert (found.traffic.totals[nothing] == 0).all(axis=None)
    np.testing.assert_allclose(regions["stayed"], regions["trips_before"])
    assert found.traffic.passages.empty
    assert found.notes["remark"].tolist() == ["no checkpoint opens, closes or takes other hours"]


def test_a_closure_costs_what_a_run_says_and_its_detour_stands_beside(made):
    study = made(**CAPACITIES)
    run = study.run().more["traffic"].set_index(["class", "checkpoint_id"])
    totals = study.whatif({"shut": parsed_scenario(close=["west"])}).traffic.totals.loc["shut"]
    for name in ("car", "truck", "all"):
        of_run, row = run.loc[(name, "west")], totals.loc[name]
        assert row["hours_lost"] == pytest.approx(of_run["closure_hours_lost"])
        for part in ("diverted", "suppressed", "cut"):
            share = row[part] / row["trips_before"]
            assert share == pytest.approx(of_run[f"closure_{part}"], abs=1e-12)
        balance = row["trips_before"] - row["suppressed"] - row["cut"] + row["induced"]
        assert row["trips_after"] == pytest.approx(balance)
        assert row["detour_h"] == pytest.approx(row["driving_h"] + row["delay_h"])
        assert row["detour_each_h"] == pytest.approx(row["detour_h"] / row["stayed"])
    # Who loses a choice loses more than the hours that the other one takes longer.
    assert (totals["hours_lost"] > totals["detour_h"]).all()


def test_the_only_class_of_a_checkpoint_may_be_shut_out(made):
    columns = {"status_truck": ["closed", None, None, None]}
    study = made(**columns)
    found = study.whatif(
        {
            "cars": parsed_scenario(close=["west:car"]),
            "trucks": parsed_scenario(close=["west:truck"]),
            "both": parsed_scenario(close=["west"]),
        }
    )
    vehicles = found.traffic.checkpoints["vehicles_after"].unstack("class")
    assert (vehicles.xs("west", level="checkpoint_id").loc[["cars", "both"]] == 0).all(axis=None)
    assert vehicles.loc[("trucks", "west"), "car"] > 0
    remarks = found.notes.groupby("scenario")["remark"].agg(list).to_dict()
    text = "was not open: closing it changes nothing"
    assert remarks == {"trucks": [f"truck: {text}"], "both": [f"truck: {text}"]}
    passages = found.traffic.passages.reset_index()[["scenario", "class"]].to_numpy().tolist()
    assert passages == [["cars", "car"], ["both", "car"]]
    assert (found.changes.regions.loc["trucks"].filter(like="_change") == 0).all(axis=None)


def test_the_fastest_way_and_other_modes_know_no_classes(made, mini):
    study = made()
    with pytest.raises(
        CheckpointError, match="the class 'bus', and what is computed is of car, tr"
    ):
        study.whatif({"one": parsed_scenario(close=["west:bus"])})
    with pytest.raises(CheckpointError, match="the class 'truck', and what is computed is of car"):
        study.whatif({"one": parsed_scenario(close=["track:truck"])}, mode="rail")
    toml = mini / "study.toml"
    text = toml.read_text(encoding="utf-8").replace(
        "[traffic.classes.car]", '[traffic]\nchoice = "fastest"\n[traffic.classes.car]'
    )
    toml.write_text(text, encoding="utf-8")
    found = open_study(mini).whatif({"one": parsed_scenario(close=["west:car"])}).traffic
    assert found.of == "car"
    row = found.totals.loc[("one", "car")]
    assert row["unit"] == "share"
    assert row["trips_before"] == pytest.approx(1)
    assert row["hours_lost"] == row["detour_h"] > 0
    assert found.checkpoints.loc[("one", "west", "car"), "share_after"] == 0
    assert found.regions["cut"].eq(0).all()
