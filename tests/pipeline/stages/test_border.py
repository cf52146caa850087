"""What the stage of the border counts."""

import numpy as np
import pandas as pd
import pytest

from geo_border.network.gates import gates_of_class
from geo_border.pipeline.stages.border import border_stage, with_passages
from geo_border.pipeline.stages.network import network_stage
from geo_border.study import open_study


@pytest.fixture
def counted(mini):
    """Regions and dyads of the study with further rows of its register."""

    def count(*rows):
        file = mini / "checkpoints.csv"
        register = pd.read_csv(file)
        more = [
            register.iloc[0].to_dict() | {"checkpoint_id": name, "name": name, **values}
            for name, values in rows
        ]
        pd.concat([register, pd.DataFrame(more)]).to_csv(file, index=False)
        study = open_study(mini)
        inputs = study.read()
        border = border_stage(study.settings, inputs)
        built = network_stage(study.settings, inputs, border)
        return with_passages(border, built.controls), built

    return count


def test_the_controls_of_both_states_are_one_passage_of_a_region(counted):
    """West post near the line, ours a kilometre before it, theirs behind it, all on one street."""
    at = {"lon": 0.25, "accuracy_km": 0.1}
    border, built = counted(("ours", {**at, "lat": 49.99}), ("theirs", {**at, "lat": 50.013}))
    assert built.controls.loc[["west", "ours", "theirs"], "part"].tolist() == [
        *("gate", "in series", "in series"),
    ]
    assert border.regions.loc["A", "checkpoints_open"] == 1
    dyad = border.dyads.set_index(["home_id", "neighbour_id"]).loc[("A", "X")]
    assert dyad["road"] == 1
    assert built.gates.loc["west", "delay_out_h"] == 0.5 + 0.5 + 0.5
    assert not {"ours", "theirs"} & set(built.gates.index)


def test_a_control_off_all_roads_counts_as_the_register_says(counted):
    """Nobody can pass it by these roads, which is told; it is open all the same."""
    border, built = counted(("lost", {"lon": 0.6, "lat": 50.0015}))
    assert built.controls.loc["lost", "part"] == "off the road"
    assert border.regions.loc["A", "checkpoints_open"] == 2


def test_cars_and_trucks_have_their_own_delays_and_closures(mini):
    toml = mini / "study.toml"
    toml.write_text(
        toml.read_text()
        + """
[checkpoints.classes.car]
delay_h = 0.7
delay_lo_h = 0.2
delay_hi_h = 3
[checkpoints.classes.truck]
delay_h = 2
[traffic.classes.truck]
"""
    )
    file = mini / "checkpoints.csv"
    register = pd.read_csv(file).assign(delay_h=None)
    register = register.assign(status_car=None, status_truck_in=None, delay_truck_in_h=None)
    register.loc[0, ["status_car", "delay_truck_in_h"]] = ["closed", 5.0]
    register.loc[1, "status_truck_in"] = "closed"
    register.to_csv(file, index=False)
    study = open_study(mini)
    border = border_stage(study.settings, study.read())
    found = border.checkpoints
    assert found.loc["west", "status"] == "open"
    assert found.loc[["west", "middle"], "is_open"].tolist() == [False, True]
    assert found.loc[["west", "middle", "track"], "is_open_truck"].tolist() == [True, True, False]
    assert found.loc["middle", ["delay_out_h", "delay_car_lo_h", "delay_car_hi_h"]].tolist() == [
        *(0.7, 0.2, 3.0),
    ]
    assert found.loc["west", ["delay_truck_out_h", "delay_truck_in_h"]].tolist() == [2.0, 5.0]
    assert found.loc["middle", ["delay_truck_out_h", "delay_truck_in_h"]].tolist() == [2.0, np.inf]
    assert found.loc["track", "delay_out_h"] == 0.5
    assert found["delay_truck_h"].isna().tolist() == [False, False, False, True]
    assert border.regions.index[0] == "A"
    assert (
        with_passages(
            border, network_stage(study.settings, study.read(), border).controls
        ).regions.loc["A", "checkpoints_open"]
        == 0
    )


def said_of(folder, **columns):
    """West post with further columns; a class of trucks."""
    file = folder / "checkpoints.csv"
    register = pd.read_csv(file)
    for name, value in columns.items():
        register[name] = [value, *[None] * (len(register) - 1)]
    register.to_csv(file, index=False)
    toml = folder / "study.toml"
    toml.write_text(toml.read_text() + "\n[traffic.classes.truck]\n")


def test_each_direction_passes_where_it_is_open(mini, counted):
    """A checkpoint for those who leave, and beside it one for those who come home."""
    said_of(mini, status_car_in="closed")
    inward = {"status_car_in": None, "status_car_out": "closed", "delay_h": 0.25}
    _, built = counted(("inward", inward))
    assert built.controls.loc["inward", "part"] == "beside"
    assert built.gates.loc["west", ["delay_out_h", "delay_in_h"]].tolist() == [0.5, 0.25]
    assert built.gates.loc["west", "is_open"]


def test_a_class_passes_where_it_is_let(mini, counted):
    """Cars here, trucks in a terminal beside it."""
    said_of(mini, status_truck="closed")
    terminal = {"status_truck": None, "status_car": "closed", "delay_truck_h": 3.0}
    border, built = counted(("terminal", terminal))
    assert built.gates.loc["west", ["delay_out_h", "is_open"]].tolist() == [0.5, True]
    trucks = gates_of_class(built.gates, built.controls, border.checkpoints, "truck")
    met = trucks.loc["west", ["delay_truck_out_h", "delay_truck_in_h", "is_open"]]
    assert met.tolist() == [3.0, 3.0, True]


def test_what_one_of_two_in_turn_closes_is_closed(mini, counted):
    """The neighbour lets no cars in from us, and no trucks at all; nobody measured its delay."""
    said_of(mini)
    theirs = {"lon": 0.25, "lat": 50.013, "accuracy_km": 0.1, "delay_h": None}
    shut = {"status_car_out": "closed", "status_truck": "closed"}
    border, built = counted(("theirs", {**theirs, **shut}))
    assert built.controls.loc["theirs", "part"] == "in series"
    assert built.gates.loc["west", ["delay_out_h", "delay_in_h"]].tolist() == [np.inf, 0.5]
    trucks = gates_of_class(built.gates, built.controls, border.checkpoints, "truck")
    assert np.isinf(
        trucks.loc["west", ["delay_truck_out_h", "delay_truck_in_h"]].astype(float)
    ).all()
