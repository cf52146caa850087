"""Measures as they are told: names of columns, and what stands beside each."""

import numpy as np
import pandas as pd

from geo_border.stages.told import LAYER_COLUMNS, Told


def test_columns_are_named_by_mode_measure_part_and_kind():
    places = pd.DataFrame(
        {"region_id": ["A", "A", "B"], "population": [1.0, 3.0, 5.0]}, index=["p", "q", "r"]
    )
    told = Told(places)
    values = pd.DataFrame(
        {"own": [1.0, 2.0, 3.0], "across": [np.inf, 0.0, np.nan]}, index=places.index
    )
    told.add(values, "hours", mode="road", unit="hours")
    told.add(values, "hours", mode="rail", unit="hours", kind="school")
    told.add(values[["own"]], "ratio", mode="both", unit="1", note="as said")
    assert told.layers().columns.tolist() == list(LAYER_COLUMNS)
    assert told.layers()["column"].tolist() == [
        "hours_own",
        "hours_across",
        "rail_hours_own_school",
        "rail_hours_across_school",
        "both_ratio",
    ]
    pd.testing.assert_series_equal(
        told.frame()["rail_hours_across_school"], values["across"], check_names=False
    )
    table = told.table().set_index(["region_id", "measure", "mode", "kind", "part"])
    row = table.loc[("A", "hours", "road", "", "across")]
    assert row["mean"] == 0
    assert row["unreached_share"] == 0.25
    assert table.loc[("B", "hours", "rail", "school", "across"), "places_missing"] == 1
    assert table.loc[("A", "ratio", "both", "", "own"), "q50"] == 2
    assert len(table) == 2 * 5
