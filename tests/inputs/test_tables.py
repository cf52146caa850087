import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_border.errors import (
    TableError,
)
from geo_border.inputs.schemas import SPEEDS
from geo_border.inputs.tables import read_table


def test_semicolons_and_folders_are_named_for_what_they_are(tmp_path):
    file = tmp_path / "speeds.csv"
    file.write_text("side;mode;class;kmh;source\nhome;road;street;60;x\n")
    with pytest.raises(TableError, match="parted by semicolons"):
        read_table(file, SPEEDS)
    with pytest.raises(TableError, match="it is a folder"):
        read_table(tmp_path, SPEEDS)


def test_nothing_and_no_number_are_not_the_same(tmp_path):
    file = tmp_path / "speeds.csv"
    file.write_text("")
    with pytest.raises(TableError, match="it is empty"):
        read_table(file, SPEEDS)
    for value, says in (("nan", "'nan', which is not a number"), ("", "kmh is empty")):
        file.write_text(f"side,mode,class,kmh,source\nhome,road,street,{value},x\n")
        with pytest.raises(TableError, match=says):
            read_table(file, SPEEDS)


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path):
    file = tmp_path / "speeds.csv"
    file.write_bytes(b"\xef\xbb\xbfside,mode,class,kmh,source\r\nhome,road,street,60,x\r\n")
    assert read_table(file, SPEEDS).loc[0, ["side", "kmh"]].tolist() == ["home", 60]


def test_a_table_that_is_no_table(tmp_path):
    file = tmp_path / "speeds.csv"
    for content in (b"", b"\xff\xfe\x00\x01", b'a,b\n"unclosed'):
        file.write_bytes(content)
        with pytest.raises(TableError, match=r"speeds\.csv"):
            read_table(file, SPEEDS)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_table_or_one_clear_error(tmp_path_factory, content):
    file = tmp_path_factory.getbasetemp() / "any.csv"
    file.write_bytes(content)
    try:
        read_table(file, SPEEDS)
    except TableError as error:
        assert "any.csv" in str(error)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"side\tmode\tclass\tkmh\tsource\n", "parted by tabs. Save it with commas"),
        (b"side|mode|class|kmh|source\n", "parted by bars"),
        (b"PK\x03\x04\x14\x00\x06\x00\xff\xfe", "it is a workbook or another archive"),
        ("side,mode,class,kmh,source\nhome,road,улица,60,x\n".encode("cp1251"), "Save it as CSV"),
        (
            b"side,mode,class,kmh,source\nhome,road,a,60,x\nhome,road,b,60,x, y, z\n",
            "row 3: has 7 values where the rows before have 5. Put texts",
        ),
        (b"side,mode, class,kmh,source\nhome,road,a,60,x\n", "It has side, mode, ' class', kmh"),
    ],
)
def test_what_spreadsheets_write_is_told_apart(tmp_path, content, says):
    file = tmp_path / "speeds.csv"
    file.write_bytes(content)
    with pytest.raises(TableError) as caught:
        read_table(file, SPEEDS)
    assert says in str(caught.value)
