"""Whatever stands in a file: a study, or one clear error, never another exception."""

import csv
import io
import json
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tries import tries

from geo_border.errors import GeoBorderError
from geo_border.pipeline.inputs.read import read_inputs
from geo_border.pipeline.settings import read_settings
from geo_border.study import open_study

TABLES = ("checkpoints", "indicators", "places", "registry", "speeds")
LAYERS = ("home", "neighbour", "roads", "rails")
ALL_OF_THEM = settings(
    max_examples=tries(6),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

CELLS = st.one_of(
    st.sampled_from(
        [
            *("", " ", "0", "-0", "-1", "1e308", "1e-320", "1e999", "inf", "NaN", "none", "NULL"),
            *("1_000", "1,5", "1.5.", "٣", "½", "0x10", "01", "1.0", "true", "A", "B", "X", "Z"),
            *(
                "home",
                "neighbour",
                "Home",
                "road",
                "rail",
                "open",
                "closed",
                "h0",
                "west",
                "street",
            ),
            *("=1+1", "\x00", "\x1b[31m", "a\nb", 'a"b', "\ufeff", "\u202e", "😀", "x" * 500),
            *("90", "-90", "180", "-180", "181", "50", "24/7", "Mo-Su 25:00", "2020", "99999"),
        ]
    ),
    st.text(max_size=6),
    st.floats().map(repr),
    st.integers().map(str),
)

VALUES = st.recursive(
    st.one_of(CELLS, st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats()),
    lambda values: st.lists(values, max_size=2) | st.dictionaries(st.text(max_size=3), values),
    max_leaves=3,
)

NUMBERS = st.one_of(
    st.floats(), st.sampled_from([0.0, 0.5, 49.5, 50.0, 181.0, -91.0, 1e308, float("nan")])
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory, make_mini):
    """The made-up study, and a folder for what is made of it."""
    return make_mini(tmp_path_factory.mktemp("sound") / "mini"), tmp_path_factory.mktemp("spoilt")


@pytest.fixture(scope="module")
def before(sound):
    """What the made-up study holds as it is."""
    return read_inputs(read_settings(sound[0] / "study.toml"), sound[0])


def copied(sound):
    whole, folder = sound
    shutil.copytree(whole, folder, dirs_exist_ok=True)
    return folder


def rows_of(file):
    return list(csv.reader(io.StringIO(file.read_text(encoding="utf-8"))))


def as_csv(rows, separator=","):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, lineterminator="\n").writerows(rows)
    return text.getvalue()


def understood(folder, read=None):
    """Read a study; None if it is refused in words of ours."""
    try:
        if read is not None:
            return read(folder)
        return read_inputs(read_settings(folder / "study.toml"), folder)
    except GeoBorderError as error:
        assert str(error).endswith((".", "?"))
        return None


@given(table=st.sampled_from(TABLES), data=st.data())
@ALL_OF_THEM
def test_any_cells_of_a_table(sound, table, data):
    folder = copied(sound)
    rows = rows_of(folder / f"{table}.csv")
    for _ in range(data.draw(st.integers(1, 3))):
        row = data.draw(st.integers(0, len(rows) - 1))
        column = data.draw(st.integers(0, len(rows[0]) - 1))
        rows[row][column] = data.draw(CELLS)
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    (folder / f"{table}.csv").write_bytes(as_csv(rows).encode(encoding, "surrogatepass"))
    understood(folder)


@given(table=st.sampled_from(TABLES), data=st.data())
@ALL_OF_THEM
def test_any_rows_and_columns_of_a_table(sound, table, data):
    folder = copied(sound)
    rows = rows_of(folder / f"{table}.csv")
    width = len(rows[0])
    for _ in range(data.draw(st.integers(1, 2))):
        row = data.draw(st.integers(0, len(rows) - 1))
        column, other = data.draw(st.tuples(*[st.integers(0, width - 1)] * 2))
        change = data.draw(st.integers(0, 7))
        if change == 0:
            rows[0][column], rows[0][other] = rows[0][other], rows[0][column]
        elif change == 1:
            rows = [[*line, line[column] if column < len(line) else ""] for line in rows]
        elif change == 2:
            rows.insert(row, list(rows[-1]))
        elif change == 3 and len(rows) > 1:
            del rows[row]
        elif change == 4:
            rows.insert(row, data.draw(st.sampled_from([[], [""] * width, ["x"], ["x"] * 40])))
        elif change == 5:
            rows = [line[:column] + line[column + 1 :] for line in rows]
        elif change == 6:
            rows = [rows[0], *reversed(rows[1:])]
        else:
            rows[row] = rows[row][:column]
    separator = data.draw(st.sampled_from(",;\t|"))
    (folder / f"{table}.csv").write_text(as_csv(rows, separator), encoding="utf-8")
    understood(folder)


