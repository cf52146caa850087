"""Settlements that a source lists twice, under two spellings."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from anyascii import anyascii
from scipy.spatial import cKDTree

from geo_border.border.edges import WGS84
from geo_border.osm.lines import sphere

if TYPE_CHECKING:
    from numpy.typing import NDArray

FARTHEST_KM = 2.0
"""Old gazetteers give coordinates to the minute of arc, which is 1.9 km."""

LEAST_LIKENESS = 0.75
"""Share of the letters of two names that agree in order, from which on they may be one."""

LEAST_SHARE = 0.5
"""Populations of different years are not farther apart than this, the lesser over the greater."""

ROMAN = frozenset("ivx")

WORD, DROPPED = re.compile(r"[a-z0-9]+"), re.compile(r"[aeiouy]|(.)(?=\1)")
"""What a word is made of, and what spellings of one do not share."""

WORDS_HELD = 100_000
"""Words of which is remembered what they share: names of places have many in common."""


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
    name, spelt, bones, numbers = _spellings(places["name"])
    land = places.groupby(["side", "region_id"], dropna=False).ngroup().to_numpy()
    lon, lat = places["lon"].to_numpy(float), places["lat"].to_numpy(float)
    people = places["population"].fillna(0).to_numpy(float)
    at, known = sphere(lon, lat), np.flatnonzero(people > 0)
    by_names = pd.DataFrame({"land": land, "name": bones[name]})
    by_people = pd.DataFrame({"land": land, "name": numbers[name], "people": people}).iloc[known]
    near = [_nearest_alike(at, by_names), known[_nearest_alike(at[known], by_people)]]
    a, b = np.unique(np.concatenate(near), axis=0).T

    lesser, greater = np.minimum(people[a], people[b]), np.maximum(people[a], people[b])
    km = WGS84.inv(lon[a], lat[a], lon[b], lat[b])[2] / 1000
    kept = (km <= FARTHEST_KM) & ((lesser == 0) | (lesser >= LEAST_SHARE * greater))
    a, b, km, lesser, greater = (part[kept] for part in (a, b, km, lesser, greater))
    pairs = pd.DataFrame(
        {
            "place_id": places.index[a],
            "other_id": places.index[b],
            "km": km,
            "likeness": _likenesses(spelt, name[a], name[b]),
            "reason": np.select(
                [lesser == 0, lesser == greater],
                ["a population unknown", "same population"],
                "populations alike",
            ),
            "lesser": lesser,
        }
    )
    found: pd.DataFrame = pairs[pairs["likeness"] >= LEAST_LIKENESS]
    return found.sort_values("km", kind="stable", ignore_index=True)


def _nearest_alike(at: NDArray[np.float64], kinds: pd.DataFrame) -> NDArray[np.int64]:
    """Pairs of points of one kind: each with its nearest within reach, the earlier first."""
    kind = kinds.groupby(list(kinds)).ngroup().to_numpy()
    # A degree of the ellipsoid may be 0.6 % shorter than one of the sphere.
    reach = 1010 * FARTHEST_KM
    # In a fourth direction kinds lie beyond each other's reach.
    points = np.column_stack([at, 2 * reach * kind])
    spot = pd.DataFrame(points).groupby(list(range(4)), sort=False).ngroup().to_numpy()
    first = np.flatnonzero(~pd.Series(spot).duplicated())
    crowded = np.bincount(spot, minlength=len(first)) > 1
    # Of points in one spot each is as near as any: the first stands for all of them.
    later = np.setdiff1d(np.arange(len(at)), first)
    # A search among points in one spot would look at all of them for each.
    alone = first[~crowded]
    near = cKDTree(points[first]).query(points[alone], k=2, distance_upper_bound=reach)
    there = near[1].reshape(-1, 2)[:, 1]
    has = there < len(first)
    pairs = np.concatenate(
        [
            np.column_stack([first[spot[later]], later]),
            np.column_stack([alone[has], first[there[has]]]),
        ]
    )
    return np.sort(pairs, axis=1).astype(np.int64)


def _spellings(
    names: pd.Series[str],
) -> tuple[NDArray[np.int64], NDArray[np.object_], NDArray[np.object_], NDArray[np.object_]]:
    """Which spelling each name is, and letters, bones and numbers of each spelling."""
    which, spellings = pd.factorize(names.astype(str))
    made = np.empty((3, len(spellings)), object)
    for position, name in enumerate(spellings):
        words = _words(str(name))
        made[:, position] = "".join(words), _bones(words), _numbers(words)
    letters, bones, numbers = made
    return which, letters, bones, numbers


def _likenesses(
    spelt: NDArray[np.object_], one: NDArray[np.int64], other: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Likeness of the spellings of pairs; each two spellings are compared once."""
    pairs, which = np.unique(np.stack([one, other], axis=1), axis=0, return_inverse=True)
    return np.array([_likeness(spelt[a], spelt[b]) for a, b in pairs], float)[which.ravel()]


def _words(name: str) -> list[str]:
    """Words of a name in small Latin letters and digits, whatever its script."""
    # An apostrophe stands for a soft sign, it parts no words.
    latin = name if name.isascii() else anyascii(name)
    return WORD.findall(latin.lower().replace("'", "").replace("`", ""))


@lru_cache(WORDS_HELD)
def _is_number(word: str) -> bool:
    """Whether a word is a number, Arabic or Roman."""
    return word.isdigit() or ROMAN.issuperset(word)


def _numbers(words: list[str]) -> str:
    """What tells parts of one name apart: its numbers, in order."""
    return " ".join(filter(_is_number, words))


def _bones(words: list[str]) -> str:
    """What spellings of a name share: its numbers, and its consonants, none doubled, in order."""
    return "".join(map(_bone, words))


@lru_cache(WORDS_HELD)
def _bone(word: str) -> str:
    """What spellings of a word share."""
    return word if _is_number(word) else DROPPED.sub("", word)


def _likeness(one: str, other: str) -> float:
    """Likeness of two names, whichever of them comes first."""
    if one == other:
        return 1.0
    return max(SequenceMatcher(None, *pair).ratio() for pair in ((one, other), (other, one)))
