"""Polygons of countries and regions from boundary relations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_border.border.coast import COAST, MARITIME
from geo_border.border.edges import WGS84
from geo_border.geometry.frame import HALF_TURN, cut_jumps, middle_of, principal, to_globe, turned
from geo_border.osm.lines import Pieces, cut_ways
from geo_border.osm.tags import has, mapped, population, text, yes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.pbf.extract import Extract

NOT_OUTLINE = frozenset({"subarea", "label", "admin_centre", "land_area", "claim", "collection"})
"""Roles of members that are not part of the outline; all other roles are, whatever they say."""

_GAP = ("gap_m", "gap_lon", "gap_lat", "gap_to_lon", "gap_to_lat")

_ID_KEYS = ("ISO3166-2", "ISO3166-1:alpha2", "ISO3166-1")


def boundaries_from_extract(
    extract: Extract, *, admin_level: int = 2
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Polygons of administrative units of a level, and those that could not be made.

    The outline of a unit is made of all its member ways but those of another purpose. Whether
    a part is inside or a hole is decided by even and odd, not by the roles ``outer`` and
    ``inner``: a wrong role changes nothing.

    Parameters
    ----------
    extract
        What was read with `geo_border.osm.tags.wanted`.
    admin_level
        ``admin_level`` of the relations: 2 countries, 4 regions in most countries.

    Returns
    -------
    units : GeoDataFrame
        Index ``region_id`` (ISO 3166-2 or 3166-1 code; ``r`` and the relation's id without
        one, or where two units claim the same); ``relation_id``, ``name`` and names by language
        (``name_en``...), ``iso``, ``population`` (as tagged, missing without), ``capital``
        (name), ``capital_lon``, ``capital_lat`` (the ``admin_centre`` member),
        ``label_lon``, ``label_lat``, MultiPolygons. Complete units only.
    report : DataFrame
        One row for every relation of the level: ``relation_id``, ``name``, ``region_id``,
        ``iso``, ``lon``, ``lat`` (of its label or centre, else on the part of its
        outline that is of no country's, missing without), ``status`` (``complete``,
        ``incomplete``, ``no outline``), ``ways``,
        ``ways_missing``, ``ways_clipped``, ``open_ends``, ``repaired`` (the outline crosses
        itself), and of the widest gap ``gap_m``, ``gap_lon``, ``gap_lat``, ``gap_to_lon``,
        ``gap_to_lat``.
    """
    units, members = _units(extract, admin_level)
    groups = dict(iter(members.groupby("relation_id")))
    shapes, rows = [], []
    of_countries = _outline_ways(extract, _units(extract, 2)[1])[0]
    for number in units["relation_id"]:
        shape, row = _outline(extract, groups.get(number, members.iloc[:0]), of_countries)
        shapes.append(shape)
        rows.append({"relation_id": number} | row)
    report = pd.DataFrame(
        rows,
        columns=[
            *("relation_id", "status", "ways", "ways_missing", "ways_clipped"),
            *("open_ends", "repaired", *_GAP, "inner_lon", "inner_lat"),
        ],
    )
    report.insert(1, "name", text(units, "name"))
    named = _named(extract, units, members)
    for column in ("region_id", "iso"):
        report[column] = named[column].to_numpy(object)
    for axis in ("lon", "lat"):
        stated = named[f"label_{axis}"].fillna(named[f"capital_{axis}"])
        report[axis] = stated.fillna(report.pop(f"inner_{axis}").astype(float))
    whole = (report["status"] == "complete").to_numpy()
    polygons = gpd.GeoDataFrame(named, geometry=gpd.GeoSeries(shapes, crs=4326))[whole]
    return polygons.set_index("region_id"), report


