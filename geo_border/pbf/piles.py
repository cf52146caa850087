"""Arrays that come one by one, put end to end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SMALLEST_PIECE, LARGEST_PIECE = 1 << 12, 1 << 22
"""Numbers in the first piece and in those of a pile that has grown."""


class Pile:
    """Arrays put end to end in pieces of many megabytes.

    The memory of each array is free for the next one, and the system gives memory in large
    pieces more quickly than in small ones.

    Parameters
    ----------
    kind
        Type of the numbers.
    """

    def __init__(self, kind: type[np.generic]) -> None:
        self._full: list[NDArray[Any]] = []
        self._piece: NDArray[Any] = np.empty(SMALLEST_PIECE, kind)
        self._used = 0

    def add(self, part: NDArray[Any]) -> None:
        """Put an array behind the others.

        Parameters
        ----------
        part
            Numbers, shape (n,).
        """
        room = self._piece.size - self._used
        self._piece[self._used : self._used + part.size] = part[:room]
        self._used += min(part.size, room)
        if part.size > room:
            self._full.append(self._piece)
            most = max(min(2 * self._piece.size, LARGEST_PIECE), part.size - room)
            self._piece, self._used = np.empty(most, self._piece.dtype), 0
            self.add(part[room:])

    def pieces(self) -> list[NDArray[Any]]:
        """What was added, piece by piece.

        Returns
        -------
        list of ndarray
            None of them empty.
        """
        last = self._piece[: self._used]
        return [*self._full, last] if last.size else self._full

    def joined(self) -> NDArray[Any]:
        """What was added, in one array.

        Returns
        -------
        ndarray
            Shape (n,).
        """
        pieces = self.pieces() or [self._piece[:0]]
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
