"""The network in the General Modeling Network Specification, as a data package."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from pandas.api.types import is_bool_dtype, is_float_dtype, is_integer_dtype

from geo_border.border.edges import WGS84
from geo_border.csv_files import write_csv
from geo_border.network.exchange import runs_along
from geo_border.network.gate_links import gate_edges, gate_links
from geo_border.terms import MODES

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import NDArray

    from geo_border.network.build import BuiltNetwork
    from geo_border.network.graph import Network

GMNS_VERSION = 0.97
"""Version of the specification that the files follow."""

FASTEST_KMH = 200.0
"""The highest speed that the specification allows."""

CLOSED = "closed"
"""Use of the links that nobody may pass."""

APART_DEGREES = 1e-6
"""How far nodes at one place are set apart, some 0.1 m: readers tell nodes by their place."""

DECIMALS = 7
"""Decimals of degrees that are written, some 0.01 m."""

USES = {
    "road": "by road",
    "rail": "by rail",
    "ferry": "by ferry, also with a vehicle",
    "foot": "on foot",
    "air": "by air",
    "transfer": "change between road and railway at a station",
    CLOSED: "nobody: a closed checkpoint, or one that there could be",
}

LINK_COLUMNS = (
    *("link_id", "name", "from_node_id", "to_node_id", "directed", "geometry_id", "dir_flag"),
    *("length", "facility_type", "free_speed", "lanes", "allowed_uses"),
    *("hours", "checkpoint_id", "delay_h", "is_open", "is_candidate"),
    *("ref", "way_id", "gauge_mm", "electrified", "bridge", "tunnel"),
)
"""Fields of links: those of the specification, then ours."""

KEYS = {"use_definition": "use", "node": "node_id", "geometry": "geometry_id", "link": "link_id"}
"""Column of each table that tells its rows apart."""

POINTERS = {"from_node_id": "node", "to_node_id": "node", "geometry_id": "geometry"}
"""Columns of links that name rows of another table."""


def write_gmns(built: BuiltNetwork, folder: Path, *, names: pd.Series | None = None) -> None:
    """Write a network in the General Modeling Network Specification.

    Every direction of a link is a link of its own; both share a geometry. So are checkpoints
    and candidates, which join the sides; those that nobody may pass are for the use `CLOSED`.
    Other crossings without a checkpoint are left out, and so are nodes that no link is left at.
    ``allowed_uses`` is the mode. Nodes at one place, as those of a checkpoint, are set
    `APART_DEGREES` apart, and ``free_speed`` is that at which a link takes its ``hours``, so that
    a checkpoint takes its delay also where only the fields of the specification are read.

    Parameters
    ----------
    built
        The network and its gates.
    folder
        Folder to make: ``config.csv``, ``use_definition.csv``, ``node.csv``, ``geometry.csv``,
        ``link.csv`` and ``datapackage.json``, which says what is in them.
    names
        Names of checkpoints, by their id.

    References
    ----------
    Zephyr Foundation, General Modeling Network Specification 0.97.
    """
    folder.mkdir()
    gates = gate_links(built.network, built.gates, names)
    at = _apart(np.stack([built.network.lon, built.network.lat], axis=1))
    link = _links(built, gates, at)
    tables = {
        "config": _config(),
        "use_definition": _uses(),
        "node": _nodes(built.network, link, gates, at),
        "geometry": _geometry(built.network, link, gates, at),
        "link": link[list(LINK_COLUMNS)],
    }
    for name, table in tables.items():
        write_csv(table, folder / f"{name}.csv")
    package = {
        "name": "gmns",
        "profile": "tabular-data-package",
        "resources": [_resource(name, table) for name, table in tables.items()],
    }
    stated = json.dumps(package, indent=2, ensure_ascii=False)
    (folder / "datapackage.json").write_text(stated + "\n", encoding="utf-8")


def _apart(at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Positions as they are written, no two of them the same."""
    at = at.round(DECIMALS)
    while (again := pd.DataFrame(at).duplicated().to_numpy()).any():
        at[again, 1] = (at[again, 1] + APART_DEGREES).round(DECIMALS)
    return at


def _config() -> pd.DataFrame:
    """Units and coordinates."""
    stated = {
        "dataset_name": "geo_border network",
        "short_length": "m",
        "long_length": "km",
        "speed": "km/h",
        "crs": "EPSG:4326",
        "geometry_field_format": "WKT",
        "version_number": GMNS_VERSION,
        "id_type": "integer",
    }
    return pd.DataFrame([stated])


def _uses() -> pd.DataFrame:
    """What ``allowed_uses`` names; the specification asks for numbers, which are neutral here."""
    uses = pd.DataFrame({"use": list(USES), "description": list(USES.values())})
    neutral = (uses["use"] != CLOSED).astype(int)
    return uses.assign(persons_per_vehicle=neutral, pce=neutral)


