"""Counts that cannot be true together are told; those that can are not."""

import pandas as pd
import pytest

from geo_border.pipeline.stages.count_findings import of_contradictions

REGISTER = pd.DataFrame(
    {"name": ["West post", "Track post"], "mode": ["road", "rail"]}, index=["west", "track"]
)


def said(*rows):
    names = ["checkpoint_id", "class", "direction", "vehicles_day", "year"]
    where = {number: f"counts.csv, row {number + 2}" for number in range(len(rows))}
    found = of_contradictions(REGISTER, pd.DataFrame(rows, columns=names), where)
    assert all(finding[:2] == ("warning", "classes") for finding in found)
    assert all(finding[4] == "counts.csv, row 2" for finding in found)
    return [finding[2:4] for finding in found]


@pytest.mark.parametrize(
    "rows",
    [
        [("west", "car", "out", 0, 2024), ("west", "car", "in", 9, 2024)],
        [("west", "car", "both", 9, 2024), ("west", "all", "both", 9, 2024)],
        [("west", "car", "both", 9, 2024), ("west", "all", "both", 3, 2023)],
        [("west", "car", "both", 9, 2024), ("west", "car", "both", 8, 2023)],
        [("west", "car", "both", 9, 2024), ("west", "truck", "both", 3, 2024)],
        [("tagged", "car", "both", 9, None), ("west", "all", "out", 3, None)],
    ],
)
def test_sound_counts_say_nothing(rows):
    assert said(*rows) == []


def test_vehicles_at_a_railway():
    ((name, problem),) = said(("track", "car", "both", 5, 2024))
    assert name == "Track post"
    assert "5 vehicles a day (class car, direction both) were counted" in problem


def test_a_count_that_stands_twice():
    rows = [("west", "car", "both", 1000, None), ("west", "car", "both", 2, None)]
    ((_, problem),) = said(*rows)
    assert problem == (
        "the count of the class car, direction both stands 2 times: 1,000 and 2 vehicles a day"
    )


@pytest.mark.parametrize(("part", "whole"), [("car", "car"), ("car", "all"), ("all", "all")])
def test_a_part_that_is_more_than_the_whole(part, whole):
    ((_, problem),) = said(("west", part, "out", 9, 2024), ("west", whole, "both", 8, 2024))
    assert f"9 vehicles a day (class {part}, direction out) are more than the 8" in problem
