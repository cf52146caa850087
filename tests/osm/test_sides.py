import extracts
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo_border.border.edges import geodesic_km2
from geo_border.osm.boundaries import boundaries_from_extract, country_outlines
from geo_border.osm.sides import beyond, boxes_of, countries_within, rest_of_country

COUNTRY = {"boundary": "administrative", "type": "boundary", "admin_level": "2"}
# Land H is the square 2..4; west of the arm that goes up from (3, 4) is W, east of it E.
NODES = {
    20: (2.0, 2.0),
    40: (4.0, 2.0),
    44: (4.0, 4.0),
    34: (3.0, 4.0),
    24: (2.0, 4.0),
    30: (3.0, 2.0),
    36: (3.0, 6.0),
    31: (3.0, 0.0),
}
WEST, EAST = [34, 24, 20, 30], [30, 40, 44, 34]


def country(name, ways):
    return [("w", way, "outer") for way in ways], COUNTRY | {"ISO3166-1:alpha2": name, "name": name}


@pytest.fixture
def three(make_extract):
    """The country H, whole, between W and E of which only the lines near it are there."""
    extract = make_extract(
        NODES,
        {1: (WEST, {}), 2: (EAST, {}), 3: ([34, 36], {}), 4: ([30, 31], {})},
        {
            1: country("HH", [1, 2]),
            2: country("WW", [1, 3, 4, 77]),
            3: country("EE", [2, 3, 4, 88]),
        },
    )
    extract.sources[["west", "south", "east", "north"]] = [[1.0, 1.0, 5.0, 5.0]]
    return extract


def whole(extract):
    return boundaries_from_extract(extract, admin_level=2)[0]


def by_country(frame):
    return frame.set_index("country").geometry


def test_lines_of_every_country_whole_or_not(three):
    outlines = country_outlines(three)
    ways = outlines.groupby("country")["way_id"].agg(sorted)
    assert ways.to_dict() == {"HH": [1, 2], "WW": [1, 3, 4], "EE": [2, 3, 4]}


def test_land_outside_is_parted_by_the_lines_between_the_neighbours(three):
    parts = countries_within(three, whole(three), margin_degrees=0)
    assert parts["country"].tolist()[0] == "HH"
    assert parts["is_whole"].tolist() == [True, False, False]
    land = by_country(parts)
    assert land["HH"].equals(shapely.box(2, 2, 4, 4))
    assert land["WW"].symmetric_difference(
        shapely.box(1, 1, 3, 5) - shapely.box(2, 2, 4, 4)
    ).area == pytest.approx(0, abs=1e-9)
    assert land["EE"].area == pytest.approx(6)


def test_beyond_the_boxes_land_goes_to_the_nearest(three):
    land = by_country(countries_within(three, whole(three), margin_degrees=1))
    assert land["WW"].contains(shapely.Point(0.5, 3))
    assert land["EE"].contains(shapely.Point(5.5, 3))
    everything = shapely.union_all(land.to_numpy())
    assert everything.symmetric_difference(shapely.box(0, 0, 6, 6)).area == pytest.approx(
        0, abs=1e-6
    )
    assert shapely.area(land.to_numpy()).sum() == pytest.approx(36)  # no overlaps


def test_where_a_line_breaks_off_land_still_goes_to_the_nearest(make_extract):
    extract = make_extract(
        NODES,
        {1: (WEST, {}), 2: (EAST, {})},
        {1: country("HH", [1, 2]), 2: country("WW", [1, 77]), 3: country("EE", [2, 88])},
    )
    extract.sources[["west", "south", "east", "north"]] = [[1.0, 1.0, 5.0, 5.0]]
    land = by_country(countries_within(extract, whole(extract), margin_degrees=0))
    assert land["WW"].contains(shapely.Point(1.5, 3))
    assert land["EE"].contains(shapely.Point(4.5, 3))
    assert land["WW"].area == pytest.approx(6, abs=0.1)


def test_an_enclave_is_not_of_the_country_around_it(make_extract):
    # An island of W in E: both claim the ring, but E has the land around it.
    nodes = NODES | {51: (4.4, 1.4), 52: (4.8, 1.4), 53: (4.6, 1.8)}
    extract = make_extract(
        nodes,
        {
            1: (WEST, {}),
            2: (EAST, {}),
            3: ([34, 36], {}),
            4: ([30, 31], {}),
            5: ([51, 52, 53, 51], {}),
        },
        {
            1: country("HH", [1, 2]),
            2: country("WW", [1, 3, 4, 5, 77]),
            3: country("EE", [2, 3, 4, 5, 88]),
        },
    )
    extract.sources[["west", "south", "east", "north"]] = [[1.0, 1.0, 5.0, 5.0]]
    land = by_country(countries_within(extract, whole(extract), margin_degrees=0))
    assert land["WW"].contains(shapely.Point(4.6, 1.5))
    assert land["EE"].contains(shapely.Point(4.2, 1.2))


def test_without_other_countries_the_rest_is_of_none(make_extract):
    extract = make_extract(NODES, {1: (WEST, {}), 2: (EAST, {})}, {1: country("HH", [1, 2])})
    extract.sources[["west", "south", "east", "north"]] = [[1.0, 1.0, 5.0, 5.0]]
    parts = countries_within(extract, whole(extract), margin_degrees=0)
    assert parts["country"].isna().tolist() == [False, True]
    other = beyond(whole(extract), parts, region_id="elsewhere", name="Elsewhere")
    assert other.index.tolist() == ["elsewhere"]
    assert other["name"].tolist() == ["Elsewhere"]
    assert other.geometry.iloc[0].area == pytest.approx(12)


