"""The matrix on disk against the one in memory."""

import numpy as np
import pytest

from geo_border.routing.crossing import Crossing
from geo_border.routing.matrix import ROWS, write_matrix


@pytest.fixture
def crossing():
    rng = np.random.default_rng(4)
    A, E = rng.random((ROWS + 7, 3)), rng.random((3, 5))
    A[2] = np.inf
    return Crossing(A, E, np.zeros(E.shape, np.int32))


def test_the_file_holds_the_times_of_all_pairs(crossing, tmp_path):
    expected = (crossing.A[:, :, None] + crossing.E).min(axis=1)
    found = write_matrix(crossing, tmp_path / "new" / "times.npy", dtype=np.float64)
    np.testing.assert_array_equal(found, expected)
    assert np.isinf(found[2]).all()
    np.testing.assert_array_equal(np.load(tmp_path / "new" / "times.npy"), expected)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["times.npy"]


def test_a_block_is_that_part_of_it(crossing, tmp_path):
    whole = crossing.matrix()[0]
    block = write_matrix(crossing, tmp_path / "a.npy", rows=slice(1, 9, 2), columns=slice(2, 4))
    assert block.dtype == np.float32
    np.testing.assert_array_equal(block, whole[1:9:2, 2:4].astype(np.float32))


def test_what_fails_leaves_the_earlier_file(crossing, tmp_path):
    file = tmp_path / "a.npy"
    write_matrix(crossing, file)
    before = file.read_bytes()
    wrong = Crossing(crossing.A[:, :2], crossing.E, crossing.last[:, :1])
    with pytest.raises((ValueError, IndexError)):
        write_matrix(wrong, file)
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.npy"]
