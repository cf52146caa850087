"""Places on the map where the data are doubtful or lacking."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_border.network.audit import CROSS, NEAR_MISS, PACE, SPEED
from geo_border.network.beyond import local_km
from geo_border.network.links import geodesic_km
from geo_border.pipeline.stages.quality import FAR_KM

UNITS = {CROSS: "m", NEAR_MISS: "m", PACE: "km/h", SPEED: "km/h"}
"""Unit of what the audit of the lines measures, by kind."""

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.pipeline.inputs.extracted import Extracts
    from geo_border.pipeline.stages.network import StudyNetwork

MOST_POINTS = 2_000
"""Points of a kind that may be thousands; the layer stays small and the map legible."""

SMALLEST_CELL = 0.05
"""Side of the cells in which imputed speeds are added up, degrees of latitude; larger where there
would be more than `MOST_POINTS`."""


def flaws(
    net: StudyNetwork, lines: gpd.GeoDataFrame, extracts: Extracts | None = None
) -> gpd.GeoDataFrame:
    """Places on the map where the data are doubtful or lacking.

    Parameters
    ----------
    net
        The network of the study.
    lines
        Roads and railways that the network was built of.
    extracts
        What is kept of the extracts, where the study has any.

    Returns
    -------
    GeoDataFrame
        ``kind`` (``crossing without a checkpoint``, ``roads apart from all checkpoints``,
        ``settlement out of reach``, ``settlement far from all roads``,
        ``settlement that may be listed twice``, ``speed imputed``, the kinds of
        `geo_border.network.audit.audit_lines`, ``road over ground of neither side``,
        ``way cut at the edge of an extract``, ``settlement without a population``), ``name``,
        ``value``, ``unit``, points in WGS 84. Imputed speeds are added up by cells, and of cut
        ways the `MOST_POINTS` fastest are given.
    """
    crossings, parts, places = net.crossings, net.parts, net.places
    unserved = crossings[crossings["checkpoint_id"].isna()]
    name = unserved["name"].fillna(unserved["ref"]).fillna(unserved["road_class"])
    apart = parts[parts["gates"] == 0]
    lost = places[places["node"] < 0]
    local = local_km(places)
    far = places[(places["node"] >= 0) & (local > FAR_KM)]
    again = net.twice.drop_duplicates("other_id").head(MOST_POINTS)
    again = again.set_index("other_id")
    twice = places.loc[again.index]
    imputed = _imputed(lines)
    barred = net.barred.head(MOST_POINTS)
    over = barred.assign(lon=barred.geometry.x, lat=barred.geometry.y)
    layers = [
        _points("crossing without a checkpoint", name, unserved),
        _points("roads apart from all checkpoints", apart["mode"], apart, apart["km"], "km"),
        _points("settlement out of reach", lost["name"], lost, lost["population"], "persons"),
        _points("settlement far from all roads", far["name"], far, local[far.index], "km"),
        _points(
            "settlement that may be listed twice", twice["name"], twice, again["lesser"], "persons"
        ),
        *_of_audit(net.audit),
        _points("road over ground of neither side", over["name"], over, over["km"], "km"),
        _points("speed imputed", imputed["name"], imputed, imputed["km"], "km"),
    ]
    if extracts is not None:
        cut = _cut(extracts.lines)
        all_places = extracts.settlements
        unknown = all_places[~(all_places["population"] > 0)]
        layers += [
            _points("way cut at the edge of an extract", cut["name"], cut, cut["km"], "km"),
            _points("settlement without a population", unknown["name"], unknown),
        ]
    table = pd.concat(layers, ignore_index=True)
    points = gpd.points_from_xy(table.pop("lon"), table.pop("lat"), crs=4326)
    return gpd.GeoDataFrame(table, geometry=points)


def _points(
    kind: str, name: pd.Series, at: pd.DataFrame, value: object = np.nan, unit: str = ""
) -> pd.DataFrame:
    """Rows of the flaws of a kind."""
    return pd.DataFrame(
        {
            "kind": kind,
            "name": name.astype(str),
            "value": value,
            "unit": unit,
            "lon": at["lon"],
            "lat": at["lat"],
        },
        index=at.index,
    ).astype({"value": float})


def _of_audit(found: gpd.GeoDataFrame) -> list[pd.DataFrame]:
    """What the audit of the lines has found, up to `MOST_POINTS` of a kind."""
    at = shapely.get_coordinates(found.geometry.to_numpy())
    table = pd.DataFrame(found.drop(columns="geometry")).assign(lon=at[:, 0], lat=at[:, 1])
    first = table.groupby("kind", sort=False).head(MOST_POINTS)
    return [
        _points(str(kind), rows["mode"], rows, rows["value"], UNITS[str(kind)])
        for kind, rows in first.groupby("kind", sort=False)
    ]


def _imputed(lines: gpd.GeoDataFrame) -> pd.DataFrame:
    """Kilometres by cell whose speed is from a table, and what share of all in the cell they are.

    A cell is drawn in the middle of its kilometres.
    """
    shape = lines.geometry.to_numpy()
    at = shapely.get_coordinates(shapely.line_interpolate_point(shape, 0.5, normalized=True))
    known = np.zeros(len(lines), bool)
    for column in ("speed_kmh", "hours"):
        if column in lines:
            known |= lines[column].notna().to_numpy()
    km = _kilometres(lines)
    rows = pd.DataFrame(
        {
            "cell": _cells(at),
            "road_class": lines["road_class"].astype(str).to_numpy(),
            "all_km": km,
            "km": np.where(known, 0.0, km),
            "lon": np.where(known, 0.0, km * at[:, 0]),
            "lat": np.where(known, 0.0, km * at[:, 1]),
        }
    )
    cells = rows.drop(columns="road_class").groupby("cell").sum()
    cells = cells[cells["km"] > 0]
    by_class = rows.groupby(["cell", "road_class"])["km"].sum().reset_index("road_class")
    most = by_class.sort_values("km").groupby("cell")["road_class"].last().reindex(cells.index)
    share = 100 * cells["km"] / cells["all_km"]
    return cells.assign(
        lon=cells["lon"] / cells["km"],
        lat=cells["lat"] / cells["km"],
        name=[
            f"{part:.0f} % of the length, most of it {kind}"
            for part, kind in zip(share, most, strict=True)
        ],
    )


def _kilometres(lines: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Length of lines as their table has it, else geodesic."""
    parts, line = shapely.get_parts(lines.geometry.to_numpy(), return_index=True)
    measured = pd.Series(geodesic_km(parts)).groupby(line).sum().to_numpy(float)
    if "length_km" not in lines:
        return measured
    given = lines["length_km"].to_numpy(float)
    return np.where(np.isnan(given), measured, given)


