from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import shapely

from geo_border.report.print.cartography import (
    ground_of,
    map_axes,
    new_figure,
)
from geo_border.report.print.labels import Labels, Room, folded, spots_in

if TYPE_CHECKING:
    from geo_border.results import Results


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


def test_words_neither_touch_nor_leave_their_ground():
    """Two names side by side where the middles of their regions would make them touch."""
    room = Room((0, 0, 20, 10), gap=1)
    west, east = shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)
    spots = [room.best(spots_in(piece), (9.5, 2), home=piece) for piece in (west, east)]
    one, other = (shapely.box(x - 4.75, y - 1, x + 4.75, y + 1) for x, y in spots)
    assert one.distance(other) >= 1
    assert one.difference(west).area < 0.05 * one.area
    assert other.difference(east).area < 0.05 * other.area


def test_busy_ground_is_left_free_where_there_is_other():
    room = Room((0, 0, 10, 10), gap=0.1)
    piece = shapely.box(0, 0, 10, 10)
    room.avoid(shapely.box(3, 0, 7, 10))
    x, _ = room.best(spots_in(piece), (1, 1), home=piece)
    assert not 2.5 < x < 7.5
    room.avoid(piece)
    assert room.best(spots_in(piece), (1, 1), home=piece) is not None


def test_names_break_at_spaces_and_hyphens():
    assert folded("Escaldes-Engordany") == "Escaldes-\nEngordany"
    assert folded("Sant Julià de Lòria") == "Sant Julià\nde Lòria"
    assert folded("Schellenbergerstrasse") == "Schellenbergerstrasse"
