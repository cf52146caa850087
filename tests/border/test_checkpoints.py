import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo_border.border.checkpoints import expected_wait, permeability, placed_checkpoints
from geo_border.border.line import border_line
from geo_border.errors import CheckpointError


def polygon(region_id, *box):
    return gpd.GeoDataFrame(geometry=[shapely.box(*box)], index=[region_id], crs=4326)


@pytest.fixture(scope="module")
def border():
    return border_line(polygon("A", 0, 49, 1, 50), polygon("X", 0, 50, 1, 51))


def table(**columns):
    base = {
        "name": "Post",
        "mode": "road",
        "status": "open",
        "users": "multilateral",
        "home_id": None,
        "neighbour_id": None,
        "lon": 0.5,
        "lat": 50.0,
        "accuracy_km": 1.0,
        "hours": None,
        "capacity_day": np.nan,
        "delay_h": np.nan,
    }
    return pd.DataFrame([base | columns], index=pd.Index(["post"], name="checkpoint_id"))


@pytest.mark.parametrize(
    ("hours", "wait"),
    [
        ("24/7", 0),
        ("Mo-Su 08:00-20:00", 12**2 / 48),
        ("Mo-Su 20:00-08:00", 12**2 / 48),
        ("Mo-Su 06:00-24:00", 6**2 / 48),
        # Closed from Sunday 16:00 to Friday 08:00 (112 h) and two nights of 16 h.
        ("Fr-Su 08:00-16:00", (112**2 + 2 * 16**2) / 2 / 168),
        ("off", np.inf),
    ],
)
def test_expected_wait_by_hand(hours, wait):
    assert expected_wait(hours) == pytest.approx(wait)


@given(st.integers(0, 22), st.integers(1, 23))
def test_one_closed_block_a_day_costs_its_square_over_48(start, open_h):
    end = start + open_h
    if end > 24:
        return
    assert expected_wait(f"Mo-Su {start:02}:00-{end:02}:00") == pytest.approx(
        (24 - open_h) ** 2 / 48
    )


def test_hours_that_are_no_hours():
    with pytest.raises(CheckpointError, match="not in OSM syntax"):
        expected_wait("on request")


def test_bad_hours_name_their_row(border):
    with pytest.raises(CheckpointError, match=r"posts\.csv, row 2 \(post\): opening hours"):
        placed_checkpoints(table(hours="whenever"), border, delay_h={"road": 2}, file="posts.csv")


def test_default_delay_is_marked_and_hours_are_added(border):
    found = placed_checkpoints(table(hours="Mo-Su 08:00-20:00"), border, delay_h={"road": 2.0})
    assert found.loc["post", "delay_out_h"] == pytest.approx(2 + 3)
    assert found.loc["post", "delay_imputed"]
    given_delay = placed_checkpoints(table(delay_h=1.0), border, delay_h={"road": 2.0})
    assert given_delay.loc["post", "delay_in_h"] == 1
    assert not given_delay.loc["post", "delay_imputed"]


def test_delays_by_direction_win(border):
    directed = table(delay_h=1.0).assign(delay_out_h=0.5, delay_in_h=np.nan)
    found = placed_checkpoints(directed, border, delay_h={"road": 2.0})
    assert found.loc["post", ["delay_out_h", "delay_in_h"]].tolist() == [0.5, 1.0]


def test_regions_are_filled_from_the_line(border):
    found = placed_checkpoints(table(), border, delay_h={"road": 2})
    assert found.loc["post", ["home_id", "neighbour_id"]].tolist() == ["A", "X"]


@pytest.mark.parametrize(
    ("status", "users", "is_open"),
    [
        ("open", "multilateral", True),
        ("open", None, True),
        ("open", "local", False),
        ("restricted", "bilateral", True),
        ("uncertain", "bilateral", False),
        ("closed", None, False),
        ("planned", None, False),
    ],
)
def test_who_may_pass(border, status, users, is_open):
    found = placed_checkpoints(table(status=status, users=users), border, delay_h={"road": 2})
    assert found.loc["post", "is_open"] == is_open


def test_a_checkpoint_of_unknown_place_is_not_open(border):
    lost = table(lon=np.nan, lat=np.nan, home_id="A")
    assert not placed_checkpoints(lost, border, delay_h={"road": 2}).loc["post", "is_open"]


def test_a_checkpoint_far_from_the_border_names_its_row(border):
    with pytest.raises(
        CheckpointError, match=r"posts\.csv, row 2 \(post\): .* 334 km .*lon and lat"
    ):
        placed_checkpoints(table(lat=53.0), border, delay_h={"road": 2}, file="posts.csv")
    airport = table(lat=53.0, mode="air")
    assert np.isnan(
        placed_checkpoints(airport, border, delay_h={"air": 1}).loc["post", "chainage_km"]
    )


def test_a_mode_without_a_delay_is_an_error(border):
    with pytest.raises(CheckpointError, match="no default delay for mode road"):
        placed_checkpoints(table(), border, delay_h={"rail": 1})


def test_permeability_by_hand():
    checkpoints = pd.DataFrame(
        {
            "mode": ["road", "road", "rail", "road", "air"],
            "home_id": ["A", "A", "A", "B", "A"],
            "is_open": [True, True, True, False, True],
            "capacity_day": [100, np.nan, 20, 50, 1],
        }
    )
    found = permeability(pd.Series({"A": 300.0, "B": 90.0, "C": 0.0}), checkpoints)
    assert found.loc["A", "checkpoints_open"] == 3
    assert found.loc["A", "checkpoints_road"] == 2
    assert found.loc["A", "km_per_checkpoint"] == 100
    assert found.loc["A", "checkpoints_per_100km"] == 1
    assert found.loc["A", "capacity_per_km"] == pytest.approx(0.4)
    assert found.loc["B", "checkpoints_open"] == 0
    assert found.loc[["B", "C"], "km_per_checkpoint"].isna().all()
    assert np.isnan(found.loc["C", "checkpoints_per_100km"])
