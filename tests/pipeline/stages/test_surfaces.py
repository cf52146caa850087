"""The made-up study with a raster of population, from study.toml to files."""

import json
import re

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from PIL import Image
from rasterio.transform import from_origin
from rio_cogeo import cog_validate

from geo_border.access.catchments import balanced
from geo_border.access.decay import calibrated
from geo_border.access.efficiency import checkpoint_detour, network_efficiency
from geo_border.access.performance import performance_parts, transport_performance
from geo_border.access.reach import cumulative, potential
from geo_border.access.services import nearest_service, searched_services
from geo_border.errors import GeometryError, StudyError
from geo_border.network.entries import join_cells
from geo_border.network.gates import gates_in_use
from geo_border.network.straight import foreign_land
from geo_border.pipeline.stages.border import border_stage
from geo_border.pipeline.stages.cells import SMOOTH
from geo_border.pipeline.stages.declared import STAGES
from geo_border.pipeline.stages.network import network_stage
from geo_border.pipeline.stages.parameters import surface_access
from geo_border.pipeline.stages.surfaces import cell_decays
from geo_border.report.files.rasters import write_surfaces
from geo_border.routing.inside import own_times
from geo_border.routing.scenarios import passages
from geo_border.routing.tables import gate_tables
from geo_border.routing.travel import Travel
from geo_border.study import open_study
from geo_border.terms import ROAD

SURFACE = """
[surface]
population = "people.tif"
cell_km = 5
belt_km = 40
entry_km = 4
offroad_kmh = 20
modes = ["rail", "both"]
[services]
file = "services.csv"
"""

SERVICES = """service_id,name,lon,lat,side,kind,supply
c1,Clinic A,0.5,49.75,home,clinic,10
c2,Clinic X,0.75,50.25,neighbour,clinic,30
u1,College C,2.5,49.5,home,college,500
"""


def write_people(file):
    """Ten persons in every hundredth of a degree, a hundred where towns are, some holes."""
    size = 0.01
    rows, columns = 300, 400
    people = np.full((rows, columns), 10.0, np.float32)
    people[::40, ::25] = 100
    people[5:9, 200:204] = -99
    with rasterio.open(
        file,
        "w",
        driver="GTiff",
        width=columns,
        height=rows,
        count=1,
        dtype="float32",
        crs="EPSG:4326",
        transform=from_origin(-0.5, 51.5, size, size),
        nodata=-99,
    ) as raster:
        raster.write(people, 1)


@pytest.fixture(scope="module")
def run(tmp_path_factory, make_mini):
    folder = make_mini(tmp_path_factory.mktemp("surfaces") / "mini")
    write_people(folder / "people.tif")
    (folder / "services.csv").write_text(SERVICES)
    toml = folder / "study.toml"
    # The middle towns have a station then.
    text = toml.read_text().replace(
        'speeds = "speeds.csv"', 'speeds = "speeds.csv"\nstation_km = 20'
    )
    toml.write_text(text + SURFACE)
    stated = []
    out = folder.parent / "out"
    return folder, out, open_study(folder).run(out, progress=stated.append), stated


def test_every_stage_is_told(run):
    assert run[3] == list(STAGES)


def test_surfaces_are_valid_and_complete(run):
    names = [file.name for file in sorted((run[1] / "surfaces").iterdir())]
    kinds = ["gaussian", "linear", "logistic", "power", "step"]
    measures = ["hours_to_checkpoint", "population_60min", "border_effect", "potential"]
    measures += [f"{name}_{kind}" for name in ("border_effect", "potential") for kind in kinds]
    measures += ["transport_performance", "network_efficiency", "network_efficiency_unreached"]
    measures += ["checkpoint_detour", "checkpoint_detour_unreached", "detour_hours"]
    measures += ["detour_index", "hours_to_service", "service_two_step", "service_balanced"]
    measures += ["service_enhanced_two_step", "service_availability"]
    modes = ("", "_rail", "_both")
    files = [f"{name}{mode}.tif" for name in measures for mode in modes]
    # By rail nothing is lost: no station of the other side is within reach.
    files += [f"potential_lost_at_checkpoint{mode}.tif" for mode in ("", "_both")]
    assert names == sorted(["population.tif", *files])
    cells = run[2].surfaces.cells
    for name in names:
        path = run[1] / "surfaces" / name
        assert cog_validate(path, strict=True)[0], name
        with rasterio.open(path) as raster:
            assert np.isfinite(raster.read(1)).sum() <= len(cells)
    with rasterio.open(run[1] / "surfaces" / "population.tif") as raster:
        total = np.nansum(raster.read(1), dtype=float)
    assert total == pytest.approx(cells["population"].sum(), rel=1e-6)
    with Image.open(run[1] / "maps" / "surfaces.png") as image:
        assert min(image.size) > 1000


