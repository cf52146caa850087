"""The two sides of a border from the boundary relations of extracts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_border.border.edges import geodesic_km2
from geo_border.geometry.frame import HALF_TURN, in_frame, middle_of, to_globe, turned
from geo_border.geometry.locate import faces_of
from geo_border.osm.boundaries import country_outlines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.pbf.extract import Extract

SLIVER_KM2 = 0.01
"""Pieces of land smaller than this are left over from lines that do not quite agree."""

_ON_THE_LINE = 1e-8  # degrees, a millimetre
_INSIDE = 1e-4  # degrees, ten metres


def boxes_of(extract: Extract) -> shapely.Geometry:
    """Land that extracts cover, as they say themselves: the boxes in their headers.

    A box over the 180th meridian, as one of nodes on both sides of it, goes on beyond it.

    Parameters
    ----------
    extract
        What was read with `geo_border.osm.tags.wanted`.

    Returns
    -------
    Geometry
        Union of the boxes; of a file without one, the box of all that was read.
    """
    boxes = extract.sources[["west", "south", "east", "north"]].to_numpy(float)
    known = boxes[np.isfinite(boxes).all(axis=1)]
    known[known[:, 2] < known[:, 0], 2] += 360
    if len(known) < len(boxes):
        lon = extract.lon
        if np.ptp(lon) > HALF_TURN:
            lon = turned(lon, middle_of(np.round(lon, 1)))
        known = np.vstack([known, [lon.min(), extract.lat.min(), lon.max(), extract.lat.max()]])
    return shapely.union_all(shapely.box(*known.T))


def countries_within(
    extract: Extract, whole: gpd.GeoDataFrame, *, margin_degrees: float = 0.1
) -> gpd.GeoDataFrame:
    """All land that extracts reach, by country as far as they tell countries apart.

    Countries whose outline is there are whole. What else the boxes hold is cut along the
    outlines that are there in part; a piece belongs to the one country that all the outlines
    around it have in common. What is left, and a margin around the boxes (an extract may end
    where the country does), goes to the country whose outline is nearest.

    Parameters
    ----------
    extract
        What was read with `geo_border.osm.tags.wanted`.
    whole
        Countries with a whole outline: index of ISO codes, ``name`` and names by language.
    margin_degrees
        Width of the margin, degrees.

    Returns
    -------
    GeoDataFrame
        ``country`` (ISO 3166-1 alpha-2; missing where no outline of another country is there),
        ``name`` and names by language, ``is_whole``, polygons in WGS 84; no country twice.
    """
    names = [name for name in whole if str(name).startswith("name")]
    found = whole.rename_axis("country").reset_index()[["country", *names, "geometry"]]
    found["is_whole"] = True
    outlines = country_outlines(extract)
    boxes = boxes_of(extract)
    meridian = _meridian(boxes)
    outlines = in_frame(outlines[~outlines["country"].isin(whole.index)], meridian)
    boxes = in_frame(gpd.GeoSeries([boxes], crs=4326), meridian).iloc[0]
    taken = shapely.union_all(in_frame(whole, meridian).geometry.to_numpy())
    # Beyond half a turn from the middle the same land would come again.
    globe = shapely.box(meridian - HALF_TURN, -90, meridian + HALF_TURN, 90)
    around = shapely.buffer(boxes, margin_degrees, join_style="mitre")
    reach = shapely.difference(shapely.intersection(around, globe), taken)
    parts = _parts(shapely.difference(boxes, taken), reach, outlines)
    parts = parts.join(
        outlines.drop_duplicates("country").set_index("country")[
            [name for name in names if name in outlines]
        ],
        on="country",
    )
    return pd.concat([found, to_globe(parts).assign(is_whole=False)], ignore_index=True)


def _meridian(boxes: shapely.Geometry) -> float:
    """Middle of boxes that lie around the 180th meridian; 0 for all others, and for the world."""
    west, _, east, _ = shapely.bounds(shapely.get_parts(boxes)).T
    is_apart = max(east.max() - west.min(), east.max(), -west.min()) > HALF_TURN
    if not is_apart or (east - west).max() > HALF_TURN:
        return 0.0
    return middle_of(np.concatenate([west, east, (west + east) / 2]))


def _parts(
    inner: shapely.Geometry, reach: shapely.Geometry, outlines: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Land outside the whole countries by country: in the boxes exactly, else by the nearest."""
    columns = {"country": pd.Series([], dtype=object)}
    exact = gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([], crs=4326))
    if not (outlines.empty or inner.is_empty):
        faces = faces_of(inner, outlines.geometry.drop_duplicates().to_numpy())
        owner = _owners(faces, outlines)
        exact = gpd.GeoDataFrame({"country": owner}, geometry=faces, crs=4326).dropna()
    rest = shapely.difference(reach, shapely.union_all(exact.geometry.to_numpy()))
    sites, country = _sites(exact, outlines)
    if not len(sites):
        return gpd.GeoDataFrame({"country": [None]}, geometry=[rest], crs=4326)
    cells = _cells(sites, rest)
    nearest = gpd.GeoDataFrame({"country": country}, geometry=cells, crs=4326).dissolve("country")
    nearest = nearest.set_geometry(shapely.intersection(nearest.geometry.to_numpy(), rest))
    parts = pd.concat([exact, nearest.reset_index()]).dissolve("country").reset_index()
    return parts.set_geometry(_polygonal(parts.geometry.to_numpy()))


