"""Two carriageways are one road: there by one and back by the other, through one checkpoint."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from drawing import Drawing

from geo_border.network.gates import gates_in_use
from geo_border.network.places import Access
from geo_border.pipeline.sources import from_lines, from_osm
from geo_border.routing.matrix import prepared_pairs
from geo_border.routing.scenarios import Scenario, passages
from geo_border.routing.tables import gate_tables


def at(x, y):
    """A place metres east and north of where the road meets the parallel 50."""
    return round(0.5 + x / 71_500, 7), round(50 + y / 111_200, 7)


def carriageways(apart, *, parted=500, names=(None, None), lane=False, east=0):
    """A road of 20 km that is parted at the border: places, class, name, one-way."""
    half, end = apart / 2, parted - 150
    rows = [
        ([at(0, -10_000), at(east, -parted)], "trunk", None, 0),
        ([at(east, parted), at(0, 10_000)], "trunk", None, 0),
    ]
    for x, way, name in ((half, 1, names[0]), (-half, -1, names[1])):
        ends = [at(east + x, way * -end), at(east + x, way * end)]
        course = [at(east, way * -parted), *ends, at(east, way * parted)]
        rows.append((course, "trunk", name, 1))
    if lane:
        ends = [(half, -300), (half + 40, -200), (half + 40, 200), (half, 300)]
        rows.append(([at(east + x, y) for x, y in ends], "service", None, 1))
    return rows


def layer(rows):
    courses, kinds, names, oneway = zip(*rows, strict=True)
    columns = {"road_class": kinds, "name": names, "oneway": oneway, "speed_kmh": 60.0}
    lines = [shapely.LineString(course) for course in courses]
    return gpd.GeoDataFrame(columns, geometry=lines, crs=4326)


def register(delays):
    """Checkpoints at places, with their delays."""
    rows = [
        (f"k{n}", "road", "open", *at(*place), 0.05, delay)
        for n, (place, delay) in enumerate(delays.items())
    ]
    columns = ["checkpoint_id", "mode", "status", "lon", "lat", "accuracy_km", "delay_h"]
    return pd.DataFrame(rows, columns=columns).set_index("checkpoint_id")


@pytest.fixture
def towns():
    return gpd.GeoDataFrame(
        {"side": ["home", "neighbour"], "region_id": ["A", "X"], "population": 1.0},
        geometry=[shapely.Point(at(0, y)) for y in (-10_000, 10_000)],
        index=pd.Index(["h", "n"], name="place_id"),
        crs=4326,
    )


@pytest.fixture
def built(territory, towns):
    """The network of rows, with checkpoints."""

    def build(rows, delays):
        lines, controls = layer(rows), register(delays)
        return from_lines(
            lines, territory, checkpoints=controls, places=towns, access=Access(farthest_km=1)
        )

    return build


def there_and_back(network, **scenario):
    """Hours out and home."""
    tables = gate_tables(network.network, network.places, gates_in_use(network.gates))
    ways, every = passages(tables, Scenario(**scenario)), np.ones(2, bool)
    found = prepared_pairs(network.network, network.places, tables, ways, every, every)
    hours = found.block(slice(0, 2))
    return np.array([hours[0, 1], hours[1, 0]])


def assert_one_passage(network, out, back):
    """One gate, no crossing beside it, the delays once, and no way when it is closed."""
    gates = network.gates
    assert gates["is_candidate"].tolist() == [False]
    crossings = network.crossings
    assert len(crossings["passage"].unique()) == 1
    assert crossings["checkpoint_id"].notna().all()
    assert network.controls["part"].tolist().count("gate") == 1
    delay = there_and_back(network) - there_and_back(network, factor=0.0)
    assert delay == pytest.approx([out, back])
    assert np.isinf(there_and_back(network, close=list(gates.index))).all()


OUT, BACK = 1.0, 0.25
CONTROLS = {
    "at both ends": ({(0, -500): OUT, (0, 500): BACK}, OUT + BACK, OUT + BACK),
    "on leaving alone": ({(1, -100): OUT}, OUT, OUT),
    "on coming alone": ({(-1, -100): BACK}, BACK, BACK),
    "between": ({(0, 0): OUT}, OUT, OUT),
    "on each": ({(1, -100): OUT, (-1, -100): BACK}, OUT, BACK),
    "on each of both states": (
        {(1, -300): OUT, (1, 300): 2.0, (-1, -300): BACK, (-1, 300): 4.0},
        OUT + 2,
        BACK + 4,
    ),
    "of those who enter": ({(1, 250): OUT, (-1, -250): BACK}, OUT, BACK),
}


@pytest.mark.parametrize("apart", [60, 300])
@pytest.mark.parametrize("where", CONTROLS)
def test_there_and_back_cost_the_delay_of_their_controls_once(built, where, apart):
    delays, out, back = CONTROLS[where]
    places = {(x * apart / 2, y): delay for (x, y), delay in delays.items()}
    assert_one_passage(built(carriageways(apart), places), out, back)


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("metres", [100, 350])
def test_a_point_of_each_state_is_of_all_the_road_where_it_may_be_of_either_carriageway(
    built, side, metres
):
    """No register knows its places to 4 m: one meets both states' controls on either."""
    places = {(4 * side, -metres): OUT, (-4 * side, metres): BACK}
    network = built(carriageways(8), places)
    assert_one_passage(network, OUT + BACK, OUT + BACK)
    assert sorted(network.controls["part"]) == ["gate", "in series"]


