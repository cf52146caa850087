"""Rasters over polygons: pixels count by the share of them that a polygon covers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from exactextract import exact_extract
from exactextract.feature import FeatureSource, JSONFeature
from exactextract.raster import NumPyRasterSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from affine import Affine
    from numpy.typing import NDArray


class _Polygon(JSONFeature):  # type: ignore[misc]  # exactextract ships no types
    """A polygon in the form that exactextract reads quickest."""

    def __init__(self, wkb: bytes) -> None:
        super().__init__()
        self._wkb = wkb

    def geometry(self) -> bytes:
        """Well-known binary."""
        return self._wkb


class _Polygons(FeatureSource):  # type: ignore[misc]  # exactextract ships no types
    """Polygons in the CRS of the raster."""

    def __init__(self, shapes: NDArray[np.object_]) -> None:
        super().__init__()
        self._wkb = shapely.to_wkb(shapes)

    def count(self) -> int:
        """Number of polygons."""
        return len(self._wkb)

    def __iter__(self) -> Iterator[_Polygon]:
        return map(_Polygon, self._wkb)

    def srs_wkt(self) -> None:
        """Nothing to compare: raster and polygons have one CRS."""


def coverage(
    polygons: NDArray[np.object_], transform: Affine, shape: tuple[int, int]
) -> NDArray[np.float64]:
    """Share of each pixel that polygons cover.

    Parameters
    ----------
    polygons
        Polygons that do not overlap.
    transform
        From column and row to their coordinates.
    shape
        Rows and columns.

    Returns
    -------
    ndarray
        From 0 to 1, of that shape.
    """
    source = NumPyRasterSource(np.zeros(shape), **_bounds(transform, shape))
    share = np.zeros(shape[0] * shape[1])
    for row in exact_extract(source, _Polygons(polygons), ["cell_id", "coverage"]):
        found = row["properties"]
        share[found["cell_id"]] += found["coverage"]
    return share.reshape(shape)


def extract(
    values: NDArray[np.float64],
    transform: Affine,
    polygons: NDArray[np.object_],
    what: Sequence[str],
    *,
    weights: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Summaries of a raster in each polygon.

    Parameters
    ----------
    values
        The raster, north up, missing where there is nothing, shape (rows, columns).
    transform
        From column and row to coordinates.
    polygons
        Polygons in the same coordinates, P of them; what lies beyond the raster counts for
        nothing.
    what
        Operations of exactextract, S of them: ``"sum"``, ``"count"`` (pixels with a value),
        ``"weighted_mean"``.
    weights
        A second raster of the same shape.

    Returns
    -------
    ndarray
        Missing where a polygon holds no value, shape (P, S).

    References
    ----------
    Baston (2023), exactextract, https://github.com/isciences/exactextract.
    """
    bounds = _bounds(transform, values.shape)
    source = NumPyRasterSource(values, **bounds)
    weigh = None if weights is None else NumPyRasterSource(weights, **bounds)
    found = exact_extract(source, _Polygons(polygons), list(what), weights=weigh, output="pandas")
    return np.asarray(found[list(what)].to_numpy(float))


def _bounds(transform: Affine, shape: tuple[int, ...]) -> dict[str, float]:
    """Edges of a raster as exactextract names them."""
    rows, columns = shape
    return {
        "xmin": transform.c,
        "ymin": transform.f + transform.e * rows,
        "xmax": transform.c + transform.a * columns,
        "ymax": transform.f,
    }
