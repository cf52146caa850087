"""osmnx asks a server on this machine, which answers from an extract."""

import json
import re
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise, permutations
from urllib.parse import parse_qs

import extracts
import numpy as np
import osmnx
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo_border.errors import ExtractError
from geo_border.osm import overpass
from geo_border.osm.checkpoints import controls_from_extract
from geo_border.osm.lines import lines_from_extract
from geo_border.osm.overpass import extract_from_overpass
from geo_border.osm.railways import MAIN_RAILWAYS, stations_from_extract
from geo_border.osm.roads import CAR_ROADS
from geo_border.osm.settlements import settlements_from_extract
from geo_border.osm.tags import wanted

FILTER = re.compile(r'\["(\w+)"~"([^"]+)"\]')
MARK = re.compile(r"\((node|way|relation)\['(\w+)'='(\w+)'\]")


def answer(ways, nodes, query, relations=()):
    """Overpass JSON of what a query asks for, and of the nodes and ways that it needs."""
    if requested := FILTER.search(query):
        key, pattern = requested.groups()
        chosen = [way for way in ways if re.search(pattern, way["tags"].get(key, " "))]
    else:
        marks = {mark.groups() for mark in MARK.finditer(query)}
        chosen = [
            thing
            for thing in [*relations, *ways, *nodes.values()]
            if any((thing["type"], *tag) in marks for tag in thing["tags"].items())
        ]
        inner = {member["ref"] for thing in chosen for member in thing.get("members", ())}
        chosen += [way for way in ways if way["id"] in inner and way not in chosen]
    needed = {node for thing in chosen for node in thing.get("nodes", ())}
    needed -= {thing["id"] for thing in chosen if thing["type"] == "node"}
    return {"elements": [*chosen, *(nodes[number] for number in sorted(needed))]}


def objects_of(file):
    """Ways and nodes of an extract as Overpass writes them."""
    osmium = pytest.importorskip("osmium", reason="pyosmium reads the extract for the server")
    ways, nodes = [], {}
    for thing in osmium.FileProcessor(str(file)):
        if thing.is_node():
            place = {"lon": thing.location.lon, "lat": thing.location.lat}
            nodes[thing.id] = {"type": "node", "id": thing.id, **place, "tags": dict(thing.tags)}
        elif thing.is_way() and set(wanted().way_keys) & set(dict(thing.tags)):
            refs = [node.ref for node in thing.nodes]
            ways.append({"type": "way", "id": thing.id, "nodes": refs, "tags": dict(thing.tags)})
    for way in ways:
        way["nodes"] = [ref for ref in way["nodes"] if ref in nodes]
    return ways, nodes


def serve(answered):
    """A server on the loopback that answers each query by a function."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            status, content = answered(form["data"][0])
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_address[1]}/api"


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    """No cache on disk, and no question of the server's state."""
    monkeypatch.setattr(osmnx.settings, "use_cache", False)
    monkeypatch.setattr(osmnx.settings, "overpass_rate_limit", False)


def ask(answered, polygon=None):
    server, url = serve(answered)
    try:
        area = shapely.box(9.3, 46.9, 9.8, 47.4) if polygon is None else polygon
        return extract_from_overpass(area, roads=CAR_ROADS, rails=MAIN_RAILWAYS, url=url)
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("key", "least"),
    extracts.each({"liechtenstein": 2900}, sketched={"liechtenstein": 100}),
)
def test_an_answer_gives_the_lines_of_the_file(key, least, extract_of, extract_file, monkeypatch):
    objects, own = objects_of(extract_file(key)), extract_of(key)
    monkeypatch.setattr(osmnx.settings, "max_query_area_size", 1e12)
    before = dict(vars(osmnx.settings)), socket.getaddrinfo
    extract = ask(lambda query: (200, json.dumps(answer(*objects, query)).encode()))
    assert (dict(vars(osmnx.settings)), socket.getaddrinfo) == before
    keys = ["way_id", "tail_osm", "head_osm", "length_km", "oneway", "road_class", "travel_kmh"]
    theirs, ours = (
        lines_from_extract(one)[0].sort_values(keys[:4], ignore_index=True)
        for one in (extract, own)
    )
    assert theirs["length_km"].sum() == pytest.approx(ours["length_km"].sum())
    # Where a ring begins is not in osmnx's graph; it may be cut elsewhere.
    rings = [way["id"] for way in objects[0] if way["nodes"][0] == way["nodes"][-1]]
    theirs, ours = (
        lines[~lines["way_id"].isin(rings)].reset_index(drop=True) for lines in (theirs, ours)
    )
    assert len(theirs) == len(ours) > least
    for name in keys:
        one, other = theirs[name].to_numpy(), ours[name].to_numpy()
        same = np.allclose(one, other) if name == "length_km" else (one == other).all()
        assert same, name
    assert theirs["bridge"].sum() == ours["bridge"].sum() > 0
    for found in (controls_from_extract, stations_from_extract, settlements_from_extract):
        theirs, ours = found(extract), found(own)
        columns = [name for name in ("osm", "name", "kind", "mode") if name in ours]
        pd.testing.assert_frame_equal(
            pd.DataFrame(theirs[columns]), pd.DataFrame(ours[columns]), check_dtype=False
        )
        metres = theirs.to_crs(32632).distance(ours.to_crs(32632))
        assert metres.max() < 0.1
        assert len(ours) >= 1


