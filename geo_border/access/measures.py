"""Measures of places and cells, each defined once: name, unit, note, parts, what it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

import pandas as pd

from geo_border.access.border_costs import CAUSES
from geo_border.access.losses import effect_by_checkpoint
from geo_border.access.performance import performance_of, performance_parts
from geo_border.access.reach import border_effect

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from geo_border.access.decay import Decay

PARTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "own": ("own", "as is"),
        "across": ("across", "as is"),
        "all": ("all", "as is"),
        "own_open": ("own", "no delay"),
        "across_open": ("across", "no delay"),
        "all_open": ("all", "no delay"),
        "own_closed": ("own", "closed"),
        "across_closed": ("across", "closed"),
        "all_closed": ("all", "closed"),
    }
)
"""Part and border of each column of a measure."""

REACHED = ("own", "across", "own_open", "across_open", "own_closed")
"""Parts of what is reached; nothing is across a closed border."""

LOST = "potential_lost_at_checkpoint"
"""Name of the measure of what each checkpoint takes from cells."""


@dataclass(frozen=True, slots=True, eq=False)
class Reached:
    """Who is reached by one mode: what measures of reach are made of.

    Parameters
    ----------
    mode
        Of the trips.
    hours
        To the nearest open checkpoint.
    within
        People reached within each time, hours: columns `REACHED`.
    potentials
        By name: columns `REACHED`.
    near
        People near by, as `geo_border.access.performance.people_near` gives them.
    lost
        What the delay of each checkpoint takes from a potential, by checkpoint.
    kind
        None of any services.
    """

    mode: str
    hours: pd.Series[float]
    within: Mapping[float, pd.DataFrame]
    potentials: Mapping[str, pd.DataFrame]
    near: pd.DataFrame
    lost: pd.DataFrame
    kind: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Directness:
    """How direct trips by one mode are: what measures of detours are made of.

    Parameters
    ----------
    mode
        Of the trips.
    efficiency
        Result of `geo_border.access.efficiency.network_efficiency`.
    index
        Network efficiency on the network of `geo_border.access.detours.by_distance`.
    kind
        None of any services.
    """

    mode: str
    efficiency: pd.DataFrame
    index: pd.DataFrame
    kind: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class CostsAcross:
    """What the border costs those who go across by one mode.

    Parameters
    ----------
    mode
        Of the trips.
    found
        Result of `geo_border.access.border_costs.border_costs`; of cells, of
        `geo_border.access.efficiency.checkpoint_detour`.
    kind
        None of any services.
    """

    mode: str
    found: pd.DataFrame
    kind: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """What the services of a kind offer by one mode.

    Parameters
    ----------
    mode
        Of the trips.
    kind
        Of the services.
    offered
        A row for each place or cell; by the beginning of its columns what each measure has,
        such as ``two_step_own`` and ``two_step_across_open``.
    """

    mode: str
    kind: str
    offered: pd.DataFrame


F = TypeVar("F", Reached, Directness, CostsAcross, Offer)


@dataclass(frozen=True, slots=True, eq=False)
class Measure(Generic[F]):
    """A measure of places or cells.

    Parameters
    ----------
    name
        Its name.
    unit, note
        Of its values.
    of
        Takes its values out of what was found: a row for each place or cell.
    parts
        Columns of the values, of `PARTS`; none where they are checkpoints.
    bare
        The part whose column is called by the name of the measure alone.
    by
        Whether its columns are parts, or checkpoints, which the long table has in a column of
        their own or as the kind.
    """

    name: str
    unit: str
    of: Callable[[F], pd.DataFrame]
    parts: tuple[str, ...] = ()
    note: str = ""
    bare: str = ""
    by: Literal["part", "checkpoint", "kind"] = "part"


def _one(
    name: str, unit: str, part: str, note: str, of: Callable[[F], pd.Series[float]]
) -> Measure[F]:
    """A measure of a single part."""
    return Measure(name, unit, lambda found: of(found).to_frame(part), (part,), note, bare=part)


HOURS: Measure[Reached] = _one("hours_to_checkpoint", "hours", "own", "", lambda found: found.hours)


def population(within_h: float) -> Measure[Reached]:
    """Population within a time.

    Parameters
    ----------
    within_h
        The time, hours.

    Returns
    -------
    Measure
        Persons.
    """
    name = f"population_{round(within_h * 60)}min"
    return Measure(name, "persons", lambda found: found.within[within_h], REACHED)


def of_potential(name: str, decay: Decay) -> tuple[Measure[Reached], Measure[Reached]]:
    """Potential accessibility, and what delays take from it.

    Parameters
    ----------
    name
        Its name, which begins with ``potential``.
    decay
        Impedance function.

    Returns
    -------
    tuple of Measure
        Persons, discounted, and a share.
    """
    note = decay.formula
    return (
        Measure(name, "persons, discounted", lambda found: found.potentials[name], REACHED, note),
        Measure(
            name.replace("potential", "border_effect"),
            "share",
            lambda found: border_effect(found.potentials[name]),
            ("all", "own", "across"),
            note,
            bare="all",
        ),
    )


def effect_at_checkpoints(name: str, decay: Decay) -> Measure[Reached]:
    """Part of each checkpoint in the border effect.

    Parameters
    ----------
    name
        Name of the potential.
    decay
        Impedance function.

    Returns
    -------
    Measure
        Shares that add up to the border effect.
    """
    return Measure(
        f"{name.replace('potential', 'border_effect')}_by_checkpoint",
        "share",
        lambda found: effect_by_checkpoint(found.lost, found.potentials[name]),
        note=f"adds up to the border effect; {decay.formula}",
        by="checkpoint",
    )


def lost_at_checkpoints(decay: Decay) -> Measure[Reached]:
    """What the delay of each checkpoint takes from the potential, where it takes any.

    Parameters
    ----------
    decay
        Impedance function.

    Returns
    -------
    Measure
        Persons, discounted; checkpoints as kinds.
    """
    return Measure(
        LOST,
        "persons, discounted",
        lambda found: found.lost[found.lost.columns[found.lost.fillna(0).any()]],
        note=decay.formula,
        by="kind",
    )


def performance(within_h: float, within_km: float) -> Measure[Reached]:
    """Transport performance.

    Parameters
    ----------
    within_h
        Time that counts as reached, hours.
    within_km
        Distance that counts as near, km.

    Returns
    -------
    Measure
        A ratio.
    """
    closed = ("all_closed", "own_closed")
    return Measure(
        "transport_performance",
        "ratio",
        lambda found: performance_parts(performance_of(found.within[within_h], found.near)),
        ("all", "own", "across", "all_open", "own_open", "across_open", *closed),
        f"population within {60 * within_h:g} min over population within {within_km:g} km",
    )


def efficiency(reference_kmh: float) -> tuple[Measure[Directness], Measure[Directness]]:
    """Network efficiency, and the weight that no way leads to.

    Parameters
    ----------
    reference_kmh
        Speed along the straight line.

    Returns
    -------
    tuple of Measure
        A ratio of times, and a share.
    """
    note, end = f"straight line at {reference_kmh:g} km/h", "_unreached"

    def ratios(found: Directness) -> pd.DataFrame:
        return found.efficiency.loc[:, ~found.efficiency.columns.str.endswith(end)]

    def shares(found: Directness) -> pd.DataFrame:
        lost = found.efficiency.loc[:, found.efficiency.columns.str.endswith(end)]
        return lost.set_axis(lost.columns.str.removesuffix(end), axis=1)

    return (
        Measure("network_efficiency", "ratio of times", ratios, REACHED, note),
        Measure(f"network_efficiency{end}", "share", shares, REACHED, note),
    )


_BY_ANY = "driving time by open checkpoints over that by any crossing"


def _detour(name: str, unit: str) -> Measure[CostsAcross]:
    """A measure of how far checkpoints lead trips astray."""
    return _one(name, unit, "across_open", _BY_ANY, lambda costs: costs.found[name])


DETOURS: tuple[Measure[CostsAcross], ...] = (
    _detour("checkpoint_detour", "ratio of times"),
    _detour("detour_hours", "hours"),
    _detour("checkpoint_detour_unreached", "share"),
)
"""Detours by checkpoints."""

DETOUR_INDEX: Measure[Directness] = Measure(
    "detour_index",
    "ratio of lengths",
    lambda found: found.index[["own", "across", "own_closed"]],
    ("own", "across", "own_closed"),
    "length of the shortest way by open checkpoints over the geodesic distance",
)
"""Detours from the straight line."""

NO_CAPACITY = "not known: no checkpoint has a known capacity; queues are in the delays"
"""Why nothing is said of queues."""

_FREE = "everybody counted as if every crossing was open and free"


def costs(decay: Decay, *, queues: bool = False) -> tuple[Measure[CostsAcross], ...]:
    """What the border costs its people, apart by what takes it.

    Parameters
    ----------
    decay
        Impedance function.
    queues
        Whether the capacity of any checkpoint is known, and with it what queues take.

    Returns
    -------
    tuple of Measure
        Persons, discounted, and hours a trip, by `geo_border.access.border_costs.CAUSES`; by
        queues nothing where nobody knows them, and why.
    """
    found = []
    for cause in CAUSES:
        unknown = cause == CAUSES[-1] and not queues
        why = f"{NO_CAPACITY}; " if unknown else ""
        found.append(_lost(f"lost_to_{cause}", "persons, discounted", f"{why}{decay.formula}"))
    for cause in CAUSES:
        unknown = cause == CAUSES[-1] and not queues
        why = NO_CAPACITY if unknown else _FREE
        found.append(_lost(f"hours_lost_to_{cause}", "hours", f"{why}; {decay.formula}"))
    return tuple(found)


def _lost(name: str, unit: str, note: str) -> Measure[CostsAcross]:
    """A measure of what the border costs those who go across, missing where it is not found."""

    def of(costs: CostsAcross) -> pd.Series[float]:
        found = costs.found
        return found[name] if name in found else pd.Series(float("nan"), found.index)

    return _one(name, unit, "across", note, of)


def _offered(begin: str) -> Callable[[Offer], pd.DataFrame]:
    """Columns of an offer by part."""
    names = [f"{begin}_{part}" for part in REACHED]
    return lambda found: found.offered[names].set_axis(list(REACHED), axis=1)


SERVICES: tuple[Measure[Offer], ...] = (
    Measure("hours_to_service", "hours", _offered("hours"), REACHED),
    Measure("service_two_step", "supply per person", _offered("two_step"), REACHED),
    Measure("service_enhanced_two_step", "supply per person", _offered("enhanced"), REACHED),
    Measure("service_balanced", "supply per person, shared out", _offered("balanced"), REACHED),
    Measure("service_availability", "supply", _offered("available"), REACHED),
)
"""What services of a kind offer."""


def beside_places(potential: str, limits_h: list[float]) -> dict[str, str]:
    """Measures by road that stand beside each place and, as means, beside each region.

    Parameters
    ----------
    potential
        Name of the potential of the study.
    limits_h
        Times of the cumulative measures, hours.

    Returns
    -------
    dict
        Column of the long table's measures by the name that it has in ``places.csv`` and
        ``regions.csv``.
    """
    effect = potential.replace("potential", "border_effect")
    people = [f"{population(within).name}_{part}" for within in limits_h for part in REACHED]
    return {
        HOURS.name: HOURS.name,
        **{name: name for name in people},
        **{f"potential_{part}": f"{potential}_{part}" for part in REACHED},
        "border_effect": effect,
        "border_effect_own": f"{effect}_own",
        "border_effect_across": f"{effect}_across",
    }


FURTHER: Mapping[str, str] = MappingProxyType(
    {
        "efficiency_own": "network_efficiency_own",
        "efficiency_across": "network_efficiency_across",
        "performance": "transport_performance_all",
        "performance_across": "transport_performance_across",
    }
)
"""The same of measures that a region has without saying how many places lack them."""

COSTS: Mapping[str, str] = MappingProxyType(
    {
        name: name
        for name in (
            *("checkpoint_detour", "detour_hours"),
            *(f"{unit}lost_to_{cause}" for cause in CAUSES for unit in ("", "hours_")),
        )
    }
)
"""The same of what the border costs."""
