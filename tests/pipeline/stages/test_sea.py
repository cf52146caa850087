"""A coastal state whose units reach out to sea: what `check` and the tables say of its border."""

import pytest
import shapely
from osm_pbf_writer import write_pbf

from geo_border.border.edges import WGS84
from geo_border.study import open_study

TOML = """
[study]
id = "coast"
title = "Coast"
home = "South"
neighbour = "North"
[osm]
extracts = [{ file = "a.osm.pbf" }]
[regions]
home = { country = "HH" }
neighbour = NEIGHBOUR
[checkpoints]
open_crossings = true

[access]
zones_min = [30, 60, 90]  # so far that land ends before them
"""
# The common line runs along 43.8: on land from 7.2768 to the coast at 7.4, then out to 7.7.
NODES = {
    1: (7.2768, 43.8),
    2: (7.4, 43.8),
    3: (7.7, 43.8),
    4: (7.7, 43.5),
    5: (7.2768, 43.5),
    6: (7.2768, 44.1),
    7: (7.7, 44.1),
    8: (7.4, 43.3),
    9: (7.4, 44.3),
    10: (7.35, 43.75),
    11: (7.35, 43.85),
    12: (7.3, 43.75),
    13: (7.3, 43.85),
    14: (7.4, 43.801),
    15: (7.4, 43.799),
}
TOWN = {"place": "town", "population": "1000"}
TAGS = {12: TOWN | {"name": "A"}, 13: TOWN | {"name": "B"}}
EDGE = {"boundary": "administrative"}
COAST = {"natural": "coastline"}
LAND_KM, SEA_KM = 9.9, 24.1


def study(folder, *, coast, maritime=False, neighbour='{ country = "NN" }'):
    at_sea = EDGE | ({"maritime": "yes"} if maritime else {})
    routes = [
        (1, [1, 2], EDGE),
        (2, [2, 3], at_sea),
        (3, [3, 4, 5, 1], EDGE),
        (4, [3, 7, 6, 1], EDGE),
        (5, [12, 10], {"highway": "primary"}),
        (6, [10, 11], {"highway": "primary"}),
        (7, [11, 13], {"highway": "primary"}),
        *((100 + n, refs, COAST) for n, refs in enumerate(coast)),
        (200, [12, 13, 8, 12], {"natural": "wood"}),
    ]
    relations = [
        (n, [("w", way, "outer") for way in members], EDGE | {
            "type": "boundary", "admin_level": "2", "ISO3166-1": iso, "name": iso,
        })
        for n, iso, members in ((1, "HH", [1, 2, 3]), (2, "NN", [1, 2, 4]))
    ]  # fmt: skip
    nodes = [
        (n, round(lon * 1e7), round(lat * 1e7), TAGS.get(n, {})) for n, (lon, lat) in NODES.items()
    ]
    write_pbf(folder / "a.osm.pbf", nodes, routes, relations)
    (folder / "study.toml").write_text(TOML.replace("NEIGHBOUR", neighbour), encoding="utf-8")
    return open_study(folder)


def said(opened):
    found = opened.check()
    rows = found[found["topic"] == "border"]
    return dict(zip(rows["item"], rows["severity"] + ": " + rows["problem"], strict=True))


WHOLE = [[8, 2, 9]]


@pytest.mark.parametrize(
    "coast", [pytest.param(WHOLE, marks=pytest.mark.slow), [[8, 15], [15, 2], [2, 14, 9]]]
)
@pytest.mark.parametrize("maritime", [True, False])
def test_loose_coastlines_say_what_is_at_sea_with_tags_or_without(tmp_path, coast, maritime):
    opened = study(tmp_path, coast=coast, maritime=maritime)
    border = opened._run().network()[1]
    pair = border.dyads.iloc[0]
    assert pair[["length_km", "sea_km"]].tolist() == pytest.approx([LAND_KM, SEA_KM], abs=0.05)
    assert border.regions["border_km"].tolist() == pytest.approx([LAND_KM] * 2, abs=0.05)
    assert border.regions["sea_border_km"].tolist() == pytest.approx([SEA_KM] * 2, abs=0.05)
    words = said(opened)
    assert words["length of the common line"].startswith("note: 9.9 km")
    assert words["length at sea"].startswith("note: 24.1 km")
    assert "length on land" not in words


