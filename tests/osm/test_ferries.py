import pytest

from geo_border.osm.checkpoints import controls_from_extract
from geo_border.osm.ferries import with_ferry_routes
from geo_border.osm.lines import lines_from_extract
from geo_border.osm.tags import wanted
from geo_border.pbf.extract import read_extract

ROAD = {"highway": "primary"}
ROUTE = {
    "type": "route",
    "route": "ferry",
    "motor_vehicle": "yes",
    "duration": "00:30",
    "name": "F",
}
NODES = {n: (9 + 0.01 * n, 47.0) for n in range(6)}
WAYS = {1: ([0, 1], ROAD), 2: ([1, 2], {}), 3: ([2, 4], {}), 4: ([4, 5], ROAD)}


def members(*ways, role=""):
    return [("w", way, role) for way in ways]


def ferries(extract):
    lines, account = lines_from_extract(extract)
    return lines[lines["mode"] == "ferry"].set_index("way_id"), account.set_index("what")


def test_a_ferry_tagged_on_its_relation_is_found_with_its_time(make_extract):
    found, account = ferries(make_extract(NODES, WAYS, {7: (members(2, 3), ROUTE)}))
    assert found.index.tolist() == [2, 3]
    assert found["hours"].tolist() == pytest.approx([1 / 6, 1 / 3], abs=1e-3)
    assert found["name"].tolist() == ["F", "F"]
    assert account.loc["kept: ferry by its relation", "ways"] == 2


def test_tags_of_the_way_go_before_those_of_its_relation(make_extract):
    ways = WAYS | {3: ([2, 4], {"route": "ferry", "duration": "01:00"}), 2: ([1, 2], ROAD)}
    found, account = ferries(make_extract(NODES, ways, {7: (members(2, 3), ROUTE)}))
    assert found.index.tolist() == [3]
    assert found["hours"].tolist() == pytest.approx([1.0])
    assert "kept: ferry by its relation" not in account.index


def test_a_ferry_for_people_on_foot_is_none_and_told(make_extract):
    route = {"type": "route", "route": "ferry", "foot": "yes"}
    found, account = ferries(make_extract(NODES, WAYS, {7: (members(2, 3), route)}))
    assert found.empty
    assert account.loc["dropped: ferry that names no vehicle", "ways"] == 2
    closed = ROUTE | {"motor_vehicle": "no"}
    found, account = ferries(make_extract(NODES, WAYS, {7: (members(2, 3), closed)}))
    assert found.empty
    assert account.loc["dropped: closed to cars", "ways"] == 2


def test_a_duration_is_not_shared_out_where_a_way_is_lacking(make_extract):
    found, account = ferries(make_extract(NODES, WAYS, {7: (members(2, 3, 99), ROUTE)}))
    assert found["hours"].isna().all()
    assert account.loc["ferry without a usable duration", "ways"] == 2


def test_ways_of_the_way_back_do_not_halve_the_time(make_extract):
    relation = [*members(2), *members(3, role="backward")]
    found, _ = ferries(make_extract(NODES, WAYS, {7: (relation, ROUTE)}))
    assert found.loc[2, "hours"] == pytest.approx(0.5)


def test_a_ferry_without_its_ways_is_told(make_extract):
    _, account = ferries(make_extract(NODES, WAYS, {7: (members(98, 99), ROUTE)}))
    assert account.loc["lost: ferry without its ways (relations)", "ways"] == 1


def test_other_routes_change_nothing(make_extract):
    bus = {"type": "route", "route": "bus", "duration": "00:10"}
    extract = make_extract(NODES, WAYS, {7: (members(1, 2, 3, 4), bus)})
    same, lent, lost = with_ferry_routes(extract)
    assert same is extract
    assert not lent.any()
    assert lost == 0


def test_a_control_on_such_a_ferry_is_of_its_mode(make_extract):
    nodes = NODES | {3: (9.03, 47.0, {"barrier": "border_control"})}
    ways = WAYS | {3: ([2, 3, 4], {})}
    controls = controls_from_extract(make_extract(nodes, ways, {7: (members(2, 3), ROUTE)}))
    assert controls["mode"].tolist() == ["ferry"]


FILE = """<?xml version='1.0' encoding='UTF-8'?>
<osm version="0.6"><node id="1" lat="47" lon="9" version="1"/>
<node id="2" lat="47" lon="9.1" version="1"/>
<way id="4" version="1"><nd ref="1"/><nd ref="2"/></way>
<way id="5" version="1"><nd ref="1"/><nd ref="2"/></way>
<way id="6" version="1"><nd ref="1"/><nd ref="2"/></way>
{relations}</osm>"""
RELATION = (
    '<relation id="{id}" version="1"><member type="way" ref="{way}" role=""/>{tags}</relation>'
)


def test_of_routes_only_ferries_are_read(tmp_path):
    pytest.importorskip("osmium")
    tags = [{"route": "bus"}, {"route": "ferry"}, {"route": "hiking", "boundary": "x"}]
    relations = "".join(
        RELATION.format(
            id=n, way=3 + n, tags="".join(f'<tag k="{k}" v="{v}"/>' for k, v in row.items())
        )
        for n, row in enumerate(tags, 1)
    )
    file = tmp_path / "a.osm"
    file.write_text(FILE.format(relations=relations), encoding="utf-8")
    extract = read_extract(file, wanted())
    assert extract.relations["relation_id"].tolist() == [2, 3]
    assert extract.members["relation_id"].tolist() == [2, 3]
    assert extract.relations["route"].tolist() == ["ferry", "hiking"]
    # Way 4 belongs to the bus alone.
    assert extract.way_id.tolist() == [5, 6]
