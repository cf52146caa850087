"""What each stage depends on: every key of study.toml and every file, as declared and as run."""

import ast
from dataclasses import fields, is_dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from pydantic import BaseModel

import geo_border
from geo_border.pipeline.inputs.read import READ_FROM, Inputs
from geo_border.pipeline.memory import Memory
from geo_border.pipeline.runs import input_digests
from geo_border.pipeline.settings import Settings
from geo_border.pipeline.stages.declaration import keys
from geo_border.pipeline.stages.declared import DECLARED, SEARCHES, STAGES
from geo_border.study import open_study

NAMES = [stage.name for stage in DECLARED]
CELLS = ("cells", "entries", "surfaces", "cell_trips", "cell_services")
STRAIN = ("traffic", "effects", "bottlenecks", "index")
LATER = (*(stage.name for stage in SEARCHES.values()), "access", "routes", "draws", *STRAIN)
FROM_NETWORK = ("network", "outer", *LATER, *CELLS[1:])
FROM_BORDER = ("border", *FROM_NETWORK, "cells")
ALL = ("extracts", *FROM_BORDER)
MEASURED = (
    *("access", "routes", "effects", "bottlenecks", "index"),
    *("surfaces", "cell_trips", "cell_services"),
)

VOIDED = {
    "study": (),
    "study.home": FROM_BORDER,
    "study.neighbour": FROM_BORDER,
    "osm": ALL,
    "regions": (),
    "regions.home": FROM_BORDER,
    "regions.neighbour": ALL,  # another form of a side may be one of another level
    "regions.local_language": ALL,
    "regions.home_territory": FROM_BORDER,
    "regions.neighbour_territory": FROM_BORDER,
    "regions.edge_tolerance_km": FROM_BORDER,
    "network": FROM_NETWORK,
    "network.lines": FROM_BORDER,
    "network.speed_factor": FROM_BORDER,
    "network.crossing_tolerance_km": FROM_BORDER,
    "network.stub_tolerance_m": FROM_BORDER,
    "network.along_border_m": FROM_BORDER,
    "network.speeds_note": (),
    "network.good_for": (),
    "network.not_good_for": (),
    "checkpoints": FROM_BORDER,
    "checkpoints.delay_source": (),
    "places": FROM_BORDER,
    "outer": ("outer", *STRAIN),
    "services.file": FROM_NETWORK,
    "services": ("access", "effects", "index", "cell_services"),
    "corridors": ("routes",),
    "corridor_costs": ("routes",),
    "indicators": ("index",),
    "access": MEASURED,
    "access.decay": (*MEASURED, "draws"),
    "access.half_life_h": (*MEASURED, "draws"),
    "surface": CELLS[1:],
    "surface.unit": CELLS,
    "surface.band": CELLS,
    "surface.cell_km": CELLS,
    "surface.belt_km": CELLS,
    "surface.crs": CELLS,
    "traffic": STRAIN,
    "traffic.classes": ("routes", *STRAIN),
    "demand": STRAIN,
    "demand.alpha": ("routes", *STRAIN),
    "demand.gamma": ("routes", *STRAIN),
    "index": ("index",),
    "index.seed": ("draws", *STRAIN),
    "index.delay_correlation": ("draws", *STRAIN),
    "index.decay_range": ("draws", "index"),
    "index.speed_range": ("draws", "index"),
    "typology": ("index",),
}
"""Stages that another value voids, by key of study.toml: that of the longest beginning counts."""

FILES = {
    "osm.extracts.0": ALL,
    "regions.home": FROM_BORDER,
    "regions.neighbour": FROM_BORDER,
    "regions.home_territory": FROM_BORDER,
    "network.lines.0": FROM_BORDER,
    "network.speeds": FROM_NETWORK,
    "checkpoints": FROM_BORDER,
    "places": FROM_BORDER,
    "outer.places": ("outer", *STRAIN),
    "outer.roads": ("outer", *STRAIN),
    "services": FROM_NETWORK,
    "indicators.registry": ("index",),
    "indicators.table": ("index",),
    "surface.population.0": CELLS,
    "traffic.counts": STRAIN,
}
"""Stages that another file voids, by the key of study.toml that names it."""

WHOLE = {
    "study": {"id": "s", "title": "S", "home": "H", "neighbour": "N"},
    "osm": {"extracts": [{"file": "x.osm.pbf"}], "language": "en"},
    "regions": {
        "home": "h.gpkg",
        "neighbour": {"country": "LI", "admin_level": 8},
        "home_territory": "t.gpkg",
    },
    "network": {"lines": [{"file": "l.gpkg", "mode": "road"}], "speeds": "s.csv"},
    "checkpoints": {"file": "c.csv"},
    "places": {"file": "p.csv"},
    "outer": {"places": "o.csv", "roads": "o.gpkg"},
    "services": {"file": "v.csv"},
    "corridors": [{"name": "c", "places": ["a", "b"]}],
    "corridor_costs": {"currency": "EUR"},
    "indicators": {"registry": "r.csv", "table": "i.csv"},
    "surface": {"population": "p.tif", "crs": "EPSG:3035", "band": 1},
    "traffic": {"counts": "n.csv"},
}


def leaves(model: BaseModel, before: str = ""):
    """Every key of study.toml."""
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel) and not before:
            yield from leaves(value, f"{name}.")
        else:
            yield before + name


def key_of(settings, digests):
    return keys(DECLARED, settings, digests, Memory.key)


def voided(key):
    parts = key.split(".")
    return next(
        VOIDED[start]
        for end in range(len(parts), 0, -1)
        if (start := ".".join(parts[:end])) in VOIDED
    )


