"""What study.toml says reaches the parameter that it is meant for."""

import numpy as np
import pytest
from borderland import make_gates, make_network, make_places, trips_of

from geo_border.pipeline.settings import DemandSection, read_settings
from geo_border.pipeline.stages.bottlenecks import gravity_of
from geo_border.routing.scenarios import passages
from geo_border.routing.tables import gate_tables
from geo_border.traffic.demand import cross_demand


@pytest.mark.parametrize(("alpha", "gamma"), [(1, 1), (2, 1), (1, 2), (0.5, 3)])
def test_alpha_is_of_those_who_leave_and_gamma_of_where_they_go(mini, alpha, gamma):
    """``T_ij = P_i^alpha P_j^gamma f(t_ij)`` of one place at home and two across, by hand."""
    settings = read_settings(mini / "study.toml")
    settings = settings.model_copy(update={"demand": DemandSection(alpha=alpha, gamma=gamma)})
    network = make_network([0, 1, 1], [(1, 2, 1.0, "road"), (2, 1, 1.0, "road")])
    gates = make_gates([("gate", 0, 1, 0.0, 0.0, True, "road")])
    people = np.array([3.0, 2.0, 5.0])
    places = make_places(
        network,
        [
            ("a", "home", 0, 0.0, people[0], "H"),
            ("b", "neighbour", 1, 0.0, people[1], "N"),
            ("c", "neighbour", 2, 0.0, people[2], "N"),
        ],
    )
    tables = gate_tables(network, places, gates, modes=("road",))
    trips = trips_of(places, tables)
    found = cross_demand(trips, passages(tables), gravity=gravity_of(settings))
    decay = np.array([1, 0.5 ** (1 / settings.demand.half_life_h)])
    out = people[0] ** alpha * people[1:] ** gamma * decay
    back = people[1:] ** alpha * people[0] ** gamma * decay
    total = out.sum() + back.sum()
    np.testing.assert_allclose(found.from_gate[0], [back.sum() / total, *out / total])
    np.testing.assert_allclose(found.to_gate[:, 0], [out.sum() / total, *back / total])
