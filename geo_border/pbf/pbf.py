"""The frame of a PBF file: where its blobs lie, what its header says, how they inflate.

References
----------
OpenStreetMap wiki, "PBF Format"; fileformat.proto of the OSM-binary project.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np

from geo_border.errors import ExtractError
from geo_border.pbf.inflate import InflateError, quickest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

LARGEST_HEADER = 64 * 1024
LARGEST_BLOB = 32 * 1024 * 1024
"""Limits of the format, bytes; the second holds before and after inflating."""

MOST_TIMES, AT_LEAST = 30, 256 * 1024
"""A blob may inflate to so many times its size, and to so many bytes whatever its size.

Those of real extracts inflate to less than 5 times their size.
"""

FEATURES = {"OsmSchema-V0.6", "DenseNodes"}
"""Required features that are understood."""

_RAW, _SIZE, _ZLIB = 1, 2, 3
_OTHER_PACKING = {4: "lzma", 5: "bzip2", 6: "lz4", 7: "zstd"}
_VARINT, _LENGTH = 0, 2
_DATA = b"\n\x07OSMData\x18"
_REPACK = "Write it anew with `osmium cat IN -o OUT.osm.pbf -f pbf,pbf_compression=zlib`"
_DAMAGED = "Download it again, and compare its checksum"


class Blob(NamedTuple):
    """A blob of a file: its kind, where its frame starts, where its data lie (bytes)."""

    kind: str
    offset: int
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Header:
    """What a PBF file says about itself.

    Parameters
    ----------
    box
        West, south, east, north, degrees.
    timestamp
        Time of the data, seconds since 1970.
    program
        What wrote the file.
    is_sorted
        Whether the nodes come before the ways, and these before the relations.
    """

    box: tuple[float, float, float, float] | None = None
    timestamp: int | None = None
    program: str | None = None
    is_sorted: bool = False


class MalformedError(Exception):
    """A message that is not one, and the byte of it where this shows."""

    def __init__(self, problem: str, at: int) -> None:
        super().__init__(problem)
        self.at = at


def blobs(file: BinaryIO, path: Path) -> list[Blob]:
    """Find the blobs of a file, without reading what is in them.

    Parameters
    ----------
    file
        The open file.
    path
        Its name, for errors.

    Returns
    -------
    list of Blob
        In the order of the file; those of unknown kind are left out, as the format demands.

    Raises
    ------
    ExtractError
        If the file is cut short or is no PBF file.
    """
    size = file.seek(0, 2)
    offset = file.seek(0)
    found: list[Blob] = []
    while offset < size:
        frame = file.read(4)
        length = int.from_bytes(frame, "big")
        if len(frame) < 4:
            raise _broken("the file is cut short", path, offset)
        if length > LARGEST_HEADER:
            raise _broken("this is not the header of a blob", path, offset)
        header = file.read(length)
        if len(header) < length:
            raise _broken("the file is cut short", path, offset)
        try:
            kind, data = _blob_header(memoryview(header))
        except MalformedError as error:
            raise _broken(f"{error}", path, offset + 4 + error.at) from None
        if data > LARGEST_BLOB:
            raise _broken("a blob is larger than the format's 32 MiB", path, offset)
        start = offset + 4 + length
        if start + data > size:
            raise _broken("the file is cut short", path, offset)
        if kind in {"OSMHeader", "OSMData"}:
            found.append(Blob(kind, offset, start, data))
        offset = file.seek(start + data)
    if not found or found[0].kind != "OSMHeader":
        raise _broken("the file does not begin with an OSM header", path, 0)
    return found


def inflate(  # noqa: C901  (one case a field)
    data: bytes, blob: Blob, path: Path
) -> NDArray[np.uint8]:
    """Unpack a blob.

    Parameters
    ----------
    data
        The blob as it is in the file.
    blob
        Where it lies.
    path
        Its file, for errors.

    Returns
    -------
    ndarray
        At most 32 MiB, and at most `MOST_TIMES` its size where that is more than
        `AT_LEAST`, whatever the file holds; read-only.

    Raises
    ------
    ExtractError
        If it is damaged, too large, or packed in a way that is not read.
    """
    packed = raw = None
    size = -1
    try:
        for number, value, at in _fields(memoryview(data)):
            if number in _OTHER_PACKING:
                raise ExtractError(
                    f"the blocks are packed with {_OTHER_PACKING[number]}, which is not read",
                    file=path,
                    offset=blob.offset,
                    remedy=_REPACK,
                )
            if number == _RAW:
                raw = _bytes(value, at)
            elif number == _SIZE:
                size = _number(value, at)
            elif number == _ZLIB:
                packed = _bytes(value, at)
    except MalformedError as error:
        raise _broken(f"{error}", path, blob.start + error.at) from None
    if raw is not None and packed is None:
        return np.frombuffer(bytes(raw), np.uint8)
    if packed is None or raw is not None:
        raise _broken("a blob does not hold data in one form", path, blob.offset)
    if not 0 <= size <= LARGEST_BLOB:
        raise _broken("a blob inflates to more than the format's 32 MiB", path, blob.offset)
    if size > max(AT_LEAST, MOST_TIMES * len(packed)):
        times = f"{size / max(len(packed), 1):.0f} times its size"
        raise _broken(f"a blob inflates to {times}, which no map does", path, blob.offset)
    try:
        return quickest()(packed, size)
    except InflateError as error:
        raise _broken(f"{error}", path, blob.offset) from None


def read_header(  # noqa: C901  (one case a field)
    block: NDArray[np.uint8], blob: Blob, path: Path
) -> Header:
    """Read the header of a file.

    Parameters
    ----------
    block
        The inflated header block.
    blob
        Where it lies.
    path
        Its file, for errors.

    Returns
    -------
    Header
        Fields that the file does not have are None.

    Raises
    ------
    ExtractError
        If the file is a history file or needs a feature that is not known.
    """
    box, timestamp, program = None, None, None
    required: list[str] = []
    optional: list[str] = []
    try:
        for number, value, at in _fields(memoryview(block.tobytes())):
            if number == 1:
                box = _box(_bytes(value, at))
            elif number == 4:
                required.append(_text(value, at))
            elif number == 5:
                optional.append(_text(value, at))
            elif number == 16:
                program = _text(value, at)
            elif number == 32:
                timestamp = _number(value, at)
    except MalformedError as error:
        raise _broken(f"the header is damaged: {error}", path, blob.offset) from None
    if "HistoricalInformation" in required:
        raise ExtractError(
            "this is a history file",
            file=path,
            offset=blob.offset,
            remedy="Take one point of time of it with `osmium time-filter`",
        )
    unknown = sorted(set(required) - FEATURES)
    if unknown:
        raise ExtractError(
            f"the file needs what is not understood: {', '.join(unknown)}",
            file=path,
            offset=blob.offset,
            remedy="Write it anew with `osmium cat`",
        )
    if "LocationsOnWays" in optional:
        raise ExtractError(
            "the file has its coordinates on ways and may lack nodes",
            file=path,
            offset=blob.offset,
            remedy="Take the extract from before `osmium add-locations-to-ways`",
        )
    return Header(box, timestamp, program, "Sort.Type_then_ID" in optional)


def _broken(problem: str, path: Path, offset: int) -> ExtractError:
    return ExtractError(problem, file=path, offset=offset, remedy=_DAMAGED)


def _blob_header(header: memoryview) -> tuple[str, int]:
    """Kind and size of a blob."""
    if header[: len(_DATA)] == _DATA and len(header) > len(_DATA):
        size, end = _varint(header, len(_DATA))
        if end == len(header) and size >= 0:
            return "OSMData", size
    kind, size = "", -1
    for number, value, at in _fields(header):
        if number == 1:
            kind = _text(value, at)
        elif number == 3:
            size = _number(value, at)
    if not kind or size < 0:
        raise MalformedError("this is not the header of a blob", 0)
    return kind, size


def _box(message: memoryview) -> tuple[float, float, float, float] | None:
    """West, south, east, north from nanodegrees."""
    sides: dict[int, float] = {}
    for number, value, at in _fields(message):
        if number in {1, 2, 3, 4}:
            written = _number(value, at) & (1 << 64) - 1
            sides[number] = ((written >> 1) ^ -(written & 1)) / 1e9
    if len(sides) < 4:
        return None
    west, east, north, south = (sides[number] for number in (1, 2, 3, 4))
    return west, south, east, north


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview, int]]:
    """Number, value and position of each field of a message."""
    at = 0
    while at < len(message):
        start = at
        key, at = _varint(message, at)
        wire = key & 7
        if wire == _VARINT:
            value, at = _varint(message, at)
            yield key >> 3, value, start
            continue
        if wire == _LENGTH:
            size, at = _varint(message, at)
        elif wire in {1, 5}:
            size = 8 if wire == 1 else 4
        else:
            raise MalformedError("a field has a form that the format does not have", start)
        if not 0 <= size <= len(message) - at:
            raise MalformedError("a field reaches past the end of what holds it", start)
        yield key >> 3, message[at : at + size], start
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """Number of variable length, signed, and the position after it."""
    value = 0
    for i, byte in enumerate(message[at : at + 10]):
        value |= (byte & 0x7F) << 7 * i
        if byte < 0x80:
            value &= (1 << 64) - 1
            return value - (value >> 63 << 64), at + i + 1
    raise MalformedError("a number is cut off or too long", at)


def _bytes(value: int | memoryview, at: int) -> memoryview:
    if isinstance(value, int):
        raise MalformedError("a field has a form that the format does not have", at)
    return value


def _number(value: int | memoryview, at: int) -> int:
    if isinstance(value, memoryview):
        raise MalformedError("a field has a form that the format does not have", at)
    return value


def _text(value: int | memoryview, at: int) -> str:
    return bytes(_bytes(value, at)).decode("utf-8", "replace")
