"""The slow way through pyosmium, for files that are no PBF files."""

from __future__ import annotations

import importlib
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from geo_border.errors import ExtractError
from geo_border.pbf.blocks import Batch
from geo_border.pbf.pbf import Header

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from geo_border.pbf.string_kernels import Names

SUFFIXES = (".osm", ".osm.xml", ".osm.gz", ".osm.bz2", ".osm.xml.gz", ".osm.xml.bz2")

_KINDS = {"n": 0, "w": 1, "r": 2}


class OsmiumSource:
    """A file that pyosmium reads: the same batches as from a PBF file, one a kind.

    Parameters
    ----------
    path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.counts = dict.fromkeys(("nodes", "ways", "relations"), 0)
        try:
            self._osmium: Any = importlib.import_module("osmium")
        except ImportError:
            raise ExtractError(
                "only .osm.pbf is read without pyosmium",
                file=path,
                remedy="Install pyosmium (`pip install osmium`), or convert with `osmium cat`",
            ) from None
        try:
            with self._osmium.io.Reader(str(path)) as reader:
                self.header = _header(reader.header())
        except RuntimeError as error:
            raise self._broken(error) from None

    def relations(self, names: Names) -> Iterator[Batch]:
        """Read the relations with a wanted key.

        Parameters
        ----------
        names
            The keys.

        Yields
        ------
        Batch
            All of them.
        """
        table = _ObjectTable(names)
        refs, kinds, roles, counts = [], [], [], []
        for relation in self._objects("RELATION", "relations"):
            if not table.take(relation, keep=False):
                continue
            for member in relation.members:
                refs.append(member.ref)
                kinds.append(_KINDS[member.type])
                roles.append(table.string(member.role))
            counts.append(len(relation.members))
        yield table.batch(
            self.path,
            counts=np.array(counts, np.int32),
            refs=np.array(refs, np.int64),
            kinds=np.array(kinds, np.int8),
            roles=np.array(roles, np.int32),
        )

    def ways(self, names: Names, members: NDArray[np.int64]) -> Iterator[Batch]:
        """Read the ways with a wanted key, and those that relations need.

        Parameters
        ----------
        names
            The keys.
        members
            Ids of the others.

        Yields
        ------
        Batch
            All of them.
        """
        table = _ObjectTable(names)
        others = set(members.tolist())
        refs: list[int] = []
        counts: list[int] = []
        for way in self._objects("WAY", "ways"):
            if table.take(way, keep=way.id in others):
                refs.extend(node.ref for node in way.nodes)
                counts.append(len(way.nodes))
        yield table.batch(
            self.path, counts=np.array(counts, np.int32), refs=np.array(refs, np.int64)
        )

    def nodes(self, names: Names, needed: NDArray[np.int64]) -> Iterator[Batch]:
        """Read the coordinates of needed nodes, and the nodes with a wanted key.

        Parameters
        ----------
        names
            The keys.
        needed
            Ids of the needed nodes, ascending.

        Yields
        ------
        Batch
            All of them.
        """
        table = _ObjectTable(names)
        at = {node: number for number, node in enumerate(needed.tolist())}
        places: list[tuple[int, int, int]] = []
        tagged: list[tuple[int, int]] = []
        for node in self._objects("NODE", "nodes"):
            x, y = node.location.x, node.location.y
            if not node.location.valid():
                continue
            if node.id in at:
                places.append((at[node.id], x, y))
            if table.take(node, keep=False):
                tagged.append((x, y))
        found = np.array(places, np.int32).reshape(-1, 3)
        xy = np.array(tagged, np.int32).reshape(-1, 2)
        yield table.batch(
            self.path,
            x=xy[:, 0].copy(),
            y=xy[:, 1].copy(),
            places=found[:, 0].copy(),
            place_x=found[:, 1].copy(),
            place_y=found[:, 2].copy(),
        )

    def _objects(self, kind: str, name: str) -> Iterable[Any]:
        """Objects of a kind, in the order of the file."""
        try:
            for thing in self._osmium.FileProcessor(
                str(self.path), getattr(self._osmium.osm, kind)
            ):
                if not thing.visible:
                    raise ExtractError(
                        "the file holds deleted objects, so it is a history or change file",
                        file=self.path,
                        row=f"{name} {thing.id}",
                        remedy="Take one point of time of it with `osmium time-filter`",
                    )
                self.counts[name] += 1
                yield thing
        except (RuntimeError, UnicodeDecodeError) as error:
            raise self._broken(error) from None

    def _broken(self, error: Exception) -> ExtractError:
        return ExtractError(
            f"pyosmium cannot read the file ({error})",
            file=self.path,
            remedy="Download it again, and compare its checksum",
        )


class _ObjectTable:
    """Ids, tags and strings of the objects taken so far."""

    def __init__(self, names: Names) -> None:
        ends = [0, *names.ends.tolist()]
        text = names.text.tobytes()
        keys = [text[a:b].decode() for a, b in pairwise(ends)]
        self._selects = {k for k, chosen in zip(keys, names.selects, strict=True) if chosen}
        self._values = {
            k: {word for word, counts in zip(keys, row, strict=True) if counts}
            for k, some, row in zip(keys, names.by_value, names.accepts, strict=True)
            if some
        }
        self._columns = {
            k: column for k, column in zip(keys, names.columns.tolist(), strict=True) if column >= 0
        }
        self._ids: list[int] = []
        self._tags: list[tuple[int, int, int]] = []
        self._strings: dict[bytes, int] = {}

    def string(self, text: str) -> int:
        """Number of a string."""
        return self._strings.setdefault(text.encode(), len(self._strings))

    def take(self, thing: Any, *, keep: bool) -> bool:
        """Take an object if one of its tags selects it or it is to be kept in any case."""
        tags = [(tag.k, tag.v) for tag in thing.tags]
        if not (keep or any(k in self._selects and v in self._values.get(k, {v}) for k, v in tags)):
            return False
        for k, v in tags:
            if k in self._columns:
                self._tags.append((len(self._ids), self._columns[k], self.string(v)))
        self._ids.append(thing.id)
        return True

    def batch(self, path: Path, **arrays: NDArray[Any]) -> Batch:
        """What was taken, as a batch."""
        return Batch(
            path,
            ((0, None),),
            np.array(self._ids, np.int64),
            np.array(self._tags, np.int32).reshape(-1, 3),
            np.frombuffer(b"".join(self._strings), np.uint8),
            np.cumsum([len(text) for text in self._strings], dtype=np.int64),
            **arrays,
        )


def _header(header: Any) -> Header:
    """Header in our form."""
    box = header.box()
    written = header.get("osmosis_replication_timestamp") or header.get("timestamp")
    return Header(
        (box.bottom_left.lon, box.bottom_left.lat, box.top_right.lon, box.top_right.lat)
        if box.valid()
        else None,
        int(datetime.fromisoformat(written).timestamp()) if written else None,
        header.get("generator") or None,
    )
