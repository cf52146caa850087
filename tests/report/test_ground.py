from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from geo_border.report.ground import ground_of

if TYPE_CHECKING:
    from geo_border.pipeline.results import Results


def test_ground_is_projected_and_common_edges_stay_common(results: Results):
    ground = ground_of(results, simplify_m=5000)
    assert "Albers" in ground.crs.to_wkt()
    west, east = ground.regions.geometry[["UP-W", "UP-E"]]
    assert west.intersection(east).length == pytest.approx(
        results.regions.geometry.to_crs(ground.crs)["UP-W"]
        .intersection(results.regions.geometry.to_crs(ground.crs)["UP-E"])
        .length,
        rel=0.01,
    )
    # One degree of ground of Upland lies outside its studied regions, none of Lowland.
    assert ground.sides["Upland"].area > 0
    assert ground.sides["Lowland"].is_empty
