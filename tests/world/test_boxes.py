"""Frames of longitudes and latitudes."""

import pytest

from geo_border.world.boxes import boxes_of


def test_a_frame_is_one_box():
    assert boxes_of((5, 45, 15, 55)) == [(5, 45, 15, 55)]


@pytest.mark.parametrize("bounds", [(170, 50, -170, 60), (170, 50, 190, 60), (-190, 50, -170, 60)])
def test_a_frame_over_the_180th_meridian_is_two(bounds):
    assert boxes_of(bounds) == [(170, 50, 180, 60), (-180, 50, -170, 60)]


def test_a_margin_is_as_wide_in_longitude_as_the_parallels_need():
    ((west, south, east, north),) = boxes_of((10, 60, 11, 61), 111.0)
    assert (south, north) == (59, 62)
    assert 10 - west == pytest.approx(east - 11) == pytest.approx(2.13, abs=0.01)


def test_near_the_pole_a_margin_goes_all_round():
    assert boxes_of((10, 80, 11, 89.9), 50.0)[0][::2] == (-180, 180)
    assert boxes_of((-179, 0, 179, 1), 500.0)[0][::2] == (-180, 180)
