"""Compiling functions of numbers and arrays with numba, and room in arrays that grow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from geo_border.compute.machine_code import kept

if TYPE_CHECKING:
    from numpy.typing import NDArray

F = TypeVar("F")
T = TypeVar("T", bound=np.generic)

_UNCOUNTED: dict[str, Any] = {"nogil": True, "_nrt": False}
"""`_nrt` leaves out numba's counting of references, as issue 2350 of numba describes it."""


def compiled(function: F) -> F:
    """Compile a function once, to run without the interpreter lock.

    Parameters
    ----------
    function
        A function of numbers and arrays. It may call others of this folder; its machine code is
        kept beside the file, and made anew when a file of the folder changes.

    Returns
    -------
    callable
        The compiled function.
    """
    return kept(function, nogil=True)


def inlined(function: F) -> F:
    """Compile a small function into each of those that call it.

    Parameters
    ----------
    function
        Like those for `compiled`, but short: a call costs more than it does.

    Returns
    -------
    callable
        The compiled function.
    """
    return kept(function, forceinline=True, **_UNCOUNTED)


def uncounted(function: F) -> F:
    """Compile a function that neither makes arrays nor gives any back.

    In loops with branches numba counts who holds each array, again and again, which costs more
    than to read a number; here nothing is counted, as the caller holds the arrays.

    Parameters
    ----------
    function
        Like those for `compiled`. Numba refuses one that makes an array.

    Returns
    -------
    callable
        The compiled function.
    """
    return kept(function, **_UNCOUNTED)


@compiled
def room(array: NDArray[T], size: int) -> NDArray[T]:
    """The array itself, or a copy at least twice as long, if it has no room for `size`.

    Parameters
    ----------
    array
        The array; only its beginning is in use.
    size
        Elements there must be room for.

    Returns
    -------
    ndarray
        An array of at least `size` elements that begins with the same ones.
    """
    if size <= array.size:
        return array
    larger = np.empty(max(size, 2 * array.size), array.dtype)
    larger[: array.size] = array
    return larger
