"""Where words stand on a map: clear of symbols and of each other."""

from __future__ import annotations

import textwrap
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

LINE_LETTERS = 11
"""Names longer than this go into several lines."""

TOUCH = 0.3
"""Badness of touching another word or a symbol at all; that of covering half of it is 2."""

BUSY = 0.2
"""Badness of a word all on ground that is better left free."""


def folded(name: str) -> str:
    """Break a name into lines, at spaces and hyphens.

    Parameters
    ----------
    name
        The name.

    Returns
    -------
    str
        Lines of at most `LINE_LETTERS`, but for longer words.
    """
    return textwrap.fill(name, LINE_LETTERS, break_long_words=False)


class Room:
    """Room for words on a map: what is taken, and where the next word stands best.

    Parameters
    ----------
    frame
        West, south, east, north of the map.
    gap
        Least distance between words, in the unit of the map.
    """

    def __init__(self, frame: tuple[float, float, float, float], *, gap: float) -> None:
        self.taken: list[tuple[float, float, float, float]] = []
        self._frame = shapely.box(*frame)
        self._gap = gap
        self._busy = shapely.Polygon()

    def take(self, x: float, y: float, width: float, height: float) -> None:
        """Keep others clear of a box.

        Parameters
        ----------
        x, y
            Its centre.
        width, height
            Its size.
        """
        self.taken.append((x - width / 2, y - height / 2, x + width / 2, y + height / 2))

    def avoid(self, shape: shapely.Geometry) -> None:
        """Write on some ground only where there is no other as good.

        Parameters
        ----------
        shape
            Polygons.
        """
        self._busy = shapely.union(self._busy, shape)
        shapely.prepare(self._busy)

    def seen(self, shape: shapely.Geometry) -> shapely.Polygon:
        """Largest piece of a region inside the frame.

        Parameters
        ----------
        shape
            Polygons.

        Returns
        -------
        Polygon
            Empty where nothing is inside.
        """
        pieces = shapely.get_parts(shapely.intersection(shape, self._frame))
        polygons = pieces[shapely.get_type_id(pieces) == shapely.GeometryType.POLYGON]
        return max(polygons, key=shapely.area, default=shapely.Polygon())

    def best(
        self,
        spots: NDArray[np.float64],
        extent: tuple[float, float],
        *,
        home: shapely.Geometry | None = None,
        most: float = np.inf,
    ) -> NDArray[np.float64] | None:
        """Take the best of some spots for a word.

        Parameters
        ----------
        spots
            Centres of the word, best first, shape (n, 2).
        extent
            Its width and height.
        home
            Ground that it should stand on.
        most
            Badness from which there is no room: 1 for a word all outside its ground.

        Returns
        -------
        ndarray or None
            The spot, shape (2,); None if there is no room.
        """
        half = np.array(extent) / 2
        corners = np.c_[spots - half, spots + half]
        boxes = shapely.box(*corners.T)
        cost = self._badness(boxes, home)
        cost[cost > most] = np.inf
        busy = shapely.intersection(self._busy, shapely.box(*shapely.total_bounds(boxes)))
        if not busy.is_empty:
            cost += BUSY * _shares_on(boxes, busy)
        if home is not None:
            # Near the middle of the region rather than in a corner of it.
            cost += np.linspace(0, 0.15, len(boxes))
        number = int(np.argmin(cost))
        if not np.isfinite(cost[number]):
            return None
        west, south, east, north = corners[number]
        gap = self._gap
        self.taken.append((west - gap, south - gap, east + gap, north + gap))
        spot: NDArray[np.float64] = spots[number]
        return spot

    def _badness(
        self, boxes: NDArray[np.object_], home: shapely.Geometry | None
    ) -> NDArray[np.float64]:
        """What boxes cover of others, of the frame, of foreign ground."""
        bounds = shapely.bounds(boxes)
        cost = 3 * (1 - covered_shares(bounds, np.array([self._frame.bounds]))[:, 0])
        covered = covered_shares(bounds, self._near(boxes))
        cost += (4 * covered + TOUCH * (covered > 1e-9)).sum(axis=1)
        return cost if home is None else cost + 1 - _shares_on(boxes, home)

    def _near(self, boxes: NDArray[np.object_]) -> NDArray[np.float64]:
        """What is taken where boxes lie: west, south, east, north, shape (m, 4)."""
        taken = np.reshape(self.taken, (-1, 4))
        west, south, east, north = shapely.total_bounds(boxes)
        beside = (taken[:, 0] >= east) | (taken[:, 2] <= west)
        near: NDArray[np.float64] = taken[
            ~(beside | (taken[:, 1] >= north) | (taken[:, 3] <= south))
        ]
        return near


def covered_shares(boxes: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of each box that each of others covers.

    Parameters
    ----------
    boxes
        West, south, east, north, shape (n, 4).
    others
        Likewise, shape (m, 4).

    Returns
    -------
    ndarray
        Between 0 and 1, shape (n, m).
    """
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    shares: NDArray[np.float64] = np.prod(np.maximum(high - low, 0), axis=-1) / area[:, None]
    return shares


def _shares_on(boxes: NDArray[np.object_], ground: shapely.Geometry) -> NDArray[np.float64]:
    """Share of each box that lies on some ground."""
    shares: NDArray[np.float64] = shapely.area(shapely.intersection(boxes, ground)) / shapely.area(
        boxes
    )
    return shares


@lru_cache(maxsize=2048)
def spots_in(piece: shapely.Polygon, n: int = 17) -> NDArray[np.float64]:
    """Points inside a polygon, the middle of its widest part first.

    Kept: every map and panel of a run asks for those of the same regions.

    Parameters
    ----------
    piece
        The polygon.
    n
        Columns and rows of the grid they are taken from.

    Returns
    -------
    ndarray
        Shape (at least 1, 2), not to be written to.
    """
    middle = shapely.get_coordinates(shapely.maximum_inscribed_circle(piece))[0]
    west, south, east, north = piece.bounds
    grid = np.stack(
        np.meshgrid(np.linspace(west, east, n), np.linspace(south, north, n)), axis=-1
    ).reshape(-1, 2)
    inside = grid[shapely.contains_xy(piece, grid[:, 0], grid[:, 1])]
    order = np.argsort(np.hypot(*(inside - middle).T), kind="stable")
    spots = np.vstack([middle, inside[order]])
    spots.setflags(write=False)
    return spots
