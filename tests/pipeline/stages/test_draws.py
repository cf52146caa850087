"""Delays drawn one by one, and what the index measures with each draw."""

import numpy as np
import pandas as pd
import pytest

import geo_border as gb
from geo_border.access.decay import Exponential, calibrated
from geo_border.network.gates import delay_ends
from geo_border.pipeline.memory import Memory
from geo_border.pipeline.runs import Run
from geo_border.pipeline.stages import draws as module
from geo_border.pipeline.stages.draws import draw_stage, drawn_delays
from geo_border.routing.scenarios import Scenario, passages
from geo_border.study import open_study

CASE = """
[checkpoints.classes.car]
delay_h = 1.0
delay_lo_h = 0.5
delay_hi_h = 3.0
"""


@pytest.fixture
def drawn(monkeypatch):
    """Draws of a study, with all that they are made of."""
    monkeypatch.setattr(module, "MOST_DRAWS", 40)

    def draw(folder, **index):
        study = open_study(folder)
        given = study.settings.index.model_copy(update=index)
        settings = study.settings.model_copy(update={"index": given})
        run = Run(settings, study.folder, Memory(None), lambda _: None)
        _, border, net = run.network()
        travel = run.travel(net)
        return draw_stage(settings, border, net, travel).measures, border, net, travel

    return draw


def register(folder, change):
    file = folder / "checkpoints.csv"
    change(pd.read_csv(file)).to_csv(file, index=False)


def ends_of(border, net, travel):
    return delay_ends(travel.tables.gates, net.controls, border.checkpoints, "car")


def test_ends_are_those_stated_and_half_and_twice_where_none_are(mini, drawn):
    with (mini / "study.toml").open("a", encoding="utf-8") as file:
        file.write(CASE)
    register(
        mini,
        lambda rows: rows.assign(
            hours=[None, "08:00-20:00", None, None], delay_car_hi_h=[0.8, None, None, None]
        ),
    )
    _, border, net, travel = drawn(mini)
    low, high = ends_of(border, net, travel)
    at = [travel.tables.gates.index.get_loc(name) for name in ("west", "middle")]
    wait = border.checkpoints.loc["middle", "wait_h"]
    assert wait > 0
    np.testing.assert_allclose(low[:, at], [[0.25, 0.5 + wait]] * 2)
    np.testing.assert_allclose(high[:, at], [[0.8, 3.0 + wait]] * 2)


def test_a_draw_is_what_a_run_with_its_delays_measures(mini, drawn):
    found, border, net, travel = drawn(mini)
    gates, settings = travel.tables.gates, open_study(mini).settings
    hours = drawn_delays(gates, ends_of(border, net, travel), draws=40, seed=1, correlation=0.5)
    at, _ = module.quantiles(["half-life", "speed"], draws=40, seed=1).T
    for number in (0, 17):
        delay = dict(zip(gates.index, hours[number].T.tolist(), strict=True))
        decay = calibrated("exponential", 2 * float(module.between(at[number], 0.5, 1, 2)))
        scenario = Scenario(delay=delay)
        reached = gb.potential(travel, decay=decay, scenario=scenario)["across"]
        expected = gb.by_region(reached, travel.places)["across"]
        mine = found[found["draw"] == number].set_index("region_id")
        np.testing.assert_allclose(mine["potential_across"], expected[mine.index])
        ways = module.across(travel.tables, passages(travel.tables, scenario), 0).matrix()[0]
        np.testing.assert_allclose(mine["hours_to_neighbour_capital"], ways[:, :2].min(axis=1))
    assert settings.index.delay_correlation == 0.5


def test_draws_hang_on_the_seed_and_not_on_the_order_of_checkpoints(mini, drawn):
    found = drawn(mini)[0]
    register(mini, lambda rows: rows.iloc[::-1])
    pd.testing.assert_frame_equal(drawn(mini)[0], found)
    assert (drawn(mini, seed=2)[0]["potential_across"] != found["potential_across"]).all()


def test_only_what_is_uncertain_is_spread(mini, drawn):
    register(
        mini,
        lambda rows: rows.assign(
            delay_h=rows["delay_h"].fillna(1.0),
            delay_car_lo_h=rows["delay_h"].fillna(1.0),
            delay_car_hi_h=rows["delay_h"].fillna(1.0),
        ),
    )
    hours = drawn(mini)[0].groupby("region_id")["hours_to_neighbour_capital"]
    assert (hours.min() == hours.max()).all()
    faster = drawn(mini, speed_range=(0.5, 1.5))[0].groupby("region_id")
    assert (faster["hours_to_neighbour_capital"].nunique() == 40).all()


@pytest.mark.slow
def test_wholly_correlated_delays_are_all_times_one_factor():
    gates = gb.travel(gb.example_network()).tables.gates
    central = gates[["delay_out_h", "delay_in_h"]].to_numpy().T
    ends = central / 2, central * 2
    common = drawn_delays(gates, ends, draws=50, seed=1, correlation=1.0)
    factor = common / central
    np.testing.assert_allclose(factor, np.broadcast_to(factor[:, :1, :1], factor.shape))
    assert np.ptp(factor) > 1
    apart = drawn_delays(gates, ends, draws=50, seed=1, correlation=0.5) / central
    assert (np.ptp(apart[:, 0], axis=1) > 0.1).all()


def test_delays_drawn_one_by_one_move_ranks_more_than_one_common_factor():
    trips = gb.travel(gb.example_network())
    gates = trips.tables.gates
    central = gates[["delay_out_h", "delay_in_h"]].to_numpy().T
    spread = {}
    for correlation in (0.0, 1.0):
        hours = drawn_delays(
            gates, (central / 2, central * 2), draws=30, seed=1, correlation=correlation
        )
        reached = [
            module.reached_across(
                trips, passages(module.with_delays(trips.tables, each)), [Exponential()], sides=(0,)
            )[:, 0]
            for each in hours
        ]
        means = gb.by_region(pd.DataFrame(np.transpose(reached), trips.places.index), trips.places)
        ranks = means[range(30)].filter(like="RU", axis=0).rank()
        spread[correlation] = ranks.std(axis=1).mean()
    assert spread[0.0] > 3 * spread[1.0]
    assert spread[0.0] > 0.3


def test_the_direction_that_has_the_default_has_its_ends(mini, drawn):
    with (mini / "study.toml").open("a", encoding="utf-8") as file:
        file.write("[checkpoints.classes.car]\ndelay_h = 2\ndelay_lo_h = 1.5\ndelay_hi_h = 9\n")
    register(mini, lambda rows: rows.assign(delay_car_in_h=[None, 1, None, None]))
    _, border, net, travel = drawn(mini)
    low, high = ends_of(border, net, travel)
    at = travel.tables.gates.index.get_loc("middle")
    assert low[:, at].tolist() == [1.5, 0.5]
    assert high[:, at].tolist() == [9, 2]
