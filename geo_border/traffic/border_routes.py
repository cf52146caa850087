"""Routes over the border between the gates: one passage, or three where that is faster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geo_border.errors import ParameterError
from geo_border.routing.passage_kernels import ROUNDING
from geo_border.shown import shown
from geo_border.traffic.choice_kernels import excursions

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class BorderRoutes:
    """Routes from the gate nodes of one side to those of the other.

    Passages are numbered ``direction * K + gate``, direction 0 from home to the neighbour; 2K
    stands where a route has no more of them.

    Parameters
    ----------
    side
        Side that they leave.
    n_gates
        Number of gates, K.
    passages
        First, second and third passage of each route, shape (R, 3).
    first, last
        Gate of its first and of its last passage, shape (R,).
    drive
        Hours that it takes inside the sides between its passages, shape (R,).
    """

    __repr__ = shown

    side: int
    n_gates: int
    passages: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    drive: NDArray[np.float64]

    def hours(self, delay: NDArray[np.float64]) -> NDArray[np.float64]:
        """Hours of each route, passages included.

        Parameters
        ----------
        delay
            Hours of a passage by direction and gate, infinite where closed, shape (2, K).

        Returns
        -------
        ndarray
            Shape (R,).
        """
        hours: NDArray[np.float64] = np.append(delay, 0.0)[self.passages].sum(axis=1)
        return hours + self.drive


def border_routes(
    delay: NDArray[np.float64], within: NDArray[np.float64], side: int, most_passages: int
) -> BorderRoutes:
    """Routes over the border that somebody may take.

    A route of three passages visits no gate twice, and is one only where the excursion pays:
    where going over the border and back is faster than the drive between the two gates, on
    either side (an efficient path in the sense of Dial). So no route holds another one with a
    loop, and slower passages never add a route.

    Parameters
    ----------
    delay
        Hours of a passage by direction and gate, infinite where closed, shape (2, K).
    within
        Drives between the gate nodes inside each side, hours, shape (2, K, K).
    side
        Side that the routes leave.
    most_passages
        1 or 3.

    Returns
    -------
    BorderRoutes
        One for each gate that may be passed, then those of three passages.

    Raises
    ------
    ParameterError
        If routes of another number of passages are wanted.

    References
    ----------
    Dial (1971), A probabilistic multipath traffic assignment model which obviates path
    enumeration, Transp. Res. 5(2) 83-111.
    """
    if most_passages not in (1, 3):
        raise ParameterError(
            f"routes pass the border once or at most three times, not {most_passages} times",
            remedy="Write 1 or 3",
        )
    k = delay.shape[1]
    away = delay[side]
    once = np.flatnonzero(np.isfinite(away))
    chain = np.column_stack([once, np.full((len(once), 2), -1)])
    drive = np.zeros(len(once))
    if most_passages == 3:
        longer, between = excursions(
            away, delay[1 - side], within[side], within[1 - side], ROUNDING
        )
        chain, drive = np.concatenate([chain, longer]), np.append(drive, between)
    last = np.where(chain[:, 2] >= 0, chain[:, 2], chain[:, 0])
    offset = np.array([side * k, (1 - side) * k, side * k])
    passages = np.where(chain >= 0, chain + offset, 2 * k)
    return BorderRoutes(side, k, passages, chain[:, 0], last, drive)
