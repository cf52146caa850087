"""The network as files for other tools: GeoParquet, GeoPackage, GraphML, and GMNS by `gmns`."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET  # of what networkx raises; it reads what we wrote

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from geo_border.errors import NetworkError
from geo_border.geometry.frame import table_to_globe, to_globe, turned
from geo_border.network.build import BuiltNetwork
from geo_border.network.exchange import from_networkx, runs_along, to_networkx
from geo_border.network.gate_links import gate_edges, gate_links
from geo_border.network.gmns import write_gmns
from geo_border.network.graph import Network
from geo_border.network.links import CARRIED
from geo_border.terms import MODES, SIDES

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray


FORMATS = {
    "parquet": "network",
    "gpkg": "network.gpkg",
    "graphml": "network.graphml",
    "gmns": "gmns",
}
"""Forms in which a network can be written, and the file or folder of each."""

_NOT_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


def write_network(
    built: BuiltNetwork,
    folder: Path | str,
    formats: Collection[str] = ("parquet",),
    *,
    names: pd.Series | None = None,
) -> None:
    """Write a network in some forms: `network/`, `network.gpkg`, `network.graphml`, `gmns/`.

    Parameters
    ----------
    built
        The network and what was learnt in building it.
    folder
        Folder to write into; `geo_border.pipeline.folders.OutputFolder` makes what is in it
        appear whole.
    formats
        Some of `FORMATS`: ``"parquet"``, which `read_network` reads, ``"gpkg"``, ``"graphml"``,
        ``"gmns"``.
    names
        Names of checkpoints, by their id; those of the gates if not given.

    Raises
    ------
    NetworkError
        If a format is unknown, or the folder holds such a network already.

    Examples
    --------
    >>> import geo_border as gb, tempfile
    >>> net = gb.example_network()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     gb.write_network(net, folder)
    ...     len(gb.read_network(folder).places) == len(net.places)
    True
    """
    formats = [formats] if isinstance(formats, str) else formats
    check_formats(formats)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    there = [FORMATS[name] for name in formats if (folder / FORMATS[name]).exists()]
    if there:
        raise NetworkError(
            "there is one already", file=folder / there[0], remedy="Name another folder"
        )
    if names is None and "name" in built.gates:
        names = built.gates["name"]
    built = _on_the_globe(built)
    if "parquet" in formats:
        write_parquet(built, folder / FORMATS["parquet"], names=names)
    if "gpkg" in formats:
        write_geopackage(built, folder / FORMATS["gpkg"], names=names)
    if "graphml" in formats:
        write_graphml(built, folder / FORMATS["graphml"])
    if "gmns" in formats:
        write_gmns(built, folder / FORMATS["gmns"], names=names)


def _on_the_globe(built: BuiltNetwork) -> BuiltNetwork:
    """Network with longitudes from -180 to 180; inside, those of one border may go beyond."""
    network = built.network
    lines = to_globe(gpd.GeoSeries(network.lines, crs=4326))
    return replace(
        built,
        network=replace(network, lon=turned(network.lon, 0.0), lines=lines.to_numpy()),
        **{
            name: table_to_globe(getattr(built, name))
            for name in ("gates", "crossings", "places", "land")
        },
    )


def check_formats(formats: Collection[str]) -> None:
    """Raise if a format is unknown.

    Parameters
    ----------
    formats
        Some of `FORMATS`.

    Raises
    ------
    NetworkError
        If there is another among them.
    """
    unknown = sorted(set(formats) - set(FORMATS))
    if unknown:
        raise NetworkError(
            f"a network cannot be written as {', '.join(unknown)}",
            remedy=f"Choose of {', '.join(FORMATS)}",
        )


def node_layer(network: Network) -> gpd.GeoDataFrame:
    """Nodes as points.

    Parameters
    ----------
    network
        The graph.

    Returns
    -------
    GeoDataFrame
        ``side`` and ``region_id`` (missing outside), points in WGS 84; the index is the node.
    """
    side, region = np.array([*SIDES, None], object), np.array([*network.regions, None], object)
    return gpd.GeoDataFrame(
        {"side": side[network.side], "region_id": region[network.region]},
        geometry=shapely.points(network.lon, network.lat),
        index=pd.RangeIndex(network.n_nodes, name="node"),
        crs=4326,
    )


def edge_table(built: BuiltNetwork) -> pd.DataFrame:
    """Directed edges and gates as a table.

    Parameters
    ----------
    built
        The network and its gates.

    Returns
    -------
    DataFrame
        ``tail``, ``head``, ``link``, ``mode``, ``road_class``, ``length_m``, ``hours`` (infinite
        where nobody may pass), ``hours_if_open``, ``is_open``, ``along`` (the edge goes as its
        link's line is drawn) and, of gates, ``checkpoint_id`` and ``is_candidate``; by tail, in
        the order of the network, gates after its edges.
    """
    network = built.network
    edges = pd.DataFrame(
        {
            "tail": network.tail,
            "head": network.indices,
            "link": network.link,
            "mode": np.array(MODES, object)[network.mode],
            "road_class": np.array(network.classes, object)[network.road_class],
            "length_m": network.length_m,
            "hours": np.where(network.crosses, np.inf, network.hours),
            "hours_if_open": network.hours,
            "is_open": ~network.crosses,
            "along": runs_along(network),
            "checkpoint_id": None,
            "is_candidate": False,
        }
    )
    passages = gate_edges(gate_links(network, built.gates))[edges.columns]
    both = pd.concat([edges, passages], ignore_index=True) if len(passages) else edges
    return both.sort_values("tail", kind="stable", ignore_index=True)


def link_layer(built: BuiltNetwork, names: pd.Series | None = None) -> gpd.GeoDataFrame:
    """Links and gates as lines, one for both directions.

    Parameters
    ----------
    built
        The network, its gates and what is known of its links.
    names
        Names of checkpoints, by their id.

    Returns
    -------
    GeoDataFrame
        ``tail``, ``head`` (as the line is drawn), ``mode``, ``road_class``, ``side``
        (``crossing`` where the ends lie on different ones, ``gate`` at a checkpoint),
        ``length_m``, ``hours_along``, ``hours_against`` (missing where nobody may go that way),
        ``kmh`` of the faster, ``is_open``, of gates ``checkpoint_id``, ``delay_out_h``,
        ``delay_in_h``, ``is_candidate``, the columns of `geo_border.network.links.CARRIED`,
        LineStrings in WGS 84; the index is the link, gates last.
    """
    network = built.network
    gates = gate_links(network, built.gates, names)
    edges = edge_table(built)
    edges = edges[edges["checkpoint_id"].isna()]
    ends = np.where(
        edges["along"].to_numpy()[:, None],
        edges[["tail", "head"]].to_numpy(),
        edges[["head", "tail"]].to_numpy(),
    )
    side = np.array([*SIDES, None], object)[network.side[ends]]
    open_h = edges["hours"].where(edges["is_open"])
    edges = edges.assign(
        tail=ends[:, 0],
        head=ends[:, 1],
        side=np.where(side[:, 0] == side[:, 1], side[:, 0], "crossing"),
        hours_along=open_h.where(edges["along"]),
        hours_against=open_h.mask(edges["along"]),
        kmh=edges["length_m"] / 1000 / edges["hours_if_open"],
    )
    first = ["tail", "head", "mode", "road_class", "side", "length_m", "hours_along"]
    grouped = edges.groupby("link")
    links = grouped[[*first, "hours_against"]].first()
    links = links.assign(kmh=grouped["kmh"].max(), is_open=grouped["is_open"].first())
    links = links.join(built.links).assign(
        checkpoint_id=None, delay_out_h=np.nan, delay_in_h=np.nan, is_candidate=False
    )
    links = gpd.GeoDataFrame(links, geometry=network.lines[links.index], crs=4326)
    usable = gates["is_open"].astype(bool)
    gates = gates.rename(columns={"home_node": "tail", "neighbour_node": "head"}).assign(
        side="gate",
        hours_along=gates["delay_out_h"].where(usable),
        hours_against=gates["delay_in_h"].where(usable),
    )
    kinds = links.dtypes.drop(["geometry", "checkpoint_id"]).to_dict()
    return pd.concat([links, gates.reindex(columns=links.columns).astype(kinds)])


def gate_layer(built: BuiltNetwork, names: pd.Series | None = None) -> gpd.GeoDataFrame:
    """Checkpoints on the network, and where there could be one, as points.

    Parameters
    ----------
    built
        The network and its gates.
    names
        Names of checkpoints, by their id.

    Returns
    -------
    GeoDataFrame
        The gates with ``name`` and points in WGS 84.
    """
    at = built.gates["home_node"].to_numpy()
    points = shapely.points(built.network.lon[at], built.network.lat[at])
    gates = gpd.GeoDataFrame(built.gates.copy(), geometry=points, crs=4326)
    if names is not None or "name" not in gates:
        gates = gates.drop(columns="name", errors="ignore")
        gates.insert(0, "name", None if names is None else names.reindex(gates.index))
    return gates


def write_parquet(built: BuiltNetwork, folder: Path, *, names: pd.Series | None = None) -> None:
    """Write a network as GeoParquet, from which `read_parquet` makes the same again.

    Parameters
    ----------
    built
        The network and what was learnt in building it.
    folder
        Folder to make: ``nodes``, ``links`` and ``edges`` (both with the gates),
        ``crossings``, ``checkpoints``, ``places``, ``speeds``, ``parts``, ``controls``, ``land``,
        each ``.parquet``.
    names
        Names of checkpoints, by their id.
    """
    folder.mkdir()
    network = built.network
    node_layer(network).to_parquet(folder / "nodes.parquet")
    link_layer(built, names).to_parquet(folder / "links.parquet")
    edges = edge_table(built)
    edges.attrs = {"regions": list(network.regions), "classes": list(network.classes)}
    edges.to_parquet(folder / "edges.parquet")
    built.crossings.to_parquet(folder / "crossings.parquet")
    gate_layer(built, names).to_parquet(folder / "checkpoints.parquet")
    built.places.to_parquet(folder / "places.parquet")
    built.speeds.to_parquet(folder / "speeds.parquet")
    built.parts.to_parquet(folder / "parts.parquet")
    built.controls.to_parquet(folder / "controls.parquet")
    built.land.to_parquet(folder / "land.parquet")


def read_network(folder: Path | str) -> BuiltNetwork:
    """Read a network that `write_network` wrote as GeoParquet.

    Parameters
    ----------
    folder
        The folder that was written into, or its ``network``.

    Returns
    -------
    BuiltNetwork
        The same network, its checkpoints with their names.

    Raises
    ------
    NetworkError
        If a file is missing or is not what was written.

    Examples
    --------
    >>> import geo_border as gb
    >>> gb.read_network("nowhere")
    Traceback (most recent call last):
    geo_border.errors.NetworkError: ...
    """
    folder = Path(folder)
    inner = folder / FORMATS["parquet"]
    folder = inner if inner.is_dir() else folder
    network = read_parquet(folder)
    try:
        layers = {
            name: gpd.read_parquet(folder / f"{name}.parquet")
            for name in ("links", "checkpoints", "crossings", "places", "land")
        }
        tables = {
            name: pd.read_parquet(folder / f"{name}.parquet")
            for name in ("controls", "speeds", "parts")
        }
        links = layers["links"][layers["links"]["checkpoint_id"].isna()]
        return BuiltNetwork(
            network=network,
            gates=pd.DataFrame(layers["checkpoints"].drop(columns="geometry")),
            crossings=layers["crossings"],
            places=layers["places"],
            links=pd.DataFrame(links[list(CARRIED)]).rename_axis("link"),
            land=layers["land"],
            **tables,
        )
    except (OSError, KeyError, ValueError, pa.ArrowInvalid) as error:
        raise NetworkError(
            f"no network can be read from it ({error})",
            file=folder,
            remedy="Write it again with `write_network` or `geo-border network`",
        ) from error


def read_parquet(folder: Path | str) -> Network:
    """Read a network that `write_parquet` wrote.

    Parameters
    ----------
    folder
        Folder with ``nodes.parquet``, ``edges.parquet`` and ``links.parquet``. Gates, which are
        no part of a `Network`, are in ``checkpoints.parquet``.

    Returns
    -------
    Network
        The same arrays.

    Raises
    ------
    NetworkError
        If a file is missing or is not what was written.
    """
    folder = Path(folder)
    try:
        nodes = gpd.read_parquet(folder / "nodes.parquet")
        edges = pd.read_parquet(folder / "edges.parquet")
        regions, classes = tuple(edges.attrs["regions"]), tuple(edges.attrs["classes"])
        edges = edges[edges["checkpoint_id"].isna()]
        links = gpd.read_parquet(folder / "links.parquet")
        lines = links.geometry.to_numpy()[links["checkpoint_id"].isna().to_numpy()]
        tail, head, link = (edges[name].to_numpy(np.int64) for name in ("tail", "head", "link"))
        _check_edges(tail, head, link, len(nodes), len(lines))
        return Network(
            lon=nodes.geometry.x.to_numpy(),
            lat=nodes.geometry.y.to_numpy(),
            side=_codes(nodes["side"], SIDES, np.int8),
            region=_codes(nodes["region_id"], regions, np.int32),
            indptr=np.searchsorted(tail, np.arange(len(nodes) + 1)),
            indices=head.astype(np.int32),
            length_m=edges["length_m"].to_numpy(float),
            hours=edges["hours_if_open"].to_numpy(float),
            mode=_codes(edges["mode"], MODES, np.int8),
            road_class=_codes(edges["road_class"], classes, np.int16),
            link=link.astype(np.int32),
            lines=lines,
            regions=regions,
            classes=classes,
        )
    except (OSError, KeyError, ValueError, pa.ArrowInvalid) as error:
        raise NetworkError(
            f"no network can be read from it ({error})",
            file=folder,
            remedy="Write it again with `geo-border network`",
        ) from error


def _check_edges(
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    link: NDArray[np.int64],
    nodes: int,
    links: int,
) -> None:
    """Raise if edges name what is not there, or are not in order of their tail."""
    inside = [(tail, nodes), (head, nodes), (link, links)]
    if any(((row < 0) | (row >= size)).any() for row, size in inside):
        raise ValueError("an edge names a node or link that is not there")
    if (np.diff(tail) < 0).any():
        raise ValueError("the edges are not in order")


def _codes(values: pd.Series, names: tuple[str, ...], dtype: type) -> NDArray[Any]:
    """Position of each value in the names, -1 for none."""
    codes = pd.Index(names).get_indexer(pd.Index(values))
    strange = values.notna().to_numpy() & (codes < 0)
    if strange.any():
        raise ValueError(f"{values[strange].iloc[0]!r} is unknown")
    return codes.astype(dtype)


def write_geopackage(built: BuiltNetwork, file: Path, *, names: pd.Series | None = None) -> None:
    """Write a network as a GeoPackage, which QGIS opens.

    Parameters
    ----------
    built
        The network and what was learnt in building it.
    file
        File to make, with the layers ``nodes``, ``links``, ``crossings``, ``checkpoints`` and,
        if there are any, ``places``.
    names
        Names of checkpoints, by their id.
    """
    layers = {
        "nodes": node_layer(built.network).reset_index(),
        "links": link_layer(built, names).reset_index(),
        "crossings": built.crossings.reset_index(),
        "checkpoints": gate_layer(built, names).reset_index(),
        "places": built.places.reset_index(),
    }
    for name, layer in layers.items():
        if len(layer):
            # GDAL has no infinite number.
            numbers = layer.select_dtypes(float)
            finite = layer.assign(**numbers.where(np.isfinite(numbers)))
            finite.to_file(file, layer=name, driver="GPKG")


def write_graphml(built: BuiltNetwork | Network, file: Path) -> None:
    """Write a network as GraphML in the way of OSMnx, whose ``load_graphml`` reads it.

    Parameters
    ----------
    built
        The network and its gates; for small work, a country takes minutes and gigabytes.
    file
        File to make: the graph of `geo_border.network.exchange.to_networkx`, geometry as WKT.
        All values are text, as OSMnx writes and expects them.
    """
    graph = to_networkx(built)
    for *_, data in (*graph.nodes(data=True), *graph.edges(data=True)):
        for key in [key for key, value in data.items() if value is None]:
            del data[key]
        if "geometry" in data:
            data["geometry"] = shapely.to_wkt(data["geometry"], rounding_precision=-1)
        data.update({key: _NOT_XML.sub("\ufffd", str(value)) for key, value in data.items()})
    nx.write_graphml_xml(graph, file)


def read_graphml(file: Path) -> Network:
    """Read a network that `write_graphml` wrote.

    Parameters
    ----------
    file
        The file.

    Returns
    -------
    Network
        The same network; `geo_border.network.exchange.gates_from_networkx` reads the gates from
        what OSMnx or networkx make of the file.

    Raises
    ------
    NetworkError
        If it is not such a file.
    """
    try:
        graph = nx.read_graphml(file, node_type=int, edge_key_type=int, force_multigraph=True)
        for _, data in graph.nodes(data=True):
            data.setdefault("side", None)
            data.setdefault("region_id", None)
        for *_, data in graph.edges(data=True):
            data["geometry"] = shapely.from_wkt(data["geometry"])
    except (OSError, ET.ParseError, nx.NetworkXError, KeyError, ValueError) as error:
        raise NetworkError(f"it is no network in GraphML ({error})", file=file) from error
    return from_networkx(graph)
