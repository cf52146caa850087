"""Extracts of OpenStreetMap as arrays: several files in one pass, merged by id."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import pandas as pd

from geo_border.errors import ExtractError
from geo_border.pbf.blocks import Batch, PbfSource, reading_threads, silent
from geo_border.pbf.columns import Dictionary, category, tag_frame
from geo_border.pbf.id_kernels import place
from geo_border.pbf.kernels import UNPLACED
from geo_border.pbf.piles import Pile
from geo_border.pbf.ranks import Resolved, rank, resolved
from geo_border.pbf.reference import SUFFIXES, OsmiumSource
from geo_border.pbf.string_kernels import Names

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import ThreadPoolExecutor

    from numpy.typing import NDArray

    from geo_border.pbf.blocks import Progress
    from geo_border.pbf.pbf import Header

MEMBER_TYPES = ("n", "w", "r")

COUNTS = 1e7
"""Whole numbers to a degree."""

_JOINED: dict[str, type[np.generic]] = {
    "ids": np.int64,
    "tags": np.int32,
    "counts": np.int32,
    "refs": np.int64,
    "kinds": np.int8,
    "roles": np.int32,
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
    way_values, relation_values
        Of ways or relations with one of these keys and no other of `way_keys` or
        `relation_keys`, those with one of its values: a country has more forests than coasts, and
        bus and hiking routes have more members than it has boundaries.
    """

    way_keys: tuple[str, ...]
    tag_keys: tuple[str, ...]
    node_keys: tuple[str, ...] = ()
    node_tag_keys: tuple[str, ...] = ()
    relation_keys: tuple[str, ...] = ()
    relation_tag_keys: tuple[str, ...] = ()
    way_values: Mapping[str, Collection[str]] = field(default_factory=dict)
    relation_values: Mapping[str, Collection[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Extract:
    """Ways, nodes and relations of one or several files; each id is there once.

    Parameters
    ----------
    way_id
        Ascending.
    way_start
        The references of way w are ``ref_node[way_start[w]:way_start[w + 1]]``.
    ref_node
        Positions in `node_id`, -1 for nodes that the files lack.
    lacking
        Ids of those nodes, one for each -1.
    node_id
        Nodes of the ways and tagged nodes, ascending.
    x, y
        Longitude and latitude, 1e-7 degrees: whole numbers in OpenStreetMap.
    way_tags
        A categorical column a key, a row a way.
    tagged_nodes
        Column ``node`` (position in `node_id`) and a categorical column a key.
    relations
        Column ``relation_id``, ascending, and a categorical column a key.
    members
        Columns ``relation_id``, ``member_type`` ("n", "w", "r"), ``ref``, ``role``.
    sources
        A row a file: ``file``, ``bytes``, ``timestamp``, ``program``, ``west``, ``south``,
        ``east``, ``north``, and how many ``nodes``, ``ways``, ``relations`` it holds.
    """

    way_id: NDArray[np.int64]
    way_start: NDArray[np.int64]
    ref_node: NDArray[np.int32]
    lacking: NDArray[np.int64]
    node_id: NDArray[np.int64]
    x: NDArray[np.int32]
    y: NDArray[np.int32]
    way_tags: pd.DataFrame
    tagged_nodes: pd.DataFrame
    relations: pd.DataFrame
    members: pd.DataFrame
    sources: pd.DataFrame

    @property
    def ref(self) -> NDArray[np.int64]:
        """Node ids of all references, made anew each time."""
        ids = np.append(self.node_id, 0)[self.ref_node]
        ids[self.ref_node < 0] = self.lacking
        return ids

    @property
    def lon(self) -> NDArray[np.float64]:
        """Longitude of all nodes, degrees, made anew each time."""
        return self.x / COUNTS

    @property
    def lat(self) -> NDArray[np.float64]:
        """Latitude of all nodes, degrees, made anew each time."""
        return self.y / COUNTS

    def degrees(
        self, nodes: NDArray[np.integer[Any]]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Where some nodes are.

        Parameters
        ----------
        nodes
            Positions in `node_id`.

        Returns
        -------
        lon, lat : ndarray
            Degrees.
        """
        return self.x[nodes] / COUNTS, self.y[nodes] / COUNTS


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


def read_extract(
    files: Sequence[Path | str] | Path | str, wanted: Wanted, *, progress: Progress = silent
) -> Extract:
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
    progress
        Called after every few blocks of a ``.osm.pbf`` with its path, the kind of the objects, and
        how many bytes of the blocks of that kind are read, of how many.

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
        pool = stack.enter_context(reading_threads())
        sources = [_open(Path(file), stack, pool, progress) for file in files]
        order = sorted(sources, key=lambda source: -(source.header.timestamp or -(1 << 62)))

        names = Names.of(wanted.relation_keys, wanted.relation_tag_keys, wanted.relation_values)
        relations = _merged(batch for source in order for batch in source.relations(names))
        relation_frames = pool.submit(_relation_frames, relations, wanted)
        of_ways = _joined(relations.refs)[relations.kinds == MEMBER_TYPES.index("w")]
        members = rank([of_ways], pool).ids
        names = Names.of(wanted.way_keys, wanted.tag_keys, wanted.way_values)
        ways = _merged(batch for source in order for batch in source.ways(names, members))
        way_tags = pool.submit(_tags, ways, wanted.tag_keys)
        names = Names.of(wanted.node_keys, wanted.node_tag_keys)
        nodes, tagged_nodes = _nodes(order, names, ways.refs, pool)
    tagged = _tags(tagged_nodes, wanted.node_tag_keys)
    tagged.insert(0, "node", nodes.spots)
    return Extract(
        way_id=ways.ids,
        way_start=_starts(ways.counts),
        ref_node=nodes.refs,
        lacking=nodes.lacking,
        node_id=nodes.ids,
        x=nodes.x,
        y=nodes.y,
        way_tags=way_tags.result(),
        tagged_nodes=tagged,
        **relation_frames.result(),
        sources=_sources(sources),
    )


class _Merged(NamedTuple):
    """Objects of all batches, ascending by id, each once; their references part by part."""

    ids: NDArray[np.int64]
    tags: NDArray[np.int32]
    dictionary: Dictionary
    counts: NDArray[np.int32]
    refs: list[NDArray[np.int64]]
    kinds: NDArray[np.int8]
    roles: NDArray[np.int32]
    x: NDArray[np.int32]
    y: NDArray[np.int32]


def _open(path: Path, stack: ExitStack, pool: ThreadPoolExecutor, progress: Progress) -> Source:
    """Open a file of any kind that is read."""
    try:
        file = stack.enter_context(path.open("rb"))
    except OSError as error:
        raise ExtractError(f"the extract cannot be opened ({error.strerror})", file=path) from None
    if path.suffix == ".pbf":
        return PbfSource(path, file, pool, progress)
    if path.name.endswith(SUFFIXES):
        return OsmiumSource(path)
    raise ExtractError(
        "this is not an extract by its name",
        file=path,
        remedy=f"Extracts are .osm.pbf, {', '.join(SUFFIXES)}",
    )


def _merged(batches: Iterable[Batch]) -> _Merged:
    """Objects of all batches, ascending by id; of two with one id the first is kept."""
    dictionary = Dictionary()
    piles = {name: Pile(kind) for name, kind in _JOINED.items()}
    rows = 0
    for batch in batches:
        if not batch.ids.size:
            continue
        base = dictionary.add(batch.pool, batch.ends, batch.path, batch.origins)
        shifts = {"tags": np.array([rows, 0, base], np.int32), "roles": np.int32(base)}
        rows += batch.ids.size
        for name, pile in piles.items():
            part = getattr(batch, name)
            pile.add((part + shifts[name] if name in shifts else part).ravel())
    merged = _Merged(
        dictionary=dictionary,
        tags=piles.pop("tags").joined().reshape(-1, 3),
        refs=piles.pop("refs").pieces(),
        **{name: pile.joined() for name, pile in piles.items()},
    )
    if (merged.ids[1:] > merged.ids[:-1]).all():
        return merged
    return _taken(merged, np.unique(merged.ids, return_index=True)[1])


def _joined(parts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.concatenate([np.empty(0, np.int64), *parts])


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
    out = out._replace(counts=counts, refs=[_joined(merged.refs)[source]])
    if merged.kinds.size:
        out = out._replace(kinds=merged.kinds[source], roles=merged.roles[source])
    return out


def _starts(counts: NDArray[np.int32]) -> NDArray[np.int64]:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])


def _nodes(
    sources: list[Source], names: Names, refs: list[NDArray[np.int64]], pool: ThreadPoolExecutor
) -> tuple[Resolved, _Merged]:
    """Coordinates of the nodes that references need and the files have, and the tagged nodes."""
    needed = rank(refs, pool)
    x, y = np.empty(needed.spare.size, np.int32), np.empty(needed.spare.size, np.int32)
    x[: needed.ids.size] = UNPLACED

    def placed() -> Iterator[Batch]:
        for source in sources:
            for batch in source.nodes(names, needed.ids):
                place(batch.places, batch.place_x, batch.place_y, x, y)
                yield batch

    tagged = _merged(placed())
    return resolved(needed, x, y, (tagged.ids, tagged.x, tagged.y), pool), tagged


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
            "ref": _joined(relations.refs),
            "role": category(codes[relations.roles], entries),
        }
    )
    return {"relations": tags, "members": members}


def _sources(sources: list[Source]) -> pd.DataFrame:
    """A row a file, in the order in which the user named them."""
    rows = []
    for source in sources:
        header = source.header
        box = header.box or (np.nan,) * 4
        rows.append(
            {
                "file": str(source.path),
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
