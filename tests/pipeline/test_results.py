"""Results after a run: read back from its folder, drawn, explored."""

import html
import pickle
import sys
from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pytest
import shapely
from pandas.api.types import is_numeric_dtype

import geo_border as gb


def test_what_a_run_wrote_is_read_back(mini_run):
    _, out, results, _ = mini_run
    saved = gb.Results.load(out)
    assert saved.settings == results.settings
    assert saved.manifest["study"]["study"]["id"] == "mini"
    assert saved.frames["typology"]["type"].to_dict() == results.typology["type"].to_dict()
    for name in ("regions", "checkpoints", "places"):
        there, here = saved.frames[name], getattr(results, name)
        assert sorted(there.index) == sorted(map(str, here.index)), name
        assert there.geometry.notna().all()
        drawn = here.geometry.set_axis(here.index.astype(str)).reindex(there.index)
        assert shapely.distance(there.geometry.to_numpy(), drawn.to_numpy()).max() < 1e-6
    pd.testing.assert_series_equal(
        saved.frames["levels"]["index"], results.levels["index"], atol=0.01, check_names=False
    )
    assert len(repr(saved)) < 200
    assert repr(results).startswith("<Results: ")
    assert len(repr(results)) < 400


def test_a_folder_without_results_is_one_error(tmp_path):
    with pytest.raises(gb.GeoBorderError, match="no results can be read"):
        gb.Results.load(tmp_path)


@pytest.mark.parametrize("name", ["types", "levels", "border_profile"])
def test_a_printed_map_is_drawn_by_name(mini_run, name):
    axes = mini_run[2].plot_map(name)
    assert axes.figure.axes[0] is axes
    assert axes.has_data()


def test_what_cannot_be_drawn_is_one_error(mini_run):
    results = mini_run[2]
    with pytest.raises(gb.GeoBorderError, match="no map 'moon'"):
        results.plot_map("moon")
    with pytest.raises(gb.GeoBorderError, match="no column 'moon'"):
        results.explore("moon")


def test_a_map_of_tiles_without_folium_says_what_to_install(mini_run, monkeypatch):
    monkeypatch.setitem(sys.modules, "folium", None)
    with pytest.raises(gb.GeoBorderError, match=r"geo-border\[explore\]"):
        mini_run[2].explore("index")


def frames_of(results):
    """Frames by name, those within dictionaries too."""
    for name in gb.Results.__dataclass_fields__:
        value = getattr(results, name, None)
        for key, frame in (value if isinstance(value, dict) else {name: value}).items():
            if isinstance(frame, pd.DataFrame):
                yield key, frame


def test_what_is_read_back_has_what_a_run_gives_under_the_same_names(mini_run):
    _, out, results, _ = mini_run
    saved = gb.Results.load(out)
    members = {name for name in dir(results) if not name.startswith("_")}
    # Of measures of places a folder has the long table alone.
    assert members - {"network", "load", "measures_of_places"} <= set(dir(saved)) | {"surfaces"}
    assert saved.surfaces is None
    assert saved.more.keys() == results.more.keys() | {"access_places"}
    assert saved.layers.keys() == results.layers.keys()
    there = dict(frames_of(saved))
    for name, frame in frames_of(results):
        back = there[name]
        assert back.index.name == frame.index.name, name
        assert back.index.tolist() == frame.index.tolist(), name
        assert set(back) == set(frame), name
        for column in frame.columns.difference(["geometry"]):
            at = f"{name}.{column}"
            assert back[column].isna().tolist() == frame[column].isna().tolist(), at
            if frame[column].notna().any():
                assert is_numeric_dtype(back[column]) == is_numeric_dtype(frame[column]), at


def test_what_no_folder_has_is_an_error_that_says_where_it_is_to_be_had(mini_run):
    saved = gb.Results.load(mini_run[1])
    with pytest.raises(gb.GeoBorderError, match=r"open_study\(...\)\.network\(\)"):
        saved.network  # noqa: B018
    assert not hasattr(saved, "network")
    with pytest.raises(AttributeError, match="moon"):
        saved.moon  # noqa: B018
    assert pickle.loads(pickle.dumps(saved)).settings == saved.settings


@pytest.mark.parametrize("name", ["types", "levels", "network", "access", "border_profile"])
def test_what_is_read_back_is_drawn_as_well(mini_run, name):
    assert gb.Results.load(mini_run[1]).plot_map(name).has_data()


def test_ids_that_look_like_numbers_or_nothing_stay_words(mini_again):
    _, out = mini_again
    file = out / "tables" / "dyads.csv"
    rows = file.read_text("utf-8").splitlines()
    cut = [row.split(",", 2)[2] for row in rows[1:]]
    ids = ["01,NA", "01,'=1", "null,7", "nan,1e5"]
    text = [f"{two},{rest}" for two, rest in zip(ids, cut, strict=True)]
    file.write_text("\n".join([rows[0], *text, ""]), "utf-8")
    dyads = gb.Results.load(out).dyads
    assert dyads["home_id"].tolist() == ["01", "01", "null", "nan"]
    assert dyads["neighbour_id"].tolist() == ["NA", "=1", "7", "1e5"]


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "</script><script>alert(3)</script>",
    "`${alert(4)}` \\u003cb\\u003e '",
    "{{ 'ev' ~ 'aluated' }}{% raw %}{# &lt;b&gt;",
)
"""Names that a browser, or a template, would do something with."""


class Markup(HTMLParser):
    """Elements of a page, and what its scripts are."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes = [], set()
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}


@pytest.mark.parametrize("column", ["name", "type", "potential_own"])
def test_no_name_is_more_than_words_on_a_map_of_tiles(mini_run, column):
    pytest.importorskip("folium")
    saved = gb.Results.load(mini_run[1])

    def page(names):
        frames = {
            **saved.frames,
            "regions": saved.regions.assign(name=names),
            "checkpoints": saved.checkpoints.assign(name=names[:4]),
        }
        return replace(saved, frames=frames).explore(column, tiles=None).get_root().render()

    plain, hostile = page(list("abcde")), page(list(HOSTILE))
    assert Markup(hostile).tags == Markup(plain).tags
    assert Markup(hostile).attributes == Markup(plain).attributes
    for sign in ("alert(1)<", "<img", "${", "evaluated", "{{", "{%", "\\u003cb"):
        assert (sign in hostile) == (sign in plain), sign
    # What a tooltip shows is what the entities in the data stand for.
    shown = html.unescape(hostile.replace("\\u0026", "&"))
    assert all(name in shown for name in HOSTILE[1:2] + HOSTILE[4:])


def test_every_column_of_the_regions_can_be_explored(mini_run):
    pytest.importorskip("folium")
    results = mini_run[2]
    columns = {*results.regions, *results.levels, *results.typology} - {"geometry"}
    drawn = set()
    for column in columns:
        try:
            assert "L.map" in results.explore(column, tiles=None).get_root().render()
        except gb.GeoBorderError as error:
            assert "no region has a value" in str(error)
        else:
            drawn.add(column)
    assert {"type", "index", "potential_own", "is_growth_point"} <= drawn
