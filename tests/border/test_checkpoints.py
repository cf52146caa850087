import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo_border.border.checkpoints import permeability, placed_checkpoints
from geo_border.border.hours import INFORMED
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


def test_bad_hours_name_their_row(border):
    with pytest.raises(CheckpointError, match=r"posts\.csv, row 2 \(post\): opening hours"):
        placed_checkpoints(
            table(hours="whenever"),
            border,
            delay_h={"road": 2},
            file="posts.csv",
            rows={"post": 2},
        )


def test_default_delay_is_marked_and_hours_are_added(border):
    nights = table(hours="Mo-Su 08:00-20:00")
    found = placed_checkpoints(nights, border, delay_h={"road": 2.0})
    assert found.loc["post", "delay_out_h"] == pytest.approx(2 + (1 - INFORMED) * 3)
    assert found.loc["post", "delay_imputed"]
    nobody = placed_checkpoints(nights, border, delay_h={"road": 2.0}, informed=0)
    assert nobody.loc["post", "delay_out_h"] == pytest.approx(2 + 3)
    given_delay = placed_checkpoints(table(delay_h=1.0), border, delay_h={"road": 2.0})
    assert given_delay.loc["post", "delay_in_h"] == 1
    assert not given_delay.loc["post", "delay_imputed"]


def test_delays_by_direction_win(border):
    directed = table(delay_h=1.0).assign(delay_out_h=0.5, delay_in_h=np.nan)
    found = placed_checkpoints(directed, border, delay_h={"road": 2.0})
    assert found.loc["post", ["delay_out_h", "delay_in_h"]].tolist() == [0.5, 1.0]


@pytest.mark.parametrize(
    ("columns", "imputed"),
    [
        ({"delay_h": 1.0}, False),
        ({"delay_out_h": 1.0, "delay_in_h": 2.0}, False),
        ({"delay_out_h": 1.0}, True),
        ({"delay_out_h": 1.0, "delay_h": 2.0}, False),
        ({}, True),
    ],
)
def test_a_delay_is_imputed_where_a_direction_has_none(border, columns, imputed):
    given = table().assign(delay_out_h=np.nan, delay_in_h=np.nan).assign(**columns)
    found = placed_checkpoints(given, border, delay_h={"road": 9.0})
    assert found.loc["post", "delay_imputed"] == imputed


def test_a_checkpoint_that_never_opens_is_closed_and_takes_no_infinite_time(border):
    found = placed_checkpoints(table(hours="Jul 08:00-20:00"), border, delay_h={"road": 2}, month=1)
    assert not found.loc["post", ["is_open", "in_service"]].any()
    assert found.loc["post", ["delay_out_h", "wait_h", "season_share"]].tolist() == [2, 0, 0]
    july = placed_checkpoints(
        table(hours="Jul 08:00-20:00"), border, delay_h={"road": 2}, month=7, informed=0
    )
    assert july.loc["post", ["delay_out_h", "wait_h", "season_share"]].tolist() == [5, 3, 1]


def test_a_seasonal_checkpoint_is_open_and_told(border):
    found = placed_checkpoints(table(hours="Nov-Mar 08:00-20:00"), border, delay_h={"road": 2})
    assert found.loc["post", "is_open"]
    assert found.loc["post", "wait_h"] == pytest.approx((1 - INFORMED) * 3)
    assert found.loc["post", "season_share"] == pytest.approx(151 / 365)


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
        placed_checkpoints(
            table(lat=53.0), border, delay_h={"road": 2}, file="posts.csv", rows={"post": 2}
        )
    airport = table(lat=53.0, mode="air")
    assert np.isnan(
        placed_checkpoints(airport, border, delay_h={"air": 1}).loc["post", "chainage_km"]
    )


def test_a_mode_without_a_delay_is_an_error(border):
    with pytest.raises(CheckpointError, match="no default delay for mode road"):
        placed_checkpoints(table(), border, delay_h={"rail": 1})
    one_way = table().assign(delay_out_h=1.0, delay_in_h=np.nan)
    with pytest.raises(CheckpointError, match="no default delay for mode road"):
        placed_checkpoints(one_way, border, delay_h={})


@pytest.mark.parametrize("columns", [{"delay_h": 1.0}, {"delay_out_h": 1.0, "delay_in_h": 1.0}])
def test_where_all_delays_are_given_no_default_is_asked_for(border, columns):
    found = placed_checkpoints(table().assign(**columns), border, delay_h={})
    assert found.loc["post", "delay_h"] == 1
    assert not found.loc["post", "delay_imputed"]


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
