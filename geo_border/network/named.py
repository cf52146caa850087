"""Places and checkpoints of a network by their id or their name."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from geo_border.errors import CheckpointError, GeoBorderError, NetworkError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from geo_border.network.build import BuiltNetwork


def find_place(network: BuiltNetwork, name: str) -> str:
    """Find a place by its id or its name, without regard to case.

    Parameters
    ----------
    network
        The network.
    name
        Id, or the name of one place alone.

    Returns
    -------
    str
        Its id.

    Raises
    ------
    NetworkError
        If there is none, or there are several.
    """
    return _one_of(network.places, name, "place", NetworkError)


def find_places(network: BuiltNetwork, names: Sequence[str] | None) -> list[str]:
    """Find places by their ids or names.

    Parameters
    ----------
    network
        The network.
    names
        As `find_place` takes them; all places that reach the network if not given.

    Returns
    -------
    list of str
        Their ids, in the order given.

    Raises
    ------
    NetworkError
        As `find_place`, and if one is named twice or none is.
    """
    if names is None:
        return [str(place) for place in network.places.index[network.places["node"] >= 0]]
    if isinstance(names, str):
        names = [names]
    ids = [find_place(network, name) for name in names]
    twice = [place for place in ids if ids.count(place) > 1]
    if twice:
        raise NetworkError(f"place {twice[0]!r} is named twice", remedy="Name each once")
    if not ids:
        raise NetworkError("no place is named", remedy="Name some of the places")
    return ids


def find_checkpoint(network: BuiltNetwork, name: str) -> str:
    """Find a checkpoint, or a crossing without one, by its id or its name.

    Parameters
    ----------
    network
        The network.
    name
        Id, or the name of one checkpoint alone, or its part for one of the sides, without
        regard to case.

    Returns
    -------
    str
        Its id.

    Raises
    ------
    CheckpointError
        If there is none, or there are several.
    """
    return _one_of(network.gates, name, "checkpoint", CheckpointError)


def is_checkpoint(network: BuiltNetwork, name: str) -> bool:
    """Whether a checkpoint is called so, and no place.

    Parameters
    ----------
    network
        The network.
    name
        Id or name.

    Returns
    -------
    bool
        True for the id of a checkpoint, and for its name, or the part of it for one of the
        sides, unless a place bears that name.
    """
    if name in network.gates.index:
        return True
    return not len(_called(network.places, name)) and bool(len(_called(network.gates, name)))


def _called(table: pd.DataFrame, name: str) -> pd.Index:
    """Ids of the rows called so: by id, else by name."""
    if name in table.index:
        return table.index[table.index == name]
    if "name" not in table:
        return table.index[:0]
    wanted, names = str(name).casefold(), table["name"].fillna("").astype(str).str.casefold()
    whole = table.index[names == wanted]
    if len(whole):
        return whole
    # A checkpoint is called after both of its sides.
    parts = names.str.split(r"\s+[-–/]\s+", regex=True)
    return table.index[[wanted in of for of in parts]]


def _one_of(table: pd.DataFrame, name: str, what: str, kind: type[GeoBorderError]) -> str:
    """Id of the one row called so."""
    ids = _called(table, name)
    if len(ids) == 1:
        return str(ids[0])
    if len(ids):
        some = ", ".join(map(str, ids[:9]))
        raise kind(f"{len(ids)} {what}s are called {name!r}", remedy=f"Give the id of one: {some}")
    known = [*map(str, table.index), *(table["name"].dropna().map(str) if "name" in table else ())]
    like = get_close_matches(str(name), known, n=3, cutoff=0.5)
    raise kind(
        f"there is no {what} {name!r}",
        remedy=f"Is it {' or '.join(like)}?"
        if like
        else f"Give an id or a name of one of the {what}s",
    )
