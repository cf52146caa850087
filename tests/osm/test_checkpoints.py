import extracts
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_border.border.checkpoints import placed_checkpoints
from geo_border.border.line import border_line
from geo_border.osm.checkpoints import controls_from_extract, match_controls

M = 1 / 111_200  # a metre in degrees of latitude
ROAD = {"highway": "primary"}
CONTROL = {"barrier": "border_control"}


def road(*points, first=100, **tags):
    """Nodes and a way along some points."""
    nodes = {first + n: point for n, point in enumerate(points)}
    return nodes, {first: (list(nodes), tags or ROAD)}


@pytest.fixture
def crossing(make_extract):
    """A road with two controls and a customs house beside it, a railway with a control, a path."""
    nodes = {
        1: (30.0, 50.0),
        2: (30.0, 50.0 + 200 * M, CONTROL | {"name": "Alpha"}),
        3: (30.0, 50.0 + 400 * M, CONTROL | {"name": "Beta", "name:en": "Beta post"}),
        4: (30.0, 50.02),
        5: (30.003, 49.99),
        6: (30.003, 50.0 + 210 * M, CONTROL | {"name": "Rails"}),
        7: (30.003, 50.02),
        8: (30.0 + 50 * M, 50.0 + 300 * M),
        9: (30.0 + 90 * M, 50.0 + 300 * M),
        10: (30.0 + 90 * M, 50.0 + 340 * M),
        11: (30.1, 50.0),
        12: (30.1, 50.001, CONTROL | {"access": "no", "foot": "yes"}),
        13: (30.1, 50.002),
        14: (30.02, 50.01, {"place": "village", "name": "Gamma"}),
        15: (30.4, 50.2, {"amenity": "customs", "name": "Inland"}),
    }
    ways = {
        1: ([1, 2, 3, 4], ROAD),
        2: ([5, 6, 7], {"railway": "rail"}),
        3: ([8, 9, 10, 8], {"amenity": "customs", "name": "Customs house"}),
        4: ([11, 12, 13], {"highway": "footway"}),
    }
    return make_extract(nodes, ways)


def test_control_and_customs_of_a_crossing_are_one_checkpoint(crossing):
    found = controls_from_extract(crossing)
    assert found.index.tolist() == ["osm-n12", "osm-n15", "osm-n2", "osm-n6"]
    control = found.loc["osm-n2"]
    assert control["name"] == "Alpha / Beta / Customs house"
    assert control["name_en"] == "Beta post"
    assert control["osm"] == "n2 n3 w3"
    assert control["tagged"] == "barrier=border_control amenity=customs"
    assert control[["mode", "status", "confidence", "place"]].tolist() == [
        "road",
        "open",
        "high",
        "Gamma",
    ]
    assert (control["lon"], control["lat"]) in {
        (30.0, round(50.0 + 200 * M, 7)),
        (30.0, round(50.0 + 400 * M, 7)),
    }
    assert control["accuracy_km"] == pytest.approx(0.2, rel=0.01)


def test_the_mode_is_that_of_the_way(crossing):
    found = controls_from_extract(crossing)
    assert found.loc["osm-n6", "mode"] == "rail"
    assert found.loc["osm-n12", "mode"] == "foot"
    assert found.loc["osm-n12", "status"] == "open"
    assert pd.isna(found.loc["osm-n15", "mode"])
    assert found.loc["osm-n15", "confidence"] == "low"


def joint(make_extract, tags, *more, rail_m=14):
    """A control 7 m beside a road; a railway passes on its other side."""
    nodes, ways = road((30, 49.99), (30, 50.01))
    rails, railway = road(
        (30 + (7 + rail_m) * M, 49.99), (30 + (7 + rail_m) * M, 50.01), first=200, railway="rail"
    )
    at = {n: (30 + 7 * M, 50 + 30 * n * M, tag) for n, tag in enumerate((tags, *more))}
    return make_extract(nodes | rails | at, ways | railway)


