"""Edge matching: region polygons of two sides, from different sources, made to share one line."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Geod
from shapely.affinity import scale

from geo_border.errors import SideError
from geo_border.geometry.frame import polygonal, principal
from geo_border.geometry.locate import segments

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

WGS84 = Geod(ellps="WGS84")

DENSE_DEGREES = 0.02
"""Longest segment before projection: a parallel then bends to within 0.2 m."""

TOUCH_M = 1.0
"""Edges this near to each other touch, metres."""

THIN_M = 0.02
"""What is on average narrower than this is no land but the rounding of coordinates, metres."""

MOST_FEET = 2
"""More points than this with one nearest point lie beyond its end."""

WIDENS = 1.5
"""An open gap that is so many times wider than the lines usually lie apart is none of theirs."""


@dataclass(frozen=True, slots=True)
class EdgeMatch:
    """Result of `edge_match`.

    Parameters
    ----------
    home
        The home polygons, their common edge moved to the neighbour's outline.
    overlaps
        What was taken from home regions because the neighbour has it too:
        ``home_id``, ``area_km2``, geometry.
    gaps
        What was given to home regions because neither side had it: the same columns.
    """

    home: gpd.GeoDataFrame
    overlaps: gpd.GeoDataFrame
    gaps: gpd.GeoDataFrame


def equal_area_crs(*layers: gpd.GeoDataFrame) -> CRS:
    """Equal-area projection fitted to the extent of layers: Albers, or Lambert at the equator.

    Parameters
    ----------
    *layers
        Layers in WGS 84 that must fit on the map.

    Returns
    -------
    CRS
        Standard parallels at one sixth and five sixths of the extent in latitude; azimuthal
        where the extent is symmetric about the equator, which Albers cannot be.

    References
    ----------
    Snyder (1987), Map projections: a working manual, USGS Professional Paper 1395, p. 99.
    """
    west, south, east, north = shapely.total_bounds(
        shapely.GeometryCollection([shapely.box(*layer.total_bounds) for layer in layers])
    )
    sixth = (north - south) / 6
    # A cone whose parallels mirror each other at the equator is a cylinder.
    cone = abs(south + north) > 1  # degrees
    shape = f"aea +lat_1={south + sixth:.4f} +lat_2={north - sixth:.4f}" if cone else "laea"
    # `over` keeps longitudes beyond the 180th meridian in the frame that they came in.
    return CRS.from_proj4(
        f"+proj={shape} +lat_0={(south + north) / 2:.4f} +lon_0={(west + east) / 2:.4f} "
        "+datum=WGS84 +units=m +no_defs +over"
    )


def geodesic_km2(geometry: gpd.GeoSeries) -> pd.Series:
    """Area of polygons on the WGS 84 ellipsoid.

    Parameters
    ----------
    geometry
        Polygons in WGS 84.

    Returns
    -------
    Series
        Square kilometres, the index of `geometry`.
    """
    areas = [abs(WGS84.geometry_area_perimeter(shape)[0]) / 1e6 for shape in geometry]
    return pd.Series(areas, index=geometry.index, name="area_km2", dtype=float)


def projected(layer: gpd.GeoDataFrame, crs: CRS) -> gpd.GeoSeries:
    """Project polygons so that long edges follow the line they follow in degrees.

    Parameters
    ----------
    layer
        Polygons or lines in any CRS.
    crs
        The projection.

    Returns
    -------
    GeoSeries
        Densified and projected geometry, the index of `layer`.
    """
    degrees = layer.geometry.to_crs(4326)
    return degrees.segmentize(DENSE_DEGREES).to_crs(crs)


def edge_match(
    home: gpd.GeoDataFrame,
    neighbour: gpd.GeoDataFrame,
    *,
    tolerance_m: float = 5_000,
    others: shapely.Geometry | None = None,
) -> EdgeMatch:
    """Move the edge of the home polygons to the outline of the neighbour.

    The neighbour's outline is taken as the border. Home polygons lose what overlaps
    the neighbour and gain the gaps between the two sides that are nowhere wider than
    twice the tolerance; a gap between several home regions is parted where they meet. Where a
    border ends, a gap that opens to land of nobody is given as far as it is no wider than the
    two lines usually lie apart: what opens farther is no gap between them. Edges between home
    regions, and all others farther than the tolerance, stay as they are.

    Parameters
    ----------
    home, neighbour
        Valid polygons, one CRS, index of region ids.
    tolerance_m
        How far the two lines may lie apart, metres.
    others
        Land in WGS 84 that is of neither side: no gap.

    Returns
    -------
    EdgeMatch
        Matched home polygons with the overlaps and gaps that were settled.

    Raises
    ------
    SideError
        If a side is empty, or the sides are nowhere within the tolerance.
    """
    if home.empty or neighbour.empty:
        raise SideError(
            "edge matching needs polygons of both sides", remedy="Check the two region layers"
        )
    degrees = [side.to_crs(4326) for side in (home, neighbour)]
    crs = equal_area_crs(*degrees)
    ours = projected(home, crs)
    theirs = shapely.union_all(projected(neighbour, crs).to_numpy())
    shapely.prepare(theirs)
    near = pd.Series(shapely.dwithin(theirs, ours.to_numpy(), tolerance_m), ours.index)
    if not near.any():
        raise SideError(
            f"the two sides are nowhere within {tolerance_m / 1000:g} km of each other: home is at "
            + ", the neighbour at ".join(extent(side.total_bounds) for side in degrees),
            remedy="Check that both layers are of the same border and in the CRS they name, or "
            "raise `edge_tolerance_km`",
        )
    # Only a strip along the border takes part: a country's other coasts cost nothing.
    strip = shapely.intersection(
        _around(shapely.union_all(ours[near].to_numpy()), 2 * tolerance_m),
        _around(theirs, 2 * tolerance_m),
    )
    theirs_near = shapely.intersection(theirs, strip)
    overlap = ours[near].intersection(theirs_near)
    cut = ours[near].difference(theirs_near)
    usual_m = _usual_distance(ours[near], theirs_near, tolerance_m)
    gaps = _gaps(cut, theirs_near, strip, tolerance_m, usual_m=usual_m, others=_on(others, crs))
    filled = gaps.dissolve("home_id").geometry if len(gaps) else gaps.geometry
    moved = gpd.GeoSeries(
        [
            shapely.union(shape, filled[region_id]) if region_id in filled.index else shape
            for region_id, shape in cut.items()
        ],
        index=cut.index,
        crs=crs,
    )
    matched = home.geometry.copy()
    # A ring may collapse on the way back to degrees; by its lines it would turn land into holes.
    back = moved.to_crs(home.crs).to_numpy()
    valid = shapely.make_valid(back, method="structure", keep_collapsed=False)
    shapes = [polygonal(shape) for shape in valid]
    matched.loc[near] = gpd.GeoSeries(shapes, moved.index, crs=home.crs)
    return EdgeMatch(
        home.set_geometry(matched),
        _with_area(_pieces(overlap), home.crs),
        _with_area(gaps, home.crs),
    )


def _on(shape: shapely.Geometry | None, crs: CRS) -> shapely.Geometry | None:
    """Project a shape, if there is one."""
    if shape is None or shapely.is_empty(shape):
        return None
    return projected(gpd.GeoDataFrame(geometry=[shape], crs=4326), crs).iloc[0]


def _usual_distance(ours: gpd.GeoSeries, theirs: shapely.Geometry, tolerance_m: float) -> float:
    """How far the line of one side lies from that of the other on nine tenths of it, metres."""
    step = tolerance_m / 20
    at = shapely.points(shapely.get_coordinates(shapely.segmentize(shapely.boundary(theirs), step)))
    edges, _ = segments(shapely.boundary(ours.to_numpy()))
    near, hit = shapely.STRtree(edges).query_nearest(
        at, max_distance=tolerance_m, all_matches=False
    )
    across = shapely.shortest_line(at[near], edges[hit])
    # Beyond the end of a line all is nearest to its last point, which says nothing of the line.
    feet = shapely.get_coordinates(shapely.get_point(across, 1))
    _, same, count = np.unique(
        np.floor(feet / (step / 4)), axis=0, return_inverse=True, return_counts=True
    )
    away = shapely.length(across)[count[same.ravel()] <= MOST_FEET]
    return float(np.quantile(away, 0.9)) if len(away) else tolerance_m


def _gaps(
    cut: gpd.GeoSeries,
    theirs: shapely.Geometry,
    strip: shapely.Geometry,
    tolerance_m: float,
    *,
    usual_m: float,
    others: shapely.Geometry | None,
) -> gpd.GeoDataFrame:
    """Land that neither side has, between the two, by the home region it goes to."""
    ours = shapely.intersection(shapely.union_all(cut.to_numpy()), strip)
    both = shapely.union(ours, theirs)
    closed = both.buffer(tolerance_m, quad_segs=4).buffer(-tolerance_m, quad_segs=4)
    between = shapely.intersection(closed, _around(ours, tolerance_m))
    between = shapely.intersection(between, _around(theirs, tolerance_m))
    if others is not None:
        between = shapely.difference(between, others)
    pieces = shapely.get_parts(polygonal(shapely.difference(between, both)))
    pieces = _between_both(pieces, ours, theirs)
    pieces = _without_mouths(pieces, both, max(WIDENS * usual_m, 10 * TOUCH_M))
    pieces = _between_both(pieces, ours, theirs)
    owners = gpd.GeoSeries(cut.boundary.intersection(strip), crs=cut.crs)
    candidates = owners.sindex.query(pieces, predicate="dwithin", distance=TOUCH_M)
    rows: list[tuple[object, shapely.Geometry]] = []
    for number, piece in enumerate(pieces):
        mine = candidates[1][candidates[0] == number]
        if len(mine) <= 1:
            nearest = mine[0] if len(mine) else owners.distance(piece).to_numpy().argmin()
            rows.append((owners.index[nearest], piece))
        else:
            rows += _share_out(piece, owners.iloc[mine], theirs)
    return gpd.GeoDataFrame(
        {"home_id": [owner for owner, _ in rows]},
        geometry=[shape for _, shape in rows],
        crs=cut.crs,
    )


def _between_both(
    pieces: NDArray[np.object_], ours: shapely.Geometry, theirs: shapely.Geometry
) -> NDArray[np.object_]:
    """Pieces that touch both sides and are more than the rounding of edges side by side."""
    wide = 2 * shapely.area(pieces) > THIN_M * shapely.length(pieces)
    pieces = pieces[wide & (shapely.area(pieces) > TOUCH_M**2)]
    touching = shapely.dwithin(pieces, ours, TOUCH_M) & shapely.dwithin(pieces, theirs, TOUCH_M)
    kept: NDArray[np.object_] = pieces[touching]
    return kept


def _without_mouths(
    pieces: NDArray[np.object_], both: shapely.Geometry, widest_m: float
) -> NDArray[np.object_]:
    """Gaps without what is wider than lines usually lie apart and opens to land of nobody."""
    if not len(pieces):
        return pieces
    rims, rim_of = segments(shapely.segmentize(shapely.boundary(pieces), widest_m))
    edges, _ = segments(np.array([shapely.boundary(both)]))
    middle = shapely.line_interpolate_point(rims, 0.5, normalized=True)
    on_edge = shapely.STRtree(edges).query(middle, predicate="dwithin", distance=TOUCH_M)[0]
    open_rim = np.ones(len(rims), bool)
    open_rim[on_edge] = False
    kept: list[shapely.Geometry] = []
    for number, piece in enumerate(pieces):
        mouths = shapely.get_parts(
            shapely.line_merge(shapely.multilinestrings(rims[open_rim & (rim_of == number)]))
        )
        mouths = mouths[shapely.length(mouths) > 1.2 * widest_m]
        if not len(mouths):
            kept.append(piece)
            continue
        wide = shapely.buffer(shapely.buffer(piece, -widest_m / 2), 0.51 * widest_m)
        parts = shapely.get_parts(wide)
        opening = shapely.dwithin(parts, shapely.union_all(mouths), widest_m / 2)
        left = shapely.difference(piece, shapely.union_all(parts[opening]))
        kept += list(shapely.get_parts(polygonal(left)))
    parts_left: NDArray[np.object_] = shapely.get_parts(shapely.GeometryCollection(kept))
    return parts_left


def _around(shape: shapely.Geometry, distance_m: float) -> shapely.Geometry:
    """Buffer that need not be exact: to a tenth of the distance."""
    return shape.simplify(distance_m / 10).buffer(distance_m * 1.1, quad_segs=2)


def _share_out(
    piece: shapely.Geometry, edges: gpd.GeoSeries, theirs: shapely.Geometry
) -> list[tuple[object, shapely.Geometry]]:
    """Split a gap between home regions by walls from where they meet straight to the border.

    A part goes to the region with the longest edge on it.
    """
    near = shapely.intersection(edges.to_numpy(), piece.buffer(TOUCH_M))
    walls = []
    for first, second in combinations(near, 2):
        joint = shapely.shortest_line(piece, shapely.intersection(first, second))
        if joint is not None and joint.length <= TOUCH_M:
            wall = shapely.shortest_line(shapely.get_point(joint, 0), theirs)
            if wall.length > 0:
                stretch = 1 + 2 * TOUCH_M / wall.length
                walls.append(scale(wall, stretch, stretch))
    parts = shapely.get_parts(
        shapely.polygonize([shapely.node(shapely.union_all([piece.boundary, *walls]))])
    )
    # A hole of the gap comes out as a part too.
    parts = parts[shapely.area(shapely.intersection(parts, piece)) > shapely.area(parts) / 2]
    grown = shapely.buffer(parts, TOUCH_M)
    shared = shapely.length(shapely.intersection(near[:, None], grown[None, :]))
    owner = shared.argmax(axis=0)
    return [
        (region_id, polygonal(shapely.union_all(parts[owner == number])))
        for number, region_id in enumerate(edges.index)
        if (owner == number).any()
    ]


def _pieces(shapes: gpd.GeoSeries) -> gpd.GeoDataFrame:
    """One row for each polygon, with the home region it belongs to."""
    parts = shapes.explode()
    parts = parts[(parts.geom_type == "Polygon") & (parts.area > 0)]
    return gpd.GeoDataFrame({"home_id": parts.index}, geometry=parts.to_numpy(), crs=shapes.crs)


def _with_area(pieces: gpd.GeoDataFrame, crs: object) -> gpd.GeoDataFrame:
    """Add the area on the ellipsoid, largest first."""
    pieces = pieces.to_crs(4326)
    pieces.insert(1, "area_km2", geodesic_km2(pieces.geometry))
    return pieces.sort_values("area_km2", ascending=False, ignore_index=True).to_crs(crs)


def extent(bounds: Iterable[float]) -> str:
    """Where something lies, in words.

    Parameters
    ----------
    bounds
        West, south, east, north, degrees.

    Returns
    -------
    str
        Its extent in longitude and latitude.
    """
    west, south, east, north = bounds
    west, east = principal(west), principal(east)
    return f"longitude {west:.2f} to {east:.2f}, latitude {south:.2f} to {north:.2f}"
