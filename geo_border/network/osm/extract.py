"""Extracts of OpenStreetMap as arrays: several files in one pass, merged by id."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, Protocol

import numpy as np
import pandas as pd

from geo_border.errors import ExtractError
from geo_border.network.osm.blocks import Batch, PbfSource
from geo_border.network.osm.columns import Dictionary, category, tag_frame
from geo_border.network.osm.id_kernels import joined_nodes, locate, place, united
from geo_border.network.osm.reference import SUFFIXES, OsmiumSource
from geo_border.network.osm.string_kernels import Names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from geo_border.network.osm.pbf import Header

MEMBER_TYPES = ("n", "w", "r")

_REFS_AT_ONCE = 1 << 20
_JOINED: dict[str, type[np.generic]] = {
    "ids": np.int64,
    "counts": np.int32,
    "refs": np.int64,
    "kinds": np.int8,
    "x": np.int32,
    "y": np.int32,
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to keep of an extract.

    Ways that a kept relation has as members are kept too.

    Parameters
    ----------
    way_keys
        A way is kept if it has one of these keys.
    tag_keys
        Keys of ways that become columns.
    node_keys
        A node is kept with its tags if it has one of these keys.
    node_tag_keys
        Keys of nodes that become columns.
    relation_keys
        A relation is kept if it has one of these keys.
    relation_tag_keys
        Keys of relations that become columns.
    """

    way_keys: tuple[str, ...]
    tag_keys: tuple[str, ...]
    node_keys: tuple[str, ...] = ()
    node_tag_keys: tuple[str, ...] = ()
    relation_keys: tuple[str, ...] = ()
    relation_tag_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Extract:
    """Ways, nodes and relations of one or several files; each id is there once.

    Parameters
    ----------
    way_id
        Ascending.
    way_start
        The references of way w are ``ref[way_start[w]:way_start[w + 1]]``.
    ref
        Node ids.
    ref_node
        Their positions in `node_id`, -1 for nodes that the files lack.
    node_id
        Nodes of the ways and tagged nodes, ascending.
    lon, lat
        Degrees, as exact as the 1e-7 degrees of OpenStreetMap.
    way_tags
        A categorical column a key, a row a way.
    tagged_nodes
        Column ``node`` (position in `node_id`) and a categorical column a key.
    relations
        Column ``relation_id``, ascending, and a categorical column a key.
    members
        Columns ``relation_id``, ``member_type`` ("n", "w", "r"), ``ref``, ``role``.
    sources
        A row a file: ``file``, ``sha256``, ``bytes``, ``timestamp``, ``program``, ``west``,
        ``south``, ``east``, ``north``, and how many ``nodes``, ``ways``, ``relations`` it holds.
    """

    way_id: NDArray[np.int64]
    way_start: NDArray[np.int64]
    ref: NDArray[np.int64]
    ref_node: NDArray[np.int64]
    node_id: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    way_tags: pd.DataFrame
    tagged_nodes: pd.DataFrame
    relations: pd.DataFrame
    members: pd.DataFrame
    sources: pd.DataFrame


class Source(Protocol):
    """A file that is read three times: relations, then ways, then nodes."""

    path: Path
    header: Header
    counts: dict[str, int]

    def relations(self, names: Names) -> Iterator[Batch]:
        """Relations with a wanted key."""
        ...

    def ways(self, names: Names, members: NDArray[np.int64]) -> Iterator[Batch]:
        """Ways with a wanted key or among the members."""
        ...

    def nodes(self, names: Names, needed: NDArray[np.int64]) -> Iterator[Batch]:
        """Coordinates of needed nodes, and nodes with a wanted key."""
        ...