def country_outlines(extract: Extract) -> gpd.GeoDataFrame:
    """What an extract holds of the outlines of countries, whole or not.

    Parameters
    ----------
    extract
        What was read with `geo_border.osm.tags.wanted`.

    Returns
    -------
    GeoDataFrame
        One row for every member way that is there of every country with an ISO code:
        ``country`` (ISO 3166-1 alpha-2), ``name`` and names by language, ``way_id``,
        MultiLineStrings.
    """
    units, members = _units(extract, 2)
    named = _named(extract, units, members).dropna(subset="iso")
    rows = []
    for unit in named.index:
        ways = _outline_ways(
            extract, members[members["relation_id"] == named.at[unit, "relation_id"]]
        )[1]
        pieces = cut_ways(extract, ways)
        at = np.column_stack(extract.degrees(pieces.vertex))
        rows.append(
            gpd.GeoDataFrame(
                {"unit": unit, "way_id": extract.way_id[pieces.way]},
                geometry=cut_jumps(
                    gpd.GeoSeries(shapely.linestrings(at, indices=pieces.piece), crs=4326)
                ),
                crs=4326,
            )
        )
    columns = ["iso", *(name for name in map(str, named) if name.startswith("name"))]
    if not rows:
        empty = pd.DataFrame(columns=[*columns, "way_id"]).rename(columns={"iso": "country"})
        return gpd.GeoDataFrame(empty, geometry=gpd.GeoSeries([], crs=4326))
    ways = pd.concat(rows, ignore_index=True)
    outlines = ways.join(named[columns], on="unit").drop(columns="unit")
    return outlines.rename(columns={"iso": "country"})


def sea_lines(extract: Extract) -> gpd.GeoDataFrame:
    """Lines at which land ends: coasts, and boundaries that are tagged as being at sea.

    Parameters
    ----------
    extract
        What was read with `geo_border.osm.tags.wanted`.

    Returns
    -------
    GeoDataFrame
        ``kind`` (`geo_border.border.coast.COAST`, with land to the left, or ``MARITIME``),
        LineStrings in WGS 84.
    """
    tags = extract.way_tags
    coast = has(tags, "natural", {"coastline"})
    # Not border_type=territorial: borders on land have it as often.
    maritime = (yes(tags, "maritime") | has(tags, "boundary", {"maritime"})) & ~coast
    pieces = cut_ways(extract, np.flatnonzero(coast | maritime))
    at = np.column_stack(extract.degrees(pieces.vertex))
    return gpd.GeoDataFrame(
        {"kind": np.where(coast[pieces.way], COAST, MARITIME).astype(object)},
        geometry=shapely.linestrings(at, indices=pieces.piece),
        crs=4326,
    )