def _links(built: BuiltNetwork, gates: gpd.GeoDataFrame, at: NDArray[np.float64]) -> pd.DataFrame:
    """Every edge that does not pass the border, and every gate in both directions."""
    network = built.network
    inside = ~network.crosses
    edges = pd.DataFrame(
        {
            "tail": network.tail[inside],
            "head": network.indices[inside],
            "link": network.link[inside],
            "along": runs_along(network)[inside],
            "length_m": network.length_m[inside],
            "road_class": np.array(network.classes, object)[network.road_class[inside]],
            "mode": np.array(MODES, object)[network.mode[inside]],
            "hours": network.hours[inside],
        }
    ).join(built.links, on="link")
    # A reader that keeps one of parallel links keeps the first.
    edges = edges.sort_values(["tail", "head", "hours"], kind="stable")
    edges = edges.assign(checkpoint_id=None, delay_h=np.nan, is_open=True, is_candidate=False)
    passages = gate_edges(gates).rename(columns={"hours_if_open": "delay_h"})
    ends = at[passages["tail"]], at[passages["head"]]
    gap_m = WGS84.inv(ends[0][:, 0], ends[0][:, 1], ends[1][:, 0], ends[1][:, 1])[2]
    passages = passages.assign(
        length_m=gap_m,
        name=passages["name"].where(passages["name"].notna(), passages["checkpoint_id"]),
        mode=passages["mode"].where(passages["is_open"].astype(bool), CLOSED),
    )
    kinds = edges.dtypes.drop("checkpoint_id").to_dict()
    passages = passages.reindex(columns=edges.columns).astype(kinds)
    table = pd.concat([edges, passages], ignore_index=True)
    km, hours = table["length_m"] / 1000, table["hours"]
    return table.assign(
        link_id=1 + np.arange(len(table)),
        from_node_id=table["tail"],
        to_node_id=table["head"],
        directed=True,
        lanes=pd.array([pd.NA] * len(table), "Int64"),  # unknown, but readers ask for the column
        geometry_id=table["link"],
        dir_flag=np.where(table["along"], 1, -1),
        length=km,
        facility_type=table["road_class"],
        free_speed=(km / hours).clip(upper=FASTEST_KMH),
        allowed_uses=table["mode"],
    )


def _nodes(
    network: Network, link: pd.DataFrame, gates: pd.DataFrame, at: NDArray[np.float64]
) -> pd.DataFrame:
    """Nodes that links are left at."""
    used = np.unique(link[["from_node_id", "to_node_id"]])
    kind = np.full(network.n_nodes, None, object)
    kind[gates[["home_node", "neighbour_node"]].to_numpy().ravel()] = "checkpoint"
    region = np.array([*network.regions, None], object)[network.region]
    return pd.DataFrame(
        {
            "node_id": used,
            "x_coord": at[used, 0],
            "y_coord": at[used, 1],
            "node_type": kind[used],
            "region_id": region[used],
        }
    )


def _geometry(
    network: Network, link: pd.DataFrame, gates: gpd.GeoDataFrame, at: NDArray[np.float64]
) -> pd.DataFrame:
    """Lines that begin and end just where their nodes are."""
    first = link.drop_duplicates("geometry_id").set_index("geometry_id").sort_index()
    lines = np.concatenate([network.lines, gates.geometry.to_numpy()])[first.index]
    points, line = shapely.get_coordinates(lines, return_index=True)
    stops = np.cumsum(shapely.get_num_coordinates(lines)) - 1
    starts = np.append(0, stops[:-1] + 1) if len(stops) else stops
    ends = first[["from_node_id", "to_node_id"]].to_numpy()
    ends = np.where(first[["dir_flag"]].to_numpy() == 1, ends, ends[:, ::-1])
    points[starts], points[stops] = at[ends[:, 0]], at[ends[:, 1]]
    drawn = shapely.linestrings(points, indices=line)
    written = shapely.to_wkt(drawn, rounding_precision=DECIMALS)
    return pd.DataFrame({"geometry_id": first.index, "geometry": written})


def _resource(name: str, table: pd.DataFrame) -> dict[str, Any]:
    """What a reader of data packages is told of a table."""
    schema: dict[str, Any] = {
        "fields": [{"name": column, "type": _kind(table[column])} for column in table],
        "missingValues": [""],
    }
    if name in KEYS:
        schema["primaryKey"] = [KEYS[name]]
    if name == "link":
        schema["foreignKeys"] = [
            {"fields": [field], "reference": {"resource": other, "fields": [KEYS[other]]}}
            for field, other in POINTERS.items()
        ]
    file = {"name": name, "path": f"{name}.csv", "profile": "tabular-data-resource"}
    return file | {"format": "csv", "encoding": "utf-8", "schema": schema}


def _kind(column: pd.Series) -> str:
    """Type of a column, in the words of data packages."""
    kinds = {"boolean": is_bool_dtype, "integer": is_integer_dtype, "number": is_float_dtype}
    return next((name for name, holds in kinds.items() if holds(column)), "string")
