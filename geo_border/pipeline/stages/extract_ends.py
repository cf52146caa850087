"""Whether extracts reach the border and beyond it: roads cut short, and what lies on each side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_border.border.edges import equal_area_crs
from geo_border.geometry.locate import polygon_of, segments

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

SHORT_M = 1_000.0
"""A road that ends no farther than this from the border was going to it, metres."""

WITHIN_KM = 10.0
"""Width of the belt in which the networks of the sides are held against each other, km."""

_PIECE_M = 500.0
"""Longest piece that lies on one side as a whole, metres."""

MAIN = (
    *("motorway", "trunk", "primary", "secondary", "tertiary"),
    *(f"{kind}_link" for kind in ("motorway", "trunk", "primary", "secondary", "tertiary")),
)
"""Classes of roads that lead somewhere: their blind ends near a border are where data end."""


def ends_before_border(
    lines: gpd.GeoDataFrame, border: gpd.GeoDataFrame, land: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Roads that stop between the edge of the data and the border.

    Parameters
    ----------
    lines
        Roads and railways with ``road_class``, and if known ``name``, ``ref``,
        ``tail_clipped``, ``head_clipped`` (the data end there, the road goes on).
    border
        Pieces in WGS 84.
    land
        Polygons with ``side``.

    Returns
    -------
    DataFrame
        ``name``, ``road_class``, ``side``, ``short_m`` (from the end to the border), ``lon``,
        ``lat``, ``clipped``; the most important class first, then the nearest. Ends that are
        not clipped are of main roads alone.
    """
    columns = ["name", "road_class", "side", "short_m", "lon", "lat", "clipped"]
    shapes = lines.geometry.to_numpy()
    at = np.concatenate(
        [shapely.get_coordinates(shapely.get_point(shapes, end)) for end in (0, -1)]
    )
    row = np.tile(np.arange(len(lines)), 2)
    whole = np.zeros(len(lines), bool)
    clipped = np.concatenate(
        [
            lines[name].to_numpy(bool) if name in lines else whole
            for name in ("tail_clipped", "head_clipped")
        ]
    )
    _, which, met = np.unique(at, axis=0, return_inverse=True, return_counts=True)
    blind = met[which.ravel()] == 1
    is_main = lines["road_class"].isin(MAIN).to_numpy()[row]
    ends = np.flatnonzero(clipped | (blind & is_main))
    if not len(ends) or border.empty:
        return pd.DataFrame(columns=columns)
    crs = equal_area_crs(border)
    edges, _ = segments(border.geometry.to_crs(crs).to_numpy())
    points = _projected(at[ends], crs)
    near, hit = shapely.STRtree(edges).query_nearest(
        points, max_distance=SHORT_M, all_matches=False
    )
    away = shapely.distance(points[near], edges[hit])
    ends, away = ends[near][away > 0], away[away > 0]
    name = pd.Series(None, lines.index, dtype=object)
    for column in ("name", "ref"):
        if column in lines:
            name = lines[column].astype(object).where(lines[column].notna(), name)
    found = pd.DataFrame(
        {
            "name": name.fillna("without a name").to_numpy(object)[row[ends]],
            "road_class": lines["road_class"].astype(str).to_numpy(object)[row[ends]],
            "short_m": away,
            "lon": at[ends, 0],
            "lat": at[ends, 1],
            "clipped": clipped[ends],
            "side": np.array([*land["side"], None], object)[
                polygon_of(land.geometry.to_numpy(), *at[ends].T)
            ],
        }
    )
    order = {kind: number for number, kind in enumerate(MAIN)}
    found["rank"] = found["road_class"].map(order).fillna(len(order))
    found = found.sort_values(["rank", "short_m"]).drop_duplicates(["lon", "lat"])
    return found[columns].reset_index(drop=True)


def beside_border(
    lines: gpd.GeoDataFrame,
    land: gpd.GeoDataFrame,
    border: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame,
    *,
    within_km: float = WITHIN_KM,
) -> pd.DataFrame:
    """Roads and people of each side near the border.

    Parameters
    ----------
    lines
        Roads and railways in WGS 84.
    land
        Polygons with ``side``.
    border
        Pieces in WGS 84.
    places
        Settlements with ``population``, points.
    within_km
        Width of the belt on either side, km.

    Returns
    -------
    DataFrame
        Index ``side``; ``road_km``, ``places``, ``population``, ``within_km``.
    """
    crs = equal_area_crs(border)
    edges, _ = segments(border.geometry.to_crs(crs).to_numpy())
    tree = shapely.STRtree(edges)
    side = np.array([*land["side"], ""], object)

    def of_side(points: NDArray[np.object_]) -> NDArray[np.object_]:
        """Side of each point of the projection, empty beyond the belt and off the land."""
        near = tree.query_nearest(points, max_distance=1000 * within_km, all_matches=False)[0]
        lonlat = gpd.GeoSeries(points[near], crs=crs).to_crs(4326)
        polygon = polygon_of(land.geometry.to_numpy(), lonlat.x.to_numpy(), lonlat.y.to_numpy())
        found = np.full(len(points), "", object)
        found[near] = side[polygon]
        return found

    shapes = lines.geometry.to_crs(crs).to_numpy()
    # A road may be long: what of it lies in the belt counts, piece by piece.
    here = tree.query_nearest(shapes, max_distance=1000 * within_km, all_matches=False)[0]
    pieces, _ = segments(shapely.segmentize(shapes[here], _PIECE_M))
    km = shapely.length(pieces) / 1000
    rows = {
        "lines": of_side(shapely.centroid(pieces)),
        "places": of_side(places.geometry.to_crs(crs).to_numpy()),
    }
    people = places["population"].to_numpy(float)
    return pd.DataFrame(
        [
            {
                "side": one,
                "road_km": km[rows["lines"] == one].sum(),
                "places": int((rows["places"] == one).sum()),
                "population": people[rows["places"] == one].sum(),
                "within_km": within_km,
            }
            for one in ("home", "neighbour")
        ]
    ).set_index("side")


def _projected(at: NDArray[np.float64], crs: CRS) -> NDArray[np.object_]:
    """Points of a projection from degrees."""
    points: NDArray[np.object_] = gpd.GeoSeries.from_xy(*at.T, crs=4326).to_crs(crs).to_numpy()
    return points
