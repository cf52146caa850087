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
def hours(territory, border, posts, speeds):
    """Hours from end to end of the road, with checkpoints of 1 h at some longitudes."""

    def between(lines, at=(), **scenario):
        names = pd.Index([f"k{n}" for n in range(len(at))], name="checkpoint_id", dtype=object)
        table = posts.iloc[[0] * len(at)].assign(lon=list(at), lat=50.0, delay_h=1.0)
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
    assert np.isinf(hours(road(DIP), MEETS, closed=frozenset({"k1"})))


def test_a_road_at_home_is_taken_where_the_border_is_dear(hours):
    around = [(0.1, 49.8), (0.3, 49.3), (0.5, 49.8)]
    free = hours(road(DIP, around), MEETS, delay_factor=0.0)
    assert free < hours(road(around)) == hours(road(DIP, around), MEETS)
