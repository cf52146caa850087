"""The one writer of CSV."""

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import geo_border
from geo_border.csv_files import harmless_csv, write_csv

FORMULAS = [
    '=HYPERLINK("http://x.example","click")',
    "+cmd|' /C calc'!A0",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r\n=1",
    "\N{FULLWIDTH EQUALS SIGN}1",
    "\N{FULLWIDTH COMMERCIAL AT}x",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_words_that_begin_as_a_formula_are_words(text):
    rows = list(csv.reader(io.StringIO(harmless_csv(pd.DataFrame({text: [text, "a"]})))))
    assert rows[0][0].startswith("'")
    assert rows[1][0].startswith("'")
    assert rows[2] == ["a"]


def test_numbers_stay_numbers(tmp_path):
    frame = pd.DataFrame({"a": [-1, 2], "b": [-0.5, None], "c": [True, False]})
    write_csv(frame, tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_bytes() == b"a,b,c\n-1,-0.5,true\n2,,false\n"


def test_no_part_of_the_package_writes_a_csv_by_itself():
    folder = Path(geo_border.__file__).parent
    writers = {
        file.relative_to(folder).as_posix()
        for file in folder.rglob("*.py")
        if any(word in file.read_text(encoding="utf-8") for word in (".to_csv(", "csv.writer("))
    }
    assert writers == {"csv_files.py"}


def test_a_long_table_is_written_piece_by_piece_and_the_same(monkeypatch: pytest.MonkeyPatch):
    numbers = [1.5, np.nan, -0.0, np.inf, -0.001, -2.0, 7.0]
    frame = pd.DataFrame({"hours": numbers, "word": [*"=abc", None, "x", "y"]})
    whole = harmless_csv(frame, decimals=lambda _: 2)
    assert whole.splitlines()[1:6] == ["1.50,'=", ",a", "0.00,b", "inf,c", "0.00,"]
    monkeypatch.setattr("geo_border.csv_files.ROWS_HELD", 3)
    assert harmless_csv(frame, decimals=lambda _: 2) == whole
    assert harmless_csv(frame.iloc[:0]) == "hours,word\n"
