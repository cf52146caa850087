"""Studies with few regions, one level, no railway: what can be said is said, nothing breaks."""

import geopandas as gpd
import pandas as pd
import pytest

from geo_border.errors import NetworkError
from geo_border.report.page.document import page
from geo_border.study import open_study

INDICATORS = '[indicators]\nregistry = "registry.csv"\ntable = "indicators.csv"\n'


def edit(folder, *changes):
    toml = folder / "study.toml"
    text = toml.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    toml.write_text(text, encoding="utf-8")


def without_rail(folder):
    edit(folder, (', { file = "rails.geojson", mode = "rail" }', ""), (", rail = 0.5", ""))
    controls = pd.read_csv(folder / "checkpoints.csv")
    controls[controls["mode"] == "road"].to_csv(folder / "checkpoints.csv", index=False)


def with_home_regions(folder, names):
    """Keep some of the home regions and their posts; the rest of the side is its territory."""
    regions = gpd.read_file(folder / "home.geojson")
    rest = regions[~regions["region_id"].isin(names)]
    regions[regions["region_id"].isin(names)].to_file(folder / "home.geojson")
    rest.to_file(folder / "rest.geojson")
    edge = 'neighbour = "neighbour.geojson"'
    edit(folder, (edge, f'{edge}\nhome_territory = "rest.geojson"'))
    controls = pd.read_csv(folder / "checkpoints.csv")
    west, _, east, _ = regions[regions["region_id"].isin(names)].total_bounds
    controls[controls["lon"].between(west, east)].to_csv(folder / "checkpoints.csv", index=False)
    places = pd.read_csv(folder / "places.csv")
    places.loc[places["region_id"].isin(rest["region_id"]), "region_id"] = None
    places.to_csv(folder / "places.csv", index=False)
    values = pd.read_csv(folder / "indicators.csv")
    values[~values["region_id"].isin(rest["region_id"])].to_csv(
        folder / "indicators.csv", index=False
    )


@pytest.mark.slow
def test_without_indicators_the_transport_level_alone_is_scored(mini, tmp_path):
    edit(mini, (INDICATORS, ""))
    results = open_study(mini).run(tmp_path / "out")
    assert results.levels["transport_communication"].notna().all()
    others = ["joint_projects", "social_services", "potential", "dynamics", "index"]
    assert results.levels[others].isna().all(axis=None)
    assert (results.typology["type"] == "undetermined").all()
    assert results.typology["reasons"].str.contains("this study has no indicators of it").all()
    assert results.typology["growth_point"].str.startswith("Cannot be judged").all()
    assert results.typology["bottleneck"].str.startswith("Only transport communication").all()
    shown = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "no figures for joint projects and social services" in shown
    assert "Their transport communication is best in Region" in shown
    assert not (tmp_path / "out" / "maps" / "types.png").exists()


@pytest.mark.parametrize(
    ("names", "indicators"),
    [
        (["B"], False),
        *(
            pytest.param(*one, marks=pytest.mark.slow)
            for one in ((["B"], True), (["A", "B"], True), (["A", "B"], False))
        ),
    ],
)
def test_one_and_two_regions(mini, names, indicators):
    with_home_regions(mini, names)
    if not indicators:
        edit(mini, (INDICATORS, ""))
    results = open_study(mini).run()
    assert results.levels.index.tolist() == names
    assert results.typology.index.tolist() == names
    assert results.checkpoints.loc["middle", "load_share"] > 0
    assert "Region B" in page(results)


@pytest.mark.slow
def test_without_a_railway_its_indicator_is_none_and_others_keep_their_weight(mini):
    edit(mini, ('speeds = "speeds.csv"', 'speeds = "speeds.csv"\nstation_km = 30'))
    with_rail = open_study(mini).run()
    without_rail(mini)
    results = open_study(mini).run()
    assert "hours_to_rail_checkpoint" in with_rail.registry.index
    assert "hours_to_rail_checkpoint" not in results.registry.index
    assert (results.levels["transport_communication_share"] == 1).all()
    assert results.levels["transport_communication"].notna().all()


def test_railways_alone_are_refused_at_once(mini):
    edit(mini, ('{ file = "roads.geojson", mode = "road" }, ', ""))
    for requested in (open_study(mini).check, open_study(mini).run):
        with pytest.raises(NetworkError, match="no roads"):
            requested()


def test_delays_that_are_nowhere_given_take_nothing_and_are_not_reported_as_found(mini):
    edit(mini, ("road = 1.0, rail = 0.5", "road = 0.0, rail = 0.0"))
    controls = pd.read_csv(mini / "checkpoints.csv").assign(delay_h=None)
    controls.to_csv(mini / "checkpoints.csv", index=False)
    results = open_study(mini).run()
    home = results.regions[results.regions["side"] == "home"]
    assert (home["border_effect"] == 0).all()
    assert "lost to delays there" not in page(results)


def test_without_columns_of_capitals_check_says_so_and_a_network_is_built(mini):
    for side in ("home", "neighbour"):
        regions = gpd.read_file(mini / f"{side}.geojson")
        regions[["region_id", "name", "geometry"]].to_file(mini / f"{side}.geojson")
    findings = open_study(mini).check()
    assert (findings["problem"] == "has no capital: no travel times").sum() == 5
    assert len(open_study(mini).network().places) == 6
