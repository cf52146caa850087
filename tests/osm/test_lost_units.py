"""Units whose outline is not whole: lost, or cut where the extract ends."""

import numpy as np
import pytest
import shapely

from geo_border.errors import StudyError
from geo_border.osm.boundaries import sea_lines
from geo_border.pipeline.inputs.extracts import land_from_extract

# Two countries of two units each: HH south of the parallel 1, NN north of it.
NODES = {10 * y + x: (float(x), float(y)) for x in (0, 1, 2) for y in (0, 1, 2)}
WAYS = {
    1: ([10, 11], {"boundary": "administrative"}),
    2: ([11, 12], {"boundary": "administrative"}),
    3: ([10, 0, 1], {}),
    4: ([1, 2, 12], {}),
    5: ([1, 11], {}),
    6: ([10, 20, 21], {}),
    7: ([21, 22, 12], {}),
    8: ([11, 21], {}),
}
OUTLINES = {
    ("2", "HH"): [1, 2, 3, 4],
    ("2", "NN"): [1, 2, 6, 7],
    ("4", "HH-1"): [1, 3, 5],
    ("4", "HH-2"): [2, 4, 5],
    ("4", "NN-1"): [1, 6, 8],
    ("4", "NN-2"): [2, 7, 8],
}


def extract_of(make_extract, *, without=(), box=None, tags=()):
    relations = {}
    for number, ((level, iso), ways) in enumerate(OUTLINES.items(), 1):
        key = "ISO3166-1" if level == "2" else "ISO3166-2"
        about = {"boundary": "administrative", "type": "boundary", "admin_level": level}
        members = [("w", way, "outer") for way in ways]
        relations[number] = members, about | {key: iso.lower(), "name": iso.title()}
    ways = {number: way for number, way in WAYS.items() if number not in without}
    for number, more in dict(tags).items():
        ways[number] = ways[number][0], ways[number][1] | more
    extract = make_extract(NODES, ways, relations)
    if box is not None:
        extract.sources[["west", "south", "east", "north"]] = [box]
    else:
        extract.sources[["west", "south", "east", "north"]] = [[np.nan] * 4]
    return extract


def units(code, **more):
    return {"country": code, "admin_level": 4, **more}


ELSE = {"everything_else": True}


def test_codes_are_read_in_any_case(make_extract):
    sides = {"home": units("hh", keep=["hh-1"]), "neighbour": units("Nn")}
    land, _ = land_from_extract(extract_of(make_extract), sides)
    assert land["region_id"].dropna().tolist() == ["HH-1", "NN-1", "NN-2"]


@pytest.mark.parametrize("home", [units("HH"), units("HH", keep=["HH-2"])])
@pytest.mark.parametrize("neighbour", [ELSE, units("NN")])
def test_a_region_that_lacks_a_way_is_an_error_that_says_where(make_extract, home, neighbour):
    says = (
        r"relation 4 \(Hh-2\) lacks 1 of its 3 ways, a gap of 15[67],\d\d\d m from "
        r"lon 1\.00000, lat 0\.00000 to lon 2\.00000, lat 1\.00000"
    )
    with pytest.raises(StudyError, match=says):
        land_from_extract(
            extract_of(make_extract, without=[4]), {"home": home, "neighbour": neighbour}
        )


def test_where_no_unit_is_left_the_gaps_are_named_too(make_extract):
    extract = extract_of(make_extract, without=[5])
    with pytest.raises(StudyError, match=r"no whole unit .*relation 3 \(Hh-1\) lacks 1 of its"):
        land_from_extract(extract, {"home": units("HH"), "neighbour": ELSE})


@pytest.mark.parametrize("neighbour", [ELSE, units("NN")])
def test_a_unit_that_the_extract_cuts_never_becomes_the_neighbour(make_extract, neighbour):
    # The extract ends north of the southern edge, so that way 4 is not in it.
    extract = extract_of(make_extract, without=[4], box=[0.0, 0.2, 2.0, 1.8])
    land, _ = land_from_extract(extract, {"home": units("HH"), "neighbour": neighbour})
    home, other = (
        shapely.union_all(land.geometry[land["side"] == side].to_numpy())
        for side in ("home", "neighbour")
    )
    assert "HH" not in set(land["region_id"])
    assert shapely.intersection(home, other).area < 1e-9
    inside = shapely.box(0.05, 0.3, 1.95, 0.95)
    assert shapely.difference(inside, home).area < 1e-9
    assert home.covers(shapely.Point(1.5, 0.5))


def test_a_unit_beside_a_country_nothing_is_known_of_is_refused(make_extract):
    extract = extract_of(make_extract, without=[4], box=[0.0, 0.2, 2.0, 1.8])
    extract.relations.loc[extract.relations["relation_id"] == 1, "ISO3166-1"] = None
    with pytest.raises(StudyError, match="cannot be told from that of the other side"):
        land_from_extract(extract, {"home": units("HH"), "neighbour": ELSE})


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"maritime": "yes"}, "maritime"),
        ({"natural": "coastline"}, "coast"),
        ({"natural": "coastline", "maritime": "yes"}, "coast"),
        ({"boundary": "maritime"}, "maritime"),
        ({"maritime": "no"}, None),
        ({"border_type": "territorial"}, None),
        ({"natural": "wood"}, None),
    ],
)
def test_boundaries_at_sea_are_known_by_their_tags(make_extract, tags, kind):
    found = sea_lines(extract_of(make_extract, tags={2: tags}))
    assert found["kind"].tolist() == ([kind] if kind else [])
    if kind:
        assert found.geometry.iloc[0].equals(shapely.LineString([(1, 1), (2, 1)]))
