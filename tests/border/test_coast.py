"""Land and sea along a border: the side of the coast that OpenStreetMap says."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo_border.border.coast import COAST, MARITIME
from geo_border.border.edges import WGS84
from geo_border.border.line import border_line, breaks, dyads
from geo_border.border.sea import sea_within, without_sea

SLACK_KM = 0.03
"""Pieces within 1 m of a coast count as running along it, whichever side they are on."""


def lines(kind, shapes):
    shapes = list(shapes)
    return gpd.GeoDataFrame({"kind": [kind] * len(shapes)}, geometry=shapes, crs=4326)


def sea(coast=(), maritime=()):
    return pd.concat([lines(COAST, coast), lines(MARITIME, maritime)], ignore_index=True)


def frame(name, shape):
    return gpd.GeoDataFrame(index=[name], geometry=[shape], crs=4326)


def coast_of(land, cuts=0):
    """Ways of a coast: land to the left, each ring in some pieces."""
    ways = []
    for polygon in shapely.get_parts(land):
        for ring in shapely.get_rings(shapely.geometry.polygon.orient(polygon)):
            at = shapely.get_coordinates(ring)
            edges = np.linspace(0, len(at) - 1, min(cuts + 2, len(at))).astype(int)
            ways += [
                shapely.LineString(at[a : b + 1])
                for a, b in zip(edges[:-1], edges[1:], strict=True)
            ]
    return ways


def km(shape):
    parts = [line for line in shapely.get_parts(shape) if shapely.get_dimensions(line) == 1]
    return sum(WGS84.geometry_length(line) for line in parts) / 1000


def sides(line):
    """Home west and neighbour east of a line from the south to the north of a box."""
    at = shapely.get_coordinates(line).tolist()
    south, north = at[0][1], at[-1][1]
    west = shapely.Polygon([*at, (-3, north), (-3, south)])
    east = shapely.Polygon([*at, (3, north), (3, south)])
    return frame("H", west), frame("N", east)


def lengths(line, lines_at_sea):
    border = border_line(*sides(line), sea=lines_at_sea)
    pair = dyads(border).fillna({"sea_km": 0.0}).iloc[0]
    unknown = border.loc[~border["sea_known"], "length_km"].sum()
    return float(pair["length_km"]), float(pair["sea_km"]), float(unknown)


@st.composite
def shores(draw):
    """Land (a mainland and islands, one with a lake) and a border over it."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    turn = np.linspace(0, 2 * np.pi, draw(st.integers(5, 40)), endpoint=False)

    def blob(x, y, size):
        away = size * rng.uniform(0.4, 1, len(turn))
        return shapely.Polygon(np.column_stack([x + away * np.cos(turn), y + away * np.sin(turn)]))

    mainland = blob(0, 49.85, 0.25)
    islands = [blob(rng.uniform(-0.1, 0.1), 50 + rng.uniform(0.1, 0.3), 0.05) for _ in range(3)]
    lake = blob(0, 49.85, 0.05)
    land = shapely.union_all([mainland - lake, *islands])
    rows = np.linspace(49.7, 50.4, draw(st.integers(2, 12)))
    line = shapely.LineString(np.column_stack([rng.uniform(-0.06, 0.06, len(rows)), rows]))
    return shapely.set_precision(land, 1e-7), shapely.set_precision(line, 1e-7)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(shores(), st.integers(0, 5))
def test_the_land_border_is_what_of_the_line_lies_on_land(made, cuts):
    land, line = made
    dry, wet = km(shapely.intersection(line, land)), km(shapely.difference(line, land))
    got = lengths(line, sea(coast_of(land, cuts)))
    assert got == pytest.approx((dry, wet, 0), abs=SLACK_KM)
    # Tags or none, the figure is the same.
    tagged = sea(coast_of(land, cuts), shapely.get_parts(shapely.difference(line, land)))
    assert lengths(line, tagged) == pytest.approx(got, abs=1e-9)


