"""Tables of a run tell the same things alike, of a small border and of the embedded study."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo_border.access.measure_table import KEYS
from geo_border.border.edges import equal_area_crs
from geo_border.study import open_study

COLUMNS = {
    "hours_to_checkpoint": ("hours_to_checkpoint", "own", "as is"),
    "population_60min_across": ("population_60min", "across", "as is"),
    "potential_own": ("potential_exponential", "own", "as is"),
    "potential_across": ("potential_exponential", "across", "as is"),
    "potential_across_open": ("potential_exponential", "across", "no delay"),
    "border_effect": ("border_effect_exponential", "all", "as is"),
    "border_effect_own": ("border_effect_exponential", "own", "as is"),
    "border_effect_across": ("border_effect_exponential", "across", "as is"),
    "efficiency_across": ("network_efficiency", "across", "as is"),
    "performance": ("transport_performance", "all", "as is"),
    "checkpoint_detour": ("checkpoint_detour", "across", "no delay"),
    "detour_hours": ("detour_hours", "across", "no delay"),
    "lost_to_detours": ("lost_to_detours", "across", "as is"),
    "hours_lost_to_delays": ("hours_lost_to_delays", "across", "as is"),
}
"""Columns of regions.csv and places.csv, and what they are in the long tables, by road."""


def with_ferry(folder):
    """Let a ferry pass the border of the made-up study, nearer to its middle than any road."""
    line = shapely.LineString([(1.75, 49.9), (1.76, 50.0015), (1.75, 50.1)])
    ferry = gpd.GeoDataFrame({"class": ["ferry"]}, geometry=[line], crs=4326)
    ferry.to_file(folder / "ferries.geojson")
    toml = folder / "study.toml"
    layer = '{ file = "rails.geojson", mode = "rail" }'
    text = toml.read_text().replace(layer, layer + ', { file = "ferries.geojson", mode = "ferry" }')
    toml.write_text(text.replace("rail = 0.5 }", "rail = 0.5, ferry = 0.25 }"))
    controls = pd.read_csv(folder / "checkpoints.csv").set_index("checkpoint_id")
    controls.loc["boat"] = controls.loc["middle"]
    controls.loc["boat", ["name", "mode", "lon"]] = ["Landing", "ferry", 1.76]
    controls.to_csv(folder / "checkpoints.csv")
    speeds = pd.read_csv(folder / "speeds.csv")
    ours = speeds[speeds["mode"] == "road"].assign(mode="ferry", kmh=20.0, **{"class": "ferry"})
    pd.concat([speeds, ours]).to_csv(folder / "speeds.csv", index=False)
    return folder


@pytest.fixture(
    scope="module",
    params=["mini", *(pytest.param(name, marks=pytest.mark.slow) for name in ("ferry", "ru-kz"))],
)
def results(request, tmp_path_factory, make_mini, mini_run):
    if request.param == "mini":
        return mini_run[2]
    if request.param == "ru-kz":
        return open_study("ru-kz").run()
    folder = make_mini(tmp_path_factory.mktemp("agreement") / "mini")
    found = open_study(with_ferry(folder)).run()
    assert (found.places["nearest_checkpoint"] == "boat").any()
    return found


@pytest.fixture(scope="module")
def by_place(results):
    """The long table, a column for each thing that is told."""
    table = results.measures_of_places.tidy().astype(dict.fromkeys(("place_id", *KEYS), str))
    found = table.pivot(index="place_id", columns=list(KEYS), values="value")
    stated = pd.MultiIndex.from_frame(results.more["access_measures"][list(KEYS)].drop_duplicates())
    assert found.columns.isin(stated).all()
    return found.reindex(index=results.places.index, columns=stated)


@pytest.fixture(scope="module")
def by_region(results):
    return results.more["access_measures"].set_index(["region_id", *KEYS])


def test_every_measure_has_every_mode(results):
    table = results.more["access_measures"]
    modes = table.groupby("measure")["mode"].agg(set)
    assert modes.map({"road", "rail", "both"}.__eq__).all()


def test_regions_are_the_mean_person_of_their_places(results, by_place, by_region):
    places = results.places
    people, region = places["population"].to_numpy(float), places["region_id"]
    stated = by_place.to_numpy()
    finite = np.isfinite(stated)
    weight = pd.DataFrame(people[:, None] * finite).groupby(region.to_numpy()).sum()
    total = pd.DataFrame(np.where(finite, stated, 0) * people[:, None])
    means = total.groupby(region.to_numpy()).sum() / weight.where(weight > 0)
    means.columns = by_place.columns
    expected = by_region["mean"].unstack(list(KEYS))[by_place.columns]
    assert expected.notna().mean(axis=None) > 0.5
    pd.testing.assert_frame_equal(means, expected, check_names=False, rtol=1e-9)


@pytest.mark.parametrize("column", COLUMNS)
def test_one_name_is_one_figure(results, by_place, by_region, column):
    measure, part, border = COLUMNS[column]
    key = (measure, "road", "", "", part, border)
    pd.testing.assert_series_equal(
        by_place[key], results.places[column].astype(float), check_names=False, rtol=1e-9
    )
    means = by_region["mean"].unstack(list(KEYS))[key]
    shown = results.regions[column].astype(float).reindex(means.index)
    pd.testing.assert_series_equal(means, shown, check_names=False, rtol=1e-9)


def test_zones_by_road_are_the_same_in_both_tables(results):
    by_mode = results.more["zones_by_mode"].set_index(["mode", "region_id"]).loc["road"]
    pd.testing.assert_frame_equal(by_mode, results.more["zones"], check_names=False)


def test_zones_of_land_add_up_to_the_belt(results):
    zones = results.more["zones_area"].set_index(["region_id", "zone"])
    assert zones.columns.tolist() == ["area_km2", "area_share"]
    np.testing.assert_allclose(zones["area_share"].groupby(level="region_id").sum(), 1)
    line = results.border.to_crs(zones_crs := equal_area_crs(results.border))
    belt = shapely.union_all(line.buffer(75_000).to_numpy())
    there = results.regions.to_crs(zones_crs).intersection(belt).area / 1e6
    area = zones["area_km2"].groupby(level="region_id").sum()
    # Cells are counted by their centres.
    np.testing.assert_allclose(area, there[area.index], rtol=0.05)


@pytest.mark.parametrize("mode", ["road", "rail", "both"])
def test_checkpoints_add_up_to_the_border_effect(results, by_place, by_region, mode):
    effect = by_place[("border_effect_exponential", mode, "", "", "all", "as is")]
    charged = by_place.xs(
        ("border_effect_exponential_by_checkpoint", mode), axis=1, level=["measure", "mode"]
    )
    assert charged.shape[1] > 0
    np.testing.assert_allclose(charged.sum(axis=1, skipna=False), effect, rtol=1e-6, atol=1e-9)
    if mode == "road":
        means = by_region["mean"].unstack(list(KEYS))
        of_region = means.xs(
            ("border_effect_exponential_by_checkpoint", mode), axis=1, level=["measure", "mode"]
        ).droplevel(["kind", "part", "border"], axis=1)
        shares = results.more["border_effect_by_checkpoint"]
        shares = shares[shares["class"] == "car"].set_index("region_id")[of_region.columns]
        np.testing.assert_allclose(
            of_region.div(of_region.sum(axis=1).where(lambda lost: lost > 0), axis=0),
            shares,
            atol=1e-9,
        )


def test_what_delays_take_is_between_own_side_and_across(by_place):
    """The effect on both sides is the mean of those on each, weighed by what is there."""
    effect = by_place.xs(
        ("border_effect_exponential", "", "", "as is"),
        axis=1,
        level=["measure", "kind", "checkpoint_id", "border"],
    )
    free = by_place.xs(
        ("potential_exponential", "", "", "no delay"),
        axis=1,
        level=["measure", "kind", "checkpoint_id", "border"],
    )
    for mode in ("road", "rail", "both"):
        parts = effect[mode][["own", "across"]].fillna(0)
        weighed = (parts * free[mode][["own", "across"]]).sum(axis=1) / free[mode].sum(axis=1)
        np.testing.assert_allclose(effect[mode]["all"], weighed, atol=1e-9)
