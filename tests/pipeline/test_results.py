"""Results after a run: read back from its folder, drawn, explored."""

import pandas as pd
import pytest
import shapely

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
    try:
        import folium  # noqa: F401, PLC0415
    except ImportError:
        with pytest.raises(gb.GeoBorderError, match=r"geo-border\[explore\]"):
            results.explore("index")
    else:
        assert results.explore("index", tiles=None)