def read_extract(files: Sequence[Path | str] | Path | str, wanted: Wanted) -> Extract:
    """Read what is wanted from extracts of OpenStreetMap.

    The files may overlap: of an object in several, the copy of the file with the newest
    data is kept. The cost is linear in their size; a file that is not sorted costs about
    a quarter more.

    Parameters
    ----------
    files
        One or several ``.osm.pbf``, or through the slower pyosmium ``.osm``, ``.osm.gz``,
        ``.osm.bz2``.
    wanted
        What to keep.

    Returns
    -------
    Extract
        The objects as arrays.

    Raises
    ------
    ExtractError
        If a file is missing, cut short, damaged, a history file, or in a form that is not
        read.

    References
    ----------
    OpenStreetMap wiki, "PBF Format".
    """
    if isinstance(files, str | Path):
        files = [files]
    if not files:
        raise ExtractError("no extract is named", remedy="Name one or more .osm.pbf files")
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(os.cpu_count()))
        sources = [_open(Path(file), stack, pool) for file in files]
        sums = [pool.submit(_sha256, source.path) for source in sources]
        order = sorted(sources, key=lambda source: -(source.header.timestamp or -(1 << 62)))

        names = Names.of(wanted.relation_keys, wanted.relation_tag_keys)
        relations = _merged(batch for source in order for batch in source.relations(names))
        members = _distinct(relations.refs[relations.kinds == MEMBER_TYPES.index("w")])
        names = Names.of(wanted.way_keys, wanted.tag_keys)
        ways = _merged(batch for source in order for batch in source.ways(names, members))
        way_tags = pool.submit(_tags, ways, wanted.tag_keys)
        names = Names.of(wanted.node_keys, wanted.node_tag_keys)
        nodes = _nodes(order, names, _distinct(ways.refs))
        table = _sources(sources, [future.result() for future in sums])
    tagged = _tags(nodes.tagged, wanted.node_tag_keys)
    tagged.insert(0, "node", np.searchsorted(nodes.ids, nodes.tagged.ids))
    return Extract(
        way_id=ways.ids,
        way_start=_starts(ways.counts),
        ref=ways.refs,
        ref_node=_located(nodes.ids, ways.refs),
        node_id=nodes.ids,
        lon=nodes.lon,
        lat=nodes.lat,
        way_tags=way_tags.result(),
        tagged_nodes=tagged,
        **_relation_frames(relations, wanted),
        sources=table,
    )


class _Merged(NamedTuple):
    """Objects of all batches, ascending by id, each once."""

    ids: NDArray[np.int64]
    tags: NDArray[np.int32]
    dictionary: Dictionary
    counts: NDArray[np.int32]
    refs: NDArray[np.int64]
    kinds: NDArray[np.int8]
    roles: NDArray[np.int32]
    x: NDArray[np.int32]
    y: NDArray[np.int32]


class _Nodes(NamedTuple):
    """All nodes, ascending by id, and the tagged ones among them."""

    ids: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    tagged: _Merged


