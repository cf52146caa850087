"""Words on a map that keep clear of symbols and of each other."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
import shapely
from matplotlib.patheffects import withStroke

from geo_border.report.cartography import LABEL_PT, SMALL_PT, literal
from geo_border.report.style import INK

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd
    from matplotlib.axes import Axes
    from matplotlib.typing import ColorType
    from numpy.typing import NDArray


class Labels:
    """Words on a map that keep clear of each other.

    Parameters
    ----------
    axes
        The map; its limits must be final.
    """

    def __init__(self, axes: Axes) -> None:
        self._axes = axes
        self._taken: list[tuple[float, float, float, float]] = []
        window = axes.get_window_extent()
        west, east = axes.get_xlim()
        self._metres_per_pixel = (east - west) / window.width
        self._frame = (west, axes.get_ylim()[0], east, axes.get_ylim()[1])

    def keep_clear(self, x: float, y: float, radius_pt: float) -> None:
        """Reserve the room of a symbol.

        Parameters
        ----------
        x, y
            Its centre, map metres.
        radius_pt
            Its radius, points.
        """
        radius = radius_pt / 72 * self._axes.figure.dpi * self._metres_per_pixel
        self._taken.append((x - radius, y - radius, x + radius, y + radius))

    def in_polygons(
        self,
        shapes: gpd.GeoSeries,
        texts: Iterable[str],
        *,
        size: float = LABEL_PT,
        colour: ColorType = INK,
        weight: str = "normal",
        most: float = np.inf,
    ) -> None:
        """Write a name into each polygon, the smallest polygon first.

        Parameters
        ----------
        shapes
            Polygons, map metres.
        texts
            The names.
        size, colour, weight
            Of the letters.
        most
            A name that would cover more than this is left out; 1 is all of its room.
        """
        frame = shapely.box(*self._frame)
        detail = 3 * self._metres_per_pixel
        seen = [
            shapely.simplify(_largest(shapely.intersection(shape, frame)), detail)
            for shape in shapes
        ]
        todo = [(piece, text) for piece, text in zip(seen, texts, strict=True) if piece.area > 0]
        for piece, text in sorted(todo, key=lambda job: (job[0].area, job[1])):
            word = textwrap.fill(text, 11, break_long_words=False)
            width, height = self._size(word, size, weight)
            spots = _spots(piece)
            self._write(
                word,
                spots,
                (width, height),
                piece,
                most=most,
                size=size,
                colour=colour,
                weight=weight,
            )

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
        width, height = self._size(text, size, "normal")
        unit = self._metres_per_pixel * self._axes.figure.dpi / 72
        away = (radius_pt + 1) * unit
        sideways, upright = away + width / 2, away + height / 2
        spots = np.array(
            [
                (x + sideways, y),
                (x - sideways, y),
                (x, y + upright),
                (x, y - upright),
                (x + 0.7 * away + width / 2, y + 0.7 * upright),
                (x + 0.7 * away + width / 2, y - 0.7 * upright),
                (x - 0.7 * away - width / 2, y + 0.7 * upright),
                (x - 0.7 * away - width / 2, y - 0.7 * upright),
            ]
        )
        self._write(
            text, spots, (width, height), None, most=0.02, size=size, colour=INK, weight="normal"
        )

    def _size(self, text: str, size: float, weight: str) -> tuple[float, float]:
        """Width and height of words on the map, metres."""
        probe = self._axes.text(
            0, 0, literal(text), fontsize=size, fontweight=weight, linespacing=1.0
        )
        box = probe.get_window_extent()
        probe.remove()
        return box.width * self._metres_per_pixel, box.height * self._metres_per_pixel

    def _write(
        self,
        text: str,
        spots: NDArray[np.float64],
        extent: tuple[float, float],
        home: shapely.Geometry | None,
        *,
        most: float,
        size: float,
        colour: ColorType,
        weight: str,
    ) -> None:
        """Write at the best of the spots, which come best first."""
        half = np.array(extent) / 2
        boxes = np.c_[spots - half, spots + half]
        cost = self._cost(boxes, home)
        best = int(np.argmin(cost))
        if cost[best] > most:
            return
        self._taken.append(tuple(boxes[best]))
        self._axes.text(
            float(spots[best, 0]),
            float(spots[best, 1]),
            literal(text),
            fontsize=size,
            color=colour,
            fontweight=weight,
            ha="center",
            va="center",
            linespacing=1.0,
            zorder=10,
            path_effects=[withStroke(linewidth=1.2, foreground="white", alpha=0.85)],
        )

    def _cost(
        self, boxes: NDArray[np.float64], home: shapely.Geometry | None
    ) -> NDArray[np.float64]:
        """Badness of boxes: what they cover of others, of the frame, of foreign ground."""
        area = shapely.area(shapely.box(*boxes[0]))
        shapes = shapely.box(*boxes.T)
        cost: NDArray[np.float64] = 3 * (
            1 - shapely.area(shapely.intersection(shapes, shapely.box(*self._frame))) / area
        )
        for taken in self._taken:
            cost += 4 * shapely.area(shapely.intersection(shapes, shapely.box(*taken))) / area
        if home is not None:
            cost += 1 - shapely.area(shapely.intersection(shapes, home)) / area
            # Near the middle of the region rather than in a corner of it.
            cost += np.linspace(0, 0.15, len(boxes))
        return cost


def _largest(shape: shapely.Geometry) -> shapely.Polygon:
    """Largest polygon of a geometry, empty if it has none."""
    polygons = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return max(polygons, key=shapely.area, default=shapely.Polygon())


def _spots(piece: shapely.Polygon, n: int = 17) -> NDArray[np.float64]:
    """Points inside a polygon, the middle of its widest part first."""
    middle = shapely.get_coordinates(shapely.maximum_inscribed_circle(piece))[0]
    west, south, east, north = piece.bounds
    grid = np.stack(
        np.meshgrid(np.linspace(west, east, n), np.linspace(south, north, n)), axis=-1
    ).reshape(-1, 2)
    inside = grid[shapely.contains_xy(piece, grid[:, 0], grid[:, 1])]
    order = np.argsort(np.hypot(*(inside - middle).T), kind="stable")
    return np.vstack([middle, inside[order]])
