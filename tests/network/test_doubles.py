import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_border.border.edges import WGS84
from geo_border.network import doubles
from geo_border.network.doubles import FARTHEST_KM, listed_twice

KM = 360 / 40_007.863
"""Degrees of latitude in a kilometre, in the mean."""


def towns(*rows):
    """Rows of name, kilometres north of 52, population, and what differs from the first region."""
    table = [
        {"name": name, "lon": 60.0, "lat": 52 + km * KM, "population": population}
        | {"side": "home", "region_id": "A"}
        | (other[0] if other else {})
        for name, km, population, *other in rows
    ]
    return pd.DataFrame(table, index=pd.Index([f"p{n}" for n in range(len(table))]))


def is_pair(one, other, *, km=1.0, people=(1000, 1000), **differs):
    found = listed_twice(towns((one, 0, people[0]), (other, km, people[1], differs)))
    back = listed_twice(towns((other, 0, people[1]), (one, km, people[0], differs)))
    assert len(found) == len(back) <= 1
    return len(found) == 1


@pytest.mark.parametrize(
    ("one", "other", "people"),
    [
        ("Verkh-Uymon", "Verkhniy Uymon", (579, 579)),
        ("Petrova Dubrava", "Petra-Dubrava", (6699, 6699)),
        ("Tayynsha", "Taiynsha", (0, 13_148)),
        ("Ozërsk", "Ozersk", (0, 81_023)),
        ("Озёрск", "Ozersk", (80_000, 81_023)),
        ("Kiselëvsk", "Kisilevsk", (104_000, 83_431)),
        ("Kokpekty", "Kokpekty", (5165, 3651)),
        ("Manappakkam", "Manapakkam", (8851, 13_344)),
        ("Rodionovo-Nesvetayskaya", "Rodionovo-Nesvetaiskoye", (6188, 6197)),
        ("Zol’noye", "Zolnoye", (1614, 1600)),
    ],
)
def test_one_settlement_under_two_spellings_is_found(one, other, people):
    assert is_pair(one, other, people=people)
    assert not is_pair(one, other, people=people, km=2.1)
    assert not is_pair(one, other, people=people, region_id="B")
    assert not is_pair(one, other, people=people, side="neighbour")


@pytest.mark.parametrize(
    ("one", "other", "people"),
    [
        ("Yasnyy", "Komarovskiy", (17_359, 0)),
        ("Kapustin Yar", "Znamensk", (6476, 31_922)),
        ("Slavgorodskoye", "Slavgorod", (3683, 34_141)),
        ("Obertiefenbach", "Niedertiefenbach", (382, 219)),
        ("Poienii de Sus", "Poienii de Jos", (775, 680)),
        ("Teremky-I", "Teremky-II", (13_000, 23_800)),
        ("VI kaupunginosa", "VII kaupunginosa", (7475, 4372)),
        ("Yasnyy", "Yasnyy-2", (900, 1000)),
        ("Cell 12", "Cell 13", (5, 5)),
        ("Ward II", "Ward III", (5, 5)),
        ("Nili", "Na'ale", (1786, 2148)),
        ("Vilnius Quarter", "Kyiv Quarter", (1800, 1800)),
        # Of one name, but a town and a village.
        ("Husiatyn", "Husiatyn", (7083, 1311)),
    ],
)
def test_neighbours_stay_apart(one, other, people):
    assert not is_pair(one, other, people=people, km=0.5)


def test_half_the_people_may_be_those_of_another_year_and_less_may_not():
    assert is_pair("Kokpekty", "Kökpekti", people=(500, 1000))
    assert not is_pair("Kokpekty", "Kökpekti", people=(499, 1000))


def test_a_pair_says_how_near_how_alike_and_why():
    places = towns(("Ozersk", 0, 81_023), ("Alpha", 0.2, 5), ("Ozërsk", 0.9, 0), ("Alfa", 0.3, 5))
    found = listed_twice(places).set_index("place_id")
    assert found["other_id"].to_dict() == {"p0": "p2"}
    assert found.loc["p0", "km"] == pytest.approx(0.9, rel=0.01)
    assert found.loc["p0", ["likeness", "reason", "lesser"]].tolist() == [
        1,
        "a population unknown",
        0,
    ]
    places = towns(("Ozersk", 0, 900), ("Ozersk", 0.5, 800), ("Ozersk", 0.6, 900))
    found = listed_twice(places)
    assert found[["place_id", "other_id"]].to_numpy().tolist() == [
        ["p1", "p2"],
        ["p0", "p1"],
        ["p0", "p2"],
    ]
    assert found["reason"].tolist() == ["populations alike"] * 2 + ["same population"]
    assert found["lesser"].tolist() == [800, 800, 900]


