"""Roads from home to home through the neighbour: the border is passed twice."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo_border.border.checkpoints import placed_checkpoints
from geo_border.network.build import build_network
from geo_border.network.gates import gates_in_use
from geo_border.network.places import Access
from geo_border.routing.matrix import prepared_pairs
from geo_border.routing.scenarios import Scenario, passages
from geo_border.routing.tables import gate_tables

DIP = [(0.1, 49.8), (0.3, 50.18), (0.5, 49.8)]
"""A road that leads 20 km deep into the neighbour and back."""

MEETS = (0.1 + 0.2 * 0.2 / 0.38, 0.5 - 0.2 * 0.2 / 0.38)
"""Longitudes at which it passes the parallel 50."""


def road(*lines):
    return gpd.GeoDataFrame(
        {"mode": "road", "road_class": "trunk"},
        geometry=[shapely.LineString(line) for line in lines],
        index=range(len(lines)),
        crs=4326,
    )


@pytest.fixture
def hours(territory, border, controls, speeds):
    """Hours from end to end of the road, with checkpoints of 1 h at some longitudes."""

    def between(lines, at=(), **scenario):
        names = pd.Index([f"k{n}" for n in range(len(at))], name="checkpoint_id", dtype=object)
        table = controls.iloc[[0] * len(at)].assign(lon=list(at), lat=50.0, delay_h=1.0)
        placed = placed_checkpoints(table.set_index(names), border, delay_h={"road": 1})
        places = gpd.GeoDataFrame(
            {"side": "home", "region_id": "A", "population": 1.0, "name": ["West", "East"]},
            geometry=gpd.points_from_xy([0.1, 0.5], [49.8, 49.8]),
            index=pd.Index(["w", "e"], name="place_id"),
            crs=4326,
        )
        lines = pd.concat([lines, road([(0.7, 50.5), (0.8, 50.5)])], ignore_index=True)
        by_road = Access(farthest_km=1)
        built = build_network(lines, territory, border, placed, places, speeds, access=by_road)
        if (built.places["node"] < 0).any():
            return np.inf  # the road of one of them leads nowhere
        tables = gate_tables(built.network, built.places, gates_in_use(built.gates))
        every = np.ones(2, bool)
        ways = passages(tables, Scenario(**scenario))
        return prepared_pairs(built.network, built.places, tables, ways, every, every).block(
            slice(0, 1)
        )[0, 1]

    return between


def test_without_checkpoints_it_is_no_way_at_all(hours):
    assert np.isinf(hours(road(DIP)))
    # Nor where a street ends blind in the neighbour, or the road is drawn in pieces.
    halves = [DIP[:2], DIP[1:]]
    assert np.isinf(hours(road(*halves)))
    assert np.isinf(hours(road(*halves, [(0.3, 50.18), (0.3, 50.25)])))


def test_one_checkpoint_is_not_enough(hours):
    assert np.isinf(hours(road(DIP), MEETS[:1]))


def test_with_one_at_both_ends_it_takes_both_delays(hours):
    whole = hours(road(DIP), MEETS)
    km = shapely.length(shapely.LineString([(x * 71.5, y * 111.2) for x, y in DIP]))
    assert whole == pytest.approx(km / 80 + 2, rel=0.01)
    assert np.isinf(hours(road(DIP), MEETS, close=frozenset({"k1"})))


def test_a_road_at_home_is_taken_where_the_border_is_dear(hours):
    around = [(0.1, 49.8), (0.3, 49.3), (0.5, 49.8)]
    free = hours(road(DIP, around), MEETS, factor=0.0)
    assert free < hours(road(around)) == hours(road(DIP, around), MEETS)


M = 1 / 111_200


def dip(deep_m, wide_m, lat=50.0):
    """A road at home that passes the line for a few hundred metres."""
    west, east = (0.3 + half * wide_m / 71_500 for half in (-0.5, 0.5))
    before, beyond = lat - 40 * M, lat + deep_m * M
    return [
        (0.1, 49.8),
        (west, before),
        (west, beyond),
        (east, beyond),
        (east, before),
        (0.5, 49.8),
    ]


@pytest.mark.parametrize(
    "wide_m", [60, 400, *(pytest.param(wide, marks=pytest.mark.slow) for wide in (140, 900))]
)
@pytest.mark.parametrize("oneway", [0, 1])
@pytest.mark.parametrize("named", [True, False])
def test_a_dip_beside_a_checkpoint_is_no_free_way(hours, wide_m, oneway, named):
    """However near to the post it is, it passes the border twice; what is drawn badly does not."""
    whole = road(dip(100, wide_m)).assign(oneway=oneway, name="Road" if named else None)
    west, east = (0.3 + half * wide_m / 71_500 for half in (-0.5, 0.5))
    assert np.isinf(hours(whole))
    assert np.isinf(hours(whole, [west]))
    assert np.isinf(hours(whole, [0.3]))
    assert np.isinf(hours(whole, [west, east], close=frozenset({"k0"})))
    assert np.isfinite(hours(road(dip(20, wide_m)), [0.3]))


def test_a_dip_that_weaves_is_none_either(hours):
    there = [(0.1, 49.8), *((0.3 + n * 100 / 71_500, 50 + (-1) ** n * 200 * M) for n in range(5))]
    for last in ([(0.5, 49.8)], [(0.32, 50 - 10 * M), (0.32, 50 + 300 * M), (0.5, 49.8)]):
        assert np.isinf(hours(road([*there, *last]), [0.302]))
        assert np.isinf(hours(road([*there, *last], [(0.3, 49.8), (0.3, 50.4)]), [0.302]))


def test_a_dip_from_which_a_road_leads_on_joins_nothing_at_home(hours):
    onward = [(0.3, 50 + 100 * M), (0.3, 50.5), (0.7, 50.5)]
    west, middle, east = dip(100, 140)[:3], [(0.3, 50 + 100 * M)], dip(100, 140)[3:]
    roads = road([*west, *middle], [*middle, *east], onward).assign(name="Road")
    assert np.isinf(hours(roads, [0.3]))
    assert np.isinf(hours(roads, [0.3], close=frozenset({"k0"})))
