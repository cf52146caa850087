"""Sorting in buckets against `np.unique`, and references against a search for each."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_border.pbf import ranks
from geo_border.pbf.kernels import UNPLACED
from geo_border.pbf.ranks import rank, resolved

NEAR, FAR = st.integers(-40, 40), st.integers(-(1 << 60) + 1, (1 << 60) - 1)
OSM = st.integers(0, 13_000_000_000)


@pytest.fixture(scope="module")
def pool():
    with ThreadPoolExecutor(2) as threads:
        yield threads


def expected(refs, there, tagged):
    """By plain Python: nodes, position of each reference, ids of those that point nowhere."""
    nodes = sorted({ref for ref in refs if there(ref)} | set(tagged))
    at = {node: number for number, node in enumerate(nodes)}
    return (
        nodes,
        [at[ref] if there(ref) else -1 for ref in refs],
        [ref for ref in refs if not there(ref)],
    )


def found(parts, there, tagged, pool):
    """The same by buckets; a node's coordinates are made of its id, to see that they follow it."""
    needed = rank([np.array(part, np.int64) for part in parts], pool)
    assert needed.ids.tolist() == sorted({ref for part in parts for ref in part})
    x, y = np.zeros((2, needed.spare.size), np.int32)
    is_there = np.array([there(node) for node in needed.ids.tolist()], bool)
    x[: needed.ids.size] = np.where(is_there, needed.ids % 1000, UNPLACED)
    y[: needed.ids.size] = needed.ids % 777
    kept = np.array(tagged, np.int64)
    xy = (kept % 1000).astype(np.int32), (kept % 777).astype(np.int32)
    nodes = resolved(needed, x, y, (kept, *xy), pool)
    assert nodes.ids[nodes.spots].tolist() == tagged
    assert (nodes.x == nodes.ids % 1000).all()
    assert (nodes.y == nodes.ids % 777).all()
    return nodes.ids.tolist(), nodes.refs.tolist(), nodes.lacking.tolist()


@settings(max_examples=200, deadline=None)
@given(
    parts=st.lists(st.lists(NEAR | OSM, max_size=40) | st.lists(FAR, max_size=9), max_size=5),
    others=st.lists(NEAR | OSM | FAR, max_size=12),
    lost=st.integers(1, 9),
    size=st.sampled_from([1, 3, 1 << 15]),
)
def test_any_references_in_buckets_of_any_size(pool, parts, others, lost, size):
    refs = [ref for part in parts for ref in part]
    tagged = sorted({*others, *refs[::5]} - {ref for ref in refs if ref % lost == 2})

    def there(ref):
        return ref % lost != 2

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranks, "IN_BUCKET", size)
        patch.setattr(ranks, "_AT_ONCE", size)
        assert found(parts, there, tagged, pool) == expected(refs, there, tagged)


@pytest.mark.parametrize("spread", [1, 1 << 10, 1 << 30, 1 << 32])
def test_many_references_in_many_buckets(pool, spread):
    """Dense and sparse ids, crowds of them among gaps."""
    rng = np.random.default_rng(spread)
    refs = rng.integers(0, 60_000, 300_000) * spread
    refs[::3] = refs[::3] % (50 * spread)
    parts = np.split(refs, [10, 10, 100_000])
    needed = rank(list(parts), pool)
    assert len(needed.counts) > 3
    assert np.array_equal(needed.ids, np.unique(refs))
    x, y = np.zeros((2, needed.spare.size), np.int32)
    none = np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.int32)
    nodes = resolved(needed, x, y, none, pool)
    assert np.array_equal(nodes.ids, np.unique(refs))
    assert np.array_equal(nodes.refs, np.searchsorted(nodes.ids, refs))
    assert not nodes.lacking.size
