from pathlib import Path

import pytest

from geo_border import errors
from geo_border.errors import GeoBorderError, TableError


def test_a_message_says_what_where_and_how_to_mend():
    error = TableError("kmh is empty", file=Path("speeds.csv"), row=3, remedy="Fill it in")
    assert str(error) == "speeds.csv, row 3: kmh is empty. Fill it in."
    assert str(TableError("kmh is empty")) == "kmh is empty."
    assert str(TableError("no such class", remedy="Is it trunk?")) == "no such class. Is it trunk?"
    assert str(TableError("kmh is empty", row="x")) == "row x: kmh is empty."


def test_every_error_has_the_one_base():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    ours = [kind for kind in kinds if kind.__module__ == errors.__name__]
    assert len(ours) >= 8
    assert all(issubclass(kind, GeoBorderError) for kind in ours)
    with pytest.raises(GeoBorderError):
        raise errors.SideError("one side only")
