from __future__ import annotations

from typing import TYPE_CHECKING

from geo_border.report.hover import delay_origin

if TYPE_CHECKING:
    from geo_border.results import Results


def test_free_crossings_have_no_source(results: Results):
    posts = results.checkpoints.assign(known_from=["register", "open crossing by rule", "register"])
    assert delay_origin(posts) == ["from a source", "by open_crossings", "default"]
