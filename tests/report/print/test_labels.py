from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from geo_border.report.ground import ground_of
from geo_border.report.print.cartography import map_axes, new_figure
from geo_border.report.print.labels import Labels

if TYPE_CHECKING:
    from geo_border.pipeline.results import Results


def test_names_keep_clear_of_each_other(results: Results):
    ground = ground_of(results)
    figure = new_figure(4, 4)
    axes = map_axes(figure, ground, left=0.1, top=0.1, width=3.8)
    labels = Labels(axes)
    labels.in_polygons(ground.regions.geometry, ground.regions["short"])
    for number in range(6):
        x = ground.extent[0] + 20_000 * number
        labels.beside_point(x, 0, f"Checkpoint {number}", radius_pt=3)
    boxes = [text.get_window_extent() for text in axes.texts]
    assert len(boxes) >= len(ground.regions) + 2
    for one, other in itertools.combinations(boxes, 2):
        assert not one.overlaps(other), (one, other)


def test_a_name_without_room_is_left_out(results: Results):
    ground = ground_of(results)
    figure = new_figure(2, 2)
    axes = map_axes(figure, ground, left=0.1, top=0.1, width=1.8)
    labels = Labels(axes)
    labels.keep_clear(0, 0, 500)
    labels.beside_point(0, 0, "Nowhere", radius_pt=2)
    assert [text.get_text() for text in axes.texts] == []