STRAIGHT = shapely.LineString([(0, 50), (0.4, 50)])
"""A border from the land in the west to the sea in the east; the coast is at 0.2."""
SOUTH, NORTH = (
    [shapely.LineString([(0.2, 49.7), (0.2, 50)])],
    [shapely.LineString([(0.2, 50), (0.2, 50.3)])],
)
HALF_KM = WGS84.geometry_length(STRAIGHT) / 2000


def account(lines_at_sea):
    home, neighbour = (
        frame("H", shapely.box(0, 49, 0.4, 50)),
        frame("N", shapely.box(0, 50, 0.4, 51)),
    )
    border = border_line(home, neighbour, sea=lines_at_sea)
    km = border.groupby(["at_sea", "sea_known"])["length_km"].sum()
    return {key: pytest.approx(value, abs=0.02) for key, value in km.items()}


DRY, WET, UNKNOWN = (False, True), (True, True), (False, False)


def test_land_lies_to_the_left_of_the_coast():
    assert account(sea([*SOUTH, *NORTH])) == {DRY: HALF_KM, WET: HALF_KM}
    other = shapely.reverse(np.array([*SOUTH, *NORTH]))
    assert account(sea(other)) == {DRY: HALF_KM, WET: HALF_KM}
    got = border_line(
        frame("H", shapely.box(0, 49, 0.4, 50)), frame("N", shapely.box(0, 50, 0.4, 51)),
        sea=sea(other),
    )  # fmt: skip
    assert got.geometry[got["at_sea"]].total_bounds[[0, 2]] == pytest.approx([0, 0.2], abs=1e-6)


def test_without_a_coast_and_without_tags_nothing_is_known_to_be_at_sea():
    assert account(None) == account(sea()) == {UNKNOWN: 2 * HALF_KM}
    border = border_line(*sides(shapely.LineString([(0, 49.7), (0, 50.4)])))
    assert dyads(border)["sea_km"].isna().all()


def test_without_a_coast_only_what_is_tagged_is_known():
    tagged = shapely.LineString([(0.3, 50), (0.4, 50)])
    assert account(sea((), [tagged])) == {UNKNOWN: 1.5 * HALF_KM, WET: HALF_KM / 2}
    # Nor is it known what of a border is at sea that none of the tagged ones is of.
    elsewhere = shapely.LineString([(0.3, 50.5), (0.4, 50.5)])
    assert account(sea((), [elsewhere])) == {UNKNOWN: 2 * HALF_KM}


def test_where_the_coast_has_a_gap_nothing_is_known():
    ends = (49.7, 49.95), (50.05, 50.3)
    apart = [shapely.LineString([(0.2, south), (0.2, north)]) for south, north in ends]
    assert account(sea(apart)) == {UNKNOWN: 2 * HALF_KM}
    tagged = shapely.LineString([(0.2, 50), (0.4, 50)])
    assert account(sea(apart, [tagged])) == {UNKNOWN: HALF_KM, WET: HALF_KM}


def test_a_way_in_the_wrong_direction_is_not_believed():
    turned = [*SOUTH, *shapely.reverse(np.array(NORTH))]
    assert account(sea(turned)) == {UNKNOWN: 2 * HALF_KM}
    tagged = shapely.LineString([(0.2, 50), (0.4, 50)])
    assert account(sea(turned, [tagged])) == {UNKNOWN: HALF_KM, WET: HALF_KM}


def test_a_coast_that_ends_with_the_extract_decides_as_far_as_the_border_goes_on():
    # The far end of the border is nearer to the end of the coast than to the coast.
    coast = shapely.LineString([(0.25, 49.7), (0.2, 50), (0.22, 50.001)])
    assert account(sea([coast])) == {DRY: HALF_KM, WET: HALF_KM}


def test_an_island_that_is_divided_is_land():
    island = shapely.box(0.3, 49.95, 0.35, 50.05)
    ring = shapely.LineString(shapely.get_coordinates(shapely.geometry.polygon.orient(island)))
    found = account(sea([*SOUTH, *NORTH, ring]))
    assert found == {DRY: 1.25 * HALF_KM, WET: 0.75 * HALF_KM}