def test_every_cell_has_the_measures_of_a_place_there(run):
    folder, _, results, _ = run
    study = open_study(folder)
    cells = results.surfaces.cells
    assert (cells["node"] >= 0).all()
    assert surface_access(study.settings).speed_kmh == 20
    assert surface_access(study.settings).detour == study.settings.network.place_detour
    # The same cells as places, all pairs one by one, on the network that the cells entered.
    inputs = study.read()
    border = border_stage(study.settings, inputs)
    built = network_stage(study.settings, inputs, border)
    gates = gates_in_use(built.gates)
    plain = cells[["lon", "lat", "side", "region_id", "population"]]
    network, joined = join_cells(
        built.network,
        built.gates,
        plain,
        results.surfaces.grid.crs,
        foreign_land(border.territory),
        access=surface_access(study.settings),
        spacing_km=4,
    )
    # All towns lie more than 50 km from the border: destinations beyond the belt.
    outside = built.places
    assert (outside.geometry.y - 50).abs().min() > 0.49
    points = gpd.points_from_xy(joined["lon"], joined["lat"])
    both = pd.concat([gpd.GeoDataFrame(joined, geometry=points, crs=4326), outside])
    tables = gate_tables(network, both, gates, modes=ROAD)
    own = own_times(network, both, modes=ROAD, origins=np.arange(len(both)) < len(cells))

    def same(wanted, name, rtol=1e-6):
        for part in wanted.columns:
            found = cells[f"{name}_{part}"].to_numpy()
            np.testing.assert_allclose(found, wanted[part].iloc[: len(cells)], rtol=rtol)

    for name, decay in cell_decays(study.settings).items():
        same(potential(Travel(both, tables, own), decay=decay), name)
    within = cumulative(Travel(both, tables, own), hours=(1.0,))
    assert len(within.columns) == 5
    same(
        within.set_axis(within.columns.str.removeprefix("population_60min_"), axis=1),
        "population_60min",
    )
    same(
        performance_parts(transport_performance(Travel(both, tables, own))), "transport_performance"
    )

    # Trips to settlements alone: the cells' people weigh nothing.
    empty = both.assign(
        population=np.where(np.arange(len(both)) < len(cells), 0, both["population"])
    )
    efficiency = network_efficiency(Travel(empty, tables, own))
    same(efficiency.iloc[:, :5], "network_efficiency")
    whole = gate_tables(network, both, built.gates, modes=ROAD)
    detour = checkpoint_detour(Travel(empty, whole, own))
    for name in detour.columns:
        np.testing.assert_allclose(cells[name], detour[name].iloc[: len(cells)], rtol=1e-6)

    services, access = built.services, surface_access(study.settings)
    times = searched_services(network, both, services, gates, modes=ROAD, access=access)
    times = times.under(passages(times.tables)).only((services["kind"] == "clinic").to_numpy())
    clinics = services[services["kind"] == "clinic"]
    nearest = nearest_service(times, both, clinics).iloc[: len(cells)]
    shared = balanced(times, both, clinics, decay=calibrated("exponential", 2)).places
    for part in ("own", "across"):
        np.testing.assert_allclose(
            cells[f"hours_to_service_{part}_clinic"], nearest[f"hours_{part}"], rtol=1e-9
        )
        np.testing.assert_allclose(
            cells[f"service_balanced_{part}_clinic"], shared[part].iloc[: len(cells)], rtol=1e-9
        )


def test_trips_by_rail_begin_at_stations(run):
    cells = run[2].surfaces.cells
    # Whoever may go by both is nowhere later than by one.
    for part in ("own", "across"):
        both = cells[f"both_potential_{part}"]
        assert (both >= cells[f"potential_{part}"] * (1 - 1e-9)).all()
    by_rail = cells["rail_hours_to_checkpoint"]
    assert np.isfinite(by_rail).any()
    # The way to the station, and half an hour to change.
    assert by_rail.min() >= 0.5


