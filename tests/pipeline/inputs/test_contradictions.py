import pandas as pd
import pytest

from geo_border.errors import CheckpointError, TableError
from geo_border.study import open_study


def rewrite(file, change):
    change(pd.read_csv(file, dtype=str)).to_csv(file, index=False)


def stated(folder, topic):
    found = open_study(folder).check()
    return found[found["topic"] == topic]


def test_a_region_of_the_wrong_side_is_an_error_with_row_and_column(mini):
    rewrite(mini / "checkpoints.csv", lambda t: t.assign(home_id=["A", "X", None, "X"]))
    with pytest.raises(
        CheckpointError,
        match=r"checkpoints\.csv, row 3: home_id 'X' is a region of the neighbour side \(and 1 "
        r"more row like it: 5\)",
    ):
        open_study(mini).read()


def test_columns_that_stand_exchanged_are_named(mini):
    ids = {"home_id": ["X", None, "Y", "X"], "neighbour_id": ["A", "B", "C", "B"]}
    rewrite(mini / "checkpoints.csv", lambda t: t.assign(**ids))
    with pytest.raises(CheckpointError, match=r"home_id and neighbour_id stand exchanged"):
        open_study(mini).read()


def test_bad_hours_of_a_register_are_told_with_their_rows(mini):
    hours = ["24/7", "8-20", None, "8-20"]
    rewrite(mini / "checkpoints.csv", lambda t: t.assign(hours=hours))
    with pytest.raises(CheckpointError, match=r"row 3: opening hours '8-20' .*like it: 5\)"):
        open_study(mini).read()


def test_regions_that_the_border_does_not_have_where_a_checkpoint_lies_are_told(mini):
    ids = {"home_id": ["C", "B", None, None], "neighbour_id": ["Y", "X", None, None]}
    rewrite(mini / "checkpoints.csv", lambda t: t.assign(**ids))
    found = stated(mini, "checkpoints")
    found = found[found["item"] == "West post"]
    assert (found["severity"] == "warning").all()
    assert found["where"].tolist() == ["checkpoints.csv, row 2"] * 2
    assert "home_id is C, but it lies at the border of A" in found["problem"].iloc[0]
    assert "neighbour_id is Y, but it lies at the border of X" in found["problem"].iloc[1]


def test_a_checkpoint_between_two_regions_may_be_said_to_be_of_either(mini):
    rewrite(
        mini / "checkpoints.csv",
        lambda t: t.assign(lon=["0.98", *t["lon"][1:]], home_id=["B", None, None, None]),
    )
    assert not stated(mini, "checkpoints")["problem"].str.contains("home_id").any()


def test_places_are_counted_where_they_lie(mini):
    def swap(towns):
        names = {"A": "B", "B": "A"}
        return towns.assign(region_id=towns["region_id"].replace(names))

    sound = open_study(mini).read().places
    rewrite(mini / "places.csv", swap)
    study = open_study(mini)
    inputs = study.read()
    pd.testing.assert_series_equal(inputs.places["region_id"], sound["region_id"])
    found = stated(mini, "places")
    found = found[found["problem"].str.startswith("region_id")]
    assert found["severity"].tolist() == ["warning", "warning", "note"]
    assert found["problem"].iloc[2] == (
        "region_id is empty, though it lies in Y: counted as outside"
    )
    found = found.iloc[:2]
    assert found["where"].tolist() == ["places.csv, row 2", "places.csv, row 3"]
    assert found["problem"].iloc[0] == "region_id is B, but it lies in A: counted there"


def test_a_place_at_the_outline_stays_where_it_is_said_to_be(mini):
    rewrite(mini / "places.csv", lambda t: t.assign(lon=["1.005", *t["lon"][1:]]))
    inputs = open_study(mini).read()
    assert inputs.places.loc["h0", "region_id"] == "A"
    assert inputs.settled["name"].tolist() == ["Far town"]


def test_places_without_any_region_get_theirs(mini):
    sound = open_study(mini).read().places["region_id"]
    rewrite(mini / "places.csv", lambda t: t.assign(region_id=None))
    found = open_study(mini).read().places["region_id"]
    # The far town lies in a region too, which nobody had said.
    assert found.drop("n9").tolist() == sound.drop("n9").tolist()
    assert found["n9"] == "Y"


def test_places_of_no_region_at_all_are_refused(mini):
    rewrite(
        mini / "places.csv", lambda t: t.assign(lon=["3.1"] * 3 + [*t["lon"][3:]], region_id=None)
    )
    with pytest.raises(TableError, match=r"places\.csv: no settlement .* in a region of the home"):
        open_study(mini).read()
