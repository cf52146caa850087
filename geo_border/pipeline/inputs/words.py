"""Words of cells as one reads them."""

from __future__ import annotations

import unicodedata

_UNSEEN = "\u00ad\u200b\u200e\u200f\u2060\ufeff"
"""Signs that nobody sees at the end of a word; joiners, which change letters, are none."""

_BLANKS = "".join(filter(str.isspace, map(chr, range(0x3001)))) + _UNSEEN


def plain(text: str) -> str:
    r"""Write a text without what one cannot see at its ends, each accented letter as one sign.

    Parameters
    ----------
    text
        Of a cell or a name.

    Returns
    -------
    str
        In Unicode's form NFC; empty where there is nothing to read.

    Examples
    --------
    >>> from geo_border.pipeline.inputs.words import plain
    >>> plain(" Orenburg\u200b")
    'Orenburg'
    """
    if text.isascii():
        return text.strip()
    return unicodedata.normalize("NFC", text).strip(_BLANKS)
