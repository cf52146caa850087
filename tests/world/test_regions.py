"""Regions of a pair."""

import pytest
import shapely

from geo_border.errors import ParameterError
from geo_border.world import borders
from geo_border.world.regions import regions_near


@pytest.fixture(scope="module")
def regions():
    return regions_near("DE", "PL", 100)


def test_regions_of_both_sides_are_named_by_their_codes(regions):
    facing = regions[regions["border_km"] > 1]
    assert set(facing.index[facing["side"] == "home"]) == {"DE-MV", "DE-BB", "DE-SN"}
    assert set(facing.index[facing["side"] == "neighbour"]) == {"PL-ZP", "PL-LB", "PL-DS"}
    assert (regions["away_km"] <= 100).all()
    assert {"DE-BE", "PL-WP"} <= set(regions.index)


def test_lengths_along_the_regions_of_a_side_add_up_to_the_line(regions):
    line = borders.line_between("DE", "PL").query("kind != 'sea'")["length_km"].sum()
    for side in ("home", "neighbour"):
        along = regions.loc[regions["side"] == side, "border_km"].sum()
        assert along == pytest.approx(line, rel=1e-6)


def test_regions_neither_overlap_nor_part(regions):
    assert shapely.coverage_is_valid(regions.geometry.to_numpy())


def test_order_changes_nothing_but_sides(regions):
    turned = regions_near("PL", "DE", 100)
    assert set(turned.index) == set(regions.index)
    assert (turned["side"] != regions["side"].reindex(turned.index)).all()


def test_belts_wider_than_the_detail_are_refused():
    with pytest.raises(ParameterError, match="belt of 400 km"):
        regions_near("DE", "PL", 400)
    with pytest.raises(ParameterError, match="one country"):
        regions_near("DE", "DEU")


def test_a_border_over_water_alone_has_regions():
    assert set(regions_near("DK", "SE", 50)["side"]) == {"home", "neighbour"}