def test_what_is_marked_beside_the_ways_is_asked_for():
    at = {1: (9.5, 47.1), 2: (9.501, 47.1), 3: (9.5002, 47.1002), 4: (9.5004, 47.1002)}
    at |= {5: (9.5004, 47.1004), 6: (9.5005, 47.1001), 7: (9.5006, 47.1001), 8: (9.5, 47.1008)}
    at |= {9: (9.5006, 47.1009), 10: (9.5002, 47.1009)}
    nodes = {
        number: {"type": "node", "id": number, "lon": lon, "lat": lat, "tags": {}}
        for number, (lon, lat) in at.items()
    }
    nodes[6]["tags"] = {"barrier": "border_control", "name": "Booth"}
    nodes[7]["tags"] = {"place": "village", "name": "Village", "population": "12"}
    ways = [
        {"type": "way", "id": 1, "nodes": [1, 2], "tags": {"highway": "primary"}},
        {"type": "way", "id": 2, "nodes": [3, 4, 5, 3],
         "tags": {"amenity": "customs", "name": "House"}},
        {"type": "way", "id": 3, "nodes": [8, 9], "tags": {}},
        {"type": "way", "id": 4, "nodes": [9, 10, 8], "tags": {}},
    ]  # fmt: skip
    members = [{"type": "way", "ref": ref, "role": "outer"} for ref in (3, 4)]
    tags = {"type": "multipolygon", "railway": "station", "name": "Halle"}
    relation = {"type": "relation", "id": 5, "members": members, "tags": tags}
    extract = ask(lambda query: (200, json.dumps(answer(ways, nodes, query, [relation])).encode()))
    controls = controls_from_extract(extract)
    assert controls[["name", "osm", "mode", "place"]].to_numpy().tolist() == [
        ["Booth / House", "n6 w2", "road", "Village"]
    ]
    stations = stations_from_extract(extract)
    assert stations[["osm", "name"]].to_numpy().tolist() == [["r5", "Halle"]]
    assert stations.geometry[0].distance(shapely.Point(9.50027, 47.10087)) < 1e-4
    assert settlements_from_extract(extract)["population"].tolist() == [12]
    lines, _ = lines_from_extract(extract)
    assert lines["way_id"].tolist() == [1]


def test_oneway_against_the_way_stays_so():
    """osmnx turns such ways round; here they are as drawn."""
    nodes = {
        number: {"type": "node", "id": number, "lon": 9.5 + number / 1000, "lat": 47.1, "tags": {}}
        for number in range(1, 7)
    }
    nodes[3]["tags"] = {"barrier": "border_control", "name": "Post"}
    ways = [
        {"type": "way", "id": 9, "nodes": [1, 2, 3], "tags": {"highway": "primary"}},
        {"type": "way", "id": 7, "nodes": [3, 4, 5],
         "tags": {"highway": "primary", "oneway": "-1", "maxspeed": "60"}},
        {"type": "way", "id": 8, "nodes": [3, 6, 5, 3], "tags": {"railway": "rail"}},
    ]  # fmt: skip
    extract = ask(lambda query: (200, json.dumps(answer(ways, nodes, query)).encode()))
    lines, _ = lines_from_extract(extract)
    roads = lines[lines["mode"] == "road"]
    assert roads[["way_id", "tail_osm", "head_osm", "oneway"]].to_numpy().tolist() == [
        [7, 3, 5, -1],
        [9, 1, 3, 0],
    ]
    assert roads["speed_kmh"].iloc[0] == 60
    assert set(lines.loc[lines["mode"] == "rail", "way_id"]) == {8}
    assert extract.tagged_nodes["name"].tolist() == ["Post"]


@pytest.mark.parametrize(
    "reply",
    [(500, b"down"), (200, b"<html>busy</html>"), (200, b"[]"), (200, b'{"elements": []}'),
     (200, b'{"remark": "runtime error"}')],
)  # fmt: skip
def test_a_server_that_does_not_answer_is_one_error(reply):
    with pytest.raises(ExtractError, match=r"127\.0\.0\.1.*gave no network"):
        ask(lambda _: reply)


def test_no_server_at_all():
    server, url = serve(lambda _: (200, b""))
    server.server_close()
    with pytest.raises(ExtractError, match="gave no network"):
        extract_from_overpass(
            shapely.box(9, 47, 9.1, 47.1), roads=CAR_ROADS, rails=MAIN_RAILWAYS, url=url
        )


@given(st.lists(st.lists(st.integers(0, 5), min_size=2, max_size=9), max_size=3), st.randoms())
def test_walks_use_every_step_once(parts, random):
    """In whatever order the steps of a way, or of what is left of it, come."""
    steps = [step for part in parts for step in pairwise(part) if step[0] != step[1]]
    random.shuffle(steps)
    if steps:
        walks = overpass._walks(steps)
        assert sorted(step for walk in walks for step in pairwise(walk)) == sorted(steps)


def test_a_way_that_meets_itself_stays_one():
    way = [1, 2, 3, 4, 2, 5]
    for steps in permutations(pairwise(way)):
        assert len(overpass._walks(steps)) == 1
    assert overpass._walks([(1, 2), (2, 3), (3, 1)]) == [[1, 2, 3, 1]]