@pytest.mark.parametrize("tags", [CONTROL, {"amenity": "customs"}])
def test_a_control_beside_a_road_and_a_railway_serves_both(make_extract, tags):
    found = controls_from_extract(joint(make_extract, tags))
    assert found["mode"].to_dict() == {"osm-n0": "road", "osm-n0-rail": "rail"}
    assert found["osm"].tolist() == ["n0", "n0"]
    near = controls_from_extract(joint(make_extract, tags, tags, rail_m=-3))
    assert near["mode"].to_dict() == {"osm-n0": "rail", "osm-n0-road": "road"}
    assert near["osm"].tolist() == ["n0 n1"] * 2
    far = controls_from_extract(joint(make_extract, tags, rail_m=250))
    assert far["mode"].tolist() == ["road"]


def test_tags_say_of_which_mode_it_is(make_extract):
    of_rail = CONTROL | {"railway": "border"}
    found = controls_from_extract(joint(make_extract, of_rail))
    assert found["mode"].to_dict() == {"osm-n0": "rail"}
    # One of them that says it says it for its neighbour.
    found = controls_from_extract(joint(make_extract, of_rail, CONTROL, rail_m=-3))
    assert found["mode"].to_dict() == {"osm-n0": "rail"}


def test_tolerance_decides_what_is_one(crossing):
    apart = controls_from_extract(crossing, tolerance_m=100)
    assert {"osm-n2", "osm-n3"} <= set(apart.index)
    assert len(controls_from_extract(crossing, tolerance_m=0.001)) == 6


def test_inland_customs_are_left_out_by_the_border(crossing):
    regions = gpd.GeoDataFrame(
        geometry=[shapely.box(29, 49, 31, 50), shapely.box(29, 50, 31, 51)],
        index=pd.Index(["A", "B"], name="region_id"),
        crs=4326,
    )
    border = border_line(regions.loc[["A"]], regions.loc[["B"]])
    found = controls_from_extract(crossing, border=border)
    assert "osm-n15" not in found.index
    placed = placed_checkpoints(found, border, delay_h={"road": 1, "rail": 2, "foot": 0.5})
    assert placed["is_open"].all()
    assert placed["home_id"].tolist() == ["A"] * 3


def test_forbidden_to_cars_is_closed(make_extract):
    nodes, ways = road((30, 50), (30, 50.001), (30, 50.002))
    nodes[101] = (30, 50.001, CONTROL | {"access": "no", "opening_hours": "Mo-Fr 08:00-20:00"})
    found = controls_from_extract(make_extract(nodes, ways))
    assert found["status"].tolist() == ["closed"]
    assert found["hours"].tolist() == ["Mo-Fr 08:00-20:00"]


def test_an_area_of_several_ways_is_a_checkpoint_too(make_extract):
    nodes, ways = road((30, 50), (30, 50.001), (30, 50.002))
    nodes |= {1: (30.0002, 50.001), 2: (30.0004, 50.001), 3: (30.0004, 50.0012)}
    nodes |= {4: (30.0003, 50.0011), 5: (30.5, 50.5)}
    # The outline is drawn in two pieces; the court in it and a way that is cut off do not count.
    ways |= {7: ([1, 2, 3], {}), 8: ([3, 1], {}), 9: ([4, 5], {})}
    tags = {"type": "multipolygon", "amenity": "customs", "name": "Yard"}
    members = [("w", 7, "outer"), ("w", 8, "outer"), ("w", 9, "inner"), ("w", 99, "outer")]
    site = ([("w", 7, "")], {"type": "site", "amenity": "customs"})
    gone = ([("w", 99, "outer")], tags)
    extract = make_extract(nodes, ways, {21: (members, tags), 22: site, 23: gone})
    found = controls_from_extract(extract)
    assert found.index.tolist() == ["osm-r21"]
    control = found.iloc[0]
    assert control[["name", "mode", "confidence"]].tolist() == ["Yard", "road", "medium"]
    assert control["lon"] == pytest.approx(30.00032, abs=2e-5)
    assert control["lat"] == pytest.approx(50.00108, abs=2e-5)


