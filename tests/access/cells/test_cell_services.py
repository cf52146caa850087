"""Times of cells to services: those of places there, by the ways that cells share."""

import numpy as np
import pandas as pd
import pytest
from borderland import random_borderland

from geo_border.access.catchments import balanced, two_step
from geo_border.access.cells.cell_entries import shared_entries
from geo_border.access.cells.cell_services import cell_services
from geo_border.access.services import nearest_service, searched_services
from geo_border.network.places import Access
from geo_border.routing.scenarios import OPEN_BORDER, Scenario, passages


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("access", [Access(farthest_km=150), Access(farthest_km=1)])
def test_a_cell_at_a_place_has_its_times(seed, access):
    land = random_borderland(seed, n_places=20)
    services = land.places.iloc[::3].assign(kind="clinic", supply=5.0)
    cells, beyond = land.places.iloc[:30], land.places.iloc[30:]
    with_centres = pd.DataFrame(cells.drop(columns="geometry")).assign(
        lon=cells.geometry.x, lat=cells.geometry.y
    )
    entries = shared_entries(with_centres, pd.DataFrame(beyond.drop(columns="geometry")))
    found = cell_services(
        land.network, with_centres, beyond, entries, services, land.gates, access=access
    )
    wanted = searched_services(land.network, land.places, services, land.gates, access=access)
    what = Scenario(close=frozenset({"g0"}), factor=0.5)
    of = wanted.tables, found.searched.tables
    half = np.arange(len(services)) % 2 == 0
    for scenario in (None, what, OPEN_BORDER):
        routes = [None if scenario is None else passages(tables, scenario) for tables in of]
        plain, shared = wanted.under(routes[0]), found.under(routes[1])
        everything = slice(0, len(services))
        np.testing.assert_allclose(shared.block(everything), plain.block(everything), rtol=1e-12)
        some, of_some = shared.only(half), services[half]
        pd.testing.assert_frame_equal(
            nearest_service(some, land.places, of_some),
            nearest_service(plain.only(half), land.places, of_some),
        )
        for measure in (two_step, balanced):
            pd.testing.assert_frame_equal(
                measure(some, land.places, of_some).places,
                measure(plain.only(half), land.places, of_some).places,
            )
