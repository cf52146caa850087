"""Figures and names in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

PERCENT, HOURS, MINUTES = (f"\N{NO-BREAK SPACE}{unit}" for unit in ("%", "h", "min"))
"""Units with their space, so that no line ends between a number and its unit."""


def record(table: pd.DataFrame, key: object) -> dict[str, Any]:
    """Row of a table as a dictionary.

    Parameters
    ----------
    table
        The table.
    key
        Its label.

    Returns
    -------
    dict
        Cells by column, without missing ones; empty where there is no such row.
    """
    found = np.flatnonzero(table.index == key)
    if not len(found):
        return {}
    row = table.iloc[int(found[0])]
    return {str(name): value for name, value in row.items() if known(value)}


def known(value: Any) -> bool:
    """Whether there is a value.

    Parameters
    ----------
    value
        A scalar.

    Returns
    -------
    bool
        False for None, NaN and NA.
    """
    return value is not None and not bool(pd.isna(value))


def points(value: float) -> str:
    """Score or difference of scores.

    Parameters
    ----------
    value
        Points.

    Returns
    -------
    str
        With one decimal.
    """
    return f"{value:.1f}"


def persons(value: float) -> str:
    """Number of people, to three significant digits.

    Parameters
    ----------
    value
        Persons.

    Returns
    -------
    str
        Such as ``"12,300"``.
    """
    return f"{float(f'{value:.3g}'):,.0f}"


def percent(share: float, decimals: int | None = None) -> str:
    """Share in %.

    Parameters
    ----------
    share
        From 0 to 1.
    decimals
        Digits behind the point. Without it there are none from 1 % on and one below, and what
        is not all is not 100 %.

    Returns
    -------
    str
        Such as ``"12 %"``.
    """
    if decimals is None:
        if 0.995 <= share < 1:
            return f"over 99{PERCENT}"
        decimals = 0 if share >= 0.00995 or share == 0 else 1
    return f"{100 * share:.{decimals}f}{PERCENT}"


def hours(value: float) -> str:
    """Duration.

    Parameters
    ----------
    value
        Hours.

    Returns
    -------
    str
        In hours, below one hour in minutes; a dash where it is missing or infinite.
    """
    if not np.isfinite(value):
        return number(value)
    if abs(round(60 * value)) < 60:
        return number(value, factor=60, unit=MINUTES)
    return number(value, 1).removesuffix(".0") + HOURS


def passage(value: float, way: str) -> str:
    """Duration of a passage in a direction.

    Parameters
    ----------
    value
        Hours, infinite where nobody may pass.
    way
        The direction, such as ``"out"``.

    Returns
    -------
    str
        Such as ``"30 min out"`` or ``"is closed out"``.
    """
    return f"is closed {way}" if np.isposinf(value) else f"{hours(value)} {way}"


def article(noun: str) -> str:
    """Noun with its indefinite article.

    Parameters
    ----------
    noun
        Such as ``"gateway"``.

    Returns
    -------
    str
        Such as ``"a gateway"``.
    """
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def counted(count: int, noun: str) -> str:
    """A number of things, with the noun in its form.

    Parameters
    ----------
    count
        How many.
    noun
        One of them; its plural ends in s.

    Returns
    -------
    str
        Such as ``"1 part"``, ``"1,200 parts"``.
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def listed(items: Sequence[str], last: str = "and") -> str:
    """Items in a row.

    Parameters
    ----------
    items
        Words.
    last
        Before the last one.

    Returns
    -------
    str
        Such as ``"a, b and c"``.
    """
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def number(value: object, decimals: int = 0, *, factor: float = 1, unit: str = "") -> str:
    """Write a number for reading.

    Parameters
    ----------
    value
        The number; anything that is none, missing or infinite becomes a dash.
    decimals
        Digits behind the point.
    factor
        The number is multiplied by it.
    unit
        Written behind it.

    Returns
    -------
    str
        Such as ``"1,234.5 km"``.
    """
    if not isinstance(value, int | float | np.integer | np.floating) or not np.isfinite(value):
        return "\N{EN DASH}"
    text = f"{value * factor:,.{decimals}f}"
    if text.startswith("-"):
        digits = text[1:]
        text = digits if not digits.strip("0.,") else f"\N{MINUS SIGN}{digits}"
    return text + unit


def words_of(value: object) -> str:
    """Words of a cell that may be missing.

    Parameters
    ----------
    value
        Anything.

    Returns
    -------
    str
        Empty where it is missing.
    """
    return str(value) if known(value) else ""


def capitalised(text: str) -> str:
    """Words as a label begins: the first letter large, the others as they are.

    Parameters
    ----------
    text
        Any words.

    Returns
    -------
    str
        The words.
    """
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """Text that begins with a capital and ends with a full stop.

    Parameters
    ----------
    text
        A clause.

    Returns
    -------
    str
        A sentence; empty if there is no text.
    """
    return capitalised(text) + ("." if text and not text.endswith(".") else "")