def test_many_in_one_spot_are_no_more_pairs_than_places():
    rows = np.arange(3000)
    places = pd.DataFrame({"name": "Cell", "lon": 60 + rows % 50 / 1000, "lat": 52.0}, index=rows)
    places["lat"] += rows // 50 / 2000
    places = places.assign(side="home", region_id="A", population=7)
    for spot in (places, places.assign(lon=0.0, lat=0.0)):
        found = listed_twice(spot)
        assert 1500 <= len(found) <= 3000
        assert set(found["place_id"]) | set(found["other_id"]) == set(rows)
    assert listed_twice(places.assign(name="Cell " + places.index.astype(str))).empty


def test_a_name_is_spelt_out_once_and_two_are_compared_once_however_often_they_stand(monkeypatch):
    made, compared = [], []
    for name, calls in (("_words", made), ("_likeness", compared)):
        real = getattr(doubles, name)
        monkeypatch.setattr(
            doubles, name, lambda *a, real=real, calls=calls: calls.append(a) or real(*a)
        )
    rows = np.arange(2000)
    places = pd.DataFrame({"name": np.where(rows % 2, "Ozersk", "Ozërsk"), "lon": rows / 1000})
    places = places.assign(lat=52.0, side="home", region_id="A", population=7)
    assert len(listed_twice(places)) >= 1000
    assert len(made) == 2
    assert len(compared) <= 4


def test_pairs_of_one_spot_hold_its_first_place():
    places = pd.concat([towns(("Cell", 0, 7)), towns(*[("Cell", 3, 7)] * 4, ("Cell", 4, 7))])
    places.index = list("abcdef")
    found = listed_twice(places)
    assert found[["place_id", "other_id"]].to_numpy().tolist() == [
        ["b", "c"],
        ["b", "d"],
        ["b", "e"],
        ["b", "f"],
    ]


def test_outside_the_studied_regions_a_region_is_missing_or_empty():
    assert is_pair("Ozersk", "Ozersk", region_id=None) is False
    for nowhere in (None, "", np.nan):
        places = towns(("Ozersk", 0, 900), ("Ozersk", 1, 900)).assign(region_id=nowhere)
        assert len(listed_twice(places)) == 1


def test_no_place_is_no_pair_of_another():
    places = towns(("Ozersk", 0, 900), ("Ozersk", 0, 900))
    for n in (0, 1):
        found = listed_twice(places.iloc[:n])
        assert found.empty
        assert "other_id" in found
    assert len(listed_twice(places)) == 1


def test_names_of_signs_alone_and_endless_ones_do_no_harm():
    places = towns(("—", 0, 5), ("–", 0.1, 5), ("ab" * 20_000, 0.2, 5), ("ab" * 20_001, 0.3, 5))
    assert len(listed_twice(places)) <= 2


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0.0, 60.0, 179.99, -179.99]),
            st.sampled_from([0.0, 52.0, -89.99]),
            st.floats(-0.02, 0.02),
            st.floats(-0.02, 0.02),
            st.sampled_from(["A", "B", None]),
        ),
        max_size=12,
    )
)
def test_places_of_one_name_are_paired_where_another_lies_near_in_the_region(rows):
    places = pd.DataFrame(
        [
            {"lon": (lon + 180 + x) % 360 - 180, "lat": np.clip(lat + y, -90, 90), "region_id": of}
            for lon, lat, x, y, of in rows
        ],
        columns=["lon", "lat", "region_id"],
    ).assign(name="Town", side="home", population=100)
    near = set()
    for (a, one), (b, other) in itertools.combinations(places.iterrows(), 2):
        metres = WGS84.inv(one["lon"], one["lat"], other["lon"], other["lat"])[2]
        same = (
            one["region_id"] == other["region_id"]
            or pd.isna([one["region_id"], other["region_id"]]).all()
        )
        if metres <= 1000 * FARTHEST_KM and same:
            near.add((a, b))
    found = listed_twice(places)
    assert set(zip(found["place_id"], found["other_id"], strict=True)) <= near
    assert set(found["place_id"]) | set(found["other_id"]) == set(itertools.chain(*near))
