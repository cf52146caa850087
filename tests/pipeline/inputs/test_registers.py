"""What a register and counts have wrong about classes: all of it is said at once."""

import pandas as pd
import pytest

from geo_border.errors import GeoBorderError
from geo_border.pipeline.inputs.read import read_inputs
from geo_border.pipeline.settings import read_settings

TRUCKS = "[traffic.classes.truck]\n"


def read(folder):
    return read_inputs(read_settings(folder / "study.toml"), folder)


def said(folder):
    with pytest.raises(GeoBorderError) as caught:
        read(folder)
    return str(caught.value).replace(f"{folder}/", "").split("\n")


def add(folder, text, **columns):
    toml = folder / "study.toml"
    toml.write_text(toml.read_text() + text)
    file = folder / "checkpoints.csv"
    pd.read_csv(file).assign(**columns).to_csv(file, index=False)


def test_all_ranges_that_do_not_hold_are_said_at_once(mini):
    add(
        mini,
        TRUCKS,
        delay_truck_h=[1, 2, 3, None],
        delay_truck_lo_h=[2, 1, 4, None],
        delay_truck_hi_h=[None, 1.5, 3.5, None],
        delay_car_in_h=[9, 1, 1, None],
        delay_car_hi_h=[3, 3, 3, None],
    )
    lines = said(mini)
    assert len(lines) == 4
    correct = "Correct one of them."
    correct = "Correct one of them."
    low = "lies below delay_truck_lo_h (and 1 more row like it: 4)"
    assert lines == [
        f"checkpoints.csv, row 2: delay_car_in_h lies above delay_car_hi_h. {correct}",
        (
            "checkpoints.csv, row 4: delay_truck_lo_h is more than delay_truck_hi_h. Exchange or "
            "correct them."
        ),
        f"checkpoints.csv, row 2: delay_truck_h {low}. {correct}",
        f"checkpoints.csv, row 3: delay_truck_h lies above delay_truck_hi_h. {correct}",
    ]


def test_a_default_beyond_the_end_that_a_checkpoint_has_is_at_fault(mini):
    add(mini, TRUCKS, delay_truck_hi_h=[None, 0.5, None, 0.1])
    (line,) = said(mini)
    assert "row 3: the default delay lies above delay_truck_hi_h" in line


def test_figures_of_a_class_that_the_study_has_not_are_no_silent_columns(mini):
    add(mini, "", delay_truck_h=1, capacity_bus_day=9, delay_lo_h=0, status_note="by hand")
    lines = said(mini)
    assert len(lines) == 3
    assert "the column delay_truck_h is of the class 'truck', which the study has not" in lines[0]
    assert "the column capacity_bus_day is of the class 'bus'" in lines[1]
    assert (
        "the column delay_lo_h is of no class. Name it after one, such as delay_car_lo_h"
        in lines[2]
    )


def test_a_column_that_begins_like_another_is_not_taken_for_it(mini):
    add(mini, "", status_car="closed")
    checkpoints = read(mini).checkpoints
    assert "status_car_in" not in checkpoints
    assert (checkpoints["status_car"] == "closed").all()


def test_counts_are_of_checkpoints_and_classes_that_are_there(mini):
    rows = [("west", "truck", "both", 10, 2020), ("nowhere", "bus", "out", 5, None)]
    names = ["checkpoint_id", "class", "direction", "vehicles_day", "year"]
    pd.DataFrame(rows, columns=names).to_csv(mini / "counts.csv", index=False)
    add(mini, f'[traffic]\ncounts = "counts.csv"\n{TRUCKS}')
    lines = said(mini)
    assert "counts.csv, row 3: unknown class 'bus'. Known are car, truck, all." in lines
    assert "counts.csv, row 3: unknown checkpoint 'nowhere'. Known are west, middle" in lines[1]
    pd.DataFrame(rows[:1], columns=names).to_csv(mini / "counts.csv", index=False)
    assert read(mini).counts["vehicles_day"].tolist() == [10]


def test_a_status_since_what_is_no_day_is_refused_with_its_row(mini):
    add(mini, TRUCKS, status_truck_since=["2025-08-04", "2025", "soon", None])
    (line,) = said(mini)
    assert line == (
        "checkpoints.csv, row 4: status_truck_since is 'soon', which is no day. Write a day such "
        "as 2025-08-04, a month or a year."
    )


def test_capacities_whose_parts_leave_nothing_of_the_whole_are_at_fault(mini):
    add(mini, TRUCKS, capacity_day=[10, 10, 10, 9], capacity_truck_day=[10, 4, None, 12])
    (line,) = said(mini)
    assert line.startswith("checkpoints.csv, row 2: half of capacity_truck_day 10 leave nothing")
    assert "write 0 for those that may not pass" in line
