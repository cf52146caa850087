"""A week at a checkpoint of a study: what its register says, and what is given besides."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.border.weeks import name_of_week, usual_week
from geo_border.errors import CheckpointError, StudyError
from geo_border.pipeline.stages.traffic import traffic_now
from geo_border.pipeline.stages.week_service import (
    BY_REGISTER,
    NO_CLASSES,
    Operation,
    not_served,
    service_at,
)
from geo_border.shown import shown
from geo_border.terms import DIRECTIONS
from geo_border.traffic.week import BorderWeek, border_week
from geo_border.typology.words import listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from geo_border.border.hours import LonLat
    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.border import Border
    from geo_border.pipeline.stages.network import StudyNetwork
    from geo_border.pipeline.traffic_settings import ClassSection
    from geo_border.routing.travel import Travel

ALWAYS = "24/7"
"""Hours of a checkpoint of which none are known."""


@dataclass(frozen=True, slots=True, eq=False)
class CheckpointWeek:
    """A week at a checkpoint, in both directions.

    Parameters
    ----------
    checkpoint_id, name
        Which.
    week
        The week, after ISO 8601.
    hours
        Its opening hours.
    weeks
        By direction, one for each group of classes that share lanes.
    assumptions
        What was taken where the study says nothing, and where from.
    """

    __repr__ = shown

    checkpoint_id: str
    name: str
    week: str
    hours: str
    weeks: Mapping[str, Sequence[BorderWeek]]
    assumptions: Sequence[str]

    @property
    def hourly(self) -> pd.DataFrame:
        """The week hour by hour.

        Returns
        -------
        DataFrame
            168 rows for each ``direction`` and ``class``; see `BorderWeek.hourly`.
        """
        return self._joined([(way, found.hourly) for way, found in self._each()])

    @property
    def summary(self) -> pd.DataFrame:
        """The week of each direction and class.

        Returns
        -------
        DataFrame
            A row for each ``direction`` and ``class``; see `BorderWeek.summary`.
        """
        return self._joined([(way, found.summary.reset_index()) for way, found in self._each()])

    def _each(self) -> list[tuple[str, BorderWeek]]:
        """Each week with its direction."""
        return [(way, found) for way, several in self.weeks.items() for found in several]

    def _joined(self, frames: list[tuple[str, pd.DataFrame]]) -> pd.DataFrame:
        """Frames below each other, with what they are of."""
        named = []
        for way, frame in frames:
            frame.insert(0, "direction", way)
            frame.insert(0, "week", self.week)
            frame.insert(0, "checkpoint_id", self.checkpoint_id)
            named.append(frame)
        return pd.concat(named, ignore_index=True)


def vehicles_by_study(
    settings: Settings, border: Border, net: StudyNetwork, everyone: Travel, checkpoint: str
) -> dict[str, tuple[float, float]]:
    """Vehicles a day at a checkpoint by the study's own traffic in equilibrium.

    Parameters
    ----------
    settings
        The study's parameters.
    border, net
        Its border and network.
    everyone
        Trips by road of all who make them, with those of cities beyond.
    checkpoint
        Id or name.

    Returns
    -------
    dict
        Home to neighbour and back, by class; of classes without a total nothing is known.

    Raises
    ------
    CheckpointError
        If there is no such checkpoint, or no vehicle passes it.
    StudyError
        If no class has a total.
    """
    key = _found(border.checkpoints, checkpoint)
    remedy = "give those that come, such as --vehicles car=800,truck=400"
    known = [name for name, part in settings.traffic.classes.items() if part.total_year is not None]
    if not known or settings.traffic.choice != "logit":
        raise StudyError(
            "how many vehicles pass its checkpoints is not known: "
            + ("no class has a total" if not known else "all take the fastest way"),
            file="study.toml",
            remedy="Add total_year (vehicles a year) to [traffic.classes.car] and choice = "
            f'"logit" to [traffic], or {remedy}',
        )
    at = everyone.tables.gates.index.get_indexer(pd.Index([key]))[0]
    solved = traffic_now(settings, border.checkpoints, net.controls, everyone).traffic
    found = {}
    for name in known if at >= 0 else ():
        out, back = solved.classes[name].passed[:, at].tolist()
        if out + back > 0:
            found[name] = (out, back)
    if not found:
        raise CheckpointError(
            f"by the traffic of the study no vehicle passes {key}",
            remedy=remedy[0].upper() + remedy[1:],
        )
    return found


def checkpoint_week(
    checkpoints: pd.DataFrame,
    checkpoint: str,
    vehicles: Mapping[str, float | tuple[float, float]],
    *,
    operation: Operation = BY_REGISTER,
    week: str | date | None = None,
    informed: float,
    month: int | None = None,
    classes: Mapping[str, ClassSection] = NO_CLASSES,
    by_study: bool = False,
) -> CheckpointWeek:
    """Work out a week at a checkpoint.

    Parameters
    ----------
    checkpoints
        Index ``checkpoint_id``: ``name``, ``lon``, ``lat``, ``hours``, and what
        `geo_border.border.capacities.lanes_served` reads, as far as it is known.
    checkpoint
        Id or name.
    vehicles
        That come a day, by class: of both directions together, or as (home to neighbour, back).
    operation
        What is given besides the register.
    week
        As `geo_border.traffic.week.border_week` takes it.
    informed
        Share that knows the opening hours, where `operation` does not say.
    month
        Month whose commonest week is taken where none is given.
    classes
        What study.toml says of the classes: passenger-car units of their vehicles.
    by_study
        Whether `vehicles` are those of `vehicles_by_study`: then classes whose service is not
        known are left out.

    Returns
    -------
    CheckpointWeek
        The week.

    Raises
    ------
    CheckpointError
        If there is no such checkpoint, it is not known how many vehicles it can serve, or it is
        closed all week.
    ParameterError
        If a number makes no sense.
    """
    key = _found(checkpoints, checkpoint)
    row = {str(column): value for column, value in checkpoints.loc[key].items()}
    coming = {name: _directions(count) for name, count in vehicles.items()}
    stated = ", ".join(f"{name} {out:,.0f}/{back:,.0f}" for name, (out, back) in coming.items())
    source = "by the traffic of the study in equilibrium" if by_study else "as given"
    assumed = [f"vehicles a day (home to neighbour/back), {source}: {stated}"]
    text = operation.hours or _text(row, "hours")
    if text is None:
        text = ALWAYS
        assumed.append("its opening hours are not known: it is taken to be always open")
    lon, lat = (float(str(row[name])) for name in ("lon", "lat"))
    at: LonLat | None = None if np.isnan(lon + lat) else (lon, lat)
    monday = usual_week(text, at=at, month=month) if week is None else week
    informed = informed if operation.informed is None else operation.informed
    found: dict[str, list[BorderWeek]] = {}
    for number, way in enumerate(DIRECTIONS):
        here = {name: both[number] for name, both in coming.items() if both[number] > 0}
        served = service_at(checkpoints.loc[[key]], way, tuple(here), operation, classes)
        known = [name for of in served for name in of.classes]
        left = [name for name in here if name not in known]
        if left and (not by_study or not known):
            raise not_served(checkpoints.loc[[key]], way, left)
        if left:
            assumed.append(
                f"{listed(left)} {way}: left out, as how many can be served is not known"
            )
        assumed += [
            f"{listed(of.classes)} {way}: {of.source}, by the register"
            for of in served
            if of.source
        ]
        found[way] = [
            border_week(
                {name: here[name] for name in of.classes},
                lanes=of.lanes,
                minutes=of.minutes,
                capacity=of.capacity,
                pcu=of.pcu,
                hours=text,
                week=monday,
                at=at,
                profile=operation.profile,
                informed=informed,
            )
            for of in served
        ]
    if not any(found.values()):
        raise CheckpointError(
            f"no vehicles come to {key}", remedy="Give those of a day, such as car=800,truck=400"
        )
    if text != ALWAYS:
        assumed.append(f"{100 * informed:g} % of those who come know the opening hours")
    first = next(several[0] for several in found.values() if several)
    return CheckpointWeek(
        checkpoint_id=key,
        name=str(row["name"]) if pd.notna(row["name"]) else key,
        week=first.week if week is not None else name_of_week(monday),  # type: ignore[arg-type]
        hours=text,
        weeks=found,
        assumptions=tuple(assumed),
    )


def _found(checkpoints: pd.DataFrame, checkpoint: str) -> str:
    """Id of a checkpoint that is named."""
    named = checkpoints.index[
        (checkpoints.index == checkpoint) | (checkpoints["name"] == checkpoint).to_numpy()
    ]
    if len(named) == 1:
        return str(named[0])
    if len(named):
        raise CheckpointError(
            f"{len(named)} checkpoints are named {checkpoint!r}",
            remedy=f"Give the id of one: {', '.join(map(str, named))}",
        )
    known = {str(name).casefold(): str(key) for key, name in checkpoints["name"].items()}
    known |= {str(key).casefold(): str(key) for key in checkpoints.index}
    near = get_close_matches(checkpoint.casefold(), known, n=3, cutoff=0.4)
    like = list(dict.fromkeys(known[text] for text in near)) or list(checkpoints.index[:3])
    raise CheckpointError(
        f"there is no checkpoint {checkpoint!r}",
        remedy=f"Its ids are {', '.join(map(str, like))} …" if like else "The study has none",
    )


def _directions(count: float | tuple[float, float]) -> tuple[float, float]:
    """Vehicles by direction: half in each where they are of both."""
    return count if isinstance(count, tuple) else (count / 2, count / 2)


def _text(row: Mapping[str, object], column: str) -> str | None:
    """Words of the register, if it has any."""
    value = row.get(column)
    return value if isinstance(value, str) and value.strip() else None