def test_everything_else_is_all_that_the_side_leaves(three):
    parts = countries_within(three, whole(three), margin_degrees=0)
    half = gpd.GeoDataFrame(geometry=[shapely.box(2, 2, 3, 4)], index=["A"], crs=4326)
    other = beyond(half, parts, region_id="x", name="X")
    assert other.index.tolist() == ["HH", "EE", "WW"]
    assert other.geometry["HH"].equals(shapely.box(3, 2, 4, 4))
    assert shapely.area(other.geometry.to_numpy()).sum() == pytest.approx(16 - 2)


def test_files_without_a_box_reach_as_far_as_their_nodes(make_extract):
    extract = make_extract(NODES, {1: (WEST, {})})
    sources = pd.DataFrame({"west": [np.nan, 7.0], "south": 0.0, "east": 8.0, "north": 1.0})
    object.__setattr__(extract, "sources", sources)
    assert boxes_of(extract).equals(
        shapely.union_all([shapely.box(2, 0, 4, 6), shapely.box(7, 0, 8, 1)])
    )


def test_the_rest_of_a_country():
    def frame(**boxes):
        return gpd.GeoDataFrame(geometry=list(boxes.values()), index=list(boxes), crs=4326)

    units = frame(A=shapely.box(0, 0, 1, 1), B=shapely.box(1, 0, 2, 1), C=shapely.box(2, 0, 3, 1))
    rest = rest_of_country(units, units.loc[["A"]], None)
    assert rest.geometry.iloc[0].equals(shapely.box(1, 0, 3, 1))
    rest = rest_of_country(units, units.loc[["A"]], shapely.box(0, 0, 4, 1))
    assert rest.geometry.iloc[0].equals(shapely.box(1, 0, 4, 1))
    assert rest_of_country(units, units, None).empty


@pytest.mark.parametrize(
    ("key", "code", "neighbours", "inside"),
    extracts.each(
        {
            # Porta lies in France, La Farga de Moles in Spain, Buchs in Switzerland, Nofels in
            # Austria.
            "andorra": ("AD", {"ES", "FR"}, {"FR": (1.80, 42.53), "ES": (1.462, 42.426)}),
            "liechtenstein": (
                "LI", {"CH", "AT"}, {"CH": (9.478, 47.167), "AT": (9.575, 47.253)}
            ),
        }
    ),
)  # fmt: skip
def test_the_small_countries_and_their_neighbours(key, code, neighbours, inside, extract_of):
    extract = extract_of(key)
    land = by_country(countries_within(extract, whole(extract)))
    assert set(land.index) == {code} | neighbours
    for country_code, point in inside.items():
        assert land[country_code].contains(shapely.Point(point))
    overlap = land.iloc[1].intersection(land.iloc[2])
    assert geodesic_km2(gpd.GeoSeries([overlap])).iloc[0] < 0.01


@pytest.fixture
def fiji(make_extract):
    """An island F around the 180th meridian in the land of W, by ways that jump over it."""
    nodes = {
        1: (179.0, -17.0),
        2: (-179.0, -17.0),
        3: (-179.0, -16.0),
        4: (179.0, -16.0),
        5: (-178.0, -16.5),
        6: (178.0, -16.5),
    }
    extract = make_extract(
        nodes,
        {1: ([1, 2, 3], {}), 2: ([3, 4, 1], {}), 3: ([3, 5], {}), 4: ([4, 6], {})},
        {
            1: country("FF", [1, 2]),
            2: country("WW", [1, 4, 3, 77]),
            3: country("EE", [2, 3, 4, 88]),
        },
    )
    extract.sources[["west", "south", "east", "north"]] = [[178.0, -18.0, -178.0, -15.0]]
    return extract


def test_ways_that_jump_over_the_180th_meridian_are_cut_there(fiji):
    land = whole(fiji).geometry["FF"]
    assert land.symmetric_difference(
        shapely.union_all([shapely.box(179, -17, 180, -16), shapely.box(-180, -17, -179, -16)])
    ).area == pytest.approx(0, abs=1e-9)
    bounds = country_outlines(fiji).bounds
    assert (bounds["maxx"] <= 180).all()
    lines = country_outlines(fiji).explode().bounds
    assert (lines["maxx"] - lines["minx"]).max() < 2


@pytest.mark.parametrize(
    ("boxes", "area"),
    [
        ([[178.0, -18.0, -178.0, -15.0]], 4.2 * 3.2),
        ([[np.nan] * 4], 4.2 * 1.2),
        ([[178.0, -18.0, 180.0, -15.0], [-180.0, -18.0, -178.0, -15.0]], 4.2 * 3.2),
        ([[-180.0, -18.0, 180.0, -15.0]], 360 * 3.2),
    ],
)
def test_no_land_is_counted_twice_over_the_180th_meridian(fiji, boxes, area):
    sources = pd.DataFrame(boxes, columns=["west", "south", "east", "north"])
    object.__setattr__(fiji, "sources", sources)
    parts = countries_within(fiji, whole(fiji))
    assert parts.total_bounds[[0, 2]].tolist() == pytest.approx([-180, 180])
    assert shapely.area(parts.geometry.to_numpy()).sum() == pytest.approx(area, rel=1e-6)
    everything = shapely.union_all(parts.geometry.to_numpy(), grid_size=1e-9)
    assert everything.area == pytest.approx(area, rel=1e-6)
    other = beyond(whole(fiji), parts, region_id="x", name="X")
    assert shapely.area(other.geometry.to_numpy()).sum() == pytest.approx(area - 2, rel=1e-6)
