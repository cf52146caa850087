import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_border.errors import (
    TableError,
)
from geo_border.pipeline.inputs.schemas import CHECKPOINTS, SPEEDS
from geo_border.pipeline.inputs.tables import read_table

HEADER = "side,mode,class,kmh,source"


def write(folder, text, encoding="utf-8"):
    file = folder / "speeds.csv"
    file.write_bytes(text.encode(encoding))
    return file


def wrong(file, schema=SPEEDS):
    with pytest.raises(TableError) as caught:
        read_table(file, schema)
    return str(caught.value)


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
    assert read_table(file, SPEEDS).loc[2, ["side", "kmh"]].tolist() == ["home", 60]


def test_words_are_what_one_sees(tmp_path):
    """Signs without a width and two spellings of a letter make no other id, and no name."""
    file = tmp_path / "speeds.csv"
    file.write_text(
        "side,mode,class,kmh,\u200bsource\nhome,road,\u200be\u0301\u2060,60,\u062e\u200c\u0648\n"
    )
    assert read_table(file, SPEEDS).loc[2, ["class", "source"]].tolist() == [
        "\u00e9",
        "\u062e\u200c\u0648",
    ]
    file.write_text("side,mode,class,kmh,source\nhome,road,\u200b,60,x\n")
    assert "row 2: class is empty" in wrong(file)


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
        (b"PK\x03\x04\x14\x00\x06\x00\xff\xfe", "it is a workbook or another archive"),
        (b"\x1f\x8b\x08\x00", "it is compressed (gzip), not a table of text. Unpack it"),
        (
            f"{HEADER}\nhome,road,улица,60,x\n".encode("cp1251"),
            "row 2: class is not text in UTF-8. It may be in Windows-1251",
        ),
        (
            b"side,mode,class,kmh,source\nhome,road,a,60,x\nhome,road,b,60,x, y, z\n",
            "row 3: has 7 values where the header names 5. Put texts",
        ),
        (b'side,mode,class,kmh,source\nhome,road,"a,60,x\n', "row 2: a cell in double quotes"),
        (b"side,mode,class,kmh,source,kmh\n", "has the column kmh twice (columns 4 and 6)"),
        (b"side,mode,Class,CLASS,kmh,source\n", "has the columns Class, CLASS, each of which"),
        (b"side,mode,class,source\n", "lacks the column kmh. It has side, mode, class, source"),
        (b"side,mode,class,kmh,source\n", "has no rows"),
    ],
)
def test_what_spreadsheets_write_is_told_apart(tmp_path, content, says):
    file = tmp_path / "speeds.csv"
    file.write_bytes(content)
    assert says in wrong(file)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (f"{HEADER}\nhome,road,улица,62.5,x\n", "utf-8-sig"),
        (f"{HEADER}\r\nhome,road,улица,62.5,x\r\n", "utf-16"),
        (f"{HEADER}\nhome,road,улица,62.5,x\n", "utf-32"),
        (f"{HEADER}\rhome,road,улица,62.5,x\r", "utf-8"),
        (f"{HEADER},\nhome,road,улица,62.5,x,\n", "utf-8"),
        (f"{HEADER},,\nhome,road,улица,62.5,x,,\n,,,,,,\n\n", "utf-8"),
        ("side;mode;class;kmh;source\nhome;road;улица;62,5;x\n", "utf-8"),
        ("side;mode;class;kmh;source\nhome;road;улица;62.5;x\n", "utf-8"),
        ("side\tmode\tclass\tkmh\tsource\nhome\troad\tулица\t62,5\tx\n", "utf-16"),
        ("side|mode|class|kmh|source\nhome|road|улица|+6.25e1|x\n", "utf-8"),
        (" Side ,MODE, class,kmh,source\n home , road ,улица, 62.5 ,x\n", "utf-8"),
    ],
)
def test_what_spreadsheets_write_is_understood(tmp_path, text, encoding):
    rows = read_table(write(tmp_path, text, encoding), SPEEDS)
    assert rows.to_dict("records") == [
        {"side": "home", "mode": "road", "class": "улица", "kmh": 62.5, "source": "x"}
    ]


@pytest.mark.parametrize(
    "value", ["1_0", "١٢", "１２", "0x1f", "1e", "1 000", "1,5", "true", "--1", "1.2.3", "½", "nan"]
)
def test_only_digits_are_numbers(tmp_path, value):
    text = f'{HEADER}\nhome,road,street,"{value}",x\n'
    assert f"row 2: kmh {'is' if value == 'nan' else 'should be a number, not'}" in wrong(
        write(tmp_path, text)
    )


