"""What a prompt shows of what holds frames and arrays: how much there is, not all of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pandas as pd

SCALARS = (str, bool, int, float)
"""What is shown as it is."""

FIRST = 9
"""Fields that are shown."""


def shown(self: Any) -> str:
    """Name a dataclass and the size of its fields, as its ``__repr__``.

    Parameters
    ----------
    self
        The object.

    Returns
    -------
    str
        One line, such as ``<Closures: effects 24 x 4, diversions 160 x 3>``.
    """
    names = [field.name for field in fields(self) if not field.name.startswith("_")]
    held = [(name, _size(getattr(self, name))) for name in names]
    parts = [f"{name} {size}" for name, size in held if size is not None]
    more = [" …"] if len(parts) > FIRST else []
    return f"<{type(self).__name__}: {', '.join(parts[:FIRST])}{''.join(more)}>"


def _size(value: Any) -> str | None:
    """Size of one field; None for what is not shown."""
    if isinstance(value, pd.DataFrame):
        return " x ".join(f"{length:,}" for length in value.shape)
    if isinstance(value, np.ndarray):
        return " x ".join(f"{length:,}" for length in value.shape) or f"{value:g}"
    if isinstance(value, SCALARS):
        return f"{value:.6g}" if isinstance(value, float) else repr(value)
    if isinstance(value, Collection):
        return f"{len(value):,}"
    return type(value).__name__ if is_dataclass(value) else None
