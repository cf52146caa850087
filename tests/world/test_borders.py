"""Lines of pairs and outlines of countries."""

import geopandas as gpd
import pytest
import shapely

from geo_border.errors import WorldError
from geo_border.world import borders


def test_codes_of_two_and_three_letters_name_the_same_pair():
    assert borders.line_between("pl", "DE").equals(borders.line_between("DEU", "pol"))


def test_a_code_that_is_none_says_so():
    with pytest.raises(WorldError, match="no country has the code 'XX'"):
        borders.line_between("XX", "DE")


def test_countries_that_share_no_line_say_so():
    with pytest.raises(WorldError, match="DEU and PRT share no line"):
        borders.line_between("PRT", "DEU")


def test_land_that_is_too_small_to_be_drawn_says_so():
    with pytest.raises(WorldError, match="no land of TKL is drawn"):
        borders.outline("TK")


def test_a_line_says_what_it_lies_in():
    rhine = borders.line_between("FR", "DE").groupby("kind")["length_km"].sum()
    assert rhine["river"] > 90
    lakes = borders.line_between("US", "CA").groupby("kind")["length_km"].sum()
    assert lakes["lake"] > 1500
    assert lakes["land"] > 4000


def test_enclaves_are_rings_of_the_line_beside_it():
    baarle = borders.line_between("BE", "NL")
    rings = [line for line in baarle.geometry if line.is_ring and line.length < 0.2]
    assert len(rings) >= 20
    lesotho = borders.line_between("LS", "ZA")
    merged = shapely.line_merge(shapely.union_all(lesotho.geometry.to_numpy()))
    assert merged.is_ring


def test_exclaves_are_of_their_country():
    places = {"RU": (20.5, 54.7), "AZ": (45.4, 39.2), "ES": (-5.34, 35.893), "US": (-150, 65)}
    for country, at in places.items():
        assert borders.outline(country).contains(shapely.Point(at))


def test_land_on_both_sides_of_the_180th_meridian_is_within_longitudes():
    west, _, east, _ = borders.outline("RU").bounds
    assert (west, east) == (-180, 180)


def test_what_is_drawn_twice_is_disputed():
    assert borders.line_between("CL", "AR")["disputed"].any()
    assert not borders.line_between("FI", "SE")["disputed"].all()
    assert borders.line_between("IN", "PK")["disputed"].all()


def test_third_countries_in_a_frame_are_found():
    near = borders.outlines_near((9.4, 47.0, 9.7, 47.6))
    assert near["country"].tolist() == ["AUT", "CHE", "DEU", "LIE"]
    assert isinstance(near, gpd.GeoDataFrame)
    assert not shapely.overlaps(near.geometry.iloc[0], near.geometry.iloc[1])
