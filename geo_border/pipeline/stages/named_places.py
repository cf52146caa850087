"""Places that a study names: capitals, stops of corridors, starts of isochrones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import shapely

from geo_border.errors import StudyError
from geo_border.terms import SIDES

if TYPE_CHECKING:
    import geopandas as gpd


def capital_ids(regions: gpd.GeoDataFrame, places: gpd.GeoDataFrame) -> pd.Series[str]:
    """Find the settlement that is the capital of each region.

    Parameters
    ----------
    regions
        Columns ``side``, ``capital_lon``, ``capital_lat``.
    places
        Joined places.

    Returns
    -------
    Series
        Index ``region_id``; id of the settlement of the same side nearest to the capital's
        coordinates; regions without them, or whose capital the network does not reach, are left
        out.
    """
    given = regions.dropna(subset=["capital_lon", "capital_lat"])
    found: dict[str, Any] = {}
    for side in SIDES:
        here = given[given["side"] == side]
        points = shapely.points(here["capital_lon"], here["capital_lat"])
        of_side = places[places["side"] == side]
        nearest = shapely.STRtree(of_side.geometry.to_numpy()).nearest(points)
        found |= dict(zip(here.index, of_side.index[nearest], strict=True))
    capitals = pd.Series(found, name="place_id", dtype=object).rename_axis("region_id")
    reached: pd.Series[str] = capitals[places["node"].reindex(capitals).to_numpy() >= 0]
    return reached


def capital_places(regions: gpd.GeoDataFrame, places: gpd.GeoDataFrame) -> pd.DataFrame:
    """Find where the capital of each region enters the network.

    Parameters
    ----------
    regions, places
        As in `capital_ids`.

    Returns
    -------
    DataFrame
        Index ``region_id``; ``side``, ``node``, ``access_h``, ``access_km`` of the capitals.
    """
    capitals = capital_ids(regions, places)
    found = places.loc[capitals, ["side", "node", "access_h", "access_km"]]
    return pd.DataFrame(found.set_axis(capitals.index))


def place_named(places: pd.DataFrame, name: str, *, where: str) -> str:
    """Find a place by its id or its name.

    Parameters
    ----------
    places
        Index of ids; column ``name``.
    name
        An id, or the name of one place alone.
    where
        What names it, for the message.

    Returns
    -------
    str
        Its id.

    Raises
    ------
    StudyError
        If there is none, or there are several.
    """
    if name in places.index:
        return name
    same = places.index[places["name"] == name]
    if len(same) == 1:
        return str(same[0])
    if len(same):
        raise StudyError(
            f"{where}: {len(same)} places are called {name!r}",
            remedy=f"Give the id of one: {', '.join(map(str, same[:9]))}",
        )
    raise StudyError(
        f"{where}: there is no place {name!r}", remedy="Give an id or a name of the places table"
    )
