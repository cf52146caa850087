"""Contractions of a study's networks, remembered for their links, whatever their speeds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo_border.routing.contraction import FRESH, Contraction, contraction_of

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from geo_border.store import Memory


@dataclass(frozen=True, slots=True)
class Remembered:
    """A `geo_border.routing.contraction.Contractor` that keeps what it finds.

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
        return self.memory.has(self.name, _links(matrix))

    def contraction(self, matrix: csr_array) -> Contraction | None:
        """The contraction, found once.

        Parameters
        ----------
        matrix
            Edges, shape (n, n).

        Returns
        -------
        Contraction or None
            As of `geo_border.routing.contraction.contract`.

        Raises
        ------
        NetworkError
            If what is kept is damaged.
        """

        def compute() -> dict[str, object]:
            found = FRESH.contraction(matrix)
            if found is None:
                return {}
            return {name: getattr(found, name) for name in ("node", "indptr", "heads")}

        parts, _ = self.memory.stage(self.name, _links(matrix), compute)
        return contraction_of(**parts) if parts else None


def _links(matrix: csr_array) -> dict[str, str]:
    """Digest of which entries a matrix has."""
    links = hashlib.sha256()
    for part in (matrix.indptr, matrix.indices):
        links.update(part.astype("<i8").tobytes())
    return {"links": links.hexdigest()}
