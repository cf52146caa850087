"""Trunk networks, where their package is installed."""

import importlib.metadata
import re

import numpy as np
import pytest
import shapely

from geo_border.errors import WorldError
from geo_border.world import borders, data, networks


@pytest.fixture(autouse=True)
def _installed():
    try:
        importlib.metadata.version(networks.PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("scgraph-data is not installed")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "nodes", "links"), [("road", 560_282, 822_234), ("rail", 274_974, 328_750)]
)
def test_all_of_the_source_is_read(mode, nodes, links):
    lonlat, ends = networks.source_graph(mode)
    assert lonlat.shape == (nodes, 2)
    assert ends.shape == (links, 2)
    assert (ends[:, 0] < ends[:, 1]).all()
    assert ends.max() < nodes
    # By another way: a node and its links as they are written.
    text = data.packaged(networks.PACKAGE, networks.FILES[mode]).read_text("utf-8")
    written = text[text.index("graph=[") :][:200_000].split("{")[1:500]
    for node, links_of in enumerate(written[:-1]):
        others = {int(key) for key in re.findall(r"(\d+): ", links_of)}
        mine = ends[(ends == node).any(axis=1)]
        assert set(mine.ravel().tolist()) - {node} == others - {node}


# By the line of Natural Earth, which lies up to some kilometres off, they are 19, 8, 18 and 9:
# roads along a river or a ridge then pass it to and fro.
@pytest.mark.parametrize(
    ("home", "neighbour", "count"),
    [("DE", "PL", 12), ("FI", "RU", 11), ("FR", "ES", 17), ("KZ", "CN", 6)],
)
def test_links_from_one_side_to_the_other_are_those_that_pass_the_line_an_odd_number_of_times(
    home, neighbour, count
):
    line = borders.line_between(home, neighbour).query("kind != 'sea'")
    roads = networks.trunk_roads(tuple(line.total_bounds), margin_km=100)
    ends = shapely.get_coordinates(roads.geometry.to_numpy()).reshape(-1, 2, 2)
    side = np.zeros((len(roads), 2), int)
    for number, country in enumerate((home, neighbour), start=1):
        land = borders.outline(country)
        shapely.prepare(land)
        for end in (0, 1):
            side[shapely.contains_xy(land, *ends[:, end].T), end] = number
    on_both = (side > 0).all(axis=1)
    across = on_both & (side[:, 0] != side[:, 1])
    whole = shapely.union_all(line.geometry.to_numpy())
    passes = shapely.intersection(roads.geometry.to_numpy()[on_both], whole)
    odd = shapely.get_num_geometries(passes) % 2 * ~shapely.is_empty(passes) > 0
    assert across.sum() == count
    assert (odd == across[on_both]).all()


def test_a_frame_has_the_links_that_pass_it_and_no_others():
    frame = (7.0, 43.5, 8.0, 44.5)
    inside = networks.trunk_roads(frame)
    assert shapely.intersects(inside.geometry, shapely.box(*frame)).all()
    wider = networks.trunk_roads(frame, margin_km=20)
    assert set(inside["link_id"]) < set(wider["link_id"])
    within = shapely.intersects(wider.geometry, shapely.box(*frame))
    assert set(wider.loc[within, "link_id"]) == set(inside["link_id"])
    assert (inside["length_km"] >= inside["straight_km"]).all()


def test_both_sides_of_the_180th_meridian_are_one_frame():
    lon = networks.trunk_roads((177, -19, -179, -15)).geometry.bounds
    assert np.abs(lon[["minx", "maxx"]]).to_numpy().min() > 176


def test_what_is_not_installed_says_how_to_install_it():
    with pytest.raises(WorldError, match=r'pip install "geo-border\[world\]"'):
        data.packaged("no-such-package", "file")
    with pytest.raises(WorldError, match="no such file"):
        data.packaged(networks.PACKAGE, "scgraph_data/no_such_module.py")