def test_customs_alone_are_less_sure(make_extract):
    nodes, ways = road((30, 50), (30, 50.001), (30, 50.002))
    nodes[1] = (30.0005, 50.001, {"government": "customs"})
    found = controls_from_extract(make_extract(nodes, ways))
    assert found[["mode", "confidence"]].to_numpy().tolist() == [["road", "medium"]]


def test_an_object_between_road_and_railway_serves_the_nearer(make_extract):
    nodes, ways = road((30, 50), (30, 50.01))
    rails, tracks = road((30 + 300 * M, 50), (30 + 300 * M, 50.01), first=200, railway="rail")
    nodes |= rails
    nodes[1] = (30 + 200 * M, 50.005, {"amenity": "customs"})
    found = controls_from_extract(make_extract(nodes, ways | tracks))
    assert found["mode"].tolist() == ["rail"]


@pytest.mark.parametrize("beside", [0.0, 150.0])
def test_a_straight_road_has_no_node_near(make_extract, beside):
    """In the steppe the next nodes of a road may be tens of kilometres away."""
    nodes, ways = road((30.0, 49.8), (30.0, 50.3))
    nodes[1] = (30.0 + beside * M, 50.0, CONTROL)
    found = controls_from_extract(make_extract(nodes, ways))
    assert found.loc["osm-n1", ["mode", "confidence"]].tolist() == ["road", "high"]


def test_boundaries_and_gates_are_no_checkpoints(make_extract):
    nodes, ways = road((30, 50), (30, 50.01))
    nodes[1] = (30, 50.005, {"barrier": "gate"})
    ways[7] = ([100, 101], {"boundary": "administrative", "border_type": "customs"})
    found = controls_from_extract(make_extract(nodes, ways))
    assert found.empty
    assert {"name", "mode", "status", "lon", "lat", "accuracy_km", "hours"} <= set(found)


REGISTER = pd.DataFrame(
    {
        "name": ["Петухово", "Mariinsky", "Nowhere", "Far", "Rail post"],
        "name_home": ["Petukhovo", None, None, None, None],
        "mode": ["road", "road", "road", "road", "rail"],
        "lon": [68.0, 61.5, np.nan, 50.0, 68.01],
        "lat": [55.0, 53.5, np.nan, 50.0, 55.0],
        "accuracy_km": [1.0, np.nan, np.nan, np.nan, np.nan],
    },
    index=pd.Index(["petukhovo", "mariinsky", "nowhere", "far", "rail"], name="checkpoint_id"),
)
FOUND = pd.DataFrame(
    {
        "name": ["МАПП Петухово", None, "Nowhere", "Kairak", "Station"],
        "mode": ["road", "road", "road", "road", "rail"],
        "lon": [68.01, 61.52, 10.0, 61.49, 68.01],
        "lat": [55.01, 53.5, 10.0, 53.53, 55.0],
    },
    index=pd.Index(["osm-1", "osm-2", "osm-3", "osm-4", "osm-5"], name="checkpoint_id"),
)


def test_register_and_osm_are_matched_by_place_and_name():
    table = match_controls(REGISTER, FOUND)
    pairs = table.dropna(subset=["checkpoint_id", "post_id"]).set_index("checkpoint_id")
    assert pairs["post_id"].to_dict() == {
        "petukhovo": "osm-1",
        "mariinsky": "osm-2",
        "nowhere": "osm-3",
        "rail": "osm-5",
    }
    assert pairs["matched_by"].to_dict() == {
        "petukhovo": "distance and name",
        "mariinsky": "distance",
        "nowhere": "name",
        "rail": "distance",
    }
    assert pairs.loc["mariinsky", "distance_km"] == pytest.approx(1.32, abs=0.02)


