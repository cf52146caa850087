import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_border.pbf import piles
from geo_border.pbf.piles import Pile


@given(sizes=st.lists(st.integers(0, 40), max_size=12), smallest=st.integers(1, 9))
def test_what_was_added_comes_out_in_order_in_pieces_of_any_size(sizes, smallest):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(piles, "SMALLEST_PIECE", smallest)
        patch.setattr(piles, "LARGEST_PIECE", 3 * smallest)
        pile = Pile(np.int32)
        numbers = np.arange(sum(sizes), dtype=np.int32)
        for part in np.split(numbers, np.cumsum(sizes)[:-1] if sizes else []):
            pile.add(part.copy())
    assert all(piece.size for piece in pile.pieces())
    joined = pile.joined()
    assert joined.dtype == np.int32
    assert joined.tolist() == numbers.tolist()


def test_a_pile_keeps_what_it_was_given_when_the_giver_writes_over_it():
    pile, part = Pile(np.int64), np.arange(5)
    pile.add(part)
    part[:] = -1
    assert pile.joined().tolist() == [0, 1, 2, 3, 4]
