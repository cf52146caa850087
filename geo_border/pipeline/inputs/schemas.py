"""What the tables and layers of a study may hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandera.pandas as pa

from geo_border.border.classes import class_columns
from geo_border.routing.engine.queue import LONGEST_EDGE_H
from geo_border.terms import (
    CAPACITY_KINDS,
    DELAY_KINDS,
    DIRECTIONS,
    MODES,
    SIDES,
    STATUSES,
    USERS,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

LEVELS = (
    "transport_communication",
    "joint_projects",
    "social_services",
    "potential",
    "dynamics",
    "context",
)


def _key() -> pa.Column:
    return pa.Column(str, unique=True)


def _further(*names: str) -> dict[str, pa.Column]:
    return {name: _text(nullable=True, required=False) for name in names}


def _number(*checks: pa.Check, required: bool = True, nullable: bool = True) -> pa.Column:
    return pa.Column(float, [FINITE, *checks], nullable=nullable, required=required)


def _text(*values: str, nullable: bool = False, required: bool = True) -> pa.Column:
    may_be = f"it may be {' or '.join([', '.join(values[:-1]), *values[-1:]])}"
    checks = [pa.Check.isin(values, error=may_be)] if values else []
    return pa.Column(str, checks, nullable=nullable, required=required)


def _at_most(high: float) -> pa.Check:
    return pa.Check.le(high, error=f"it must be at most {high:,.0f}")


def _between(low: float, high: float) -> pa.Check:
    return pa.Check.in_range(low, high, error=f"it must lie between {low} and {high}")


FINITE = pa.Check(np.isfinite, error="it must be a finite number")


MOST_DELAY_H = 2000
"""Nobody waits longer at a border, hours; a delay in minutes is mostly found by `check`."""

MOST_PEOPLE = 1_000_000_000
"""No place has more people."""

MOST_VEHICLES = _at_most(1e6)
"""No checkpoint lets more vehicles pass in a day."""

LON, LAT = _between(-180, 180), _between(-90, 90)


NOT_NEGATIVE = pa.Check.ge(0, error="it must not be negative")


WHOLE = pa.Check(lambda values: values % 1 == 0, error="it must be a whole number")


POSITIVE = pa.Check.gt(0, error="it should be a positive number")


AROUND = _between(-360, 360)
"""Longitudes of layers, which may go on beyond the 180th meridian."""


KMH = _between(1, 400)


REGIONS = pa.DataFrameSchema(
    {
        "region_id": _key(),
        "name": _text(),
        **_further("capital"),
        "capital_lon": _number(AROUND, required=False),
        "capital_lat": _number(LAT, required=False),
    },
    coerce=True,
)


LANGUAGE_NAME = re.compile("name_[a-z]{2,3}")
"""Columns of names in a language."""


def regions_schema(columns: Iterable[str]) -> pa.DataFrameSchema:
    """Schema of a layer of regions with names in the languages that it has.

    Parameters
    ----------
    columns
        Names of its columns.

    Returns
    -------
    DataFrameSchema
        `REGIONS` with those of `LANGUAGE_NAME` behind the name.
    """
    found = _further(*filter(LANGUAGE_NAME.fullmatch, map(str.casefold, columns)))
    order = ["region_id", "name", *found]
    schema = REGIONS.add_columns(found)
    return schema.select_columns([*order, *(name for name in REGIONS.columns if name not in order)])


LINES = pa.DataFrameSchema(
    {
        "class": _text(),
        "length_km": _number(
            POSITIVE,
            pa.Check.le(40_100, error="it is longer than the way around the globe"),
            required=False,
        ),
        "speed_kmh": _number(KMH, required=False),
        "hours": _number(
            POSITIVE,
            pa.Check.le(LONGEST_EDGE_H, error=f"it must be at most {LONGEST_EDGE_H:g}"),
            required=False,
        ),
        "oneway": _text("1", "-1", "0", nullable=True, required=False),
        **_further("name", "ref", "way_id", "gauge_mm", "electrified", "bridge", "tunnel", "layer"),
    },
    coerce=True,
)


OUTER_ROADS = LINES.add_columns({"side": _text(*SIDES)})


def _capacities(pattern: str) -> dict[str, pa.Column]:
    """Columns of capacity by direction, and of what kind they are."""
    return {
        **{
            pattern.format(f"{way}_day"): _number(NOT_NEGATIVE, MOST_VEHICLES, required=False)
            for way in DIRECTIONS
        },
        pattern.format("kind"): _text(*CAPACITY_KINDS, nullable=True, required=False),
    }


CHECKPOINT_MODES = tuple(mode for mode in MODES if mode != "transfer")
"""Modes that a checkpoint may have: nobody changes trains on the border."""

CHECKPOINTS = pa.DataFrameSchema(
    {
        "checkpoint_id": _key(),
        "name": _text(),
        "mode": _text(*CHECKPOINT_MODES),
        "status": _text(*STATUSES),
        "users": _text(*USERS, nullable=True),
        "home_id": _text(nullable=True),
        "neighbour_id": _text(nullable=True),
        "lon": _number(LON),
        "lat": _number(LAT),
        "accuracy_km": _number(NOT_NEGATIVE, _at_most(100)),
        "hours": _text(nullable=True),
        "capacity_day": _number(NOT_NEGATIVE, MOST_VEHICLES),
        **_capacities("capacity_{}"),
        "lanes": _number(POSITIVE, _at_most(1000), required=False),
        "minutes_vehicle": _number(POSITIVE, _at_most(1440), required=False),
        "delay_h": _number(NOT_NEGATIVE, _at_most(MOST_DELAY_H)),
        "delay_out_h": _number(NOT_NEGATIVE, _at_most(MOST_DELAY_H), required=False),
        "delay_in_h": _number(NOT_NEGATIVE, _at_most(MOST_DELAY_H), required=False),
        **_further("name_home", "name_neighbour"),
    },
    coerce=True,
)


def checkpoints_schema(classes: Iterable[str]) -> pa.DataFrameSchema:
    """Schema of a register with the columns of classes of traffic.

    Parameters
    ----------
    classes
        Classes of the study.

    Returns
    -------
    DataFrameSchema
        `CHECKPOINTS` with the columns of `geo_border.border.classes.class_columns`.
    """
    hours = _number(NOT_NEGATIVE, _at_most(MOST_DELAY_H), required=False)
    vehicles = _number(NOT_NEGATIVE, MOST_VEHICLES, required=False)
    further: dict[str, pa.Column] = {}
    for name in classes:
        for key, column in class_columns(name).items():
            what, _, part = key.partition("_")
            if part.endswith("kind"):
                kinds = DELAY_KINDS if what == "delay" else CAPACITY_KINDS
                further[column] = _text(*kinds, nullable=True, required=False)
            elif part in ("source", "since"):
                further[column] = _text(nullable=True, required=False)
            elif what == "status":
                further[column] = _text(*STATUSES, nullable=True, required=False)
            else:
                further[column] = hours if what == "delay" else vehicles
    return CHECKPOINTS.add_columns(further)


PLACES = pa.DataFrameSchema(
    {
        "place_id": _key(),
        "name": _text(),
        "lon": _number(LON, nullable=False),
        "lat": _number(LAT, nullable=False),
        "side": _text(*SIDES),
        "region_id": _text(nullable=True),
        "population": _number(NOT_NEGATIVE, _at_most(MOST_PEOPLE), nullable=False),
        **_further("source"),
    },
    coerce=True,
)


OUTER_PLACES = PLACES.remove_columns(["region_id"])


SERVICES = pa.DataFrameSchema(
    {
        "service_id": _key(),
        "name": _text(),
        "lon": _number(LON, nullable=False),
        "lat": _number(LAT, nullable=False),
        "side": _text(*SIDES),
        "kind": _text(),
        "supply": _number(NOT_NEGATIVE, _at_most(1e12), nullable=False),
    },
    coerce=True,
)


COUNTS = pa.DataFrameSchema(
    {
        "checkpoint_id": _text(),
        "class": _text(),
        "direction": _text("both", *DIRECTIONS),
        "vehicles_day": _number(NOT_NEGATIVE, MOST_VEHICLES, nullable=False),
        "year": _number(WHOLE, _between(1900, 2200)),
        "kind": _text(nullable=True, required=False),
        **_further("source", "source_url", "quote"),
    },
    coerce=True,
)


SPEEDS = pa.DataFrameSchema(
    {
        "side": _text(*SIDES),
        "mode": _text(*MODES),
        "class": _text(),
        "kmh": _number(KMH, nullable=False),
        "source": _text(),
    },
    unique=["side", "mode", "class"],
    coerce=True,
)


REGISTRY = pa.DataFrameSchema(
    {
        "indicator_id": _key(),
        "name": _text(),
        "level": _text(*LEVELS),
        "role": _text("index", "context"),
        "unit": _text(),
        "direction": _number(pa.Check.isin([-1, 1], error="it may be 1 or -1"), nullable=False),
        "denominator": _text(nullable=True),
        "transform": _text(nullable=True),
        "years": _number(pa.Check.ge(1, error="it must be at least 1")),
        "year_rule": _text("latest", "mean", nullable=True),
        "definition": _text(),
        "source": _text(),
        "licence": _text(),
    },
    coerce=True,
)


INDICATORS = pa.DataFrameSchema(
    {
        "region_id": _text(),
        "indicator_id": _text(),
        "year": _number(WHOLE, _between(1800, 2200), nullable=False),
        "value": _number(nullable=False),
        "source": _text(),
        **_further("confidence", "note"),
    },
    unique=["region_id", "indicator_id", "year"],
    coerce=True,
)
