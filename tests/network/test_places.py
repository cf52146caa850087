"""Where places join the network."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_border.network.places import nearest_links
from geo_border.network.straight import foreign_land


def test_rows_at_one_point_join_as_one_in_any_order():
    rng = np.random.default_rng(3)
    ends = np.array([[0.1, 0.1], [0.9, 0.2], [0.1, 1.8], [0.9, 1.9], [0.5, 0.6]])
    nodes = pd.DataFrame({"lon": ends[:, 0], "lat": ends[:, 1], "side": [0, 0, 1, 1, 0]})
    links = gpd.GeoDataFrame(
        {"tail": [0, 2, 1], "head": [1, 3, 4]},
        geometry=shapely.linestrings(ends[[[0, 1], [2, 3], [1, 4]]]),
        crs=4326,
    )
    boxes = [shapely.box(0, 0, 1, 1), shapely.box(0, 1, 1, 2)]
    sides = ["home", "neighbour"]
    land = foreign_land(gpd.GeoDataFrame({"side": sides}, geometry=boxes, crs=4326))
    at = rng.uniform(0, 1, (12, 2)) + np.repeat([[0, 0], [0, 1]], 6, axis=0)
    places = gpd.GeoDataFrame({"side": np.repeat(sides, 6)}, geometry=shapely.points(at), crs=4326)
    usable = np.ones(len(links), bool)
    once = nearest_links(nodes, links, usable, places, land, 60_000.0)
    rows = rng.permutation(np.repeat(np.arange(12), 3))
    often = nearest_links(nodes, links, usable, places.iloc[rows], land, 60_000.0)
    assert (once[0] >= 0).sum() >= 6
    assert len(set(once[0])) > 2
    for alone, together in zip(once, often, strict=True):
        np.testing.assert_array_equal(together, alone[rows])