def _units(extract: Extract, admin_level: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Administrative relations of a level, and their members without repetition."""
    table = extract.relations
    level = mapped(table, "admin_level", _level, missing=-1, dtype=np.int64)
    chosen = (
        has(table, "boundary", {"administrative"})
        & has(table, "type", {"boundary", "multipolygon"})
        & (level == admin_level)
    )
    units = table[chosen].reset_index(drop=True)
    members = extract.members[
        extract.members["relation_id"].isin(units["relation_id"])
    ].drop_duplicates(["relation_id", "member_type", "ref", "role"])
    return units, members


def _level(value: str) -> int:
    """Level as a number, -1 if it is none."""
    return int(value) if value.strip().isdecimal() else -1


def _outline(
    extract: Extract, members: pd.DataFrame, of_countries: NDArray[np.int64]
) -> tuple[shapely.Geometry | None, dict[str, object]]:
    """Area of a relation, and what is missing of it."""
    ids, ways = _outline_ways(extract, members)
    clipped = sum(
        bool((extract.ref_node[extract.way_start[way] : extract.way_start[way + 1]] < 0).any())
        for way in ways
    )
    pieces = _without_doubles(cut_ways(extract, ways))
    coordinates = _without_jumps(np.column_stack(extract.degrees(pieces.vertex)), pieces)
    lines = shapely.linestrings(coordinates, indices=pieces.piece)
    nodes, degree = np.unique(np.concatenate([pieces.tail, pieces.head]), return_counts=True)
    loose = np.column_stack(extract.degrees(nodes[degree % 2 == 1]))
    open_ends = len(loose)
    shape, repaired = _even_odd(lines, coordinates, pieces)
    if shape is not None:
        shape = to_globe(gpd.GeoSeries([shape], crs=4326)).iloc[0]
    inner = _inner_point(extract, pieces, lines, of_countries)
    missing = len(ids) - len(ways)
    if not len(ids):
        status = "no outline"
    else:
        closed = not (missing or clipped or open_ends)
        status = "complete" if closed and shape is not None else "incomplete"
    return shape, {
        "status": status,
        "ways": len(ids),
        "ways_missing": missing,
        "ways_clipped": clipped,
        "open_ends": open_ends,
        "repaired": repaired,
        **dict(zip(_GAP, _widest_gap(loose), strict=True)),
        **dict(zip(("inner_lon", "inner_lat"), inner, strict=True)),
    }


def _without_jumps(at: NDArray[np.float64], pieces: Pieces) -> NDArray[np.float64]:
    """Coordinates of an outline in one frame if its ways jump over the 180th meridian."""
    lon = at[:, 0]
    jumps = (np.abs(np.diff(lon)) > HALF_TURN) & (np.diff(pieces.piece) == 0)
    return np.column_stack([turned(lon, middle_of(lon)), at[:, 1]]) if jumps.any() else at


def _widest_gap(loose: NDArray[np.float64]) -> tuple[float, ...]:
    """Metres and both ends of the widest gap, where each loose end goes on at the nearest."""
    if len(loose) < 2:
        return (np.nan,) * len(_GAP)
    first, second = np.triu_indices(len(loose), 1)
    metres = np.asarray(WGS84.inv(*loose[first].T, *loose[second].T)[2])
    free = np.ones(len(loose), bool)
    widest = -1
    for pair in np.argsort(metres, kind="stable"):
        if free[first[pair]] and free[second[pair]]:
            free[[first[pair], second[pair]]] = False
            widest = int(pair)
    return (float(metres[widest]), *loose[first[widest]], *loose[second[widest]])


def _inner_point(
    extract: Extract, pieces: Pieces, lines: NDArray[np.object_], of_countries: NDArray[np.int64]
) -> tuple[float, float]:
    """Middle of the longest line of an outline that no country's outline has, where there is one.

    What an extract of one country holds of the next is little but their border, on which a
    point says nothing of the side it is of.
    """
    own = lines[~np.isin(extract.way_id[pieces.way], of_countries)]
    if not len(own):
        return np.nan, np.nan
    longest = own[int(shapely.length(own).argmax())]
    middle = shapely.line_interpolate_point(longest, 0.5, normalized=True)
    return principal(middle.x), float(middle.y)


def _outline_ways(
    extract: Extract, members: pd.DataFrame
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ids of the ways that make an outline, and the positions of those that are there."""
    is_way = members["member_type"].astype(str) == "w"
    roles = members["role"].astype(object).fillna("").astype(str)
    ids = np.unique(members.loc[is_way & ~roles.isin(NOT_OUTLINE), "ref"].to_numpy(np.int64))
    at = np.searchsorted(extract.way_id, ids).clip(max=max(len(extract.way_id) - 1, 0))
    known = extract.way_id[at] == ids if len(extract.way_id) else np.zeros(len(ids), bool)
    return ids, at[known]


def _without_doubles(pieces: Pieces) -> Pieces:
    """Pieces without those that lie twice: two ways over each other divide nothing."""
    single = np.diff(pieces.start) == 2
    pair = np.sort(np.column_stack([pieces.tail, pieces.head]), axis=1)
    # Longer pieces hold a node that no other way has, so they lie once.
    pair[~single] = -1 - np.arange(len(pair))[~single, None]
    _, first, count = np.unique(pair, axis=0, return_index=True, return_counts=True)
    keep = np.zeros(len(pair), bool)
    keep[first[count % 2 == 1]] = True
    length = np.diff(pieces.start)
    start = np.concatenate([[0], np.cumsum(length[keep])])
    return Pieces(pieces.way[keep], pieces.vertex[np.repeat(keep, length)], start)


def _even_odd(
    lines: NDArray[np.object_], coordinates: NDArray[np.float64], pieces: Pieces
) -> tuple[shapely.Geometry | None, bool]:
    """Area that is inside an odd number of rings, and whether lines had to be cut for it."""
    whole = shapely.multilinestrings(lines)
    # Pieces end where nodes are shared; where they cross besides, rings cannot be told apart.
    crossed = not whole.is_simple
    faces = shapely.get_parts(shapely.polygonize([shapely.node(whole) if crossed else whole]))
    if not len(faces):
        return None, crossed
    count = _crossings_to_the_east(shapely.point_on_surface(faces), lines, coordinates, pieces)
    return shapely.multipolygons(faces[count % 2 == 1]), crossed


def _crossings_to_the_east(
    points: NDArray[np.object_],
    lines: NDArray[np.object_],
    coordinates: NDArray[np.float64],
    pieces: Pieces,
) -> NDArray[np.int64]:
    """How often a ray from each point to the east crosses the lines."""
    x, y = shapely.get_x(points), shapely.get_y(points)
    east = coordinates[:, 0].max() + 1
    rays = shapely.linestrings(
        np.stack([np.column_stack([x, y]), np.column_stack([np.full_like(x, east), y])], axis=1)
    )
    point, line = shapely.STRtree(lines).query(rays)
    length = np.diff(pieces.start)[line] - 1
    first = np.repeat(pieces.start[line] - np.cumsum(length) + length, length)
    here = first + np.arange(length.sum())
    point = np.repeat(point, length)
    (x0, y0), (x1, y1) = coordinates[here].T, coordinates[here + 1].T
    straddles = (y0 <= y[point]) != (y1 <= y[point])
    with np.errstate(divide="ignore", invalid="ignore"):
        at = x0 + (y[point] - y0) / (y1 - y0) * (x1 - x0)
    return np.bincount(point[straddles & (at > x[point])], minlength=len(points))


def _named(extract: Extract, units: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """Ids, names and capitals of relations."""
    iso = text(units, _ID_KEYS[-1])
    for key in reversed(_ID_KEYS[:-1]):
        own = text(units, key)
        iso = np.where(pd.isna(own), iso, own)
    iso = np.array([code if pd.isna(code) else str(code).strip().upper() for code in iso], object)
    own_id = np.array([f"r{number}" for number in units["relation_id"]], dtype=object)
    unique = ~pd.isna(iso) & ~pd.Series(iso).duplicated(keep=False).to_numpy()
    names = [key for key in map(str, units) if key in {"name", "int_name"} or key[:5] == "name:"]
    table = pd.DataFrame(
        {
            "region_id": np.where(unique, iso, own_id),
            "relation_id": units["relation_id"],
            **{key.replace(":", "_"): text(units, key) for key in names},
            "iso": iso,
            "population": mapped(units, "population", population, missing=np.nan, dtype=float),
        }
    )
    capital = _member_nodes(extract, table["relation_id"], members, "admin_centre")
    label = _member_nodes(extract, table["relation_id"], members, "label")
    tagged = extract.tagged_nodes
    name_of = pd.Series(text(tagged, "name"), index=tagged["node"].to_numpy(np.int64))
    name_of = name_of[~name_of.index.duplicated()]
    table["capital"] = name_of.reindex(capital).to_numpy(dtype=object)
    for prefix, node in (("capital", capital), ("label", label)):
        for axis, values in zip(("lon", "lat"), extract.degrees(node[node >= 0]), strict=True):
            table[f"{prefix}_{axis}"] = np.nan
            table.loc[node >= 0, f"{prefix}_{axis}"] = values
    return table


def _member_nodes(
    extract: Extract, relations: pd.Series, members: pd.DataFrame, role: str
) -> NDArray[np.int64]:
    """Position of the node with a role in each relation, -1 where there is none."""
    rows = members[
        (members["member_type"].astype(str) == "n") & (members["role"].astype(str) == role)
    ].drop_duplicates("relation_id")
    ref = rows.set_index("relation_id")["ref"].reindex(relations)
    node = np.full(len(relations), -1)
    there = ref.notna().to_numpy()
    ids = ref.to_numpy()[there].astype(np.int64)
    at = np.searchsorted(extract.node_id, ids)
    found = at < len(extract.node_id)
    found[found] = extract.node_id[at[found]] == ids[found]
    node[np.flatnonzero(there)[found]] = at[found]
    return node
