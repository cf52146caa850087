"""What `pip install .` carries; that it runs in a clean environment is tested by .ci/run."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "--wheel-dir",
            folder,
            ROOT,
        ],
        check=True,
        timeout=300,
    )
    (wheel,) = folder.glob("*.whl")
    return zipfile.ZipFile(wheel).namelist()


def test_the_wheel_carries_the_embedded_study_and_its_licences(names):
    carried = {name.removeprefix("geo_border/data/ru-kz/") for name in names}
    files = {path.name for path in (ROOT / "data" / "ru-kz").iterdir() if path.is_file()}
    assert files <= carried
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_wheel_carries_the_data_of_the_world(names):
    carried = {name.removeprefix("geo_border/data/world/") for name in names}
    files = {path.name for path in (ROOT / "data" / "world").iterdir() if path.is_file()}
    assert {"arcs.parquet", "regions.parquet", "SOURCES.md", "LICENSE-DATA.md"} <= files <= carried


def test_the_wheel_carries_what_lies_beside_the_code_but_no_caches(names):
    assert "geo_border/py.typed" in names
    kinds = {".j2", ".css", ".js", ".csv", ".pyi"}
    beside = {
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / "geo_border").rglob("*")
        if file.suffix in kinds
    }
    assert {"geo_border/columns.csv", "geo_border/report/page/templates/report.js"} <= beside
    assert beside <= set(names)
    assert not [name for name in names if "__pycache__" in name or "_cache/" in name]


def test_the_wheel_carries_the_examples_to_copy_from(names):
    for example in ("andorra", "liechtenstein"):
        files = {path.name for path in (ROOT / "examples" / example).iterdir()}
        assert {f"geo_border/examples/{example}/{file}" for file in files} <= set(names)
    assert not [name for name in names if name.endswith(".pbf")]
