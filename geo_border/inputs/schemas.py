"""What the tables of a study may hold."""

from __future__ import annotations

import numpy as np
import pandera.pandas as pa

from geo_border.border.checkpoints import STATUSES, USERS
from geo_border.network.graph import MODES, SIDES

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


def _number(*checks: pa.Check, required: bool = True, nullable: bool = True) -> pa.Column:
    return pa.Column(float, [FINITE, *checks], nullable=nullable, required=required)


def _text(*values: str, nullable: bool = False, required: bool = True) -> pa.Column:
    may_be = f"it may be {', '.join(values)}"
    checks = [pa.Check.isin(values, error=may_be)] if values else []
    return pa.Column(str, checks, nullable=nullable, required=required)


def _between(low: float, high: float) -> pa.Check:
    return pa.Check.in_range(low, high, error=f"it must lie between {low} and {high}")


FINITE = pa.Check(np.isfinite, error="it must be a finite number")


LON, LAT = _between(-180, 180), _between(-90, 90)


NOT_NEGATIVE = pa.Check.ge(0, error="it must not be negative")


CHECKPOINTS = pa.DataFrameSchema(
    {
        "checkpoint_id": _key(),
        "name": _text(),
        "mode": _text(*MODES),
        "status": _text(*STATUSES),
        "users": _text(*USERS, nullable=True),
        "home_id": _text(nullable=True),
        "neighbour_id": _text(nullable=True),
        "lon": _number(LON),
        "lat": _number(LAT),
        "accuracy_km": _number(NOT_NEGATIVE),
        "hours": _text(nullable=True),
        "capacity_day": _number(NOT_NEGATIVE),
        "delay_h": _number(NOT_NEGATIVE),
        "delay_out_h": _number(NOT_NEGATIVE, required=False),
        "delay_in_h": _number(NOT_NEGATIVE, required=False),
    },
    coerce=True,
)


PLACES = pa.DataFrameSchema(
    {
        "place_id": _key(),
        "name": _text(),
        "lon": _number(LON, nullable=False),
        "lat": _number(LAT, nullable=False),
        "side": _text(*SIDES),
        "region_id": _text(nullable=True),
        "population": _number(NOT_NEGATIVE, nullable=False),
    },
    coerce=True,
)


SERVICES = pa.DataFrameSchema(
    {
        "service_id": _key(),
        "name": _text(),
        "lon": _number(LON, nullable=False),
        "lat": _number(LAT, nullable=False),
        "side": _text(*SIDES),
        "kind": _text(),
        "supply": _number(NOT_NEGATIVE, nullable=False),
    },
    coerce=True,
)


SPEEDS = pa.DataFrameSchema(
    {
        "side": _text(*SIDES),
        "mode": _text(*MODES),
        "class": _text(),
        "kmh": _number(_between(1, 400), nullable=False),
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
        "year": pa.Column(int, _between(1800, 2200)),
        "value": _number(nullable=False),
        "source": _text(),
    },
    unique=["region_id", "indicator_id", "year"],
    coerce=True,
)
