"""Where the data of the world are, and what is kept of packages."""

import importlib.metadata

import pytest

from geo_border.errors import WorldError
from geo_border.world import data

PACKAGE = "numpy"
VERSION = importlib.metadata.version(PACKAGE)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GEO_BORDER_CACHE", str(tmp_path))


def test_codes_in_any_case_and_length_are_one_country():
    assert {data.alpha3(code) for code in ("na", "NAM", " nam ")} == {"NAM"}
    with pytest.raises(WorldError, match="no country has the code ''"):
        data.alpha3("")


def test_a_file_that_is_not_there_says_so():
    with pytest.raises(WorldError, match="Install geo-border anew"):
        data.world_file("nothing.parquet")


def test_what_is_made_of_a_package_is_made_once_and_named_by_its_version(tmp_path, capsys):
    made = []

    def make(aside):
        made.append(aside)
        aside.write_text("made")

    paths = {data.kept(PACKAGE, "thing.txt", make) for _ in range(3)}
    assert paths == {tmp_path / "geo-border" / f"{PACKAGE}-{VERSION}-thing.txt"}
    assert len(made) == 1
    assert capsys.readouterr().err.count("read once") == 1


def test_what_was_not_made_whole_is_not_there(tmp_path):
    def breaks(aside):
        aside.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        data.kept(PACKAGE, "thing.txt", breaks)
    assert not list((tmp_path / "geo-border").iterdir())


def test_the_data_have_a_version():
    assert data.data_version().isdigit()
