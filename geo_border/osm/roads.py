"""Which ways cars may use, in which direction, and how fast."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.osm.speeds import (
    FALLBACK,
    KINDS,
    default_kmh,
    parse_maxspeed,
    road_classes,
    surface_caps,
)
from geo_border.osm.tags import FERRIES, VEHICLE_KEYS, column, has, mapped, yes

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCKING_BARRIERS = frozenset(
    {
        "barrier_board",
        "block",
        "bollard",
        "chain",
        "cycle_barrier",
        "debris",
        "ditch",
        "fence",
        "full-height_turnstile",
        "guard_rail",
        "hedge",
        "horse_stile",
        "jersey_barrier",
        "kissing_gate",
        "log",
        "motorcycle_barrier",
        "planter",
        "rope",
        "stile",
        "tank_trap",
        "turnstile",
        "wall",
    }
)
"""Values of ``barrier`` that a car cannot pass unless a tag says so; a gate it can."""

_ISO = re.compile(
    r"P(?:(?P<d>\d{1,3})D)?(?:T(?:(?P<h>\d{1,4})H)?(?:(?P<m>\d{1,5})M)?(?:(?P<s>\d{1,6})S)?)?"
)
_CLOCK = re.compile(r"([0-9]{1,3}):([0-5][0-9])(?::([0-5][0-9]))?")
_MINUTES = re.compile(r"[0-9]{1,5}")
_ONEWAY = {
    "yes": 1,
    "true": 1,
    "1": 1,
    "-1": -1,
    "reverse": -1,
    "no": 0,
    "false": 0,
    "0": 0,
    "reversible": 0,
    "alternating": 0,
}
_OUT_OF_SEASON = ("ice_road", "winter_road")
_APART = frozenset({"motorway", "trunk", "primary", "secondary", "tertiary"})


@dataclass(frozen=True, slots=True)
class RoadRules:
    """What counts as a road for cars.

    Parameters
    ----------
    classes
        Values of ``highway``; add ``service`` or ``track`` for finer networks.
    open_access
        Values of access tags that let a car in; ``destination`` roads stay, marked.
    closed_access
        Values that keep it out; any other value says nothing.
    ferries
        Whether ferries and car trains (``route``) belong to the network.
    seasonal
        Whether ice and winter roads do.
    service_at_controls_m
        Service roads this near to a checkpoint on a road belong to the network: its lanes are
        often mapped so, metres.
    """

    classes: tuple[str, ...] = (
        "motorway",
        "motorway_link",
        "trunk",
        "trunk_link",
        "primary",
        "primary_link",
        "secondary",
        "secondary_link",
        "tertiary",
        "tertiary_link",
        "unclassified",
        "residential",
        "living_street",
        "road",
    )
    open_access: tuple[str, ...] = (
        "yes",
        "permissive",
        "designated",
        "official",
        "public",
        "discouraged",
        "destination",
    )
    closed_access: tuple[str, ...] = (
        "no",
        "private",
        "agricultural",
        "forestry",
        "delivery",
        "customers",
        "residents",
        "permit",
        "employees",
        "military",
        "emergency",
        "psv",
        "bus",
        "restricted",
        "use_sidepath",
        "dismount",
    )
    ferries: bool = True
    seasonal: bool = False
    service_at_controls_m: float = 500


CAR_ROADS = RoadRules()
"""Public roads without service roads and tracks."""


def parse_duration(value: str) -> float:
    """Hours that a ``duration`` tag says.

    Parameters
    ----------
    value
        ``hh:mm``, ``hh:mm:ss``, minutes as a number, or ISO 8601 such as ``PT1H20M``.

    Returns
    -------
    float
        Hours; missing if it cannot be read, is zero or is longer than 30 days. Never raises.
    """
    words = value.strip().upper()
    clock = _CLOCK.fullmatch(words)
    iso = _ISO.fullmatch(words)
    if clock:
        hours = int(clock[1]) + int(clock[2]) / 60 + int(clock[3] or 0) / 3600
    elif _MINUTES.fullmatch(words):
        hours = int(words) / 60
    elif iso:
        days, hour, minute, second = (int(iso[unit] or 0) for unit in "dhms")
        hours = 24 * days + hour + minute / 60 + second / 3600
    else:
        return np.nan
    return hours if 0 < hours <= 720 else np.nan


def car_access(tags: pd.DataFrame, rules: RoadRules) -> pd.DataFrame:
    """Whether cars are let in, by the most specific tag that says anything.

    Parameters
    ----------
    tags
        Columns of access tags, text or missing.
    rules
        Which values open and close a way.

    Returns
    -------
    DataFrame
        ``is_open`` (1 open, 0 closed, -1 no tag says), ``destination`` (open to those who go
        there), ``not_understood`` (some value is neither open nor closed).
    """
    verdict = partial(_verdict, rules=rules)
    said = np.full(len(tags), -1, np.int8)
    strange = np.zeros(len(tags), bool)
    for key in VEHICLE_KEYS:
        verdicts = mapped(tags, key, verdict, missing=-1, dtype=np.int8)
        strange |= has(tags, key) & (verdicts < 0)
        said = np.where(said < 0, verdicts, said)
    return pd.DataFrame(
        {
            "is_open": np.minimum(said, 1).astype(np.int8),
            "destination": said == 2,
            "not_understood": strange,
        }
    )


def _verdict(value: str, *, rules: RoadRules) -> int:
    """Verdict of one value or list: 2 destination, 1 open, 0 closed, -1 unknown."""
    parts = {part.strip().lower() for part in value.split(";")}
    opens = parts.intersection(rules.open_access)
    if opens:
        return 2 if opens == {"destination"} else 1
    return 0 if parts.intersection(rules.closed_access) else -1


def oneway(tags: pd.DataFrame) -> tuple[NDArray[np.int8], dict[str, NDArray[np.bool_]]]:
    """Direction in which ways may be driven.

    Parameters
    ----------
    tags
        Columns ``oneway``, ``junction``, ``highway``.

    Returns
    -------
    direction : ndarray
        1 as drawn, -1 against, 0 both. Without a tag, roundabouts and motorways are 1.
    counts : dict of str to ndarray
        Ways that are ``reversible`` (taken for both), ``implied`` and ``not understood``.
    """
    unknown = -9
    said = mapped(
        tags,
        "oneway",
        lambda value: _ONEWAY.get(value.strip().lower(), unknown),
        missing=unknown,
        dtype=np.int8,
    )
    implied = has(tags, "junction", {"roundabout", "circular"}) | has(tags, "highway", {"motorway"})
    direction = np.where(said == unknown, implied, said).astype(np.int8)
    return direction, {
        "oneway changes with the time: both ways": has(
            tags, "oneway", {"reversible", "alternating"}
        ),
        "oneway by junction or class": (said == unknown) & implied,
        "oneway not understood": has(tags, "oneway") & (said == unknown),
    }


def road_ways(
    tags: pd.DataFrame, rules: RoadRules, *, at_control: NDArray[np.bool_] | None = None
) -> tuple[pd.DataFrame, dict[str, NDArray[np.bool_]]]:
    """Roads and ferries for cars among ways.

    Parameters
    ----------
    tags
        One row a way, one column a key.
    rules
        What counts as a road.
    at_control
        Service roads that belong to a checkpoint.

    Returns
    -------
    ways : DataFrame
        One row for each way: ``mode`` (None: not in the network), ``road_class``, ``oneway``,
        ``destination``.
    counts : dict of str to ndarray
        Ways by why they were dropped or what was taken for granted.
    """
    road = has(tags, "highway", frozenset(rules.classes))
    lanes = has(tags, "highway", {"service"}) & ~road
    lanes &= False if at_control is None else at_control
    road |= lanes
    ferry = has(tags, "route", FERRIES) & ~has(tags, "highway") & rules.ferries
    access = car_access(tags, rules)
    only_foot = ferry & (access["is_open"] < 0) & (yes(tags, "foot") | yes(tags, "bicycle"))
    season = np.logical_or.reduce([yes(tags, key) for key in _OUT_OF_SEASON])
    area = has(tags, "area", {"yes"})
    impassable = yes(tags, "impassable") | has(tags, "smoothness", {"impassable"})
    candidate = road | ferry
    reasons = {
        "dropped: an area": area,
        "dropped: closed to cars": access["is_open"].to_numpy() == 0,
        "dropped: ferry that names no vehicle": only_foot,
        "dropped: ice or winter road": season & (not rules.seasonal),
        "dropped: impassable": impassable,
    }
    counts = {
        "dropped: planned or under construction": has(tags, "highway", {"construction", "proposed"})
    }
    kept = candidate.copy()
    for reason, holds in reasons.items():
        counts[reason] = kept & holds
        kept &= ~holds
    direction, notes = oneway(tags)
    counts |= {note: kept & holds for note, holds in notes.items()}
    counts |= {
        "kept: open to those who go there": kept & access["destination"].to_numpy(),
        "kept: service road at a border control": kept & lanes,
        "access not understood": kept & access["not_understood"].to_numpy(),
        "class unknown (highway=road): unclassified": kept & has(tags, "highway", {"road"}),
    }
    classes = pd.Index(["unclassified", "service", *FERRIES, *rules.classes]).unique()
    numbers = {name: number for number, name in enumerate(classes)} | {"road": 0}
    by_class, by_route = (
        mapped(tags, key, lambda name: numbers.get(name, -1), missing=-1, dtype=np.int8)
        for key in ("highway", "route")
    )
    return pd.DataFrame(
        {
            "mode": pd.Categorical.from_codes(
                np.where(kept, ferry, -1), pd.Index(["road", "ferry"])
            ),
            "road_class": pd.Categorical.from_codes(
                np.where(kept, np.where(ferry, by_route, by_class), -1), classes
            ),
            "oneway": direction,
            "destination": access["destination"],
        }
    ), counts


def blocks_cars(tags: pd.DataFrame, rules: RoadRules) -> NDArray[np.bool_]:
    """Whether nodes with a barrier stop a car.

    Parameters
    ----------
    tags
        One row a node: ``barrier``, ``bollard`` and access tags.
    rules
        Which values of access open and close.

    Returns
    -------
    ndarray
        Boolean. Border controls never do: whether one may pass there is the checkpoint's.
    """
    access = car_access(tags, rules)["is_open"].to_numpy()
    wall = has(tags, "barrier", BLOCKING_BARRIERS) & ~has(tags, "bollard", {"rising", "removable"})
    barrier = has(tags, "barrier") & ~has(tags, "barrier", {"border_control", "no"})
    return np.asarray(barrier & ((access == 0) | (wall & (access < 0))))


def in_settlement(tags: pd.DataFrame) -> NDArray[np.int8]:
    """What tags say of whether a road lies in a settlement.

    Parameters
    ----------
    tags
        One row a way.

    Returns
    -------
    ndarray
        1 inside, 0 outside by a tag of the traffic zone; -1 no such tag.
    """
    said = np.full(len(tags), -1, np.int8)
    for key in ("zone:traffic", "maxspeed:type", "source:maxspeed", "zone:maxspeed", "maxspeed"):
        verdict = mapped(tags, key, _zone, missing=-1, dtype=np.int8)
        said = np.where(said < 0, verdict, said)
    return said


def _zone(value: str) -> int:
    """1 if a value names a settlement, 0 if it names open country, else -1."""
    context = value.strip().lower().rpartition(":")[2]
    if context in {"urban", "living_street"}:
        return 1
    return 0 if context in {"rural", "motorway", "trunk", "motorroad"} else -1


def tagged_speeds(
    tags: pd.DataFrame, direction: NDArray[np.int8], country: NDArray[np.object_] | pd.Categorical
) -> tuple[NDArray[np.float64], dict[str, NDArray[np.bool_]]]:
    """Speeds that tags set, by direction.

    Parameters
    ----------
    tags
        One row a way: ``maxspeed``, ``maxspeed:forward``, ``maxspeed:backward`` and, where
        these are missing, ``maxspeed:type``, ``source:maxspeed``, ``zone:maxspeed``.
    direction
        1, -1 or 0 as `oneway` gives it.
    country
        Country code of each way.

    Returns
    -------
    kmh : ndarray
        The limit in the direction of travel; the harmonic mean where both ways are open and
        differ; missing without a tag.
    counts : dict of str to ndarray
        Ways by how the speed was written.
    """
    plain, kind = _parsed(tags, "maxspeed", country)
    forward, _ = _parsed(tags, "maxspeed:forward", country)
    backward, _ = _parsed(tags, "maxspeed:backward", country)
    forward = np.where(np.isnan(forward), plain, forward)
    backward = np.where(np.isnan(backward), plain, backward)
    both = 2 / (1 / forward + 1 / backward)
    both = np.where(np.isnan(both), np.fmax(forward, backward), both)
    kmh = np.select([direction == 1, direction == -1], [forward, backward], both)
    zoned = np.zeros(len(tags), bool)
    for key in ("maxspeed:type", "source:maxspeed", "zone:maxspeed"):
        by_zone, how = _parsed(tags, key, country)
        usable = np.isnan(kmh) & (kind < 0) & np.isin(how, [KINDS.index("context"), 0])
        kmh = np.where(usable, by_zone, kmh)
        zoned |= usable
    counts = {
        f"maxspeed {name}": kind == number for number, name in enumerate(KINDS) if name != "number"
    }
    counts |= {
        "maxspeed from its zone or type": zoned,
        "maxspeed differs by direction": (direction == 0) & (np.abs(forward - backward) > 0),
        "maxspeed:conditional ignored": has(tags, "maxspeed:conditional"),
        "maxspeed:variable ignored": has(tags, "maxspeed:variable"),
    }
    return kmh, counts


def _parsed(
    tags: pd.DataFrame, key: str, country: NDArray[np.object_] | pd.Categorical
) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """Speeds of a tag in km/h and how they were written (position in `KINDS`, -1 no tag)."""
    values = column(tags, key)
    where = pd.Categorical(country)
    shape = (len(where.categories), len(values.categories) + 1)
    kmh, kind = np.full(shape, np.nan), np.full(shape, -1, np.int8)
    for row, code in enumerate(where.categories):
        for number, value in enumerate(values.categories):
            speed = parse_maxspeed(str(value), country=code)
            kmh[row, number], kind[row, number] = speed.kmh, KINDS.index(speed.kind)
    return kmh[where.codes, values.codes], kind[where.codes, values.codes]


def travel_speeds(
    tags: pd.DataFrame,
    ways: pd.DataFrame,
    tagged_kmh: NDArray[np.float64],
    country: NDArray[np.object_] | pd.Categorical,
    urban: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Speeds one goes: the tag's or the default of country and class, by surface and settlement.

    Parameters
    ----------
    tags
        One row a road.
    ways
        ``road_class`` and ``oneway`` of the same roads.
    tagged_kmh
        Speeds from tags, missing without.
    country
        Country code of each road.
    urban
        Whether it lies in a settlement.

    Returns
    -------
    ndarray
        Kilometres an hour, never missing.
    """
    road_class, where = pd.Categorical(ways["road_class"]), pd.Categorical(country)
    motorroad = has(tags, "motorroad", {"yes"})
    apart = (ways["oneway"].to_numpy() != 0) & road_class.isin(list(_APART))
    apart &= ~has(tags, "junction", {"roundabout", "circular"})
    # One number for each group of roads alike; -1 stands for no class and no country.
    group = (where.codes + 1) * np.int64(len(road_class.categories) + 1) + road_class.codes + 1
    group = group << 3 | urban.astype(np.int64) << 2 | apart.astype(np.int64) << 1 | motorroad
    _, first, which = np.unique(group, return_index=True, return_inverse=True)
    default = np.array(
        [
            default_kmh(code or FALLBACK, name, urban=town, apart=split, motorroad=signed)
            for code, name, town, split, signed in zip(
                where[first], road_class[first], urban[first], apart[first], motorroad[first],
                strict=True,
            )
        ]
    )[which]  # fmt: skip
    factor = road_classes()["urban_factor"].reindex(road_class.categories).to_numpy()
    tagged = tagged_kmh * np.where(urban, np.append(factor, np.nan)[road_class.codes], 1.0)
    kmh = np.where(np.isnan(tagged), default, tagged)
    for name, caps in surface_caps().items():
        cap = column(tags, name)
        table = np.array([*(caps.get(str(value), np.inf) for value in cap.categories), np.inf])
        kmh = np.fmin(kmh, table[cap.codes])
    return kmh
