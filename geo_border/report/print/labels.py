"""Words on a map that keep clear of symbols and of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from matplotlib.patheffects import withStroke

from geo_border.report.print.cartography import LABEL_PT, SMALL_PT
from geo_border.report.print.letters import literal
from geo_border.report.room import Room, folded, spots_in
from geo_border.report.style import INK

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd
    from matplotlib.axes import Axes
    from matplotlib.typing import ColorType
    from numpy.typing import NDArray


GAP_PT = 1.2
"""Least distance between two words, points."""


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

    def avoid_line(self, lines: gpd.GeoSeries) -> None:
        """Write across a line only where there is no other room as good.

        Parameters
        ----------
        lines
            Map metres.
        """
        wide = GAP_PT * self._metres_per_pt
        self.room.avoid(shapely.union_all(shapely.buffer(shapely.simplify(lines, wide), wide)))

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