def test_tables_say_who_lives_where(run):
    tables = run[1] / "tables"
    zones = pd.read_csv(tables / "zones_area.csv")
    assert zones.columns.tolist() == [
        "region_id",
        "zone",
        "population",
        "population_share",
        "area_km2",
        "area_share",
    ]
    cells = run[2].surfaces.cells
    assert zones["area_km2"].sum() == 25 * cells["region_id"].notna().sum()
    assert zones["population"].sum() == pytest.approx(cells["population"].sum(), rel=1e-4)
    means = pd.read_csv(tables / "surface_means.csv").set_index("region_id")
    assert set(means.index) == {"A", "B", "C", "X", "Y"}
    stated = pd.read_csv(tables / "surface_measures.csv").fillna({"kind": ""})
    assert set(stated["region_id"]) == set(means.index)
    layers = run[2].surfaces.layers
    assert len(stated) == 5 * len(layers)
    assert set(stated["mode"]) == {"road", "rail", "both"}
    # What is told of regions agrees with the raster, whole cells against cut ones.
    for layer in layers[layers["column"].isin(means.columns)].itertuples():
        if not re.fullmatch(SMOOTH, layer.measure):
            continue
        keys = ["measure", "mode", "kind", "part", "border"]
        rows = stated[np.logical_and.reduce([stated[key] == getattr(layer, key) for key in keys])]
        mean = rows.set_index("region_id")["mean"].reindex(means.index)
        known = mean.notna() & means[layer.column].notna()
        np.testing.assert_allclose(mean[known], means.loc[known, layer.column], rtol=0.05)
    quality = run[2].quality.query("topic == 'surfaces'").set_index("item")["value"]
    assert quality["area with data, home"] == pytest.approx(100, abs=0.01)
    assert abs(quality["population of the cells against the raster"]) < 3
    assert abs(quality["regional mean from the raster against that over cells, most"]) < 5
    assert quality["entries to the network"] < len(cells)


@pytest.mark.slow
def test_a_second_run_reads_no_raster(run, run_without_outputs, tmp_path, monkeypatch):
    folder, out, results, _ = run
    monkeypatch.setattr("geo_border.pipeline.stages.cells.read_population", None)
    again = run_without_outputs(folder, out)
    stages = {"cells", "entries", "surfaces", "cell_trips", "cell_services"}
    assert stages <= set(again.stages_reused)
    pd.testing.assert_frame_equal(again.surfaces.cells, results.surfaces.cells)
    write_surfaces(again.surfaces, tmp_path)
    for file in (out / "surfaces").iterdir():
        assert (tmp_path / file.name).read_bytes() == file.read_bytes(), file.name
    toml = folder / "study.toml"
    changed = toml.read_text().replace("offroad_kmh = 20", "offroad_kmh = 10")
    toml.write_text(changed + '\n[access]\ndecay = "linear"\n')
    slower = run_without_outputs(folder, out)
    assert "cells" in slower.stages_reused
    assert "surfaces" not in slower.stages_reused
    later = (
        slower.surfaces.cells["hours_to_checkpoint"] - again.surfaces.cells["hours_to_checkpoint"]
    )
    assert (later > 0).all()
    # The potential is now that of the study's function, and the other stands beside it.
    layers = slower.surfaces.layers.set_index("column")
    assert layers.loc["potential_own", "note"] == "1 - t / 4 h, then 0"
    assert layers.loc["potential_exponential_own", "note"].startswith("exp(-βt)")
    assert "surface.population.0" in json.loads((out / "manifest.json").read_text())["inputs"]


def test_what_is_wrong_with_a_raster_is_found_before_the_run(mini):
    toml = mini / "study.toml"
    text = toml.read_text() + SURFACE
    toml.write_text(text)
    with pytest.raises(GeometryError, match=r"people\.tif: cannot be read"):
        open_study(mini).read()
    toml.write_text(text.replace("cell_km = 5", "cell_km = 0"))
    with pytest.raises(StudyError, match=r"surface\.cell_km"):
        open_study(mini)


def test_rasters_may_be_several(mini):
    toml = mini / "study.toml"
    toml.write_text(toml.read_text() + SURFACE.replace('"people.tif"', '["a.tif", "b.tif"]'))
    write_people(mini / "a.tif")
    assert open_study(mini).settings.surface.population == ["a.tif", "b.tif"]
    with pytest.raises(GeometryError, match=r"b\.tif: cannot be read"):
        open_study(mini).read()
