"""Parts of a stage's result on disk: a dataclass is taken apart by its fields, and put together."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin, get_type_hints

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo_border.network.graph import Network
from geo_border.pipeline.folders import file_digest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

T = TypeVar("T")

_NAMES = {"gpd": gpd, "pd": pd, "np": np, "NDArray": NDArray, "Network": Network}
"""What annotations of results name, which their modules import for types alone."""

_ENDS = {
    "network": ("network.npz", "lines.parquet"),
    "array": ("npy",),
    "layer": ("geo.parquet",),
    "table": ("table.parquet",),
}
"""How the names of a part's files end, by its kind."""

_KINDS = {"network": Network, "array": np.ndarray, "layer": gpd.GeoDataFrame, "table": pd.DataFrame}


def parts_of(result: object, name: str = "") -> dict[str, Any]:
    """Frames, arrays and networks of a dataclass, with those of the dataclasses and tuples in it.

    Parameters
    ----------
    result
        A dataclass, a tuple or a part.
    name
        Its name.

    Returns
    -------
    dict
        Parts by name, such as ``land.units`` or ``hours.0``; what is None is left out.
    """
    before = f"{name}." if name else ""
    if result is None:
        return {}
    if isinstance(result, tuple):
        inner = {str(number): part for number, part in enumerate(result)}
    elif is_dataclass(result) and not isinstance(result, Network):
        inner = {field.name: getattr(result, field.name) for field in fields(result)}
    else:
        return {name: result}
    return {
        key: part
        for of, value in inner.items()
        for key, part in parts_of(value, f"{before}{of}").items()
    }


def put_together(kind: type[T], parts: Mapping[str, Any]) -> T:
    """Make a dataclass of the parts that `parts_of` gave.

    Parameters
    ----------
    kind
        The dataclass; its annotations say what each field is.
    parts
        Parts by name.

    Returns
    -------
    dataclass
        As it was.

    Raises
    ------
    TypeError, KeyError
        If a part is missing, is too many or is of another kind than its field.
    """
    left = dict(parts)
    found: T = _value(kind, "", left)
    if left:
        raise KeyError(min(left))
    return found


def _value(hint: Any, name: str, left: dict[str, Any]) -> Any:
    """Value of a field, its parts taken out of those that are left."""
    before = f"{name}." if name else ""
    if isinstance(hint, UnionType):
        (some,) = (kind for kind in get_args(hint) if kind is not NoneType)
        is_there = any(key == name or key.startswith(before) for key in left)
        return _value(some, name, left) if is_there else None
    kind = get_origin(hint) or hint
    if kind is tuple:
        one, _ = get_args(hint)
        count = len({key[len(before) :].split(".")[0] for key in left if key.startswith(before)})
        return tuple(_value(one, f"{before}{number}", left) for number in range(count))
    if is_dataclass(kind) and kind is not Network:
        hints = get_type_hints(kind, localns=_NAMES)
        return hint(
            **{
                field.name: _value(hints[field.name], f"{before}{field.name}", left)
                for field in fields(kind)
            }
        )
    part = left.pop(name)
    if not isinstance(part, kind):
        raise TypeError(name)
    return part


def file_names(name: str, kind: str) -> set[str]:
    """Names of the files of a part.

    Parameters
    ----------
    name
        Its name.
    kind
        ``network``, ``array``, ``layer`` or ``table``.

    Returns
    -------
    set of str
        Names in the folder of the stage.
    """
    return {f"{name}.{end}" for end in _ENDS[kind]}


def save(part: pd.DataFrame | NDArray[Any] | Network, path: Path) -> dict[str, Any]:
    """Write one part without pickles, so that a folder from elsewhere runs no code.

    Parameters
    ----------
    part
        A frame, an array or a network.
    path
        Where, without the end of its name.

    Returns
    -------
    dict
        ``kind``, and ``files`` with their digests.
    """
    kind = next(kind for kind, of in _KINDS.items() if isinstance(part, of))
    files = {end: path.with_name(f"{path.name}.{end}") for end in _ENDS[kind]}
    if isinstance(part, Network):
        arrays = {field.name: getattr(part, field.name) for field in fields(part)}
        lines = pd.DataFrame({"line": shapely.to_wkb(arrays.pop("lines")).astype(object)})
        lines.to_parquet(files["lines.parquet"])
        np.savez(files["network.npz"], **arrays)
    elif isinstance(part, np.ndarray):
        np.save(files["npy"], part, allow_pickle=False)
    else:
        (file,) = files.values()
        part.to_parquet(file)
    digests = {file.name: file_digest(file) for file in files.values()}
    return {"kind": kind, "files": digests}


def read(kind: str, path: Path) -> Any:
    """Read one part.

    Parameters
    ----------
    kind
        As `save` gave it.
    path
        Where, without the end of its name.

    Returns
    -------
    DataFrame, ndarray or Network
        The part.
    """
    files = [path.with_name(f"{path.name}.{end}") for end in _ENDS[kind]]
    if kind == "network":
        with np.load(files[0], allow_pickle=False) as arrays:
            values = {key: arrays[key] for key in arrays.files}
        lines = pd.read_parquet(files[1])["line"]
        for key in ("regions", "classes"):
            values[key] = tuple(map(str, values[key]))
        return Network(**values, lines=shapely.from_wkb(lines.to_numpy()))
    if kind == "array":
        return np.load(files[0], allow_pickle=False)
    return gpd.read_parquet(files[0]) if kind == "layer" else pd.read_parquet(files[0])