def test_a_border_along_the_coast_is_at_sea():
    # Everything else is a side, and so is the sea around.
    coast = shapely.LineString([(0.4, 50), (0.1, 50), (0.1, 50.4)])
    assert account(sea([coast])) == {DRY: HALF_KM / 2, WET: 1.5 * HALF_KM}
    coast = shapely.LineString([(0.1, 50.4), (0.1, 50), (0.4, 50)])
    assert account(sea([coast])) == {WET: 2 * HALF_KM}


def test_a_border_far_from_the_end_of_a_coast_is_land():
    coast = shapely.LineString([(0.2, 48), (0.2, 48.5)])
    assert account(sea([coast])) == {DRY: 2 * HALF_KM}


def test_no_break_is_told_where_the_sea_lies_between():
    coast = [shapely.LineString([(x, 49.7), (x, 50), (x, 50.3)]) for x in (0.1, 0.2)]
    coast[1] = shapely.reverse(coast[1])
    border = border_line(*(frame(*row) for row in (
        ("H", shapely.box(0, 49, 0.4, 50)), ("N", shapely.box(0, 50, 0.4, 51))
    )), sea=sea(coast))  # fmt: skip
    assert border["at_sea"].tolist() == [False, False, True]
    assert breaks(border).empty


GROUND = gpd.GeoSeries([shapely.box(-3, 49.7, 0, 50.4), shapely.box(0, 49.7, 3, 50.4)], crs=4326)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(shores(), st.integers(0, 5))
def test_the_sea_of_the_sides_is_all_that_is_no_land(made, cuts):
    land, _ = made
    found = sea_within(GROUND, sea(coast_of(land, cuts)))
    assert found["is_known"].all()
    wet = shapely.difference(shapely.union_all(GROUND.to_numpy()), land)
    off = shapely.symmetric_difference(found.union_all(), wet)
    assert shapely.area(off) == pytest.approx(0, abs=1e-9)
    dry = without_sea(gpd.GeoDataFrame(geometry=GROUND), found)
    assert shapely.area(dry.geometry).sum() == pytest.approx(4.2 - shapely.area(wet), abs=1e-9)


HALVES = gpd.GeoSeries([shapely.box(0, 49, 0.4, 50), shapely.box(0, 50, 0.4, 51)], crs=4326)


def ground(*coast):
    """Boxes around what is known to be sea, and around what is unknown."""
    found = sea_within(HALVES, sea(shapely.LineString(at) for at in coast))
    return {
        known: pytest.approx(shapely.bounds(shape), abs=1e-6)
        for known, shape in zip(found["is_known"], found.geometry, strict=True)
    }


def test_beyond_the_end_of_a_coast_no_ground_is_known_to_be_sea():
    whole = [(0.2, 48.9), (0.2, 51.1)]
    assert ground(whole) == {True: (0.2, 49, 0.4, 51)}
    assert ground(whole[::-1]) == {True: (0, 49, 0.2, 51)}
    begins = [(0.2, 49.5), (0.2, 51.1)]
    cut = {True: (0.2, 49.5, 0.4, 51), False: (0, 49, 0.4, 49.5)}
    assert ground(begins) == cut
    assert ground([begins[0], *begins]) == cut  # a vertex twice
    parts = [(0.2, 48.9), (0.2, 49.8)], [(0.2, 50.2), (0.2, 51.1)]
    assert ground(*parts) == {True: (0.2, 49, 0.4, 51), False: (0, 49.8, 0.4, 50.2)}


def test_a_coast_of_both_directions_tells_nothing_of_the_ground():
    assert ground([(0.2, 50), (0.2, 51.1)], [(0.2, 50), (0.2, 48.9)]) == {False: (0, 49, 0.4, 51)}
    assert sea_within(HALVES, None).empty
    assert sea_within(HALVES, sea()).empty
