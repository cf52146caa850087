"""Contractions of a study's networks, remembered for their links, whatever their speeds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo_border.pipeline.imports import code_digest
from geo_border.pipeline.memory import Memory
from geo_border.routing.engine.contraction import FRESH, Contraction, contraction_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_array


@dataclass(frozen=True, slots=True)
class Remembered:
    """A `geo_border.routing.engine.contraction.Contractor` that keeps what it finds.

    Parameters
    ----------
    memory
        Finished stages.
    name
        Name of the stage that keeps it; one for each of a study's networks.
    """

    memory: Memory
    name: str

    def knows(self, matrix: csr_array) -> bool:
        """Whether the contraction of a matrix of such entries is kept.

        Parameters
        ----------
        matrix
            Edges, shape (n, n).

        Returns
        -------
        bool
            False where nothing is remembered.
        """
        return self.memory.has(self.name, self._key(matrix))

    def contraction(self, matrix: csr_array) -> Contraction | None:
        """The contraction, found once.

        Parameters
        ----------
        matrix
            Edges, shape (n, n).

        Returns
        -------
        Contraction or None
            As of `geo_border.routing.engine.contraction.contract`.

        Raises
        ------
        NetworkError
            If what is kept is damaged.
        """

        def compute() -> _Kept:
            found = FRESH.contraction(matrix)
            return _Kept(None if found is None else _Arcs(found.node, found.indptr, found.heads))

        arcs = self.memory.stage(self.name, self._key(matrix), compute, _Kept).arcs
        return None if arcs is None else contraction_of(arcs.node, arcs.indptr, arcs.heads)

    def _key(self, matrix: csr_array) -> str:
        """Key of the contraction of a matrix: which entries it has, whatever they are."""
        links = hashlib.sha256()
        for part in (matrix.indptr, matrix.indices):
            links.update(part.astype("<i8").tobytes())
        code = code_digest("geo_border.routing.engine.contraction", "geo_border.pipeline.memory")
        return Memory.key(self.name, {"links": links.hexdigest(), "code": code})


@dataclass(frozen=True, slots=True, eq=False)
class _Arcs:
    """What determines a contraction, see `geo_border.routing.engine.contraction.contraction_of`."""

    node: NDArray[np.int32]
    indptr: NDArray[np.uint32]
    heads: NDArray[np.uint32]


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """A contraction, None where there is none that pays."""

    arcs: _Arcs | None