def _open(path: Path, stack: ExitStack, pool: ThreadPoolExecutor) -> Source:
    """Open a file of any kind that is read."""
    try:
        file: BinaryIO = stack.enter_context(path.open("rb"))
    except OSError as error:
        raise ExtractError(f"the extract cannot be opened ({error.strerror})", file=path) from None
    if path.suffix == ".pbf":
        return PbfSource(path, file, pool)
    if path.name.endswith(SUFFIXES):
        return OsmiumSource(path)
    raise ExtractError(
        "this is not an extract by its name",
        file=path,
        remedy=f"Extracts are .osm.pbf, {', '.join(SUFFIXES)}",
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _merged(batches: Iterable[Batch]) -> _Merged:
    """Objects of all batches, ascending by id; of two with one id the first is kept."""
    dictionary = Dictionary()
    parts: dict[str, list[NDArray[Any]]] = {name: [] for name in _JOINED}
    tags, roles = [np.empty((0, 3), np.int32)], [np.empty(0, np.int32)]
    rows = 0
    for batch in batches:
        if not batch.ids.size:
            continue
        base = dictionary.add(batch.pool, batch.ends, batch.path, batch.offset)
        tags.append(batch.tags + np.array([rows, 0, base], np.int32))
        roles.append(batch.roles + np.int32(base))
        rows += batch.ids.size
        for name, part in parts.items():
            part.append(getattr(batch, name))
    arrays = {
        name: np.concatenate([np.empty(0, kind), *parts.pop(name)])
        for name, kind in _JOINED.items()
    }
    merged = _Merged(
        tags=np.concatenate(tags), dictionary=dictionary, roles=np.concatenate(roles), **arrays
    )
    if (merged.ids[1:] > merged.ids[:-1]).all():
        return merged
    return _taken(merged, np.unique(merged.ids, return_index=True)[1])


def _distinct(ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each id once, ascending; parts are sorted on all cores, then merged two by two."""
    ordered = ids.copy()
    cores = os.cpu_count() or 1
    runs = np.array_split(ordered, max(1, min(cores, ids.size // _REFS_AT_ONCE)))
    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(np.ndarray.sort, runs))
        while len(runs) > 1:
            runs.append(np.empty(0, np.int64))
            runs = list(pool.map(united, runs[0:-1:2], runs[1::2]))
    return united(runs[0], np.empty(0, np.int64)) if runs[0].base is ordered else runs[0]


def _taken(merged: _Merged, rows: NDArray[np.int64]) -> _Merged:
    """Some of the objects, in a new order."""
    number = np.full(merged.ids.size, -1, np.int32)
    number[rows] = np.arange(rows.size, dtype=np.int32)
    tags = merged.tags[number[merged.tags[:, 0]] >= 0]
    tags[:, 0] = number[tags[:, 0]]
    out = merged._replace(ids=merged.ids[rows], tags=tags)
    if merged.x.size:
        return out._replace(x=merged.x[rows], y=merged.y[rows])
    counts = merged.counts[rows]
    shift = _starts(merged.counts)[rows] - _starts(counts)[:-1]
    source = np.repeat(shift, counts) + np.arange(counts.sum())
    out = out._replace(counts=counts, refs=merged.refs[source])
    if merged.kinds.size:
        out = out._replace(kinds=merged.kinds[source], roles=merged.roles[source])
    return out


def _starts(counts: NDArray[np.int32]) -> NDArray[np.int64]:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])


def _nodes(sources: list[Source], names: Names, needed: NDArray[np.int64]) -> _Nodes:
    """Coordinates of the needed nodes that the files have, and the tagged nodes."""
    x, y = np.empty(needed.size, np.int32), np.empty(needed.size, np.int32)
    is_found = np.zeros(needed.size, bool)

    def placed() -> Iterator[Batch]:
        for source in sources:
            for batch in source.nodes(names, needed):
                place(batch.places, batch.place_x, batch.place_y, x, y, is_found)
                yield batch

    tagged = _merged(placed())
    most = np.count_nonzero(is_found) + tagged.ids.size
    ids, lon, lat = np.empty(most, np.int64), np.empty(most), np.empty(most)
    n = joined_nodes(needed, x, y, is_found, tagged.ids, tagged.x, tagged.y, ids, lon, lat)
    return _Nodes(ids[:n], lon[:n], lat[:n], tagged)


def _located(ids: NDArray[np.int64], refs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Position of each reference among the node ids, on all cores."""
    out = np.empty(refs.size, np.int64)
    parts = [slice(at, at + _REFS_AT_ONCE) for at in range(0, refs.size, _REFS_AT_ONCE)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda part: locate(ids, refs[part], out[part]), parts))
    return out


def _relation_frames(relations: _Merged, wanted: Wanted) -> dict[str, pd.DataFrame]:
    codes, entries = relations.dictionary.encoded()
    tags = tag_frame(relations.tags, len(relations.ids), wanted.relation_tag_keys, codes, entries)
    tags.insert(0, "relation_id", relations.ids)
    members = pd.DataFrame(
        {
            "relation_id": np.repeat(relations.ids, relations.counts),
            "member_type": pd.Categorical.from_codes(
                relations.kinds, categories=pd.Index(MEMBER_TYPES, dtype="str")
            ),
            "ref": relations.refs,
            "role": category(codes[relations.roles], entries),
        }
    )
    return {"relations": tags, "members": members}


def _sources(sources: list[Source], sums: list[str]) -> pd.DataFrame:
    """A row a file, in the order in which the user named them."""
    rows = []
    for source, sha256 in zip(sources, sums, strict=True):
        header = source.header
        box = header.box or (np.nan,) * 4
        rows.append(
            {
                "file": str(source.path),
                "sha256": sha256,
                "bytes": source.path.stat().st_size,
                "timestamp": pd.NaT if header.timestamp is None else _time(header.timestamp),
                "program": header.program,
                **dict(zip(("west", "south", "east", "north"), box, strict=True)),
                **source.counts,
            }
        )
    return pd.DataFrame(rows)


def _tags(merged: _Merged, keys: tuple[str, ...]) -> pd.DataFrame:
    """Tags of all objects, a column a key."""
    return tag_frame(merged.tags, len(merged.ids), keys, *merged.dictionary.encoded())


def _time(seconds: int) -> pd.Timestamp | None:
    """Time in UTC; none where a damaged header names one beyond the calendar."""
    try:
        return pd.Timestamp(seconds, unit="s", tz="UTC")
    except (ValueError, OverflowError):
        return None
