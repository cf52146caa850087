"""The stages of access and routes, on the small border of the tests."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest

from geo_border.access.measure_table import KEYS, PlaceMeasures
from geo_border.access.measures import PARTS
from geo_border.errors import CheckpointError, StudyError, TableError
from geo_border.pipeline.inputs.scenarios import parsed_scenario
from geo_border.pipeline.settings import ExtractSection, OsmSection
from geo_border.pipeline.stages.isochrones import off_road
from geo_border.pipeline.stages.named_places import place_named
from geo_border.report.files.tables import write_tables
from geo_border.study import open_study

EXTRA = """
[services]
file = "services.csv"
within_h = 2
[[corridors]]
name = "north"
places = ["h0", "Town X"]
[[corridors]]
name = "round"
places = ["h1", "n0", "h0"]
[corridor_costs]
per_km = 0.5
per_passage = 10
currency = "EUR"
[access]
within_h = [0.5, 2]
"""

SERVICES = pd.DataFrame(
    [
        ("c1", "Clinic A", 0.5, 49.5, "home", "clinic", 10),
        ("c2", "Clinic X", 0.75, 50.5, "neighbour", "clinic", 30),
        ("u1", "College C", 2.5, 49.5, "home", "college", 500),
    ],
    columns=["service_id", "name", "lon", "lat", "side", "kind", "supply"],
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, make_mini):
    folder = make_mini(tmp_path_factory.mktemp("measures") / "mini")
    with (folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write(EXTRA)
    SERVICES.to_csv(folder / "services.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("out")


@pytest.fixture(scope="module")
def results(folder, out):
    return open_study(folder).run(out)


@pytest.fixture(scope="module")
def stated(results):
    table = results.more["access_measures"]
    keys = ["region_id", *KEYS]
    assert not table.duplicated(keys).any()
    of = ["kind", "checkpoint_id"]
    plain = table[(table[of] == "").all(axis=1)].drop(columns=of)
    return plain.set_index([key for key in keys if key not in of]).sort_index()


def test_every_measure_is_told_by_part_border_and_mode(stated):
    parts = pd.MultiIndex.from_tuples(sorted(set(PARTS.values())))
    frame = stated.reset_index()
    assert pd.MultiIndex.from_frame(frame[["part", "border"]]).isin(parts).all()
    assert set(frame["mode"]) == {"road", "rail", "both"}
    # Every measure for every mode.
    assert frame.groupby("mode")["measure"].nunique().to_dict() == {
        "both": 29, "rail": 29, "road": 29
    }  # fmt: skip
    five = frame[frame["measure"] == "potential_exponential"].groupby(["region_id", "mode"]).size()
    assert (five == 5).all()
    assert frame["unit"].ne("").all()
    spread = frame[["q10", "q25", "q50", "q75", "q90"]].to_numpy()
    known = ~np.isnan(spread).any(axis=1)
    assert (spread[known][:, 1:] >= spread[known][:, :-1]).all()


@pytest.mark.slow
def test_a_settlement_listed_twice_blows_no_ratio_up(mini):
    with (mini / "study.toml").open("a", encoding="utf-8") as file:
        file.write('[access]\nmodes = ["road"]\n')
    towns = pd.read_csv(mini / "places.csv")
    hamlet = towns[towns["place_id"] == "h0"].assign(name="Hamlet", lon=0.6, population=5000)
    twice = [hamlet.assign(place_id="h7", lat=49.7), hamlet.assign(place_id="h8", lat=49.70001)]
    pd.concat([towns, *twice]).to_csv(mini / "places.csv", index=False)
    found = open_study(mini).run().measures_of_places.tidy()
    found = found[found["place_id"].isin(["h7", "h8"])]
    for measure in ("network_efficiency", "detour_index"):
        own = found[(found["measure"] == measure) & (found["part"] == "own")]["value"]
        assert len(own) >= 4
        assert own.between(1, 5).all()


def test_services_are_told_by_mode_and_beside_places(results):
    table = results.more["access_measures"]
    of_kinds = table[table["kind"] != ""]
    assert (of_kinds["checkpoint_id"] == "").all()
    assert set(of_kinds["kind"]) == {"clinic", "college"}
    assert set(of_kinds["mode"]) == {"road", "rail", "both"}
    keys = list(KEYS)
    assert of_kinds.groupby("region_id")[keys].nunique()["measure"].eq(5).all()
    # Five parts for each measure, mode and kind.
    assert len(of_kinds.drop_duplicates(keys)) == 5 * 3 * 2 * 5
    stated = of_kinds.query("measure == 'hours_to_service' and mode == 'road' and kind == 'clinic'")
    stated = stated.query("part == 'across' and border == 'as is'").set_index("region_id")["mean"]
    access = results.more["service_access"].query("kind == 'clinic' and border == 'as is'")
    pd.testing.assert_series_equal(
        stated, access.set_index("region_id")["hours_across"], check_names=False
    )
    by_place = results.measures_of_places.tidy()
    in_town = by_place.query("place_id == 'h0' and measure == 'hours_to_service'")
    in_town = in_town.query("kind == 'clinic' and part == 'own'").set_index(["mode", "border"])
    assert in_town.loc["road", "value"].tolist() == pytest.approx([0, 0, 0], abs=1e-9)
    # All roads of the small border are straight and driven at 60 km/h, but places lie off them.
    detours = by_place.query("measure == 'detour_index' and part == 'own'")["value"]
    assert (detours >= 1 - 1e-6).all()


def test_the_long_table_is_written_as_it_is(results, out):
    written = pd.read_parquet(out / "tables" / "access_places.parquet")
    pd.testing.assert_frame_equal(written, results.measures_of_places.tidy())
    assert not written.duplicated(["place_id", *KEYS]).any()
    assert set(written["place_id"]) <= set(results.places.index)
    assert not (out / "tables" / "access_places.csv").exists()


def test_the_long_table_is_written_by_pieces_where_it_is_very_long(results, tmp_path, monkeypatch):
    monkeypatch.setattr(PlaceMeasures.pieces, "__kwdefaults__", {"rows": 50})
    assert "access_places.parquet" in {file.name for file in write_tables(results, tmp_path)}
    written = tmp_path / "access_places.parquet"
    assert pq.ParquetFile(written).num_row_groups > 5
    tidy = pd.concat(results.measures_of_places.pieces(rows=10**6))
    pd.testing.assert_frame_equal(pd.read_parquet(written), tidy)


def test_means_are_those_beside_the_regions(stated, results):
    road = stated.xs("road", level="mode")
    for column, measure, part in (
        ("potential_across", "potential_exponential", "across"),
        ("population_60min_own", "population_60min", "own"),
        ("hours_to_checkpoint", "hours_to_checkpoint", "own"),
        ("efficiency_across", "network_efficiency", "across"),
        ("performance", "transport_performance", "all"),
    ):
        mean = road.xs((measure, part, "as is"), level=["measure", "part", "border"])["mean"]
        np.testing.assert_allclose(mean, results.regions[column].reindex(mean.index))
    formula = road.xs("potential_exponential", level="measure")["note"].unique()
    assert formula.tolist() == ["exp(-βt), β = 0.3466 per hour (half-life 2 h)"]


def test_both_modes_reach_no_less_than_either(stated):
    potentials = stated.xs("potential_exponential", level="measure")["mean"].unstack("mode")
    assert (potentials["both"] >= potentials[["road", "rail"]].max(axis=1) - 1e-6).all()


def test_checkpoint_detours_see_the_closed_checkpoint(results):
    # East post is closed: from Town C one drives to the middle one.
    detours = results.more["capital_detours"].set_index(["from_id", "to_id"])
    way = detours.loc[("C", "Y")]
    assert way["checkpoint_detour"] > 1
    assert way["least_hours"] < way["driving_hours"]
    assert detours.loc[("A", "X"), "checkpoint_detour"] >= 1
    assert results.places.loc["h2", "checkpoint_detour"] > 1


def test_corridors(results):
    summary = results.more["corridors"].set_index("corridor")
    assert summary.loc["round", "passages"] == 2
    assert summary.loc["north", "swd_kmh"] < summary.loc["north", "swod_kmh"]
    # All roads of the small border are driven at 60 km/h.
    assert summary["swod_kmh"].to_numpy() == pytest.approx(60, rel=1e-6)
    cost = 0.5 * summary["km"] + 10 * summary["passages"]
    assert summary["cost"].to_numpy() == pytest.approx(cost)
    profile = results.more["corridor_profiles"]
    assert profile["place"].dropna().tolist() == [
        "Town A", "Town X", "Town B", "Town X", "Town A"
    ]  # fmt: skip
    lines = results.layers["corridors"]
    assert lines.geometry.is_valid.all()


def test_services(results):
    access = results.more["service_access"].set_index(["kind", "border", "region_id"]).sort_index()
    assert set(access.index.get_level_values("kind")) == {"clinic", "college"}
    assert (access.xs("closed", level="border")[["two_step_across"]] == 0).all(axis=None)
    for border in ("as is", "no delay", "closed"):
        clinics = access.loc[("clinic", border)]
        # All settlements but one lie in a region; each unit of supply is given out once.
        assert clinics[["available_own", "available_across"]].to_numpy().sum() <= 40 + 1e-9
    free = access.loc[("clinic", "no delay"), "hours_across"]
    assert (free <= access.loc[("clinic", "as is"), "hours_across"] + 1e-12).all()
    # Clinic A stands in the middle of Town A.
    assert access.loc[("clinic", "as is", "A"), "hours_own"] == pytest.approx(0, abs=1e-9)
    demand = results.more["services"].set_index(["service_id", "border"])
    assert demand.loc[("c1", "closed"), "demand_across"] == 0
    assert demand.loc[("c1", "no delay"), "demand_across"] > 0


def test_services_do_not_change_what_places_reach(results, mini_run):
    bare = mini_run[2]
    pd.testing.assert_series_equal(
        results.regions["potential_own"], bare.regions["potential_own"], rtol=1e-3
    )
    assert results.places.index.equals(bare.places.index)


@pytest.mark.usefixtures("results")
def test_layers_are_written(out):
    names = pyogrio.list_layers(out / "study.gpkg")[:, 0]
    assert {"isochrones", "corridors"} <= set(names)
    layer = pyogrio.read_dataframe(out / "study.gpkg", layer="isochrones")
    assert set(layer["from_id"]) == {"west", "middle"}
    assert layer.geometry.is_valid.all()
    for name in ("access_measures", "zones_by_mode", "corridor_profiles", "service_access"):
        assert (out / "tables" / f"{name}.csv").stat().st_size > 0
    for name in ("isochrones", "corridors"):
        assert (out / "maps" / f"{name}.png").stat().st_size > 0
    page = (out / "report.html").read_text(encoding="utf-8")
    assert 'id="corridors"' in page


def test_isochrones_of_a_place_and_a_checkpoint(folder, out):
    study = open_study(folder)
    found = study.isochrones("Town A", (1.0, 3.0), out)
    assert found["part"].tolist() == ["own", "own", "across"]
    assert (out / "isochrones.gpkg").exists()
    assert open_study(folder).isochrones("West post", (0.5,))["side"].tolist() == [
        "home", "neighbour"
    ]  # fmt: skip
    with pytest.raises(StudyError, match="there is no place or checkpoint 'Nowhere'"):
        study.isochrones("Nowhere", (1.0,))


@pytest.mark.slow
def test_isochrones_at_another_border(folder, results, out):
    study = open_study(folder)

    def beyond(**requested):
        found = study.isochrones("Town A", (3.0,), out, **requested)
        return found.loc[found["part"] == "across", "area_km2"].sum()

    as_is = beyond()
    assert beyond(passed="no-delay") > as_is > 0
    assert beyond(passed="closed") == 0
    controls = results.checkpoints.index[results.checkpoints["mode"] == "road"]
    assert beyond(scenario=parsed_scenario(close=tuple(controls))) == 0
    assert (
        beyond(scenario=parsed_scenario(delay=tuple(f"{control}=0" for control in controls)))
        > as_is
    )
    assert beyond(mode="both") >= as_is
    with pytest.raises(StudyError, match="mode 'air': choose of road, rail, both"):
        beyond(mode="air")
    with pytest.raises(CheckpointError, match="goes into both sides at once"):
        study.isochrones("West post", (1.0,), passed="closed")


def test_names_that_several_places_have(results):
    places = results.places
    assert place_named(places, "h0", where="here") == "h0"
    assert place_named(places, "Far town", where="here") == "n9"
    twice = places.assign(name="Town")
    with pytest.raises(StudyError, match=r"here: 6 places are called 'Town'.*h0, h1"):
        place_named(twice, "Town", where="here")


def test_bad_services_are_refused(folder, tmp_path, make_mini):
    study = open_study(folder)
    bad = make_mini(tmp_path / "bad")
    SERVICES.assign(supply=-1).to_csv(bad / "services.csv", index=False)
    with pytest.raises(TableError, match="supply"):
        replace(study, folder=bad).read()


@pytest.mark.slow
def test_the_decay_of_the_study_is_what_the_potential_is_of(tmp_path, make_mini):
    other = make_mini(tmp_path / "other")
    text = (other / "study.toml").read_text(encoding="utf-8")
    text += '\n[access]\ndecay = "linear"\nhalf_life_h = 1\nmodes = ["road"]\n'
    (other / "study.toml").write_text(text, encoding="utf-8")
    results = open_study(other).run()
    table = results.more["access_measures"]
    notes = table.loc[table["measure"] == "potential_linear", "note"]
    assert set(notes) == {"1 - t / 2 h, then 0"}
    assert set(table["mode"]) == {"road"}
    assert "corridors" not in results.more
    assert list(results.layers) == ["isochrones"]


def test_beside_the_roads_of_openstreetmap_one_walks(folder):
    settings = open_study(folder).settings
    assert off_road(settings).kmh == pytest.approx(40 / 1.3)
    from_osm = OsmSection(extracts=[ExtractSection(file="x.osm.pbf")])
    assert off_road(settings.model_copy(update={"osm": from_osm})).kmh == 4
    section = settings.access.model_copy(update={"off_road_kmh": 7.0})
    assert off_road(settings.model_copy(update={"access": section})).kmh == 7