def test_signs_of_thousands_and_of_decimals_are_not_guessed(tmp_path):
    header = HEADER.replace(",", ";")
    both = f"{header}\nhome;road;a;62,5;x\nhome;road;b;1.234;x\n"
    says = "row 3: kmh should be a number, not '1.234', beside others with a decimal comma"
    assert says in wrong(write(tmp_path, both))
    either = f"{header}\nhome;road;a;1,234;x\n"
    assert "row 2: kmh should be a number, not '1,234'" in wrong(write(tmp_path, either))


def test_rows_are_counted_as_a_spreadsheet_does(tmp_path):
    text = f'\n{HEADER}\n\nhome,road,"a\nb",60,"x\r\ny"\n\n\nhome,road,c,slow,x\n'
    assert "speeds.csv, row 7: kmh should be a number, not 'slow'" in wrong(write(tmp_path, text))
    assert read_table(write(tmp_path, text.replace("slow", "6")), SPEEDS).index.tolist() == [4, 7]


def test_all_that_is_wrong_with_a_table_is_said_at_once(tmp_path):
    text = (
        f"{HEADER}\nleft,road,a,60,x\nhome,tram,b,0,\nhome,road,c,fast,x\nhome,road,c,500,x\n"
        "right,road,d,60,\nhome,road,e,1,2,3\n"
    )
    lines = wrong(write(tmp_path, text)).replace(f"{tmp_path}/speeds.csv, ", "").splitlines()
    assert [line.partition(". ")[0] for line in lines] == [
        "row 7: has 6 values where the header names 5",
        "row 2: side is 'left'; it may be home or neighbour (and 1 more row like it: 6)",
        "row 3: mode is 'tram'; it may be road, rail, ferry, foot, air or transfer",
        "row 3: kmh is '0'; it must lie between 1 and 400 (and 1 more row like it: 5)",
        "row 3: source is empty (and 1 more row like it: 6)",
        "row 4: kmh should be a number, not 'fast'",
        "row 5: the same side, mode, class stand twice, first in row 4",
    ]


def test_a_place_has_both_coordinates_or_none(tmp_path):
    names = [name for name, column in CHECKPOINTS.columns.items() if column.required]
    row = dict.fromkeys(names, "") | {"checkpoint_id": "p", "name": "P", "mode": "road"}
    row["status"] = "open"

    def table(**more):
        values = (row | more).values()
        return write(tmp_path, f"{','.join(names)}\n{','.join(values)}\n")

    assert read_table(table(), CHECKPOINTS)["lon"].isna().all()
    assert "row 2: lat is empty, but lon is not" in wrong(table(lon="1"), CHECKPOINTS)
    assert "row 2: lon is empty, but lat is not" in wrong(table(lat="1"), CHECKPOINTS)


def test_control_characters_are_no_text(tmp_path):
    for sign in "\x00\x1b\x7f":
        text = f"{HEADER}\nhome,road,a{sign}b,60,x\n"
        assert "row 2: class has a control character" in wrong(write(tmp_path, text))


def test_what_is_no_table_of_the_study_is_not_shown(tmp_path):
    secret = "root:$6$abc:19000:0:99999\nPASSWORD=hunter2,x\n"
    for text in (secret, secret.replace("\n", "\0"), f"a,b\n{secret}"):
        says = wrong(write(tmp_path, text)).removeprefix(str(tmp_path))
        assert not any(word in says for word in ("root", "hunter", "abc"))
        assert says.startswith("/speeds.csv: not a comma-separated table")


def test_only_regular_files_are_read(tmp_path):
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    assert "it is a pipe or a device, not a file" in wrong(pipe)
    assert "it is a pipe or a device" in wrong(Path("/dev/zero"))
    assert "it is a folder" in wrong(tmp_path)
    (tmp_path / "link.csv").symlink_to(tmp_path / "nowhere.csv")
    assert "it is a link to nothing" in wrong(tmp_path / "link.csv")


def test_a_table_too_large_for_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("geo_border.pipeline.inputs.sheets.MOST_BYTES", 100)
    assert "has more than 1e-07 GB" in wrong(write(tmp_path, f"{HEADER}\n{'x' * 100}\n"))
