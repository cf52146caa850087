"""A small made-up border on disk, for tests of reading, refusing and running."""

import functools
import logging
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import extracts
import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import settings
from pyproj import Geod

from geo_border.cli import main
from geo_border.pipeline.runs import results_of
from geo_border.study import open_study

# A slow machine is no failure; where CI runs, the same examples are tried each time.
settings.register_profile("steady", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("steady")


COMPILING = [
    Path(__file__).parent / name
    for name in (
        "pipeline/stages/test_agreement.py",
        "network/test_joining.py",
        "routing/engine/test_hierarchy.py",
    )
]
"""Files that compile most kernels, few of them the same."""


def pytest_collection_modifyitems(items):
    """Order files so that no worker makes the code of another, or is left alone at the end.

    Those that compile come first, each on a worker, then those with slow tests.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    first = {path: place for place, path in enumerate(COMPILING)}
    items.sort(key=lambda item: (first.get(item.path, len(first)), item.path not in slow))


def pytest_report_header():
    at_hand = [str(path) for path in map(extracts.real, extracts.SKETCHES) if path]
    return f"real extracts: {', '.join(at_hand) or f'none in {extracts.FOLDER}'}"


TOML = """
[study]
id = "mini"
title = "A made-up border for tests"
home = "Homeland"
neighbour = "Neighbourland"

[regions]
home = "home.geojson"
neighbour = "neighbour.geojson"

[network]
lines = [{ file = "roads.geojson", mode = "road" }, { file = "rails.geojson", mode = "rail" }]
speeds = "speeds.csv"

[checkpoints]
file = "checkpoints.csv"
delay_h = { road = 1.0, rail = 0.5 }
delay_source = "made up"

[places]
file = "places.csv"

[indicators]
registry = "registry.csv"
table = "indicators.csv"

[index]
draws = 200
"""

REGIONS = {
    "home": [("A", 0, 1), ("B", 1, 2), ("C", 2, 3)],
    "neighbour": [("X", 0, 1.5), ("Y", 1.5, 3)],
}


def write_mini_study(folder: Path) -> Path:
    """Three home regions below the parallel 50, two neighbours above, roads every half degree."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.toml").write_text(TOML, encoding="utf-8")
    for side, rows in REGIONS.items():
        south, north = (49, 50) if side == "home" else (50.003, 51)
        gpd.GeoDataFrame(
            {
                "region_id": [name for name, _, _ in rows],
                "name": [f"Region {name}" for name, _, _ in rows],
                "capital": [f"Town {name}" for name, _, _ in rows],
                "capital_lon": [(west + east) / 2 for _, west, east in rows],
                "capital_lat": [(south + north) / 2] * len(rows),
            },
            geometry=[shapely.box(west, south, east, north) for _, west, east in rows],
            crs=4326,
        ).to_file(folder / f"{side}.geojson")
    lon, lat = np.arange(0.25, 3, 0.5), np.array([49.1, 49.5, 49.9, 50.1, 50.5, 50.9])
    streets = [[(x, a), (x, b)] for x in lon for a, b in zip(lat[:-1], lat[1:], strict=True)]
    streets += [[(a, y), (b, y)] for y in lat for a, b in zip(lon[:-1], lon[1:], strict=True)]
    lines(streets, "street").to_file(folder / "roads.geojson")
    rails = [[(1.3, a), (1.3, b)] for a, b in zip(lat[:-1], lat[1:], strict=True)]
    lines(rails, "main").to_file(folder / "rails.geojson")
    pd.DataFrame(
        [
            ("west", "West post", "road", "open", 0.25, 50.0015, 0.5),
            ("middle", "Middle post", "road", "open", 1.25, 50.0015, None),
            ("east", "East post", "road", "closed", 2.75, 50.0015, None),
            ("track", "Track post", "rail", "open", 1.3, 50.0015, None),
        ],
        columns=["checkpoint_id", "name", "mode", "status", "lon", "lat", "delay_h"],
    ).assign(
        users=None, home_id=None, neighbour_id=None, accuracy_km=0.5, hours=None, capacity_day=None
    ).to_csv(folder / "checkpoints.csv", index=False)
    towns = [
        (
            f"{side[0]}{n}",
            f"Town {name}",
            (west + east) / 2,
            49.5 if side == "home" else 50.5,
            side,
            name,
            1000 * (n + 1),
        )
        for side, rows in REGIONS.items()
        for n, (name, west, east) in enumerate(rows)
    ]
    towns.append(("n9", "Far town", 2.9, 50.9, "neighbour", None, 500))
    pd.DataFrame(
        towns, columns=["place_id", "name", "lon", "lat", "side", "region_id", "population"]
    ).to_csv(folder / "places.csv", index=False)
    pd.DataFrame(
        [
            (side, *kind, 60.0, "made up")
            for side in REGIONS
            for kind in (("road", "street"), ("rail", "main"))
        ],
        columns=["side", "mode", "class", "kmh", "source"],
    ).to_csv(folder / "speeds.csv", index=False)
    levels = {
        "transport_communication": ["road_density"],
        "joint_projects": ["investment", "trade"],
        "social_services": ["doctors", "students"],
        "potential": ["product"],
        "context": ["population"],
    }
    pd.DataFrame(
        [
            (
                name,
                name.replace("_", " ").title(),
                level,
                "context" if level == "context" else "index",
                "unit",
                1,
                None,
                None,
                None,
                "latest",
                f"{name} of the region",
                "made up",
                "CC0",
            )
            for level, names in levels.items()
            for name in names
        ],
        columns=[
            "indicator_id",
            "name",
            "level",
            "role",
            "unit",
            "direction",
            "denominator",
            "transform",
            "years",
            "year_rule",
            "definition",
            "source",
            "licence",
        ],
    ).to_csv(folder / "registry.csv", index=False)
    random = np.random.default_rng(3)
    pd.DataFrame(
        [
            (
                name,
                indicator,
                year,
                round(float(random.uniform(10, 90)), 1),
                "made up",
                "high",
                None,
            )
            for name, _, _ in REGIONS["home"]
            for names in levels.values()
            for indicator in names
            for year in (2020, 2021)
        ],
        columns=["region_id", "indicator_id", "year", "value", "source", "confidence", "note"],
    ).to_csv(folder / "indicators.csv", index=False)
    return folder


