"""Nearest checkpoints, zones, regional means, detours."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from borderland import make_gates, make_network, make_places
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point

from geo_border.access.detours import detours
from geo_border.access.nearest import nearest_gate, zones
from geo_border.access.regions import by_region, distribution
from geo_border.errors import GeometryError, TableError
from geo_border.routing.scenarios import Scenario
from geo_border.routing.tables import gate_tables


@pytest.fixture
def tables():
    """A home road 0 - 1 - 2 of one hour a link, a gate at each node."""
    network = make_network(
        [0, 0, 0, 1],
        [(u, v, 1.0, m) for u, v in ((0, 1), (1, 0), (1, 2), (2, 1)) for m in ("road", "rail")],
    )
    gates = make_gates(
        [
            ("shut", 0, 3, 1.0, 1.0, False, "road"),
            ("inward", 1, 3, np.inf, 1.0, True, "road"),
            ("train", 1, 3, 0.0, 0.0, True, "rail"),
            ("both", 2, 3, 9.0, 9.0, True, "road"),
        ]
    )
    places = make_places(
        network,
        [
            ("p", "home", 0, 0.25, 10.0, "H"),
            ("q", "neighbour", 3, 0.0, 10.0, "N"),
            ("lost", "home", -1, 0.0, 5.0, "H"),
        ],
    )
    return gate_tables(network, places, gates, modes=("road", "rail"))


def test_nearest_is_one_that_lets_people_out(tables):
    road = nearest_gate(tables, mode="road")
    assert road.loc["p"].tolist() == [2.25, "both"]
    assert road.loc["q", "hours"] == 0
    assert road.loc["q", "checkpoint_id"] == "inward"
    assert np.isinf(road.loc["lost", "hours"])
    assert road["checkpoint_id"].isna().tolist() == [False, False, True]
    assert nearest_gate(tables).loc["p"].tolist() == [1.25, "train"]
    assert nearest_gate(tables, mode="rail").loc["p"].tolist() == [1.25, "train"]
    assert np.isinf(nearest_gate(tables, mode="ferry")["hours"]).all()
    opened = nearest_gate(tables, scenario=Scenario(open=frozenset({"shut"})))
    assert opened.loc["p"].tolist() == [0.25, "shut"]


@pytest.fixture
def places():
    return pd.DataFrame(
        {
            "region_id": ["B", "A", "A", "A", None, "A", "C"],
            "population": [10.0, 1.0, 3.0, 4.0, 100.0, 2.0, 0.0],
        },
        index=pd.Index(list("tuvwxyz"), name="place_id"),
    )


def test_zones(places):
    hours = pd.Series([0.5, 0.0, 0.50001, 1.5, 0.1, np.inf, 9.0], index=places.index)
    found = zones(hours, places)
    assert list(found.columns) == ["0-30", "30-60", "60-90", "90+", "unreached"]
    assert found.loc["A"].tolist() == [1, 3, 4, 0, 2]
    assert found.loc["B"].tolist() == [10, 0, 0, 0, 0]
    assert found.to_numpy().sum() == places["population"][places["region_id"].notna()].sum()


@pytest.mark.parametrize("minutes", [(1, 29, 58), (123, 246, 509)])
def test_zones_are_named_by_the_minutes_that_part_them(places, minutes):
    # Hours of whole minutes are often none of the numbers of a computer.
    hours = pd.Series([np.nextafter(minutes[1] / 60, 99)] * len(places), index=places.index)
    found = zones(hours, places, bands=[end / 60 for end in minutes])
    first, second, third = minutes
    names = [f"0-{first}", f"{first}-{second}", f"{second}-{third}", f"{third}+", "unreached"]
    assert list(found.columns) == names
    # Who is there in just so many minutes is in the zone that ends with them.
    assert found.loc["A"].tolist() == [0, 10, 0, 0, 0]
    later = zones(hours + 1 / 3.6e6, places, bands=[end / 60 for end in minutes])
    assert later.loc["A"].tolist() == [0, 0, 10, 0, 0]


def test_means_say_what_they_leave_out(places):
    values = pd.DataFrame(
        {"x": [7.0, 1.0, 2.0, np.nan, 1e9, np.inf, 5.0], "y": range(7)}, index=places.index
    )
    found = by_region(values, places)
    assert found.loc["A", ["x", "x_unreached", "x_missing"]].tolist() == [7 / 4, 0.2, 1]
    assert found.loc["B", ["x", "x_unreached", "x_missing"]].tolist() == [7.0, 0.0, 0]
    assert found.loc["C", ["x", "x_unreached"]].isna().all()
    assert found.loc["A", "y"] == pytest.approx((1 + 6 + 12 + 10) / 10)
    assert found.index.name == "region_id"
    for rows in (values.iloc[::-1], values.reset_index()):
        pd.testing.assert_frame_equal(by_region(rows, places.reset_index()), found)
    for other in (values.iloc[1:], values.set_axis([*"abcdefg"])):
        with pytest.raises(TableError, match="same index: place_id"):
            by_region(other, places)


def test_detour_index():
    points = gpd.GeoDataFrame(geometry=[Point(0, 0), Point(1, 0)], index=["a", "b"], crs=4326)
    times = pd.DataFrame(
        {
            "from_id": ["a", "b"],
            "to_id": ["b", "a"],
            "km": [222.63898, np.nan],
            "hours": [2, np.inf],
        }
    )
    found = detours(times, points)
    # One degree of the equator of WGS 84 is 111.31949 km.
    np.testing.assert_allclose(found["geodesic_km"], 111.31949, rtol=1e-7)
    np.testing.assert_allclose(found["detour"], [2.0, np.nan], rtol=1e-6)
    np.testing.assert_allclose(found["kmh"], [55.659745, 0], rtol=1e-6)
    with pytest.raises(GeometryError, match="4326"):
        detours(times, points.to_crs(3857))


def test_zones_of_anything(places):
    hours = pd.Series([0.5, 0.0, 0.6, 1.5, 0.1, np.inf, 9.0], index=places.index)
    found = zones(hours, places.assign(area_km2=2.0), weight="area_km2")
    assert found.loc["A"].tolist() == [2, 2, 2, 0, 2]
    with pytest.raises(TableError, match="area_km2"):
        zones(hours, places, weight="area_km2")


def test_distribution_by_hand(places):
    values = pd.DataFrame({"x": [7.0, 5.0, 2.0, 9.0, 0.0, np.inf, 1.0]}, index=places.index)
    found = distribution(values, places, quantiles=(0.3, 0.31, 0.4, 0.8, 0.81))
    # In A 3 of 10 people have 2, 1 has 5, 4 have 9, 2 reach nothing.
    assert found.loc[("A", "x")].tolist() == [2, 5, 5, 9, np.inf]
    assert found.loc[("B", "x")].tolist() == [7] * 5
    assert found.loc[("C", "x")].isna().all()
    assert list(found.columns) == ["q30", "q31", "q40", "q80", "q81"]
    with pytest.raises(TableError, match="same index"):
        distribution(values.iloc[1:], places)
    with pytest.raises(ValueError, match="quantiles"):
        distribution(values, places, quantiles=(0.0,))


@given(
    st.lists(
        st.tuples(
            st.one_of(st.floats(0, 100), st.just(np.nan), st.just(np.inf)), st.integers(0, 9)
        ),
        min_size=1,
        max_size=12,
    )
)
def test_distribution_is_that_of_everyone_in_a_row(people):
    places = pd.DataFrame(
        {"region_id": "A", "population": [float(n) for _, n in people]},
        index=[f"p{i}" for i in range(len(people))],
    )
    values = pd.DataFrame({"x": [value for value, _ in people]}, index=places.index)
    found = distribution(values, places).loc[("A", "x")].to_numpy()
    each = np.repeat([value for value, _ in people], [n for _, n in people])
    each = each[~np.isnan(each)]
    if len(each):
        expected = np.quantile(each, (0.1, 0.25, 0.5, 0.75, 0.9), method="inverted_cdf")
        np.testing.assert_array_equal(found, expected)
    else:
        assert np.isnan(found).all()
