"""Letters of printed maps: from fonts that have them, and never a warning for those none has."""

from __future__ import annotations

from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib import font_manager

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST = "DejaVu Sans"
"""The font that comes with matplotlib: Latin, Greek, Cyrillic, Armenian, Georgian, Hebrew."""

FURTHER = (
    *("Noto Sans", "Noto Sans Arabic", "Noto Sans Thai", "Noto Sans Devanagari"),
    *("Noto Sans Bengali", "Noto Sans Ethiopic", "Noto Sans Myanmar", "Noto Sans Khmer"),
    *("Noto Sans Lao", "Noto Sans CJK SC", "Noto Sans SC", "Noto Sans CJK JP", "Noto Sans KR"),
    *("Source Han Sans SC", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "Droid Sans Fallback"),
    *("PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "Malgun Gothic", "Arial Unicode MS"),
    *("Unifont", "Symbola", "Noto Emoji"),
)
"""Fonts that are taken for what `FIRST` lacks, where a machine has them."""

BOX = "\N{WHITE SQUARE}"


@lru_cache(maxsize=1)
def families() -> tuple[str, ...]:
    """Name the fonts that are there, in the order in which they are asked for a letter.

    Returns
    -------
    tuple of str
        `FIRST`, and those of `FURTHER` that this machine has.
    """
    there = {font.name for font in font_manager.fontManager.ttflist}
    return (FIRST, *(name for name in FURTHER if name in there))


@lru_cache(maxsize=1)
def _letters() -> frozenset[int]:
    """Code points that one of the fonts has."""
    found: set[int] = set()
    for name in families():
        found |= set(font_manager.get_font(font_manager.findfont(name)).get_charmap())
    return frozenset(found)


@contextmanager
def lettering() -> Iterator[None]:
    """Let texts that are made meanwhile take letters from all `families`.

    Yields
    ------
    None
        While they do.
    """
    with mpl.rc_context({"font.family": list(families())}):
        yield


def literal(text: str) -> str:
    """Text that matplotlib shows as it is: a pair of dollar signs would be mathematics.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    str
        The text with its dollar signs escaped, a space for each control character but line
        feeds, and a box for each letter that no font has.
    """
    shown = []
    for letter in text:
        if letter == "\n" or ord(letter) in _letters():
            shown.append(letter)
        elif letter.isprintable():
            shown.append(BOX)
        else:
            shown.append(" ")
    return "".join(shown).replace("$", r"\$")
