"""`check` says where a figure of one class, direction or kind stands in for another."""

import pandas as pd
import pytest

from geo_border.study import open_study

CLASSES = """
[checkpoints.classes.truck]
delay_h = 2
delay_lo_h = 1
delay_hi_h = 6
delay_kind = "upper end"
delay_direction = "in"
[traffic]
counts = "counts.csv"
[traffic.classes.truck]
"""


@pytest.fixture
def found(mini):
    toml = mini / "study.toml"
    toml.write_text(toml.read_text() + CLASSES)
    file = mini / "checkpoints.csv"
    pd.read_csv(file).assign(
        status_car=["closed", None, None, "closed"],
        status_car_since=["2025-08-04", None, None, None],
        delay_truck_in_h=[None, 3, None, None],
        delay_truck_kind=[None, "peak", None, None],
        capacity_truck_day=[None, 100, None, None],
        capacity_car_out_day=[None, 0, None, None],
        capacity_truck_kind=[None, "design", None, None],
    ).to_csv(file, index=False)
    row = ("middle", "truck", "both", 120, 2024)
    names = ["checkpoint_id", "class", "direction", "vehicles_day", "year"]
    pd.DataFrame([row], columns=names).to_csv(mini / "counts.csv", index=False)
    rows = open_study(mini).check()
    return rows[rows["topic"] == "classes"]


def test_each_stand_in_is_said_with_its_row(found):
    at = found.set_index(["severity", "item"])["problem"].groupby(level=[0, 1]).agg("; ".join)
    assert (
        "it is taken for that of every class (car and truck) at West post" in at["note", "delay_h"]
    )
    assert "that of every class, 1 h, stands in" in at["note", "car"]
    assert "is of the kind 'upper end', which stands in for a mean" in at["warning", "truck"]
    assert "it stands in for 'out' too" in at["warning", "truck"]
    assert at["note", "West post"] == "is closed to the class car since 2025-08-04"
    assert "known 'in' alone: 'out' has the default" in at["note", "Middle post"]
    assert (
        "is closed to the class car, direction out: its capacity is 0" in at["note", "Middle post"]
    )
    warned = at["warning", "Middle post"]
    assert "is of the kind 'peak'" in warned
    assert "capacity_truck_kind is 'design'" in warned
    assert "120 vehicles a day were counted, more than the 100 of capacity_truck_day" in warned
    assert at["warning", "Track post"] == (
        "status_car of a checkpoint of mode rail: classes take roads and ferries, so it is left out"
    )
    assert set(found["where"]) == {
        "",
        "study.toml",
        "checkpoints.csv, row 2",
        "checkpoints.csv, row 3",
        "checkpoints.csv, row 5",
        "counts.csv, row 2",
    }
    (above,) = found.loc[found["problem"].str.contains("were counted"), "where"]
    assert above == "counts.csv, row 2"


def test_where_nothing_stands_in_nothing_is_said(mini):
    toml = mini / "study.toml"
    text = toml.read_text().replace("road = 1.0, ", "")
    toml.write_text(text + '\n[checkpoints.classes.car]\ndelay_h = 1.0\ndelay_kind = "mean"\n')
    file = mini / "checkpoints.csv"
    rows = pd.read_csv(file)
    rows.assign(delay_car_h=rows["delay_h"], delay_h=None).to_csv(file, index=False)
    found = open_study(mini).check()
    assert (found["topic"] != "classes").all()
