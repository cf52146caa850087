"""What the border costs by class: of a study, its regions and checkpoints, queues apart."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geo_border.pipeline.memory import Memory
from geo_border.pipeline.runs import Run, results_of
from geo_border.study import open_study

CLASSES = """
[traffic]
[traffic.classes.car]
total_year = 36500
[traffic.classes.truck]
total_year = 18250
pcu = 2
speed_factor = 0.5
[checkpoints.classes.truck]
delay_h = 2
[[corridors]]
name = "north"
places = ["h0", "Town X"]
"""


@pytest.fixture
def run(mini):
    """Run the made-up study with classes and more in its register, by road."""

    def run(more=CLASSES, **columns):
        toml = mini / "study.toml"
        toml.write_text(toml.read_text() + more + '[access]\nmodes = ["road"]\n')
        file = mini / "checkpoints.csv"
        pd.read_csv(file).assign(**columns).to_csv(file, index=False)
        study = open_study(mini)
        return results_of(Run(study.settings, Path(study.folder), Memory(None), lambda _: None))

    return run


def by(table, *keys):
    return table.set_index(list(keys)).sort_index()


def test_every_table_of_a_class_has_it_and_cars_are_those_of_the_regions(run):
    results = run()
    more = results.more
    for name in ("border_effect", "border_effect_by_checkpoint", "corridors", "corridor_profiles"):
        assert set(more[name]["class"]) == {"car", "truck"}, name
    effect = by(more["border_effect"], "class", "region_id")
    cars = effect.loc["car"]
    for column in cars.columns.intersection(results.regions.columns):
        np.testing.assert_allclose(cars[column], results.regions[column].reindex(cars.index))
    # Trucks are slower and wait longer: they reach fewer, and lose more hours.
    assert (effect.loc["truck", "potential_across"] < cars["potential_across"]).all()
    hours = "hours_lost_to_delays"
    assert (effect.loc["truck", hours] > cars[hours]).all()
    shares = by(more["border_effect_by_checkpoint"], "region_id", "class")
    assert shares.sum(axis=1).to_numpy() == pytest.approx(1)


@pytest.mark.slow
def test_a_slow_class_takes_twice_the_hours_along_a_corridor(run):
    results = run()
    way = by(results.more["corridors"], "class")
    assert way.at["truck", "km"] == pytest.approx(way.at["car", "km"])
    assert way.at["truck", "swod_kmh"] == pytest.approx(way.at["car", "swod_kmh"] / 2)
    profile = results.more["corridor_profiles"]
    passed = profile[profile["checkpoint_id"].notna()]
    hours = passed["hours"] - passed["driving_hours"]
    assert passed["delay_h"].to_numpy() == pytest.approx(hours.to_numpy())
    assert len(results.layers["corridors"]) == 2


@pytest.mark.slow
def test_gains_are_told_by_class_and_for_all_where_there_is_a_sum(run):
    gains = by(run().more["delay_gains"], "class", "checkpoint_id", "region_id")
    assert set(gains.index.get_level_values("class")) == {"car", "truck", "all"}
    assert gains.loc["all", "potential_across_gain"].isna().all()
    saved = gains["hours_saved"].unstack("class").dropna()
    assert len(saved)
    assert (
        saved["all"]
        .between(saved[["car", "truck"]].min(axis=1), saved[["car", "truck"]].max(axis=1))
        .all()
    )


@pytest.mark.slow
def test_there_is_no_sum_of_vehicles_and_shares(run):
    results = run(CLASSES.replace("total_year = 18250\n", ""))
    assert set(results.more["delay_gains"]["class"]) == {"car", "truck"}
    assert set(results.more["traffic"]["class"]) == {"car", "truck"}


def test_queues_are_apart_where_a_capacity_is_known(run):
    known = run(capacity_car_day=[None, 110, None, None])
    effect = by(known.more["border_effect"], "class", "region_id")
    assert (effect.loc["car", "hours_lost_to_queues"] > 0).any()
    # Nobody knows how trucks queue.
    assert effect.loc["truck", ["lost_to_queues", "hours_lost_to_queues"]].isna().all(axis=None)
    table = known.more["access_measures"]
    notes = table[table["measure"] == "lost_to_queues"]["note"]
    assert not notes.str.contains("no checkpoint has a known capacity").any()


@pytest.mark.slow
def test_what_queues_take_is_taken_out_of_delays(run, make_mini, tmp_path):
    other = make_mini(tmp_path / "other")
    toml = other / "study.toml"
    toml.write_text(toml.read_text() + CLASSES + '[access]\nmodes = ["road"]\n')
    bare = open_study(other).run()
    known = run(capacity_car_day=[None, 110, None, None])
    for unit in ("", "hours_"):
        parts = known.regions[[f"{unit}lost_to_delays", f"{unit}lost_to_queues"]].sum(axis=1)
        whole = bare.regions[f"{unit}lost_to_delays"]
        np.testing.assert_allclose(parts, whole, rtol=1e-9)
    assert bare.regions["lost_to_queues"].isna().all()
    table = bare.more["access_measures"]
    notes = table[table["measure"] == "lost_to_queues"]["note"]
    assert notes.str.contains("no checkpoint has a known capacity").all()


@pytest.mark.slow
def test_a_class_that_may_pass_nowhere_has_rows_without_a_way(run):
    results = run(status_truck="closed")
    effect = by(results.more["border_effect"], "class", "region_id")
    assert (effect.loc["truck", "potential_across"] == 0).all()
    assert effect.loc["truck", "border_effect_across"].isna().all()
    way = by(results.more["corridors"], "class")
    assert np.isnan(way.at["truck", "km"])
    assert set(results.more["corridor_profiles"]["class"]) == {"car"}
    assert set(results.more["delay_gains"]["class"]) <= {"car", "all"}
