from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_border.border.hours import DAY, WEEK, read_hours
from geo_border.border.weeks import (
    hours_of_days,
    name_of_week,
    open_in_week,
    usual_week,
    week_of,
)
from geo_border.errors import CheckpointError, ParameterError

MONDAY = date(2026, 2, 9)


@pytest.mark.parametrize("text", ["2026-W07", "2026w7", " 2026-02-09 ", "2026-02-15", MONDAY])
def test_a_week_is_named_by_its_number_or_a_day_in_it(text):
    assert week_of(text) == MONDAY
    assert name_of_week(week_of(text)) == "2026-W07"


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_the_name_of_a_week_leads_back_to_it(day):
    assert week_of(name_of_week(day)) == week_of(day)
    assert week_of(day) <= day
    assert (day - week_of(day)).days < 7


@pytest.mark.parametrize("text", ["2026-W54", "2026-W00", "2026-02-30", "next week", ""])
def test_what_is_no_week_is_refused_with_how_to_write_one(text):
    with pytest.raises(ParameterError, match="2026-W07"):
        week_of(text)


def test_open_minutes_of_a_week():
    assert open_in_week("24/7", MONDAY).tolist() == [[0, WEEK]]
    nights = open_in_week("Mo-Fr 22:00-06:00", MONDAY)
    assert nights[0].tolist() == [22 * 60, 30 * 60]
    assert len(nights) == 5
    assert open_in_week("Oct-May off", date(2026, 7, 6)).tolist() == [[0, WEEK]]


def test_seasons_and_single_days_are_those_of_the_week():
    hours = "Mo-Fr 08:00-20:00; Dec 25 off"
    assert len(open_in_week(hours, date(2026, 12, 14))) == 5
    assert len(open_in_week(hours, date(2026, 12, 21))) == 4


def test_a_week_in_which_it_is_closed_names_one_in_which_it_is_not():
    with pytest.raises(CheckpointError, match=r"2026-W07.*such as 2026-W23"):
        open_in_week("Jun-Sep 08:00-20:00", MONDAY)
    with pytest.raises(CheckpointError, match="never opens"):
        open_in_week("off", MONDAY)


def test_the_usual_week_is_the_first_of_the_commonest_that_open():
    # The week of New Year is not usual, the closed season is none.
    assert usual_week("24/7; Jan 5-11 off") == date(2026, 1, 12)
    assert usual_week("Jun-Jul 08:00-20:00") == date(2026, 6, 1)
    assert usual_week("24/7", month=7) == date(2026, 7, 6)
    # Open at the end of a week that begins in another month or year.
    assert usual_week("Aug 1-2 08:00-20:00", month=8) == date(2026, 7, 27)
    assert usual_week("Jan 1-3 08:00-20:00") == date(2025, 12, 29)
    assert usual_week("Dec 30-31 08:00-12:00", month=12) == date(2026, 12, 28)
    with pytest.raises(CheckpointError, match="never opens"):
        usual_week("Jun-Jul 08:00-20:00", month=1)


def test_hours_of_a_day_are_those_of_days_on_which_it_opens():
    assert hours_of_days(open_in_week("Fr-Su 08:00-16:00", MONDAY)) == 8
    assert hours_of_days(open_in_week("24/7", MONDAY)) == 24


@given(st.integers(0, 23), st.integers(1, 23))
def test_a_week_has_the_closures_that_the_year_is_read_with(start, open_h):
    hours = f"Mo-Su {start:02}:00-{(start + open_h) % 24:02}:00"
    opened = open_in_week(hours, MONDAY)
    assert np.diff(opened).sum() == 7 * open_h * 60
    assert read_hours(hours, informed=0).wait_h == pytest.approx((24 - open_h) ** 2 / 48)
    assert DAY - np.diff(opened[1]) == (24 - open_h) * 60


@given(st.integers(1, 12), st.integers(1, 28), st.integers(1, 12))
def test_the_usual_week_of_a_month_has_a_day_of_it_on_which_it_opens(begins, day, month):
    hours = f"{date(2026, begins, 1):%b} {day:02} 08:00-20:00"
    if month == begins:
        monday = usual_week(hours, month=month)
        assert monday == week_of(date(2026, begins, day))
    else:
        with pytest.raises(CheckpointError, match=f"never opens in the month {month}.*2026-W"):
            usual_week(hours, month=month)
