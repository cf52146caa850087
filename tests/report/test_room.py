from __future__ import annotations

import shapely

from geo_border.report.room import Room, folded, spots_in


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