def test_both_are_kept():
    table = match_controls(REGISTER, FOUND)
    assert set(table["checkpoint_id"].dropna()) == set(REGISTER.index)
    assert set(table["post_id"].dropna()) == set(FOUND.index)
    assert len(table) == 6
    alone = table.set_index("post_id").loc["osm-4"]
    assert alone[["lon", "lat"]].tolist() == [61.49, 53.53]
    lost = table.set_index("checkpoint_id").loc["far"]
    assert lost[["lon", "lat"]].tolist() == [50, 50]
    assert pd.isna(lost["matched_by"])


def test_another_mode_is_another_checkpoint():
    table = match_controls(REGISTER.loc[["rail"]], FOUND.loc[["osm-1"]].assign(mode="road"))
    assert len(table) == 2
    unknown = match_controls(REGISTER.loc[["rail"]], FOUND.loc[["osm-5"]].assign(mode=None))
    assert len(unknown) == 1


def test_names_reach_farther_than_places():
    register, found = REGISTER.loc[["petukhovo"]], FOUND.loc[["osm-1"]]
    assert len(match_controls(register, found.assign(lat=55.12))) == 1
    assert len(match_controls(register, found.assign(lat=55.2))) == 2
    assert len(match_controls(register, found.assign(lat=55.12, name="Другое"))) == 2
    assert len(match_controls(register.assign(accuracy_km=30), found.assign(lat=55.2))) == 1


@pytest.mark.parametrize("rows", [0, 1])
def test_an_empty_side_matches_nothing(rows):
    table = match_controls(REGISTER.iloc[:rows], FOUND.iloc[: 1 - rows])
    assert len(table) == 1
    assert table["matched_by"].isna().all()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(60, 60.2), st.floats(50, 50.2)), max_size=6),
    st.lists(st.tuples(st.floats(60, 60.2), st.floats(50, 50.2)), max_size=6),
)
def test_every_checkpoint_is_in_one_row(mine, theirs):
    def side(points, letter):
        table = pd.DataFrame(points, columns=["lon", "lat"], dtype=float)
        return table.assign(mode="road", name=letter).set_index(letter + table.index.astype(str))

    register, found = side(mine, "r"), side(theirs, "o")
    table = match_controls(register, found)
    assert sorted(table["checkpoint_id"].dropna()) == sorted(register.index)
    assert sorted(table["post_id"].dropna()) == sorted(found.index)
    assert (table["distance_km"].dropna() <= 5).all()


@pytest.mark.parametrize("key", extracts.ANDORRA)
def test_the_checkpoints_of_andorra(key, extract_of):
    found = controls_from_extract(extract_of(key)).set_index("place")
    assert len(found) == 2
    pas = found.loc["Pas de la Casa"]
    assert (pas["lon"], pas["lat"]) == pytest.approx((1.7351, 42.5438), abs=1e-3)
    runer = found.drop(index="Pas de la Casa").iloc[0]
    assert (runer["lon"], runer["lat"]) == pytest.approx((1.4728, 42.4353), abs=1e-3)
    assert runer["name"] == "Aduana andorrana / Aduana española"
    assert len(runer["osm"].split()) == 9
    assert runer["hours"] == "24/7"
    assert found["mode"].tolist() == ["road", "road"]


@pytest.mark.parametrize("key", extracts.LIECHTENSTEIN)
def test_the_checkpoint_of_liechtenstein(key, extract_of):
    found = controls_from_extract(extract_of(key))
    assert found["name"].tolist() == ["Feldkirch / Schaanwald"]
    assert found["mode"].tolist() == ["road"]
    register = pd.DataFrame(
        {"name": ["Schaanwald-Tisis"], "mode": ["road"], "lon": [9.57], "lat": [47.217]},
        index=pd.Index(["tisis"], name="checkpoint_id"),
    )
    assert match_controls(register, found)["matched_by"].tolist() == ["distance and name"]
