import extracts
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_border.osm.boundaries import boundaries_from_extract

GRID = {row * 10 + column: (float(column), float(row)) for row in range(10) for column in range(10)}
UNIT = {"boundary": "administrative", "type": "boundary", "admin_level": "4", "name": "U"}


def square(left, low, right, high):
    """Ids of the corners of a closed square."""
    return [low * 10 + left, low * 10 + right, high * 10 + right, high * 10 + left, low * 10 + left]


def assemble(make_extract, ways, roles=None, tags=UNIT, nodes=GRID, extra=()):
    members = [("w", n, (roles or {}).get(n, "outer")) for n in ways]
    extract = make_extract(
        nodes, {n: (refs, {}) for n, refs in ways.items()}, {1: ([*members, *extra], tags)}
    )
    units, report = boundaries_from_extract(extract, admin_level=4)
    return units, report.loc[0]


@pytest.mark.parametrize(
    "roles", [{}, {1: "outer", 2: "inner"}, {1: "inner", 2: "outer"}, {1: "", 2: "x"}]
)
def test_holes_are_found_whatever_the_roles(make_extract, roles):
    units, report = assemble(make_extract, {1: square(0, 0, 5, 5), 2: square(1, 1, 2, 2)}, roles)
    assert report["status"] == "complete"
    assert units.geometry.iloc[0].equals(shapely.box(0, 0, 5, 5) - shapely.box(1, 1, 2, 2))


def test_an_island_in_a_lake(make_extract):
    ways = {
        1: square(0, 0, 9, 9),
        2: square(1, 1, 8, 8),
        3: square(2, 2, 3, 3),
        4: square(5, 5, 6, 6),
    }
    units, _ = assemble(make_extract, ways)
    assert units.geometry.iloc[0].area == 81 - 49 + 1 + 1


def test_rings_of_many_ways_in_any_direction(make_extract):
    ways = {1: [0, 5, 55], 2: [0, 50], 3: [55, 50], 4: [77, 78], 5: [78, 88], 6: [77, 87, 88]}
    units, report = assemble(make_extract, ways)
    assert report["status"] == "complete"
    assert units.geometry.iloc[0].area == 25 + 1
    assert len(units.geometry.iloc[0].geoms) == 2


def test_a_hole_that_touches_the_outline_in_two_points(make_extract):
    # Inner square with corners on opposite sides: the outer part falls in two.
    hole = [20, 11, 24, 31, 20]
    units, report = assemble(make_extract, {1: [0, 4, 24, 44, 40, 20, 0], 2: hole})
    assert report["status"] == "complete"
    expected = shapely.box(0, 0, 4, 4) - shapely.Polygon([GRID[n] for n in hole])
    assert units.geometry.iloc[0].equals(expected)
    assert units.geometry.iloc[0].area == pytest.approx(16 - 4)


def test_a_hole_that_shares_an_edge_with_the_outline(make_extract):
    # The shared edge lies twice (once in each ring) and divides nothing.
    ways = {1: square(0, 0, 4, 4), 2: [1, 2, 12, 11, 1]}
    ways[1] = [0, 1, 2, 4, 44, 40, 0]
    units, report = assemble(make_extract, ways)
    assert report["status"] == "complete"
    assert units.geometry.iloc[0].area == 16 - 1


def test_the_same_way_listed_twice_is_there_once(make_extract):
    extra = [("w", 1, "inner")]
    units, _ = assemble(make_extract, {1: square(0, 0, 2, 2)}, extra=extra)
    assert units.geometry.iloc[0].area == 4


@pytest.mark.parametrize(
    ("ways", "area"),
    [
        ({1: [0, 22, 20, 2, 0]}, 2),  # a bow-tie
        ({1: square(0, 0, 2, 2), 2: square(1, 1, 3, 3)}, 3 + 3),  # two that overlap
    ],
)
def test_an_outline_that_crosses_itself_is_mended_and_reported(make_extract, ways, area):
    units, report = assemble(make_extract, ways)
    assert report["status"] == "complete"
    assert report["repaired"]
    assert units.geometry.iloc[0].is_valid
    assert units.geometry.iloc[0].area == pytest.approx(area)


@pytest.mark.parametrize(
    ("ways", "extra", "nodes", "problem"),
    [
        ({1: [0, 5, 55]}, [], GRID, "open_ends"),
        ({1: [0, 5, 55], 2: [55, 50, 0]}, [("w", 99, "outer")], GRID, "ways_missing"),
        ({1: [0, 5, 55], 2: [55, 50, 777, 0]}, [], GRID, "ways_clipped"),
        ({1: [0, 5, 55]}, [("w", 99, "outer")], GRID, "ways_missing"),
    ],
)
def test_what_is_incomplete_is_reported_and_left_out(make_extract, ways, extra, nodes, problem):
    units, report = assemble(make_extract, ways, extra=extra, nodes=nodes)
    assert units.empty
    assert report["status"] == "incomplete"
    assert report[problem] > 0


def test_a_relation_without_ways_has_no_outline(make_extract):
    units, report = assemble(make_extract, {}, extra=[("n", 3, "label"), ("r", 7, "subarea")])
    assert units.empty
    assert report["status"] == "no outline"


