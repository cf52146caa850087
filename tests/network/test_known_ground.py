import numpy as np
import pytest
import shapely

from geo_border.network.build import build_network
from geo_border.network.known import known_ground
from geo_border.terms import SIDES


@pytest.fixture
def network(lines, territory, border, checkpoints, places, speeds):
    return build_network(lines, territory, border, checkpoints, places, speeds).network


def test_where_nothing_is_cut_all_land_is_known(network, lines, territory):
    found = known_ground(territory, lines, network)
    assert found["side"].tolist() == list(SIDES)
    for side, ground in zip(found["side"], found.geometry, strict=True):
        whole = territory.geometry[territory["side"] == side].union_all()
        assert ground.symmetric_difference(whole).area == pytest.approx(0)


def test_beyond_the_roads_of_a_side_that_is_cut_nothing_is_known(network, lines, territory):
    starts = shapely.get_coordinates(shapely.get_point(lines.geometry.to_numpy(), 0))
    south = int(np.argmin(starts[:, 1]))
    cut = lines.assign(tail_clipped=[n == south for n in range(len(lines))])
    found = known_ground(territory, cut, network).set_index("side").geometry
    whole = known_ground(territory, lines, network).set_index("side").geometry
    assert found["home"].area < whole["home"].area
    assert found["home"].within(whole["home"].buffer(1e-9))
    assert found["neighbour"].equals(whole["neighbour"])
    roads = shapely.multipoints(
        np.column_stack([network.lon, network.lat])[network.side == SIDES.index("home")]
    )
    assert shapely.covers(found["home"].buffer(1e-6), roads)
