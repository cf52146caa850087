"""The seam test: the same roads on both sides must give the same accessibility."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo_border import from_lines
from geo_border.access.decay import Exponential
from geo_border.access.reach import potential
from geo_border.network.places import Access
from geo_border.osm.lines import lines_from_extract
from geo_border.routing.inside import own_times
from geo_border.routing.tables import gate_tables
from geo_border.routing.travel import Travel

CLASSES = ("trunk", "primary", "secondary", "tertiary", "unclassified", "residential")
STEP = 0.1
COLUMNS, ROWS = 4, 5


def mirrored_extract(make_extract, seed):
    """A grid of roads of all classes east of the meridian 0, and its image to the west."""
    random = np.random.default_rng(seed)
    nodes, ways = {}, {}
    for row in range(ROWS):
        for column in range(-COLUMNS, COLUMNS + 1):
            nodes[100 * (row + 1) + column] = (STEP * column, 50 + STEP * row)
    number = 0
    for row in range(ROWS):
        for column in range(COLUMNS):
            onward = [(row, column + 1)] + ([(row + 1, column)] if row + 1 < ROWS else [])
            for to_row, to_column in onward:
                tags = {"highway": str(random.choice(CLASSES))}
                if random.random() < 0.2:
                    tags["maxspeed"] = str(random.choice([40, 70, 100]))
                if random.random() < 0.2:
                    tags["surface"] = "gravel"
                for side in (1, -1):
                    if column == to_column == 0 and side == -1:
                        continue
                    number += 1
                    ends = [100 * (row + 1) + side * column, 100 * (to_row + 1) + side * to_column]
                    ways[number] = (ends, tags)
    # No road runs along the border.
    ways = {key: way for key, way in ways.items() if {ref % 100 for ref in way[0]} != {0}}
    return make_extract(nodes, ways)


def potentials(extract, east, west):
    """Potential of the places of both sides, those of the west in the order of their images."""
    box = {side: shapely.box(*bounds) for side, bounds in
           {"home": (0, 49.9, 0.5, 50.5), "neighbour": (-0.5, 49.9, 0, 50.5)}.items()}  # fmt: skip
    land = gpd.GeoDataFrame(
        {"side": list(box), "region_id": ["E", "W"], "country": [east, west]},
        geometry=list(box.values()),
        crs=4326,
    )
    lines, _ = lines_from_extract(extract, countries=land)
    random = np.random.default_rng(5)
    lon, lat = random.uniform(0.06, 0.38, 8), random.uniform(50.02, 50.38, 8)
    people = random.uniform(100, 900, 8)
    places = gpd.GeoDataFrame(
        {"side": ["home"] * 8 + ["neighbour"] * 8, "population": np.tile(people, 2)},
        geometry=gpd.points_from_xy(np.r_[lon, -lon], np.tile(lat, 2)),
        crs=4326,
    )
    places["region_id"] = ["E"] * 8 + ["W"] * 8
    controls = pd.DataFrame(
        {"name": "post", "mode": "road", "status": "open", "users": None, "home_id": None,
         "neighbour_id": None, "lon": 0.0, "lat": [50.0, 50.2, 50.4], "accuracy_km": 0.1,
         "hours": None, "capacity_day": np.nan, "delay_h": 0.5},
        index=pd.Index(["a", "b", "c"], name="checkpoint_id"),
    )  # fmt: skip
    built = from_lines(
        lines, land, checkpoints=controls, places=places, access=Access(station_km=1)
    )
    gates = built.gates[~built.gates["is_candidate"]]
    assert len(gates) == 3
    tables = gate_tables(built.network, built.places, gates, modes=("road",))
    own = own_times(built.network, built.places, modes=("road",))
    found = potential(Travel(built.places, tables, own), decay=Exponential(half_life=0.5))
    return found.iloc[:8].to_numpy(), found.iloc[8:].to_numpy()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_one_table_makes_no_border_effect(make_extract, seed):
    ours, theirs = potentials(mirrored_extract(make_extract, seed), "KZ", "KZ")
    assert ours == pytest.approx(theirs, rel=1e-4)
    assert (ours > 0).all()


def test_two_tables_make_one(make_extract):
    """Swiss limits are lower than those of Kazakhstan: the test sees it."""
    ours, theirs = potentials(mirrored_extract(make_extract, 1), "KZ", "CH")
    assert (np.abs(ours[:, 0] / theirs[:, 0] - 1) > 2e-3).all()