def lines(rows, road_class):
    return gpd.GeoDataFrame(
        {"class": road_class},
        geometry=[shapely.LineString(row) for row in rows],
        index=range(len(rows)),
        crs=4326,
    )


@pytest.fixture(scope="session")
def make_mini():
    """The writer of the made-up study, for fixtures that outlive a test."""
    return write_mini_study


@pytest.fixture(scope="session")
def extract_file(tmp_path_factory):
    """The file of a sketch or a real extract by its key, see `extracts`."""
    folder = tmp_path_factory.mktemp("extracts")
    return functools.cache(lambda key: extracts.write(key, folder))


@pytest.fixture(scope="session")
def run_without_outputs():
    """What runs a study that remembers its stages in a folder, and writes neither maps nor page."""

    def run(folder, out, **options):
        return results_of(open_study(folder)._run(out, **options))

    return run


@pytest.fixture(scope="session")
def mini_run(tmp_path_factory):
    """The made-up study, the folder of its run, results, progress; none of it to be changed."""
    folder = write_mini_study(tmp_path_factory.mktemp("made-up") / "mini")
    said = []
    out = folder.parent / "out"
    return folder, out, open_study(folder).run(out, progress=said.append), said


@pytest.fixture
def mini_again(mini_run, tmp_path):
    """The made-up study and what a run wrote and keeps of it, both to be changed."""
    folder, out, _, _ = mini_run
    return shutil.copytree(folder, tmp_path / "mini"), shutil.copytree(out, tmp_path / "out")


def _columns_of(folder, part):
    """Columns of tables and layers: name of the table, of the column, and its values."""
    files = sorted(file for file in folder.iterdir() if file.is_file())
    for file in files:
        frames = {}
        if file.suffix == ".csv":
            frames[file.stem] = pd.read_csv(file)
        elif file.suffix == ".parquet":
            frame = pd.read_parquet(file)
            frames[file.stem] = frame.reset_index() if frame.index.name else frame
        elif file.suffix == ".gpkg":
            layers = pyogrio.list_layers(file)
            named = [name for name, kind in layers if kind is not None]
            frames = {name: pyogrio.read_dataframe(file, layer=name) for name in named}
        of = "network." if file.name == "network.gpkg" else part
        for table, frame in frames.items():
            shapes = () if file.suffix == ".csv" else ("geometry",)
            for name in frame.columns.drop(list(shapes), errors="ignore"):
                yield of + table, str(name), frame[name]


@pytest.fixture(scope="session")
def written_columns():
    """What gives the columns that lie in an output folder."""

    def columns(out):
        folders = {out: "", out / "tables": "", out / "network": "network.", out / "gmns": "gmns."}
        folders |= dict.fromkeys((out / "whatif").glob("*"), "whatif.")
        folders |= dict.fromkeys((out / "week").glob("*"), "week.")
        folders[out / "calibration"] = "calibration."
        return [
            column
            for folder, part in folders.items()
            if folder.exists()
            for column in _columns_of(folder, part)
        ]

    return columns


@pytest.fixture
def geo_border(monkeypatch, capsys):
    """The command, without the seconds that a process takes to start."""
    # Typer and `main` change these for the rest of a process.
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr("geo_border.cli.commands._stop_as_by_ctrl_c", lambda: None)
    for name in (None, "geo_border"):
        monkeypatch.setattr(logging.getLogger(name), "handlers", [])

    def command(*arguments, cwd=None):
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["geo-border", *map(str, arguments)])
            if cwd is not None:
                patch.chdir(cwd)
            with pytest.raises(SystemExit) as ended:
                main()
        printed = capsys.readouterr()
        return subprocess.CompletedProcess(
            arguments, ended.value.code or 0, printed.out, printed.err
        )

    return command


@pytest.fixture
def mini(tmp_path):
    """The made-up study in a folder of its own, to be spoilt at will."""
    return write_mini_study(tmp_path / "mini")


@pytest.fixture
def no_room():
    """Call a function while no file may become longer than so many bytes, as on a full disk."""

    def call(size, function, *arguments):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            return function(*arguments)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return call


@pytest.fixture
def holds_on_any_network():
    """What is true of every network: no way is shorter than the straight one, sides stay apart."""

    def hold(network, gates=None):
        tail, head = network.tail, network.indices
        lon, lat = network.lon, network.lat
        straight = Geod(ellps="WGS84").inv(lon[tail], lat[tail], lon[head], lat[head])[2]
        # Nodes are rounded to a tenth of a metre.
        assert (network.length_m >= straight - 0.2).all()
        assert not network.crosses.any()
        assert (network.side[tail] == network.side[head]).all()
        if gates is not None:
            ours, theirs = (gates[f"{side}_node"].to_numpy() for side in ("home", "neighbour"))
            assert (network.side[ours] == 0).all()
            assert (network.side[theirs] == 1).all()
            assert (lon[ours] == lon[theirs]).all()
            assert (lat[ours] == lat[theirs]).all()

    return hold
