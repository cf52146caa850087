"""Tables of measures: names of columns, and what stands beside each."""

import numpy as np
import pandas as pd
import pytest

from geo_border.access.decay import Step
from geo_border.access.measure_table import LAYER_COLUMNS, MeasureTable
from geo_border.access.measures import (
    DETOUR_INDEX,
    DETOURS,
    HOURS,
    PARTS,
    REACHED,
    SERVICES,
    CostsAcross,
    Directness,
    Measure,
    Reached,
    costs,
    effect_at_checkpoints,
    efficiency,
    lost_at_checkpoints,
    of_potential,
    performance,
    population,
)

STEP = Step(1)
FOUND = ("checkpoint_detour", "detour_hours", "checkpoint_detour_unreached")


def test_columns_are_named_by_mode_measure_part_and_kind():
    places = pd.DataFrame(
        {"region_id": ["A", "A", "B"], "population": [1.0, 3.0, 5.0]}, index=["p", "q", "r"]
    )
    table = MeasureTable(places)
    values = pd.DataFrame(
        {"own": [1.0, 2.0, 3.0], "across": [np.inf, 0.0, np.nan]}, index=places.index
    )
    hours = Measure("hours", "hours", lambda found: found, ("own", "across"))
    ratio = Measure("ratio", "1", lambda found: found, ("own",), note="as said", bare="own")
    table.add(hours, values, mode="road")
    table.add(hours, values, mode="rail", kind="school")
    table.add(ratio, values[["own"]], mode="both")
    assert table.layers().columns.tolist() == list(LAYER_COLUMNS)
    assert table.layers()["column"].tolist() == [
        "hours_own",
        "hours_across",
        "rail_hours_own_school",
        "rail_hours_across_school",
        "both_ratio",
    ]
    pd.testing.assert_series_equal(
        table.frame()["rail_hours_across_school"], values["across"], check_names=False
    )
    found = table.by_region().set_index(["region_id", "measure", "mode", "kind", "part"])
    row = found.loc[("A", "hours", "road", "", "across")]
    assert row["mean"] == 0
    assert row["unreached_share"] == 0.25
    assert found.loc[("B", "hours", "rail", "school", "across"), "places_missing"] == 1
    assert found.loc[("A", "ratio", "both", "", "own"), "q50"] == 2
    assert len(found) == 2 * 5


def test_pieces_of_the_tidy_table_are_all_of_it():
    places = pd.DataFrame({"region_id": "A", "population": 1.0}, index=[f"p{i}" for i in range(9)])
    table = MeasureTable(places)
    values = pd.DataFrame(np.arange(27.0).reshape(9, 3), places.index, ["own", "across", "all"])
    values = values.mask(values % 5 == 0).replace(7.0, np.inf)
    hours = Measure("hours", "hours", lambda found: found, ("own", "across", "all"))
    for mode in ("road", "rail"):
        table.add(hours, values, mode=mode)
    found = table.by_place()
    tidy = found.tidy()
    assert len(tidy) == 2 * values.notna().to_numpy().sum()
    assert np.isinf(tidy["value"]).sum() == 2
    row = tidy.query("place_id == 'p3' and mode == 'rail' and part == 'own'")
    assert row["value"].tolist() == [values.loc["p3", "own"]]
    for rows in (1, 20, 1000):
        pieces = list(found.pieces(rows=rows))
        assert len(pieces) == {1: 6, 20: 3, 1000: 1}[rows]
        pd.testing.assert_frame_equal(pd.concat(pieces, ignore_index=True), tidy)


@pytest.mark.parametrize("measures", [0, 2])
@pytest.mark.parametrize("regions", [[], [None, None], ["A", None]])
def test_without_regions_or_measures_the_table_is_empty_and_has_its_columns(regions, measures):
    places = pd.DataFrame(
        {"region_id": np.array(regions, dtype=object), "population": 1.0},
        index=pd.Index([f"p{number}" for number in range(len(regions))], dtype=object),
    )
    table = MeasureTable(places)
    values = pd.DataFrame({"own": np.ones(len(places))}, places.index)
    for number in range(measures):
        measure = Measure(f"m{number}", "hours", lambda found: found, ("own",))
        table.add(measure, values, mode="road")
    found = table.by_region()
    assert len(found) == measures * ("A" in regions)
    assert {"region_id", "mean", "q50", "unreached_share", "places_missing", "unit"} <= {*found}


def test_checkpoints_are_a_column_or_the_kind():
    places = pd.DataFrame({"region_id": ["A"], "population": [1.0]}, index=["p"])
    table = MeasureTable(places)
    values = pd.DataFrame({"west": [0.1], "east": [0.2]}, index=places.index)
    table.add(Measure("share", "share", lambda found: found, by="checkpoint"), values, mode="road")
    table.add(Measure("lost", "persons", lambda found: found, by="kind"), values, mode="rail")
    layers = table.layers().set_index("column")
    assert layers.index.tolist() == [
        "road_share_west", "road_share_east", "rail_lost_west", "rail_lost_east"
    ]  # fmt: skip
    assert (layers["part"] == "all").all()
    assert layers["kind"].tolist() == ["", "", "west", "east"]
    assert table.by_region()["checkpoint_id"].tolist() == ["west", "east", "", ""]


def test_a_measure_gives_the_parts_that_it_says():
    one = pd.DataFrame({name: [1.0] for name in REACHED}, index=["p"])
    reached = Reached(
        mode="road",
        hours=pd.Series([1.0], ["p"]),
        within={1.0: one, 1.5: one},
        potentials={"potential": one},
        near=pd.DataFrame({"near_own": [2.0], "near_across": [2.0]}, index=["p"]),
        lost=pd.DataFrame({"west": [0.0], "east": [0.5]}, index=["p"]),
    )
    for measure in (HOURS, population(1.0), *of_potential("potential", STEP), performance(1.5, 9)):
        assert tuple(measure.of(reached).columns) == measure.parts, measure.name
        assert set(measure.parts) <= set(PARTS)
        assert measure.unit
    assert lost_at_checkpoints(STEP).of(reached).columns.tolist() == ["east"]
    assert effect_at_checkpoints("potential", STEP).of(reached).columns.tolist() == ["west", "east"]
    ratios = one.join(one.add_suffix("_unreached"))
    trips = Directness("road", ratios, one)
    for measure in (*efficiency(90), DETOUR_INDEX):
        assert tuple(measure.of(trips).columns) == measure.parts, measure.name
    taken = CostsAcross("road", pd.DataFrame({name: [1.0] for name in FOUND}, ["p"]))
    for measure in (*DETOURS, *costs(STEP)):
        assert tuple(measure.of(taken).columns) == measure.parts, measure.name
    of_all = (*efficiency(90), DETOUR_INDEX, *DETOURS, *costs(STEP), *SERVICES)
    names = [measure.name for measure in of_all]
    assert len(set(names)) == len(names)


def test_queues_that_nobody_knows_are_missing_and_say_why():
    found = {f"lost_to_{cause}": [1.0] for cause in ("detours", "delays")}
    taken = CostsAcross(
        "road", pd.DataFrame(found | {f"hours_{n}": v for n, v in found.items()}, ["p"])
    )
    queues = [measure for measure in costs(STEP) if measure.name.endswith("lost_to_queues")]
    assert len(queues) == 2
    for measure in queues:
        assert measure.of(taken)["across"].isna().all()
        assert "capacity" in measure.note
    assert not any("capacity" in measure.note for measure in costs(STEP, queues=True))