@pytest.mark.parametrize("where", ["at both ends", "on leaving alone", "on coming alone"])
def test_carriageways_a_few_metres_apart(built, where):
    delays, out, back = CONTROLS[where]
    places = {(4 * x, y): delay for (x, y), delay in delays.items()}
    assert_one_passage(built(carriageways(8, lane=True), places), out, back)


@pytest.mark.parametrize(
    "names", [(None, None), ("Road", None), ("Out", "Back"), ("Road", "Road")], ids=str
)
def test_no_name_and_no_lane_parts_what_meets_on_both_sides(built, names):
    """The lane for lorries is farther from one of the carriageways than lanes are."""
    rows = carriageways(300, parted=2000, names=names, lane=True)
    assert_one_passage(built(rows, {(150, -400): OUT}), OUT, OUT)


def test_two_divided_roads_that_share_their_junctions_are_two_passages(built):
    """Of each one comes back by its own carriageway."""
    rows = [*carriageways(20, parted=800, east=-150), *carriageways(20, parted=800, east=150)]
    network = built(rows, {(-150, 0): OUT, (150, 0): BACK})
    assert not network.gates["is_candidate"].any()
    assert network.gates.index.tolist() == ["k0", "k1"]
    for closed, delay in (("k0", BACK), ("k1", OUT)):
        shut = [closed]
        hours = there_and_back(network, close=shut)
        free = there_and_back(network, close=shut, factor=0.0)
        assert hours - free == pytest.approx([delay, delay])


def test_streets_of_opposite_ways_that_meet_on_one_side_alone_are_two(built):
    rows = carriageways(300)
    rows[2] = ([*rows[2][0][:-1], at(600, 9000)], *rows[2][1:])
    network = built(rows, {(150, -100): OUT})
    assert network.crossings["passage"].nunique() == 2


@pytest.mark.parametrize("apart", [8, 300])
@pytest.mark.parametrize(
    "controls",
    [
        [(0, -500), (0, 500)],
        [(1, -350), (-1, 350)],
        [(1, -350)],
        [(x, y) for x in (-1, 1) for y in (-350, 350)],
    ],
    ids=["at both ends", "each state's own", "on one", "on each of both states"],
)
def test_what_openstreetmap_marks_is_one_passage(territory, towns, tmp_path, controls, apart):
    drawn = Drawing()
    for course, kind, name, oneway in carriageways(apart, lane=True):
        tags = {"name": name} if name else {}
        drawn.street(course, kind, **tags, **({"oneway": "yes"} if oneway else {}))
    for x, y in controls:
        drawn.node(*at(x * apart / 2, y), barrier="border_control")
    file = drawn.write(tmp_path / "road.osm.pbf", box=(0, 49, 1, 51), day="2024-01-01")
    network = from_osm(
        [file], territory, places=towns, delay_h={"road": 1.0}, access=Access(farthest_km=1)
    )
    assert_one_passage(network, 1.0, 1.0)
