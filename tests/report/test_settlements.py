"""Maps draw the most populous settlements where there are too many, and say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from geo_border.report import settlements
from geo_border.report.settlements import drawn_in_words, drawn_places

if TYPE_CHECKING:
    import pytest


def towns(*people: float) -> gpd.GeoDataFrame:
    points = shapely.points(np.arange(len(people), dtype=float), 50.0)
    ids = [f"t{number}" for number in range(len(people))]
    return gpd.GeoDataFrame({"population": people}, geometry=points, crs=4326, index=ids)


def test_few_settlements_are_all_drawn_and_nothing_is_said_of_it():
    places = towns(3, 1, 2)
    assert drawn_places(places) is places
    assert drawn_in_words(places) == ""


def test_of_many_the_most_populous_are_drawn_in_the_order_of_all(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(settlements, "MOST_DRAWN", 3)
    places = towns(5, 1, 7, 5, 5, 0)
    assert drawn_places(places).index.tolist() == ["t0", "t2", "t3"]
    assert drawn_in_words(places) == "the 3 most populous of 6"