def test_everything_else_has_no_land_border_at_sea(tmp_path):
    opened = study(tmp_path, coast=WHOLE, neighbour="{ everything_else = true }")
    regions = opened._run().network()[1].regions
    # All of HH's outline but the shore; in the west and south the line is with land of nobody.
    assert regions.at["HH", "border_km"] == pytest.approx(LAND_KM + 33.3 + LAND_KM, abs=0.2)
    assert regions.at["HH", "sea_border_km"] == pytest.approx(SEA_KM + 33.3 + SEA_KM, abs=0.3)


def test_maritime_boundaries_without_a_coast_leave_the_rest_unknown(tmp_path):
    words = said(study(tmp_path, coast=[], maritime=True))
    assert words["length at sea"].startswith("note: 24.1 km (tagged maritime")
    assert words["length on land or at sea, unknown which"].startswith("note: 9.9 km")
    assert words["length on land"].startswith("warning: whether 9.9 km are on land or at sea")
    assert "no coastline" in words["length on land"]


def test_a_broken_coast_is_never_nothing_at_sea(tmp_path):
    words = said(study(tmp_path, coast=[[8, 15], [14, 9]]))
    assert words["length at sea"].startswith("note: unknown (")
    assert words["length of the common line"].startswith("note: 34.1 km")
    assert words["length on land"].startswith("warning: whether 34.1 km are on land or at sea")
    assert "gaps" in words["length on land"]


def test_without_coast_and_tags_nothing_is_known_of_the_sea_and_why_is_said(tmp_path):
    opened = study(tmp_path, coast=[])
    words = said(opened)
    assert words["length at sea"].startswith("note: unknown (the extracts hold neither a coastline")
    assert "length on land" not in words
    border = opened._run().network()[1]
    assert border.dyads["sea_km"].isna().all()
    assert border.regions["sea_border_km"].isna().all()


def test_files_do_not_say_where_the_sea_is(mini):
    assert said(open_study(mini))["length at sea"].startswith("note: unknown (files do not say")


def square_km2(west, south, east, north):
    """Area between meridians and parallels."""
    ring = shapely.segmentize(shapely.box(west, south, east, north), 0.001)
    return abs(WGS84.geometry_area_perimeter(ring)[0]) / 1e6


def test_sea_is_in_no_area_and_in_no_belt(tmp_path):
    opened = study(tmp_path, coast=WHOLE, neighbour="{ everything_else = true }")
    results = opened.run()
    # All else is what lies within 0.1 degrees of the nodes; of the sea none is known beyond the
    # ends of the coast, at 43.3 and 44.3.
    home, other = square_km2(7.2768, 43.5, 7.4, 43.8), square_km2(7.2768, 43.8, 7.4, 44.1)
    whole, sea = square_km2(7.1768, 43.2, 7.8, 44.4), square_km2(7.4, 43.3, 7.8, 44.3)
    unknown = sum(square_km2(7.1768, south, 7.8, south + 0.1) for south in (43.2, 44.3))
    rows = results.quality.set_index("item")["value"]
    assert rows["sea within the sides"] == pytest.approx(sea, rel=1e-3)
    assert rows["ground within the sides, unknown whether sea"] == pytest.approx(unknown, rel=1e-3)
    # The belt holds all of it; away from the sea its cells end at straight lines.
    area = results.more["zones_area"].groupby("region_id")["area_km2"].sum()
    assert area["HH"] == pytest.approx(home, rel=0.03)
    assert area["NN"] == pytest.approx(other, rel=0.03)
    assert area.sum() == pytest.approx(whole - sea, rel=0.01)
    reached = results.layers["isochrones"]
    assert reached.total_bounds[2] == pytest.approx(7.4, abs=1e-6)
    widest = reached[reached["side"] == "home"]["area_km2"].max()
    assert 0.2 * home < widest < home
