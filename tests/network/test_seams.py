import pandas as pd
import pytest

from geo_border.network.seams import speed_seams
from geo_border.osm.speeds import speed_table


def test_a_seam_names_both_sides_and_values():
    table = pd.DataFrame(
        [
            ("home", "road", "trunk", 90.0),
            ("neighbour", "road", "trunk", 110.0),
            ("home", "road", "primary", 90.0),
            ("neighbour", "road", "primary", 100.0),
            ("home", "rail", "rail", 60.0),
            ("neighbour", "rail", "rail", 40.0),
            ("home", "road", "only here", 20.0),
        ],
        columns=["side", "mode", "class", "kmh"],
    )
    found = speed_seams(table)
    assert found[["class", "slow", "slow_kmh", "fast", "fast_kmh"]].to_numpy().tolist() == [
        ["rail", "neighbour", 40.0, "home", 60.0],
        ["trunk", "home", 90.0, "neighbour", 110.0],
    ]
    assert found["excess"].tolist() == pytest.approx([0.5, 110 / 90 - 1])
    assert speed_seams(table, share=0.1)["class"].tolist()[-1] == "primary"
    assert speed_seams(table.iloc[:0]).empty


def test_the_same_table_on_both_sides_has_no_seam():
    one = speed_table("KZ")
    both = pd.concat([one.assign(side="home"), one.assign(side="neighbour")])
    assert speed_seams(both, share=0).empty
