"""A border along the parallel 50: home below, neighbour above, three roads, one railway."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo_border.border.checkpoints import placed_checkpoints
from geo_border.border.line import border_line
from geo_border.network.crossings import checkpoints_on_line, find_crossings
from geo_border.network.gates import open_gates
from geo_border.network.links import links_from_lines
from geo_border.network.sides import cut_at_border


def frame(rows, **columns):
    return gpd.GeoDataFrame(columns, geometry=rows, crs=4326)


@pytest.fixture
def territory():
    return frame(
        [shapely.box(0, 49, 1, 50), shapely.box(0, 50, 1, 51)],
        side=["home", "neighbour"],
        region_id=["A", "X"],
    )


@pytest.fixture
def border(territory):
    polygons = territory.set_index("region_id")
    return border_line(polygons.loc[["A"]], polygons.loc[["X"]])


@pytest.fixture
def cut(territory, border):
    """What cuts lines at the border: nodes and links of both sides."""

    def cut_lines(lines, **options):
        nodes, links = links_from_lines(lines, territory)
        return cut_at_border(nodes, links, territory, border, **options)

    return cut_lines


@pytest.fixture
def crossings_of(cut, border):
    """What finds crossings on lines, and what checkpoints are to them."""

    def found(lines, checkpoints, **options):
        network = cut(lines, checkpoints=checkpoints_on_line(checkpoints), **options)
        return find_crossings(*network, border, checkpoints, **options)

    return found


@pytest.fixture
def opened(cut, border):
    """What parts the sides of lines but for gates: nodes, links, gates."""

    def open_network(lines, checkpoints, **options):
        network = cut(lines, checkpoints=checkpoints_on_line(checkpoints))
        crossings, controls = find_crossings(*network, border, checkpoints)
        return open_gates(*network, crossings, controls, checkpoints, **options)

    return open_network


@pytest.fixture
def lines():
    """The served road in two links, a feeder, an unserved road, an island, a railway."""
    rows = [
        ("road", "trunk", [(0.5, 49.2), (0.5, 49.9)]),
        ("road", "trunk", [(0.5, 49.9), (0.5, 50.8)]),
        ("road", "trunk", [(0.2, 49.2), (0.5, 49.2)]),
        ("road", "trunk", [(0.9, 49.5), (0.9, 50.5)]),
        ("road", "trunk", [(0.1, 49.9), (0.3, 49.9)]),
        ("rail", "rail", [(0.49, 49.2), (0.49, 50.8)]),
    ]
    return frame(
        [shapely.LineString(line) for _, _, line in rows],
        mode=[mode for mode, _, _ in rows],
        road_class=[kind for _, kind, _ in rows],
    )


@pytest.fixture
def controls():
    """Register of two checkpoints, by the road and by the railway, a few hundred metres off."""
    return pd.DataFrame(
        {
            "name": ["Road post", "Rail post"],
            "mode": ["road", "rail"],
            "status": "open",
            "users": None,
            "home_id": None,
            "neighbour_id": None,
            "lon": [0.503, 0.488],
            "lat": [50.0, 50.001],
            "accuracy_km": 1.0,
            "hours": None,
            "capacity_day": np.nan,
            "delay_h": [2.0, 1.0],
        },
        index=pd.Index(["road-post", "rail-post"], name="checkpoint_id"),
    )


@pytest.fixture
def checkpoints(controls, border):
    return placed_checkpoints(controls, border, delay_h={"road": 2, "rail": 1})


@pytest.fixture
def places():
    return frame(
        gpd.points_from_xy([0.5, 0.21, 0.5, 0.2], [49.21, 49.25, 50.7, 49.89]),
        side=["home", "home", "neighbour", "home"],
        region_id=["A", "A", "X", "A"],
        population=[1000.0, 500.0, 800.0, 100.0],
        name=["By the road", "West", "Over there", "On the island"],
    ).set_index(pd.Index(["p1", "p2", "p3", "p4"], name="place_id"))


@pytest.fixture
def speeds():
    return pd.DataFrame(
        [
            (side, mode, kind, kmh)
            for side in ("home", "neighbour")
            for mode, kind, kmh in (("road", "trunk", 80.0), ("rail", "rail", 50.0))
        ],
        columns=["side", "mode", "class", "kmh"],
    )
