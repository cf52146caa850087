"""Words on a map that keep clear of symbols and of each other."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
import shapely
from matplotlib.patheffects import withStroke

from geo_border.report.print.cartography import LABEL_PT, SMALL_PT
from geo_border.report.print.letters import literal
from geo_border.report.style import INK

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd
    from matplotlib.axes import Axes
    from matplotlib.typing import ColorType
    from numpy.typing import NDArray

LINE_LETTERS = 11
"""Names longer than this go into several lines."""

GAP_PT = 1.2
"""Least distance between two words, points."""

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
        area = shapely.area(boxes)
        busy = shapely.intersection(self._busy, shapely.box(*shapely.total_bounds(boxes)))
        cost += BUSY * shapely.area(shapely.intersection(boxes, busy)) / area
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
        area = shapely.area(boxes)

        def outside(shape: shapely.Geometry) -> NDArray[np.float64]:
            share: NDArray[np.float64] = 1 - shapely.area(shapely.intersection(boxes, shape)) / area
            return share

        cost = 3 * outside(self._frame)
        covered = covered_shares(shapely.bounds(boxes), self._near(boxes))
        cost += (4 * covered + TOUCH * (covered > 1e-9)).sum(axis=1)
        return cost if home is None else cost + outside(home)

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


def spots_in(piece: shapely.Polygon, n: int = 17) -> NDArray[np.float64]:
    """Points inside a polygon, the middle of its widest part first.

    Parameters
    ----------
    piece
        The polygon.
    n
        Columns and rows of the grid they are taken from.

    Returns
    -------
    ndarray
        Shape (at least 1, 2).
    """
    middle = shapely.get_coordinates(shapely.maximum_inscribed_circle(piece))[0]
    west, south, east, north = piece.bounds
    grid = np.stack(
        np.meshgrid(np.linspace(west, east, n), np.linspace(south, north, n)), axis=-1
    ).reshape(-1, 2)
    inside = grid[shapely.contains_xy(piece, grid[:, 0], grid[:, 1])]
    order = np.argsort(np.hypot(*(inside - middle).T), kind="stable")
    return np.vstack([middle, inside[order]])


class Labels:
    """Words on a printed map.

    Parameters
    ----------
    axes
        The map; its limits must be final.
    """

    def __init__(self, axes: Axes) -> None:
        self._axes = axes
        west, east = axes.get_xlim()
        south, north = axes.get_ylim()
        self._metres_per_pixel = (east - west) / axes.get_window_extent().width
        self._metres_per_pt = self._metres_per_pixel * axes.figure.dpi / 72
        self.room = Room((west, south, east, north), gap=GAP_PT * self._metres_per_pt)

    def keep_clear(self, x: float, y: float, radius_pt: float) -> None:
        """Reserve the room of a symbol.

        Parameters
        ----------
        x, y
            Its centre, map metres.
        radius_pt
            Its radius, points.
        """
        width = 2 * radius_pt * self._metres_per_pt
        self.room.take(x, y, width, width)

    def in_polygons(
        self,
        shapes: gpd.GeoSeries,
        texts: Iterable[str],
        *,
        size: float = LABEL_PT,
        colour: ColorType = INK,
        most: float = np.inf,
    ) -> None:
        """Write a name into each polygon, the smallest polygon first.

        Parameters
        ----------
        shapes
            Polygons, map metres.
        texts
            The names.
        size, colour
            Of the letters.
        most
            As in `Room.best`.
        """
        detail = 3 * self._metres_per_pixel
        seen = [shapely.simplify(self.room.seen(shape), detail) for shape in shapes]
        todo = [(piece, text) for piece, text in zip(seen, texts, strict=True) if piece.area > 0]
        for piece, text in sorted(todo, key=lambda job: (job[0].area, job[1])):
            word = folded(text)
            extent = self._size(word, size)
            spot = self.room.best(spots_in(piece), extent, home=piece, most=most)
            if spot is not None:
                self._write(word, spot, size=size, colour=colour)

    def beside_point(
        self, x: float, y: float, text: str, *, radius_pt: float, size: float = SMALL_PT
    ) -> None:
        """Write a name beside a symbol, or not at all where there is no room.

        Parameters
        ----------
        x, y
            Centre of the symbol, map metres.
        text
            The name.
        radius_pt
            Radius of the symbol, points.
        size
            Of the letters, points.
        """
        width, height = self._size(text, size)
        away = (radius_pt + GAP_PT) * self._metres_per_pt
        sideways, upright = away + width / 2, away + height / 2
        near = 0.7 * away + width / 2
        spots = np.array(
            [
                (x + sideways, y),
                (x - sideways, y),
                (x, y + upright),
                (x, y - upright),
                (x + near, y + 0.7 * upright),
                (x + near, y - 0.7 * upright),
                (x - near, y + 0.7 * upright),
                (x - near, y - 0.7 * upright),
            ]
        )
        spot = self.room.best(spots, (width, height), most=0.02)
        if spot is not None:
            self._write(text, spot, size=size, colour=INK)

    def _size(self, text: str, size: float) -> tuple[float, float]:
        """Width and height of words on the map, metres."""
        probe = self._axes.text(0, 0, literal(text), fontsize=size, linespacing=1.0)
        box = probe.get_window_extent()
        probe.remove()
        return box.width * self._metres_per_pixel, box.height * self._metres_per_pixel

    def _write(
        self, text: str, spot: NDArray[np.float64], *, size: float, colour: ColorType
    ) -> None:
        """Write at a spot."""
        self._axes.text(
            float(spot[0]),
            float(spot[1]),
            literal(text),
            fontsize=size,
            color=colour,
            ha="center",
            va="center",
            linespacing=1.0,
            zorder=10,
            path_effects=[withStroke(linewidth=1.2, foreground="white", alpha=0.85)],
        )
