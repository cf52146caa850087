"""Which OSM tags the network needs, and how to read a tag of many elements at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_border.pbf.extract import Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable

    from numpy.typing import NDArray

VEHICLE_KEYS = ("motorcar", "motor_vehicle", "vehicle", "access")
"""Keys that say whether cars may pass; the first one present decides."""

CONTROL_KEYS = ("barrier", "amenity", "border_type", "government", "military", "police")
"""Keys that can mark a border checkpoint."""

_CONTROL = {
    "barrier": {"border_control"},
    "military": {"border_control"},
    "government": {"border_control"},
    "police": {"border_control"},
    "amenity": {"border_control"},
    "border_type": {"border_control", "checkpoint", "border_crossing"},
}
_CUSTOMS = {"amenity": {"customs"}, "government": {"customs"}, "border_type": {"customs"}}

CONTROL_MARKS = {
    key: sorted(_CONTROL.get(key, set()) | _CUSTOMS.get(key, set())) for key in _CONTROL
}
"""Values of each key that mark one, see `control_kind`."""

FERRIES = ("ferry", "shuttle_train")
"""Values of ``route`` that carry cars over what has no road."""

_NAME_KEYS = ("name", "int_name")
_WAY_KEYS = ("highway", "railway", "route", "natural", *CONTROL_KEYS)
_WAY_TAGS = (
    *_WAY_KEYS,
    *VEHICLE_KEYS,
    "area",
    "boundary",
    "bridge",
    "duration",
    "electrified",
    "foot",
    "bicycle",
    "gauge",
    "ice_road",
    "impassable",
    "junction",
    "lanes",
    "layer",
    "maritime",
    "maxspeed",
    "maxspeed:backward",
    "maxspeed:conditional",
    "maxspeed:forward",
    "maxspeed:type",
    "maxspeed:variable",
    "motorroad",
    "oneway",
    "opening_hours",
    "ref",
    "service",
    "smoothness",
    "source:maxspeed",
    "surface",
    "tracktype",
    "tunnel",
    "usage",
    "winter_road",
    "zone:maxspeed",
    "zone:traffic",
)
_NODE_KEYS = (*CONTROL_KEYS, "railway", "place")
_NODE_TAGS = (*_NODE_KEYS, *VEHICLE_KEYS, "bollard", "capital", "opening_hours", "population")
_RELATION_KEYS = ("boundary", "railway", "route", *CONTROL_KEYS)
_RELATION_TAGS = (
    *_RELATION_KEYS,
    *VEHICLE_KEYS,
    "bicycle",
    "duration",
    "foot",
    "ref",
    "opening_hours",
    "type",
    "admin_level",
    "ISO3166-1",
    "ISO3166-1:alpha2",
    "ISO3166-2",
    "population",
)


def wanted(*, languages: Collection[str] = ()) -> Wanted:
    """What the network, the checkpoints and the region polygons need from an extract.

    Parameters
    ----------
    languages
        Languages of names to keep beside ``name``.

    Returns
    -------
    Wanted
        Ways with a highway, railway, route or checkpoint key, and coasts; nodes with a
        checkpoint, railway or place key; relations with ``boundary``, a checkpoint or railway
        key, and ferries.
    """
    names = (*_NAME_KEYS, *(f"name:{language}" for language in languages))
    return Wanted(
        way_keys=_WAY_KEYS,
        tag_keys=(*_WAY_TAGS, *names),
        node_keys=_NODE_KEYS,
        node_tag_keys=(*_NODE_TAGS, *names),
        relation_keys=_RELATION_KEYS,
        relation_tag_keys=(*_RELATION_TAGS, *names),
        way_values={"natural": ("coastline",)},
        relation_values={"route": FERRIES},
    )


def column(tags: pd.DataFrame, key: str) -> pd.Categorical:
    """Values of a tag, each distinct one stored once.

    Parameters
    ----------
    tags
        One column a key, text or missing.
    key
        The tag's key; missing everywhere if there is no such column.

    Returns
    -------
    Categorical
        Values in the order of `tags`.
    """
    if key not in tags:
        return pd.Categorical([None] * len(tags), categories=pd.Index([], dtype=object))
    values = tags[key].array
    return values if isinstance(values, pd.Categorical) else pd.Categorical(values)


def as_text(values: pd.Categorical) -> pd.api.extensions.ExtensionArray:
    """A column of text from one of categories, many times quicker than pandas' own way.

    Parameters
    ----------
    values
        Text or missing.

    Returns
    -------
    ExtensionArray
        The same as text.
    """
    words: pd.api.extensions.ExtensionArray = values.categories.astype("str").array
    return words.take(values.codes, allow_fill=True)


def mapped(
    tags: pd.DataFrame, key: str, meaning: Callable[[str], Any], *, missing: Any, dtype: Any
) -> NDArray[Any]:
    """What a tag means for each element; `meaning` is asked once for each distinct value.

    Parameters
    ----------
    tags
        One column a key, text or missing.
    key
        The tag's key.
    meaning
        From the text of the tag to its meaning.
    missing
        Meaning where there is no such tag.
    dtype
        Type of the result's values.

    Returns
    -------
    ndarray
        One value for each row of `tags`.
    """
    values = column(tags, key)
    table: NDArray[Any] = np.empty(len(values.categories) + 1, dtype=dtype)
    for number, text in enumerate(values.categories):
        table[number] = meaning(str(text))
    table[-1] = missing
    meanings: NDArray[Any] = table[values.codes]
    return meanings


def has(
    tags: pd.DataFrame, key: str, values: Collection[Hashable] | None = None
) -> NDArray[np.bool_]:
    """Whether each element has a tag, with one of some values.

    Parameters
    ----------
    tags
        One column a key, text or missing.
    key
        The tag's key.
    values
        The values that count; any value if none are given.

    Returns
    -------
    ndarray
        Boolean, one for each row of `tags`.
    """
    return mapped(
        tags, key, lambda text: values is None or text in values, missing=False, dtype=bool
    )


def text(tags: pd.DataFrame, key: str) -> NDArray[np.object_]:
    """Values of a tag as text, None where it is missing.

    Parameters
    ----------
    tags
        One column a key, text or missing.
    key
        The tag's key.

    Returns
    -------
    ndarray
        Text or None, one for each row of `tags`.
    """
    return mapped(tags, key, str, missing=None, dtype=object)


def yes(tags: pd.DataFrame, key: str) -> NDArray[np.bool_]:
    """Whether a tag is there and does not say no.

    Parameters
    ----------
    tags
        One column a key, text or missing.
    key
        The tag's key, such as ``bridge``.

    Returns
    -------
    ndarray
        Boolean, one for each row of `tags`.
    """
    return mapped(
        tags,
        key,
        lambda value: value.strip().lower() not in {"no", "false", "0"},
        missing=False,
        dtype=bool,
    )


def population(value: str) -> float:
    """Inhabitants as a tag says them.

    Parameters
    ----------
    value
        Value of the tag.

    Returns
    -------
    float
        Persons; missing if the tag is not a number.
    """
    words = value.replace(" ", "").replace("\u00a0", "")
    return float(words) if words.isdecimal() else np.nan


def count_table(rows: Collection[tuple[str, str, int, float]]) -> pd.DataFrame:
    """Account of what was kept, changed or dropped.

    Parameters
    ----------
    rows
        ``mode``, ``what``, number of ways, kilometres.

    Returns
    -------
    DataFrame
        Columns ``mode``, ``what``, ``ways``, ``km``; what did not occur is left out.
    """
    table = pd.DataFrame(list(rows), columns=["mode", "what", "ways", "km"])
    return table[table["ways"] > 0].reset_index(drop=True)


def control_kind(tags: pd.DataFrame) -> NDArray[np.int8]:
    """Whether elements mark a border checkpoint.

    Parameters
    ----------
    tags
        One row an element, columns of `CONTROL_KEYS` and ``boundary``.

    Returns
    -------
    ndarray
        2 a border control, 1 customs, 0 neither. A boundary is none, whatever its
        ``border_type``; nor is a military checkpoint without a border control tag.
    """
    control, customs = (
        np.logical_or.reduce([has(tags, key, values) for key, values in table.items()])
        for table in (_CONTROL, _CUSTOMS)
    )
    kind = np.where(control, 2, customs.astype(np.int8)).astype(np.int8)
    kind[has(tags, "boundary")] = 0
    return kind
