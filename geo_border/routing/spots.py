"""Places at one spot: they enter the network by one way of one length, and travel as one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from geo_border.routing.inside import Inside
    from geo_border.routing.tables import GateTables
    from geo_border.routing.travel import Travel


@dataclass(frozen=True, slots=True, eq=False)
class OwnSpots:
    """Times inside the sides between places, from those between their spots.

    Sums over all places cost the square of the number of spots, and memory does too where
    their times are held: a settlement that is given in a thousand rows costs what one does.

    Parameters
    ----------
    origins, destinations
        As in `geo_border.routing.inside.OwnTimes`, of all places.
    spots
        Times between the spots: their places are the first of each spot, `first`. From a spot
        to itself it is as far as between two of its places.
    first
        Position of the first place of each spot, ascending, shape (U,).
    spot
        Spot of each place, shape (P,).
    between
        Hours between two places of each spot, infinite where they do not reach the network,
        shape (U,).
    """

    origins: tuple[NDArray[np.int64], ...]
    destinations: tuple[NDArray[np.int64], ...]
    spots: Inside
    first: NDArray[np.int64]
    spot: NDArray[np.int64]
    between: NDArray[np.float64]

    def block(self, side: int, rows: slice | NDArray[np.int64]) -> NDArray[np.float64]:
        """Hours from some origins, a look at each spot that they are of.

        Parameters
        ----------
        side
            Position in `geo_border.terms.SIDES`.
        rows
            Which of the origins of the side.

        Returns
        -------
        ndarray
            Shape (rows, destinations).
        """
        start, end = self.origins[side][rows], self.destinations[side]
        spots, row_of = np.unique(self.spot[start], return_inverse=True)
        found = self.spots.block(side, np.searchsorted(self.spots.origins[side], spots))
        column_of = np.searchsorted(self.spots.destinations[side], self.spot[end])
        hours = found[np.ix_(row_of, column_of)]
        here = np.searchsorted(end, start).clip(max=max(len(end) - 1, 0))
        itself = np.flatnonzero(end[here] == start) if len(end) else here[:0]
        hours[itself, here[itself]] = 0.0
        return hours


def at_spots(travel: Travel, spots: OwnSpots, weight: str) -> Travel:
    """Trips between the spots of places.

    Parameters
    ----------
    travel
        Trips between the places.
    spots
        Their times inside the sides.
    weight
        Column of the places that is added up.

    Returns
    -------
    Travel
        Trips of the first place of each spot, which has what all of the spot have.
    """
    first, tables = spots.first, travel.tables
    places = travel.places.iloc[first]
    total = np.bincount(spots.spot, travel.places[weight], minlength=len(first))
    return replace(
        travel,
        places=places.assign(**{weight: total}),
        tables=replace(
            tables,
            place_ids=places.index,
            place_side=tables.place_side[first],
            to_gate=tables.to_gate[first],
            from_gate=tables.from_gate[:, first],
        ),
        own=spots.spots,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Merged:
    """Trips between spots for those between places, where times are known between spots.

    Parameters
    ----------
    travel
        Trips between U spots, or between all places where times are known between these.
    spot
        Row among its places of each of the P places, shape (P,).
    """

    travel: Travel
    spot: NDArray[np.int64]

    def total(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Add up at each spot what its places have.

        Parameters
        ----------
        values
            By place, shape (P,).

        Returns
        -------
        ndarray
            Shape (U,).
        """
        found = np.bincount(self.spot, values, minlength=len(self.travel.places))
        return found.astype(np.float64, copy=False)

    def share(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Part of what its spot has that each place has.

        Parameters
        ----------
        values
            By place, none negative, shape (P,).

        Returns
        -------
        ndarray
            0 to 1, 0 where the spot has nothing, shape (P,).
        """
        whole = self.total(values)[self.spot]
        return np.divide(values, whole, out=np.zeros(len(values)), where=whole > 0)


def spot_of(travel: Travel) -> NDArray[np.int64]:
    """Find which places nothing tells apart on a trip across.

    Parameters
    ----------
    travel
        Trips between the places.

    Returns
    -------
    ndarray
        Spot of each place: that of `OwnSpots` where times inside the sides are known between
        these, from 0 in the order of their first places, each city beyond one of its own; else
        one for all places that are as far from every gate; shape (P,).
    """
    own, places = travel.own, len(travel.places)
    if not isinstance(own, OwnSpots):
        return _alike(travel.tables)
    # Cities beyond the study follow its places: inside the sides nothing is known of them.
    return np.concatenate([own.spot, len(own.first) + np.arange(places - len(own.spot))])


def _alike(tables: GateTables) -> NDArray[np.int64]:
    """Number of each place, one for those whose hours to and from the gates are the same."""
    hours = (tables.to_gate, tables.from_gate.T)
    rng = np.random.default_rng(0)
    mark = tables.place_side.astype(float)
    for table in hours:
        for column in table.T:
            mark += rng.uniform(1, 2) * np.where(np.isfinite(column), column, -1.0)
    _, first, spot = np.unique(mark, return_index=True, return_inverse=True)
    alike = all(np.array_equal(table[first][spot], table) for table in hours)
    alike &= np.array_equal(tables.place_side[first][spot], tables.place_side)
    return spot if alike else np.arange(len(mark))


def merge(travel: Travel) -> Merged:
    """Trips between as few points as tell the same of all places.

    What is summed over pairs, and the same for every place of a spot but for its mass, is
    taken from these: sums over pairs of spots of summed masses are those over pairs of places.

    Parameters
    ----------
    travel
        Trips between the places.

    Returns
    -------
    Merged
        Between spots where the times inside the sides are those of `OwnSpots`, with their
        population added up.
    """
    own = travel.own
    if not isinstance(own, OwnSpots):
        return Merged(travel, np.arange(len(travel.places)))
    spot = spot_of(travel)
    first = np.concatenate([own.first, np.arange(len(own.spot), len(travel.places))])
    return Merged(at_spots(travel, replace(own, first=first, spot=spot), "population"), spot)


def gathered(travel: Travel) -> Travel:
    """Trips between as few points as tell the same of every region.

    Parameters
    ----------
    travel
        Trips between the places.

    Returns
    -------
    Travel
        Where the times inside the sides are those of `OwnSpots`: those of the first place of
        each spot and region, which has the population of all in both. Trips of regions are the
        same where they are in proportion to people, and nowhere else.
    """
    own, places, tables = travel.own, travel.places, travel.tables
    if not isinstance(own, OwnSpots):
        return travel
    spot, beyond = spot_of(travel), len(places) - len(own.spot)
    region = pd.factorize(places["region_id"])[0]
    group = pd.DataFrame({"spot": spot, "region": region}).groupby(["spot", "region"], sort=False)
    number = group.ngroup().to_numpy()
    first = np.unique(number, return_index=True)[1]
    inside = spot[first][: len(first) - beyond]
    total = np.bincount(number, places["population"])
    trees = tables.trees
    points = places.iloc[first].assign(population=total)
    return replace(
        travel,
        places=points,
        tables=replace(
            tables,
            place_ids=points.index,
            place_side=tables.place_side[first],
            to_gate=tables.to_gate[first],
            from_gate=tables.from_gate[:, first],
            trees=None if trees is None else replace(trees, place_node=trees.place_node[first]),
        ),
        own=replace(
            own,
            origins=tuple(np.flatnonzero(np.isin(first, each)) for each in own.origins),
            destinations=tuple(np.flatnonzero(np.isin(first, each)) for each in own.destinations),
            first=np.unique(inside, return_index=True)[1],
            spot=inside,
        ),
    )


def spots_of(places: gpd.GeoDataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the places that nothing tells apart on a trip.

    Parameters
    ----------
    places
        Points with ``side``, ``node``, ``access_h`` and ``region_id``.

    Returns
    -------
    first : ndarray
        Position of the first place of each spot, ascending: of one side, node, access time and
        point, in a region all or none; shape (U,).
    spot : ndarray
        Spot of each place, shape (P,).
    """
    keys: pd.DataFrame = places[["side", "node", "access_h"]].assign(
        lon=places.geometry.x, lat=places.geometry.y, within=places["region_id"].notna()
    )
    spot = keys.groupby(list(keys.columns), sort=False, dropna=False).ngroup()
    first: NDArray[np.int64] = np.unique(spot.to_numpy(), return_index=True)[1].astype(np.int64)
    return first, spot.to_numpy().astype(np.int64)
