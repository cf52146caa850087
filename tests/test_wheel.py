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
    )
    (wheel,) = folder.glob("*.whl")
    return zipfile.ZipFile(wheel).namelist()


def test_the_wheel_carries_the_embedded_study_and_its_licences(names):
    carried = {name.removeprefix("geo_border/data/ru-kz/") for name in names}
    files = {path.name for path in (ROOT / "data" / "ru-kz").iterdir() if path.is_file()}
    assert files <= carried
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_wheel_carries_templates_and_types_but_no_caches(names):
    assert "geo_border/py.typed" in names
    assert any(name.endswith(".j2") for name in names)
    assert not [name for name in names if "__pycache__" in name or "_cache/" in name]


def test_the_wheel_carries_the_examples_to_copy_from(names):
    for example in ("andorra", "liechtenstein"):
        files = {path.name for path in (ROOT / "examples" / example).iterdir()}
        assert {f"geo_border/examples/{example}/{file}" for file in files} <= set(names)
    assert not [name for name in names if name.endswith(".pbf")]