@given(table=st.sampled_from(TABLES), data=st.data())
@settings(ALL_OF_THEM, max_examples=tries(3))
def test_the_order_of_columns_and_blank_rows_change_nothing(sound, before, table, data):
    folder = copied(sound)
    rows = rows_of(folder / f"{table}.csv")
    order = data.draw(st.permutations(range(len(rows[0]))))
    rows = [[line[column] for column in order] for line in rows]
    for _ in range(data.draw(st.integers(0, 3))):
        blank = data.draw(st.sampled_from([[], [""] * 40]))
        rows.insert(data.draw(st.integers(0, len(rows))), blank)
    (folder / f"{table}.csv").write_text(as_csv(rows), encoding="utf-8")
    after = understood(folder)
    for name in ("checkpoints", "places", "registry", "indicators", "speeds"):
        assert getattr(after, name).equals(getattr(before, name)), name


@given(layer=st.sampled_from(LAYERS), data=st.data())
@ALL_OF_THEM
def test_any_attributes_of_a_layer(sound, layer, data):
    folder = copied(sound)
    content = json.loads((folder / f"{layer}.geojson").read_text())
    names = [*content["features"][0]["properties"], "length_km", "hours", "oneway", "population"]
    for _ in range(data.draw(st.integers(1, 4))):
        feature = data.draw(st.sampled_from(content["features"]))
        name = data.draw(st.sampled_from(names) | st.text(max_size=4))
        feature["properties"][name] = data.draw(VALUES)
    (folder / f"{layer}.geojson").write_text(json.dumps(content))
    understood(folder)


@given(layer=st.sampled_from(LAYERS), data=st.data())
@ALL_OF_THEM
def test_any_geometry_of_a_layer(sound, layer, data):
    folder = copied(sound)
    content = json.loads((folder / f"{layer}.geojson").read_text())
    feature = data.draw(st.sampled_from(content["features"]))
    geometry = feature["geometry"]
    ring = geometry["coordinates"]
    while isinstance(ring[0][0], list):
        ring = ring[0]
    change = data.draw(st.integers(0, 4))
    if change == 0:
        ring[data.draw(st.integers(0, len(ring) - 1))] = data.draw(
            st.lists(NUMBERS, min_size=2, max_size=4)
        )
    elif change == 1:
        del ring[data.draw(st.integers(0, len(ring))) :]
    elif change == 2:
        kinds = ["Point", "MultiPoint", "LineString", "MultiPolygon", "GeometryCollection", "x"]
        geometry["type"] = data.draw(st.sampled_from(kinds))
    elif change == 3:
        feature["geometry"] = None
    else:
        ring += [[x + 1e-13, y] for x, y, *_ in ring]
    (folder / f"{layer}.geojson").write_text(json.dumps(content))
    understood(folder)


@given(
    name=st.sampled_from([*(f"{name}.geojson" for name in LAYERS), "places.csv"]), data=st.data()
)
@settings(ALL_OF_THEM, max_examples=tries(10))
def test_any_bytes_in_a_file(sound, name, data):
    folder = copied(sound)
    content = bytearray((folder / name).read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=10))
    (folder / name).write_bytes(content[: data.draw(st.integers(0, 2 * len(content)))])
    understood(folder)


@given(table=st.sampled_from(TABLES), data=st.data())
@settings(ALL_OF_THEM, max_examples=tries(2))
def test_what_is_read_can_be_checked(sound, table, data):
    folder = copied(sound)
    rows = rows_of(folder / f"{table}.csv")
    row = data.draw(st.integers(1, len(rows) - 1))
    column = data.draw(st.integers(0, len(rows[0]) - 1))
    rows[row][column] = data.draw(CELLS)
    (folder / f"{table}.csv").write_text(as_csv(rows), encoding="utf-8", errors="replace")
    understood(folder, lambda folder: open_study(folder).check())
