from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo_border.report.along import beginning, gaps_along, open_on_the_line, runs_along

if TYPE_CHECKING:
    from geo_border.pipeline.results import Results


def test_stretches_between_road_checkpoints(results: Results):
    gaps = gaps_along(results)
    assert gaps["length_km"].tolist() == pytest.approx([35.8, 107.2])
    assert gaps["length_km"].sum() == pytest.approx(results.border["length_km"].sum())
    assert open_on_the_line(results).index.tolist() == ["hill-dale", "ford-mill"]
    assert open_on_the_line(results)["delay_h"].tolist() == [1.5, 3.0]
    assert gaps["to_end"].all()
    assert beginning(results) == "its western end"


def test_the_stretch_over_the_beginning_of_a_ring_is_one(results: Results):
    # A ring of 143 km with road checkpoints at 35.8 and 107.3 km: 71.5 km either way.
    ring = results.border.set_geometry(
        [
            shapely.LineString([(60, 50), (61, 51), (62, 50)]),
            shapely.LineString([(62, 50), (61, 49), (60, 50)]),
        ],
        crs=4326,
    )
    controls = results.checkpoints.assign(mode="road")
    closed = replace(results, border=ring, checkpoints=controls)
    gaps = gaps_along(closed)
    assert gaps["length_km"].tolist() == pytest.approx([71.5] * 3)
    assert not gaps["to_end"].any()
    assert beginning(closed).startswith("its westernmost point")
    alone = replace(closed, checkpoints=controls.assign(is_open=[True, False, False]))
    assert gaps_along(alone)["length_km"].tolist() == pytest.approx([143, 143])


def test_runs_join_pieces_of_one_region(results: Results):
    pieces = pd.concat([results.border, results.border.assign(home_id="UP-W")]).assign(
        from_km=[0.0, 10.0, 20.0, 30.0], to_km=[10.0, 20.0, 30.0, 40.0]
    )
    runs = runs_along(replace(results, border=gpd.GeoDataFrame(pieces)), "home")
    assert runs["region_id"].tolist() == ["UP-W", "UP-E", "UP-W"]
    assert runs["to_km"].tolist() == [10.0, 20.0, 40.0]
