"""Settlements that a source lists twice, under two spellings."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from anyascii import anyascii
from scipy.spatial import cKDTree

from geo_border.border.edges import WGS84
from geo_border.network.osm.lines import sphere

if TYPE_CHECKING:
    from numpy.typing import NDArray

FARTHEST_KM = 2.0
"""Old gazetteers give coordinates to the minute of arc, which is 1.9 km."""

LEAST_LIKENESS = 0.75
"""Share of the letters of two names that agree in order, from which on they may be one."""

LEAST_SHARE = 0.5
"""Populations of different years are not farther apart than this, the lesser over the greater."""

ROMAN = frozenset("ivx")


def listed_twice(places: pd.DataFrame) -> pd.DataFrame:
    """Pairs of settlements that may be one, and whose people may be counted twice.

    They lie within `FARTHEST_KM` in one region, or both outside the studied regions, on one side;
    their names, in Latin letters, have a likeness of at least `LEAST_LIKENESS` and the same
    numbers; and either their population is the same, or nothing but vowels, signs and doubled
    letters tells the names apart and the populations may be those of two years: one is unknown,
    or the lesser is at least `LEAST_SHARE` of the greater. Neighbours called upper and lower, old
    and new, differ in their consonants and in their people.

    Parameters
    ----------
    places
        Columns ``name``, ``lon``, ``lat``, ``side``, ``region_id`` (missing or empty outside the
        studied regions), ``population`` (0 or missing where it is not known).

    Returns
    -------
    DataFrame
        A row for each pair, nearest first; of many in one spot each is paired with its nearest:
        ``place_id``, ``other_id`` (of the index, in its order), ``km``, ``likeness`` (0 to 1),
        ``reason`` (in words, what the populations say), ``lesser`` (population of the lesser of
        the two).

    References
    ----------
    Ratcliff and Metzener (1988), Dr. Dobb's J. 13(7) 46-51, the likeness.
    """
    words = [_words(str(name)) for name in places["name"]]
    land = places.groupby(["side", "region_id"], dropna=False).ngroup()
    lon, lat = places["lon"].to_numpy(float), places["lat"].to_numpy(float)
    people = places["population"].fillna(0).to_numpy(float)
    at, known = sphere(lon, lat), np.flatnonzero(people > 0)
    of_names = pd.DataFrame({"land": land.to_numpy(), "name": [_bones(name) for name in words]})
    of_people = of_names.assign(name=[_numbers(name) for name in words], people=people).iloc[known]
    near = [_nearest_alike(at, of_names), known[_nearest_alike(at[known], of_people)]]
    a, b = np.unique(np.concatenate(near), axis=0).T

    lesser, greater = np.minimum(people[a], people[b]), np.maximum(people[a], people[b])
    spelt = ["".join(name) for name in words]
    pairs = pd.DataFrame(
        {
            "place_id": places.index[a],
            "other_id": places.index[b],
            "km": WGS84.inv(lon[a], lat[a], lon[b], lat[b])[2] / 1000,
            "likeness": [_likeness(spelt[i], spelt[j]) for i, j in zip(a, b, strict=True)],
            "reason": np.select(
                [lesser == 0, lesser == greater],
                ["a population unknown", "same population"],
                "populations alike",
            ),
            "lesser": lesser,
        }
    )
    one_year = (lesser == 0) | (lesser >= LEAST_SHARE * greater)
    close = (pairs["km"] <= FARTHEST_KM) & (pairs["likeness"] >= LEAST_LIKENESS)
    found: pd.DataFrame = pairs[close & one_year]
    return found.sort_values("km", kind="stable", ignore_index=True)


def _nearest_alike(at: NDArray[np.float64], kinds: pd.DataFrame) -> NDArray[np.int64]:
    """Pairs of points of one kind: each with its nearest within reach, the earlier first."""
    kind = kinds.groupby(list(kinds)).ngroup().to_numpy()
    # A degree of the ellipsoid may be 0.6 % shorter than one of the sphere.
    reach = 1010 * FARTHEST_KM
    # In a fourth direction kinds lie beyond each other's reach.
    points = np.column_stack([at, 2 * reach * kind])
    near = cKDTree(points).query(points, k=2, distance_upper_bound=reach)[1].reshape(-1, 2)
    own = np.arange(len(at))
    # Of points in one spot it may be another that comes first.
    pairs = np.column_stack([own, np.where(near[:, 0] == own, near[:, 1], near[:, 0])])
    return np.sort(pairs[pairs[:, 1] < len(at)], axis=1).astype(np.int64)


def _words(name: str) -> list[str]:
    """Words of a name in small Latin letters and digits, whatever its script."""
    # An apostrophe stands for a soft sign, it parts no words.
    return re.findall(r"[a-z0-9]+", re.sub(r"['`]", "", anyascii(name).lower()))


def _is_number(word: str) -> bool:
    """Whether a word is a number, Arabic or Roman."""
    return word.isdigit() or ROMAN.issuperset(word)


def _numbers(words: list[str]) -> str:
    """What tells parts of one name apart: its numbers, in order."""
    return " ".join(filter(_is_number, words))


def _bones(words: list[str]) -> str:
    """What spellings of a name share: its numbers, and its consonants, none doubled, in order."""
    dropped = re.compile(r"[aeiouy]|(.)(?=\1)")
    return "".join(word if _is_number(word) else dropped.sub("", word) for word in words)


def _likeness(one: str, other: str) -> float:
    """Likeness of two names, whichever of them comes first."""
    return max(SequenceMatcher(None, *pair).ratio() for pair in ((one, other), (other, one)))
