"""What public functions are handed, held against what they take."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import wraps
from numbers import Integral, Real
from pathlib import Path
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar

from geo_border.errors import ParameterError, TableError

P = ParamSpec("P")
T = TypeVar("T")

PLAIN: Mapping[str, type | tuple[type, ...]] = MappingProxyType(
    {
        "str": str,
        "bool": bool,
        "int": Integral,
        "float": Real,
        "Path": Path,
        "None": type(None),
        "Mapping": Mapping,
        "Sequence": Sequence,
        "Collection": Collection,
        "Callable": Callable,  # type: ignore[dict-item]  # isinstance takes it
    }
)
"""Words of annotations that are of Python."""

OURS: Mapping[str, str] = MappingProxyType(
    {
        "Travel": "Give what `gb.travel(network)` gives",
        "BuiltNetwork": "Give what `gb.from_osm`, or its like, gives",
        "Network": "Give the `network` of what `gb.from_osm`, or its like, gives",
        "ClassTraffic": "Give one of the `classes` of what `gb.equilibrium(model)` gives",
        "Equilibrium": "Give what `gb.equilibrium(model)` gives",
        "TrafficModel": "Give what `gb.traffic_model(travels, classes)` gives",
        "TrafficClass": 'Give one, such as gb.TrafficClass("car")',
        "OuterZones": "Give what `gb.outer_zones(network, roads, places)` gives",
        "GateTables": "Give the `tables` of what `gb.travel(network)` gives",
        "Scenario": 'Give one, such as gb.Scenario(close=["id"])',
        "Gravity": "Give one, such as gb.Gravity()",
        "Access": "Give one, such as gb.Access()",
        "Tolerances": "Give one, such as gb.Tolerances()",
        "Thresholds": "Give one, such as gb.Thresholds()",
        "IndexMethod": "Give one, such as gb.IndexMethod()",
        "DataFrame": "Give a table of pandas",
        "GeoDataFrame": "Give a layer of geopandas",
        "Series": "Give a column of pandas, with ids as its index",
        "MultiDiGraph": "Give a graph of OSMnx",
        "Polygon": "Give a polygon of shapely",
        "MultiPolygon": "Give a polygon of shapely",
    }
)
"""Classes that public functions take, and where one gets them."""

KNOWN_BY: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "Decay": ("code", "Give one, such as gb.Exponential(2)"),
        "Impedance": ("__call__", "Give one, such as gb.Exponential(2)"),
        "ServiceTimes": (
            "service_ids",
            "Give what `gb.service_times(network, services)` gives",
        ),
    }
)
"""What is known by something that it has, whatever its class, and where one gets it."""


def checked(function: Callable[P, T]) -> Callable[P, T]:
    """Let a function say what it takes when it is handed something else.

    Parameters
    ----------
    function
        With the types of what it takes beside it.

    Returns
    -------
    callable
        The same function. What is no type that it takes is a `ParameterError` that names it, a
        table without a column that is needed a `TableError`.
    """
    signature = inspect.signature(function)

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        given = signature.bind(*args, **kwargs).arguments
        for name, value in given.items():
            annotation = str(signature.parameters[name].annotation)
            if not fits(value, annotation):
                raise _wrong(function.__name__, name, value, annotation)
        try:
            return function(*args, **kwargs)
        except KeyError as error:
            lacking = _lacking(given, error)
            if lacking is None:
                raise
            raise lacking from error

    return call


def fits(value: object, annotation: str) -> bool:
    """Whether a value is of a type, as far as its word is known.

    Parameters
    ----------
    value
        Any value.
    annotation
        Such as ``"pd.DataFrame | None"``; what is inside brackets is not looked at.

    Returns
    -------
    bool
        True for words that are not in `PLAIN` or `OURS`.
    """
    return any(_is(value, word) for word in _words(annotation))


def _words(annotation: str) -> list[str]:
    """Types that an annotation names, without modules and what they hold."""
    while "[" in annotation:
        shorter = re.sub(r"\[[^\[\]]*\]", "", annotation)
        if shorter == annotation:
            break
        annotation = shorter
    return [part.strip().rpartition(".")[2] for part in annotation.split("|")]


def _is(value: object, word: str) -> bool:
    """Whether a value is of the type that a word names."""
    if word in KNOWN_BY:
        return hasattr(value, KNOWN_BY[word][0])
    if word in PLAIN:
        is_text = isinstance(value, str) and word in ("Sequence", "Collection")
        return isinstance(value, PLAIN[word]) and not is_text
    return word not in OURS or word in {kind.__name__ for kind in type(value).__mro__}


def _wrong(function: str, name: str, value: object, annotation: str) -> ParameterError:
    """Say what is needed in place of a value."""
    words = [word for word in _words(annotation) if word != "None"]
    of_words = {**OURS, **{word: remedy for word, (_, remedy) in KNOWN_BY.items()}}
    remedies = [of_words[word] for word in words if word in of_words]
    is_plain = isinstance(value, str | Real | None.__class__)
    what = f"is {value!r}" if is_plain else f"is a {type(value).__name__}"
    return ParameterError(
        f"{function}: `{name}` {what}, not a {' or '.join(words)}",
        remedy=remedies[0] if remedies else None,
    )


def _lacking(given: Mapping[str, Any], error: KeyError) -> TableError | None:
    """Say which table lacks the column that was looked for; None if it was none."""
    looked_for = str(error.args[0]) if error.args else ""
    names = re.findall(r"'([^']+)'", looked_for) or [looked_for]
    for name, value in given.items():
        if hasattr(value, "columns"):
            lacking = [column for column in names if column not in value.columns]
            if lacking:
                raise_as = f"{name} lack the column {lacking[0]!r}"
                return TableError(raise_as, remedy="Give it one, or another table")
    return None
