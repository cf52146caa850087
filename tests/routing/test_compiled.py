"""Machine code kept on disk is used while nothing that it may hold has changed."""

import importlib.util

from geo_border.routing import compiled

SOURCE = """
from geo_border.routing.compiled import kernel

@kernel
def twice(x):
    return 2 * x
"""


def test_code_is_kept_until_a_source_of_the_folder_changes(tmp_path, monkeypatch):
    file = tmp_path / "kernels_of_test.py"
    file.write_text(SOURCE)

    def found_on_disk():
        spec = importlib.util.spec_from_file_location(file.stem, file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        assert module.twice(21) == 42
        return sum(module.twice.stats.cache_hits.values()) > 0

    assert not found_on_disk()
    assert found_on_disk()
    monkeypatch.setattr(compiled, "SOURCES", "another version")
    assert not found_on_disk()
    assert found_on_disk()
