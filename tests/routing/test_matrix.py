"""Times of all pairs on disk against brute force on one graph."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from borderland import brute_times, random_borderland
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_border.routing.matrix import prepared_pairs, write_npy, write_parquet
from geo_border.routing.scenarios import AS_IS, OPEN_BORDER, Scenario, passages
from geo_border.routing.tables import gate_tables


def prepared(land, origins, destinations, scenario=AS_IS):
    tables = gate_tables(land.network, land.places, land.gates)
    routes = passages(tables, scenario)
    return tables, prepared_pairs(land.network, land.places, tables, routes, origins, destinations)


@settings(max_examples=30)
@given(
    seed=st.integers(0, 2**32 - 1),
    share=st.sampled_from([0.2, 0.6, 1.0]),
    scenario=st.sampled_from([AS_IS, OPEN_BORDER, Scenario(factor=0.1)]),
    rows=st.sampled_from([1, 3, 64]),
)
def test_every_block_equals_brute_force(seed, share, scenario, rows):
    land = random_borderland(seed, k=4, n_places=10, scale=0.2)
    origins, destinations = np.random.default_rng(seed).random((2, 20)) < share
    tables, times = prepared(land, origins, destinations, scenario)
    expected = brute_times(land, tables, scenario)[np.ix_(origins, destinations)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("geo_border.routing.matrix.rows_at_once", lambda _: rows)
        patch.setattr("geo_border.routing.matrix.BLOCKS", 2)
        blocks = list(times.blocks())
    found = np.concatenate([np.empty((0, destinations.sum())), *blocks])
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_nothing_is_searched_where_all_pairs_cross_the_border():
    land = random_borderland(3, n_places=15)
    home = (land.places["side"] == "home").to_numpy()
    assert prepared(land, home, ~home)[1].own is None
    one_way = prepared(land, home, np.ones(30, bool))[1].own
    assert len(one_way.origins[0]) == home.sum()
    assert not len(one_way.origins[1])


def test_both_files_hold_the_same_times(tmp_path, monkeypatch):
    land = random_borderland(6, n_places=20)
    every = np.ones(40, bool)
    origins = np.arange(40) % 3 > 0
    _, times = prepared(land, origins, every)
    expected = times.block(slice(0, origins.sum())).astype(np.float32)
    assert np.isinf(expected).any()
    monkeypatch.setattr("geo_border.routing.matrix.rows_at_once", lambda _: 5)
    stated = []
    write_npy(times, tmp_path / "t.npy", progress=stated.append)
    assert stated == sorted(stated)
    assert stated[-1] == 1
    mapped = np.load(tmp_path / "t.npy", mmap_mode="r")
    assert mapped.dtype == np.float32
    np.testing.assert_array_equal(mapped, expected)

    write_parquet(times, land.places.index.to_numpy(object), tmp_path / "t.parquet")
    file = pq.ParquetFile(tmp_path / "t.parquet")
    assert file.num_row_groups == -(-int(origins.sum()) // 5)
    long = pd.read_parquet(tmp_path / "t.parquet")
    assert long.columns.tolist() == ["from_id", "to_id", "hours"]
    names = land.places.index
    assert long["from_id"].astype(str).tolist() == np.repeat(names[origins], 40).tolist()
    assert long["to_id"].astype(str).tolist() == names.tolist() * int(origins.sum())
    np.testing.assert_array_equal(long["hours"].to_numpy().reshape(-1, 40), expected)


@pytest.mark.parametrize("empty", ["origins", "destinations"])
def test_no_places_give_an_empty_matrix(empty, tmp_path):
    land = random_borderland(1)
    masks = {name: np.ones(len(land.places), bool) for name in ("origins", "destinations")}
    masks[empty][:] = False
    _, times = prepared(land, **masks)
    write_npy(times, tmp_path / "t.npy")
    assert np.load(tmp_path / "t.npy").size == 0
    write_parquet(times, land.places.index.to_numpy(object), tmp_path / "t.parquet")
    assert pd.read_parquet(tmp_path / "t.parquet").empty