def test_ways_of_another_purpose_are_not_outline(make_extract):
    units, _ = assemble(make_extract, {1: square(0, 0, 2, 2), 2: [3, 4]}, {2: "subarea"})
    assert units.geometry.iloc[0].area == 4


def test_names_codes_and_capitals(make_extract):
    nodes = GRID | {
        11: (*GRID[11], {"place": "city", "name": "Столица", "capital": "4"}),
        12: (*GRID[12], {"place": "state", "name": "U"}),
    }
    tags = UNIT | {
        "name:en": "Unit",
        "name:ru": "Единица",
        "ISO3166-2": "XX-U",
        "population": "12 345",
    }
    extra = [("n", 11, "admin_centre"), ("n", 12, "label")]
    units, _ = assemble(make_extract, {1: square(0, 0, 5, 5)}, tags=tags, nodes=nodes, extra=extra)
    row = units.loc["XX-U"]
    assert row[["name", "name_en", "name_ru", "iso"]].tolist() == ["U", "Unit", "Единица", "XX-U"]
    assert row[["capital", "capital_lon", "capital_lat"]].tolist() == ["Столица", 1, 1]
    assert row[["label_lon", "label_lat", "population"]].tolist() == [2, 1, 12345]


def test_a_capital_outside_the_extract_is_missing(make_extract):
    extra = [("n", 12345, "admin_centre")]
    units, _ = assemble(make_extract, {1: square(0, 0, 5, 5)}, extra=extra)
    assert units.index.tolist() == ["r1"]
    assert units[["capital", "capital_lon"]].isna().all(axis=None)


def test_level_kind_and_codes_claimed_twice(make_extract):
    ways = {n: (square(n, 0, n + 1, 1), {}) for n in range(5)}
    relations = {
        1: ([("w", 0, "outer")], UNIT | {"ISO3166-2": "X-1"}),
        2: ([("w", 1, "outer")], UNIT | {"ISO3166-2": "X-1"}),
        3: ([("w", 2, "outer")], UNIT | {"admin_level": "6"}),
        4: ([("w", 3, "outer")], UNIT | {"type": "multilinestring"}),
        5: ([("w", 4, "outer")], UNIT | {"admin_level": "four"}),
        6: ([("w", 4, "outer")], UNIT | {"boundary": "protected_area"}),
    }
    extract = make_extract(GRID, ways, relations)
    units, report = boundaries_from_extract(extract, admin_level=4)
    assert units.index.tolist() == ["r1", "r2"]
    assert report["relation_id"].tolist() == [1, 2]
    assert boundaries_from_extract(extract, admin_level=6)[0].index.tolist() == ["r3"]
    none, report = boundaries_from_extract(extract, admin_level=9)
    assert none.empty
    assert report.empty


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_cut_and_turned_rings_give_the_same_area(make_extract, data):
    rings = [square(0, 0, 9, 9), square(1, 1, 8, 4), square(2, 2, 3, 3), square(5, 6, 7, 8)]
    ways, number = {}, 0
    for ring in rings:
        cuts = sorted(data.draw(st.sets(st.integers(1, 3), max_size=3)))
        for begin, end in zip([0, *cuts], [*cuts, 4], strict=True):
            part = ring[begin : end + 1]
            ways[number] = part[::-1] if data.draw(st.booleans()) else part
            number += 1
    units, report = assemble(make_extract, ways)
    assert report["status"] == "complete"
    assert units.geometry.iloc[0].area == pytest.approx(81 - 21 + 1 - 4)
    assert units.geometry.iloc[0].is_valid


# The real extracts


@pytest.mark.parametrize(
    ("key", "code", "km2", "capital"),
    extracts.each(
        {"andorra": ("AD", 468, "Andorra la Vella"), "liechtenstein": ("LI", 160, "Vaduz")}
    ),
)
def test_the_outlines_of_the_small_countries(key, code, km2, capital, extract_of):
    units, report = boundaries_from_extract(extract_of(key), admin_level=2)
    assert units.index.tolist() == [code]
    area = units.to_crs("ESRI:54034").area / 1e6
    assert area[code] == pytest.approx(km2, rel=0.01)
    assert units.geometry.is_valid.all()
    assert units.loc[code, "capital"] == capital
    at = shapely.Point(units.loc[code, "capital_lon"], units.loc[code, "capital_lat"])
    assert units.geometry[code].contains(at)
    others = report[report["status"] == "incomplete"]
    assert len(others) == 2
    assert (others["ways_missing"] > 0).all()


@pytest.mark.parametrize(
    ("key", "level", "parts"), extracts.each({"andorra": (7, 7), "liechtenstein": (8, 11)})
)
def test_the_parishes_fill_the_country(key, level, parts, extract_of):
    extract = extract_of(key)
    country, _ = boundaries_from_extract(extract, admin_level=2)
    units, _ = boundaries_from_extract(extract, admin_level=level)
    assert len(units) == parts
    whole = shapely.union_all(units.geometry.to_numpy())
    difference = whole.symmetric_difference(country.geometry.iloc[0])
    assert difference.area < 1e-6 * whole.area
    assert np.isclose(shapely.area(units.geometry.to_numpy()).sum(), whole.area, rtol=1e-6)
