import numpy as np
import pytest

from geo_border.osm.lines import lines_from_extract
from geo_border.osm.settled import CELL_M, JUNCTIONS, STREETS_KM, built_up

STREET = {"highway": "residential"}
MAIN = {"highway": "secondary"}
STEP = 0.001
"""Degrees between streets: 70 and 110 m."""


@pytest.fixture(scope="module")
def town():
    """A grid of streets of 9 by 9 and a main road through it and 0.1 degrees on."""
    nodes, ways = {}, {}
    for i in range(9):
        for j in range(9):
            nodes[10 * i + j + 1] = (9.5 + i * STEP, 47 + j * STEP)
    for i in range(9):
        ways[i + 1] = ([10 * i + j + 1 for j in range(9)], STREET)
        ways[i + 11] = ([10 * j + i + 1 for j in range(9)], STREET if i != 4 else MAIN)
    for n in range(10):
        nodes[1000 + n] = (9.51 + 0.01 * n, 47 + 4 * STEP)
    ways[100] = ([85, *(1000 + n for n in range(10))], MAIN)
    return nodes, ways


def test_a_main_road_lies_in_a_settlement_as_far_as_its_streets_go(make_extract, town):
    lines, account = lines_from_extract(make_extract(*town))
    main = lines[lines["road_class"] == "secondary"]
    inside = main["way_id"] == 15
    assert inside.sum() == 8
    assert main["urban"].tolist() == inside.tolist()
    assert lines.loc[lines["road_class"] == "residential", "urban"].all()
    assert (main.loc[inside, "travel_kmh"].max()) < main.loc[~inside, "travel_kmh"].min()
    assert "in a settlement by its streets" in set(account["what"])


@pytest.mark.parametrize("key", ["lit", "sidewalk"])
def test_tags_that_come_and_go_with_mapping_change_no_time(make_extract, town, key):
    nodes, ways = town
    bare = make_extract(nodes, ways)
    tagged = make_extract(nodes, ways)
    tagged.way_tags[key] = "yes"
    before, after = (lines_from_extract(extract)[0] for extract in (bare, tagged))
    assert after["travel_kmh"].tolist() == before["travel_kmh"].tolist()


def test_streets_of_another_class_are_a_settlement_by_their_junctions(make_extract, town):
    nodes, ways = town
    other = {way: (refs, {"highway": "unclassified"} if tags is STREET else tags)
             for way, (refs, tags) in ways.items()}  # fmt: skip
    lines, _ = lines_from_extract(make_extract(nodes, other))
    inside = lines["way_id"] == 15
    assert lines.loc[inside, "urban"].all()
    assert not lines.loc[lines["way_id"] == 100, "urban"].any()


def test_an_interchange_is_no_settlement(make_extract, town):
    nodes, ways = town
    ramps = {way: (refs, {"highway": "motorway_link"} if tags is STREET else tags)
             for way, (refs, tags) in ways.items()}  # fmt: skip
    lines, _ = lines_from_extract(make_extract(nodes, ramps))
    assert not lines["urban"].any()


@pytest.mark.parametrize("lat", [0.0, 50.0, 68.0, -35.0])
def test_density_is_of_the_ground_at_any_latitude(lat):
    rng = np.random.default_rng(1)
    north = 0.05
    east = north / np.cos(np.radians(lat))
    km2 = (north * 111.2) * (east * 111.2 * np.cos(np.radians(lat)))
    for density, dense in ((2 * STREETS_KM, 1), (STREETS_KM / 2, 0)):
        n = 20_000
        lon, there = rng.uniform(0, east, n), lat + rng.uniform(0, north, n)
        built = built_up((lon, there), np.full(n, density * km2 / n), (lon[:0], lon[:0]))
        inner = np.s_[:200]
        x, y = rng.uniform(0.2, 0.8, (2, 500))
        assert built.holds(x * east, lat + y * north)[inner].mean() == pytest.approx(
            dense, abs=0.02
        )
    junctions = int(4 * JUNCTIONS * km2)
    lon, there = rng.uniform(0, east, junctions), lat + rng.uniform(0, north, junctions)
    built = built_up((lon[:0], lon[:0]), lon[:0], (lon, there))
    x, y = rng.uniform(0.2, 0.8, (2, 500))
    assert built.holds(x * east, lat + y * north).mean() > 0.9


def test_the_frame_of_an_extract_moves_no_square():
    rng = np.random.default_rng(2)
    lon, lat = 9 + rng.uniform(0, 0.1, 5000), 47 + rng.uniform(0, 0.1, 5000)
    km = np.full(5000, CELL_M / 5e4)
    none = (lon[:0], lon[:0])
    inner = (lon < 9.06) & (lat < 47.06)
    whole = built_up((lon, lat), km, none)
    # What lies two squares within the cut knows nothing of it.
    part = built_up((lon[lon < 9.08], lat[lon < 9.08]), km[lon < 9.08], none)
    assert (whole.holds(lon, lat) == part.holds(lon, lat))[inner].all()
    assert not built_up(none, lon[:0], none).holds(lon, lat).any()