def _cells(at: NDArray[np.float64]) -> NDArray[np.int64]:
    """Cell that each point lies in, about as wide as high; no more than `MOST_POINTS` in all."""
    west, south = at.min(axis=0, initial=180.0)
    width, height = np.ptp(at, axis=0) if len(at) else (0.0, 0.0)
    narrow = np.cos(np.radians(south + height / 2))
    side = SMALLEST_CELL
    while True:
        column = ((at[:, 0] - west) * narrow / side).astype(np.int64)
        row = ((at[:, 1] - south) / side).astype(np.int64)
        cell: NDArray[np.int64] = row * (int(width / side) + 1) + column
        if len(np.unique(cell)) <= MOST_POINTS:
            return cell
        side *= 2


def _cut(lines: gpd.GeoDataFrame) -> pd.DataFrame:
    """Ends of lines where the extracts end and their way goes on."""
    name = lines["name"].fillna(lines["ref"]).fillna(lines["road_class"])
    ends = []
    for end, number in (("tail", 0), ("head", -1)):
        is_cut = lines[f"{end}_clipped"].to_numpy(bool)
        point = shapely.get_coordinates(
            shapely.get_point(lines.geometry[is_cut].to_numpy(), number)
        )
        rows = {"name": name[is_cut], "km": lines["length_km"][is_cut]}
        kmh = lines["travel_kmh"][is_cut]
        ends.append(pd.DataFrame(rows).assign(lon=point[:, 0], lat=point[:, 1], kmh=kmh))
    return pd.concat(ends).nlargest(MOST_POINTS, "kmh")
