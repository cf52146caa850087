import numpy as np
import pandas as pd
import pytest

from geo_border.osm.tags import control_kind, count_table, has, mapped, text, wanted, yes


def test_wanted_asks_for_roads_railways_ferries_controls_and_boundaries():
    want = wanted()
    assert {"highway", "railway", "route", "barrier", "amenity"} <= set(want.way_keys)
    assert {"maxspeed", "oneway", "access", "duration", "gauge"} <= set(want.tag_keys)
    assert {"barrier", "railway", "place"} <= set(want.node_keys)
    assert {"boundary", "amenity", "railway"} <= set(want.relation_keys)
    assert {"admin_level", "ISO3166-2"} <= set(want.relation_tag_keys)
    for keys in (want.tag_keys, want.node_tag_keys, want.relation_tag_keys):
        assert len(set(keys)) == len(keys)
    assert set(want.way_keys) <= set(want.tag_keys)
    assert set(want.node_keys) <= set(want.node_tag_keys)


def test_languages_add_names_everywhere():
    want = wanted(languages=("fr",))
    for keys in (want.tag_keys, want.node_tag_keys, want.relation_tag_keys):
        assert "name:fr" in keys
        assert [key for key in keys if key.startswith("name:")] == ["name:fr"]


@pytest.mark.parametrize("kind", ["category", "string", "object", "string[pyarrow]"])
def test_tags_are_read_the_same_however_they_are_stored(kind):
    tags = pd.DataFrame({"bridge": pd.Series(["yes", None, "no", "viaduct"], dtype=kind)})
    assert has(tags, "bridge").tolist() == [True, False, True, True]
    assert has(tags, "bridge", {"no"}).tolist() == [False, False, True, False]
    assert yes(tags, "bridge").tolist() == [True, False, False, True]
    assert text(tags, "bridge").tolist() == ["yes", None, "no", "viaduct"]
    assert not has(tags, "tunnel").any()
    assert text(tags, "tunnel").tolist() == [None] * 4


def test_a_meaning_is_asked_once_for_each_value():
    requested = []

    def meaning(value):
        requested.append(value)
        return len(value)

    tags = pd.DataFrame({"x": ["aa", "b", "aa", None] * 100})
    result = mapped(tags, "x", meaning, missing=-1, dtype=np.int64)
    assert sorted(requested) == ["aa", "b"]
    assert result[:4].tolist() == [2, 1, 2, -1]


def test_an_empty_table_has_no_tags():
    tags = pd.DataFrame({"x": pd.Categorical([])})
    assert has(tags, "x").tolist() == []
    assert text(tags, "y").tolist() == []


def test_control_kinds():
    rows = [
        ({"barrier": "border_control"}, 2),
        ({"amenity": "customs"}, 1),
        ({"barrier": "border_control", "amenity": "customs"}, 2),
        ({"government": "customs"}, 1),
        ({"government": "border_control"}, 2),
        ({"military": "border_control"}, 2),
        ({"military": "checkpoint"}, 0),
        ({"border_type": "customs"}, 1),
        ({"border_type": "territorial", "boundary": "administrative"}, 0),
        ({"border_type": "nation"}, 0),
        ({"barrier": "border_control", "boundary": "administrative"}, 0),
        ({"barrier": "gate"}, 0),
        ({"amenity": "police"}, 0),
    ]
    keys = sorted({key for tags, _ in rows for key in tags})
    tags = pd.DataFrame([{key: row.get(key) for key in keys} for row, _ in rows])
    assert control_kind(tags).tolist() == [kind for _, kind in rows]


def test_what_did_not_occur_is_not_in_the_account():
    table = count_table([("road", "a", 2, 1.5), ("road", "b", 0, 0.0)])
    assert table.to_dict("records") == [{"mode": "road", "what": "a", "ways": 2, "km": 1.5}]