@pytest.fixture(scope="module")
def whole():
    settings = Settings.model_validate(WHOLE)
    digests = dict.fromkeys(FILES, "0")
    return settings, digests, key_of(settings, digests)


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@pytest.mark.parametrize("key", [*leaves(Settings.model_validate(WHOLE))])
def test_another_value_of_a_key_voids_the_stages_that_read_it(whole, key):
    settings, digests, before = whole
    section, _, name = key.partition(".")
    changed = "something else"
    if name:
        inner = getattr(settings, section)
        update = {section: inner.model_copy(update={name: changed})}
    else:
        update = {section: [changed]}
    after = key_of(settings.model_copy(update=update), digests)
    assert {stage for stage in NAMES if before[stage] != after[stage]} == set(voided(key)), key


@pytest.mark.parametrize("file", FILES)
def test_another_file_voids_the_stages_that_read_it(whole, file):
    settings, digests, before = whole
    after = key_of(settings, digests | {file: "1"})
    assert {stage for stage in NAMES if before[stage] != after[stage]} == set(FILES[file])


def test_every_file_of_a_study_is_in_the_table(tmp_path):
    settings = Settings.model_validate(WHOLE)
    for file in ("x.osm.pbf", "h.gpkg", "t.gpkg", "l.gpkg", "o.gpkg", "p.tif"):
        (tmp_path / file).touch()
    for name in "scpovrin":
        (tmp_path / f"{name}.csv").touch()
    assert set(input_digests(settings, tmp_path)) == set(FILES) - {"regions.neighbour"}


def test_stages_come_after_what_they_are_given():
    for place, stage in enumerate(DECLARED):
        assert set(stage.after) <= set(NAMES[:place]), stage.name
    assert STAGES[:4] == ("extracts", "read", "border", "network")
    assert STAGES[-1] == "outputs"
    assert len(set(NAMES)) == len(NAMES)


def test_a_key_that_is_not_declared_cannot_be_read():
    settings = Settings.model_validate(WHOLE)
    kept = settings.only(("access", "regions.edge_tolerance_km", "osm."))
    assert kept.access == settings.access
    assert kept.regions.edge_tolerance_km == settings.regions.edge_tolerance_km
    assert kept.osm is not None
    for read in (
        lambda: kept.regions.home,
        lambda: kept.demand,
        lambda: kept.osm.language,
        lambda: kept.delay_h,
    ):
        with pytest.raises(AttributeError):
            read()
    assert settings.demand.alpha == 1


def test_an_input_that_is_not_declared_cannot_be_read(mini):
    inputs = open_study(mini).read()
    kept = inputs.only(("lines", "places"))
    assert kept.lines is inputs.lines
    with pytest.raises(AttributeError):
        _ = kept.indicators
    assert set(READ_FROM) == {field.name for field in fields(Inputs)} - {
        "further", "settled", "extracts", "rows"
    }  # fmt: skip


def equal(one, other):
    if isinstance(one, pd.DataFrame | pd.Series):
        return one.equals(other)
    return one == other


def changed_rows(mini, name):
    """Another table in the place of one of the study's."""
    file = mini / name
    if file.suffix == ".geojson":
        layer = gpd.read_file(file)
        layer.loc[0, layer.columns[0]] = "other"
        if name == "home.geojson":
            layer = gpd.read_file(file).assign(capital_lat=49.4)
        layer.to_file(file)
    else:
        table = pd.read_csv(file)
        number = table.select_dtypes("number").columns[0]
        table.loc[0, number] = table.loc[0, number] + 0.01
        table.to_csv(file, index=False)


@pytest.mark.parametrize(
    "file",
    ["home.geojson", "roads.geojson", "speeds.csv", "checkpoints.csv", "places.csv"],
)
def test_inputs_change_with_the_files_they_are_said_to_be_read_from(mini, file):
    study = open_study(mini)
    before = study.read()
    names = {path.name: key for key, path in study_files(study).items()}
    changed_rows(mini, file)
    if file == "roads.geojson":
        gpd.read_file(mini / file).iloc[1:].to_file(mini / file)
    after = study.read()
    found = {name for name in READ_FROM if not equal(getattr(before, name), getattr(after, name))}
    assert found
    for name in found:
        assert any(names[file].startswith(key.removesuffix(".file")) for key in READ_FROM[name]), (
            name
        )


def study_files(study):
    from geo_border.pipeline.inputs.files import input_files  # noqa: PLC0415

    return input_files(study.settings, study.folder)


def test_stages_give_dataclasses_of_frames_arrays_and_networks():
    def check(kind):
        for field in fields(kind):
            assert "dict" not in str(field.type), (kind, field.name)
            assert "Any" not in str(field.type), (kind, field.name)

    for stage in DECLARED:
        assert is_dataclass(stage.kind), stage.name
        assert stage.kind.__dataclass_params__.frozen, stage.name
        check(stage.kind)


def test_nothing_between_stages_is_a_dict_of_anything():
    folder = Path(geo_border.__file__).parent / "pipeline"
    places = [*folder.glob("stages/*.py"), folder / "runs.py", folder / "inputs" / "read.py"]
    for file in places:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name not in {"depends", "_manifest"}:
                parts = [*node.args.args, *node.args.kwonlyargs]
                stated = [ast.unparse(part.annotation) for part in parts if part.annotation]
                stated += [ast.unparse(node.returns)] if node.returns else []
                assert not any(
                    text.startswith(("dict[str, Any]", "Mapping[str, Any]")) for text in stated
                ), f"{file.name}: {node.name}"