def _cells(sites: NDArray[np.object_], around: shapely.Geometry) -> NDArray[np.object_]:
    """What is nearest to each of some points."""
    for noise in (0.0, _ON_THE_LINE * 10):
        shift = np.random.default_rng(0).uniform(-noise, noise, (len(sites), 2))
        cells: NDArray[np.object_] = shapely.get_parts(
            shapely.voronoi_polygons(
                shapely.multipoints(shapely.get_coordinates(sites) + shift),
                extend_to=around,
                ordered=True,
            )
        )
        # Around points on a lattice, as of straight outlines, cells fold over each other.
        if shapely.is_valid(cells).all():
            break
    return cells


def _sites(
    exact: gpd.GeoDataFrame, outlines: gpd.GeoDataFrame
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Points of known country: a little inside its pieces, and on outlines that are its alone."""
    alone = outlines[~outlines["way_id"].duplicated(keep=False)]
    shapes = np.concatenate(
        [shapely.buffer(exact.geometry.to_numpy(), -_INSIDE), alone.geometry.to_numpy()]
    )
    names = np.concatenate([exact["country"].to_numpy(object), alone["country"].to_numpy(object)])
    at, shape = shapely.get_coordinates(
        shapely.segmentize(shapely.simplify(shapes, _INSIDE), 100 * _INSIDE), return_index=True
    )
    _, first = np.unique(np.round(at, 7), axis=0, return_index=True)
    return shapely.points(at[first]), names[shape[first]]


def _owners(faces: NDArray[np.object_], outlines: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Country of each piece, or none."""
    ways = outlines.drop_duplicates("way_id").set_index("way_id")
    sharing = outlines.groupby("way_id")["country"].agg(set)
    # Half way between two vertices lies on the outline of a piece if any of the line does.
    middles, way = [], []
    for way_id, line in ways.geometry.items():
        at = shapely.get_coordinates(line)
        middles += list(shapely.points((at[1:] + at[:-1]) / 2))
        way += [way_id] * (len(at) - 1)
    point, face = shapely.STRtree(shapely.boundary(faces)).query(
        np.array(middles), predicate="dwithin", distance=_ON_THE_LINE
    )
    around = pd.DataFrame({"face": face, "way": np.array(way)[point]}).drop_duplicates()
    possible = {
        int(str(number)): set.intersection(*sharing[rows["way"]].tolist())
        for number, rows in around.groupby("face")
    }
    owner = np.full(len(faces), None, object)
    for number in sorted(possible, key=lambda number: len(possible[number])):
        # An enclave has two countries all around it: it is not of the one that surrounds it.
        beside = around.loc[around["way"].isin(around.loc[around["face"] == number, "way"]), "face"]
        left = possible[number] - {owner[other] for other in beside if other != number}
        if len(left) == 1:
            owner[number] = left.pop()
    return owner


def beyond(
    side: gpd.GeoDataFrame, countries: gpd.GeoDataFrame, *, region_id: str, name: str
) -> gpd.GeoDataFrame:
    """Everything else: what lies outside one side, by country where that is known.

    Parameters
    ----------
    side
        Polygons of the side that is given.
    countries
        As `countries_within` gives them.
    region_id, name
        Of what is in no known country.

    Returns
    -------
    GeoDataFrame
        Index ``region_id`` (ISO codes of the countries, or `region_id`), ``name`` and names by
        language, polygons in WGS 84.
    """
    taken = shapely.union_all(side.geometry.to_numpy())
    parts = countries.rename(columns={"country": "region_id"}).drop(columns="is_whole")
    shapes = _polygonal(shapely.difference(parts.geometry.to_numpy(), taken))
    parts = parts.set_geometry(gpd.GeoSeries(shapes, crs=4326))
    unknown = parts["region_id"].isna()
    parts.loc[unknown, ["region_id", "name"]] = [region_id, name]
    return parts[_large(parts)].set_index("region_id")


def rest_of_country(
    units: gpd.GeoDataFrame, regions: gpd.GeoDataFrame, whole: shapely.Geometry | None
) -> gpd.GeoDataFrame:
    """What a country has beside the regions that are studied.

    Parameters
    ----------
    units
        All units of the country at the level of the regions.
    regions
        Those that are studied.
    whole
        The country, if its outline is known; else the other units stand for it.

    Returns
    -------
    GeoDataFrame
        One polygon, or none where nothing is left.
    """
    others = units[~units.index.isin(regions.index)]
    land = whole if whole is not None else shapely.union_all(others.geometry.to_numpy())
    rest = shapely.difference(land, shapely.union_all(regions.geometry.to_numpy()))
    frame = gpd.GeoDataFrame(geometry=_polygonal(np.array([rest])), crs=4326)
    return frame[_large(frame)]


def _large(frame: gpd.GeoDataFrame) -> pd.Series[bool]:
    """Whether polygons are more than slivers."""
    return geodesic_km2(frame.geometry) > SLIVER_KM2


def _polygonal(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Polygons without the points, lines and slivers that set operations leave behind."""
    out = []
    for shape in shapes:
        parts = shapely.get_parts(shape)
        parts = parts[shapely.get_dimensions(parts) == 2]
        areas = geodesic_km2(gpd.GeoSeries(parts)).to_numpy()
        out.append(shapely.multipolygons(parts[areas > SLIVER_KM2]))
    return np.array(out, object)
