from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_border.border import hours as opening
from geo_border.border.hours import can_be_read
from geo_border.errors import CheckpointError

# What hours cost who does not know them.
expected_wait = partial(opening.expected_wait, informed=0)
read_hours = partial(opening.read_hours, informed=0)

VADUZ, URALSK, NORTH_CAPE = (9.52, 47.14), (51.4, 51.2), (25.8, 71.1)


@pytest.mark.parametrize(
    ("hours", "wait"),
    [
        ("24/7", 0),
        ("Mo-Su 08:00-20:00", 12**2 / 48),
        ("Mo-Su 20:00-08:00", 12**2 / 48),
        ("Mo-Su 06:00-24:00", 6**2 / 48),
        # Closed from Sunday 16:00 to Friday 08:00 (112 h) and two nights of 16 h.
        ("Fr-Su 08:00-16:00", (112**2 + 2 * 16**2) / 2 / 168),
        ("off", np.inf),
        ("2020 Mo-Su 08:00-20:00", np.inf),
        # One day of the year is closed.
        ("24/7; Dec 25 off", 24**2 / 2 / 8760),
    ],
)
def test_expected_wait_by_hand(hours, wait):
    assert expected_wait(hours) == pytest.approx(wait)


@given(st.integers(0, 22), st.integers(1, 23))
def test_one_closed_block_a_day_costs_its_square_over_48(start, open_h):
    end = start + open_h
    if end > 24:
        return
    assert expected_wait(f"Mo-Su {start:02}:00-{end:02}:00") == pytest.approx(
        (24 - open_h) ** 2 / 48
    )


@pytest.mark.parametrize("hours", ["Mo-Fr 08:00-20:00", "Jun-Sep 08:00-20:00", "24/7"])
@pytest.mark.parametrize("informed", [0, 0.3, 1])
def test_who_knows_the_hours_does_not_wait_for_them(hours, informed):
    found = opening.read_hours(hours, informed=informed)
    assert found.wait_h == pytest.approx((1 - informed) * expected_wait(hours))
    assert found.season_share == read_hours(hours).season_share
    assert np.isinf(opening.expected_wait("off", informed=informed))


@pytest.mark.parametrize(
    ("hours", "days"),
    [
        ("Nov-Mar 08:00-20:00", 151),
        ("Jun-Sep 08:00-20:00", 122),
        ("week 20-40 08:00-20:00", 147),
        ("Mar-May,Sep-Nov 08:00-20:00", 183),
        ("Apr 15-Oct 15 08:00-20:00", 184),
        ("Mo-Su 08:00-20:00; Jan off", 334),
    ],
)
def test_a_season_is_told_and_its_wait_is_that_of_who_travels_in_it(hours, days):
    found = read_hours(hours)
    assert found.season_share == pytest.approx(days / 365)
    assert found.wait_h == pytest.approx(3)


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@given(st.integers(0, 11), st.integers(2, 10), st.integers(1, 23))
def test_summer_and_winter_follow_one_rule(first, months, open_h):
    """Whichever months it is open, whoever comes then waits as at any other checkpoint."""
    last = MONTHS[(first + months - 1) % 12]
    found = read_hours(f"{MONTHS[first]}-{last} 00:00-{open_h:02}:00")
    assert found.wait_h == pytest.approx((24 - open_h) ** 2 / 48)
    assert 0 < found.season_share < 1


def test_hours_that_only_tell_when_it_is_closed_leave_the_rest_open():
    assert read_hours("Oct-May off").season_share == pytest.approx(122 / 365)
    assert read_hours("Oct-May off").wait_h == 0
    assert read_hours("off").season_share == 0


def test_what_opens_once_a_month_is_waited_for():
    found = read_hours("Mo[1] 08:00-12:00")
    assert found.season_share == 1
    # Half a month, more or less.
    assert 300 < found.wait_h < 400


def test_holidays_are_those_of_the_country_it_is_in():
    assert expected_wait("24/7; PH off") == 0
    there = expected_wait("24/7; PH off", at=VADUZ)
    assert 0.1 < there < 2
    assert expected_wait("24/7; PH off", at=URALSK) != pytest.approx(there)
    assert expected_wait("PH off", at=VADUZ) == pytest.approx(there)


def test_the_sun_is_that_of_the_place():
    assert expected_wait("sunrise-sunset") == pytest.approx(3)
    assert 2.9 < expected_wait("sunrise-sunset", at=VADUZ) < 3.5
    # The sun does not rise for two months: nobody waits for it.
    assert read_hours("sunrise-sunset", at=NORTH_CAPE).season_share < 0.9


def test_a_month_is_read_alone():
    assert read_hours("Nov-Mar 08:00-20:00", month=1).season_share == 1
    assert read_hours("Nov-Mar 08:00-20:00", month=7).season_share == 0
    assert np.isinf(expected_wait("Nov-Mar 08:00-20:00", month=7))
    assert expected_wait("Fr-Su 08:00-16:00", month=2) == expected_wait("Fr-Su 08:00-16:00")


def test_words_in_the_hours_are_kept():
    assert read_hours('Mo-Fr 08:00-18:00 "by appointment"').remark == "by appointment"
    assert read_hours("24/7").remark == ""


@pytest.mark.parametrize("hours", ["on request", "8-20", "summer", "", " ", "Mo-Fr 0800-2000"])
def test_hours_that_are_no_hours(hours):
    with pytest.raises(CheckpointError, match="not in OSM syntax"):
        expected_wait(hours)
    assert not can_be_read(hours)


def test_hours_that_nobody_knows_are_refused():
    with pytest.raises(CheckpointError, match="not known"):
        expected_wait("24/7 unknown")


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused(text):
    if can_be_read(text):
        assert expected_wait(text) >= 0
    else:
        with pytest.raises(CheckpointError):
            expected_wait(text)
