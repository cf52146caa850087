"""Derivatives of flows by the parameters of a class against finite differences."""

from dataclasses import replace

import numpy as np
import pytest
from brute_traffic import random_model
from scipy.special import expit, logit

from geo_border.traffic.class_tables import class_travel
from geo_border.traffic.equilibrium import equilibrium
from geo_border.traffic.model import traffic_model
from geo_border.traffic.sensitivities import class_sensitivities


def changed(traffic_class, name, number, step):
    """The class with one parameter moved on its own scale."""
    factor = np.exp(step)
    if name == "total":
        return replace(traffic_class, total_year=traffic_class.total_year * factor)
    if name == "delay_factor":
        return replace(traffic_class, delay_factor=factor)
    segments = list(traffic_class.segments)
    value = getattr(segments[number], name)
    moved = expit(logit(value) + step) if name == "outside" else value * factor
    segments[number] = replace(segments[number], **{name: moved})
    return replace(traffic_class, segments=tuple(segments))


@pytest.mark.parametrize("outside", [0.0, 0.4, None])
@pytest.mark.parametrize("seed", range(4))
def test_derivatives_are_those_of_finite_differences(seed, outside):
    model = random_model(seed, hostile=seed > 1, scale=0.1, outside=outside)
    step = 1e-5
    for name, each in model.classes.items():
        routes = model.routes(name, model.free_delays()[name])
        passed, slopes = class_sensitivities(each, routes)
        np.testing.assert_allclose(passed, equilibrium(model).classes[name].passed)
        count = len(each.traffic_class.segments)
        assert len(slopes) == 2 + 3 * count
        for (parameter, number), slope in slopes.items():
            flows = []
            for sign in (1, -1):
                moved = changed(each.traffic_class, parameter, number, sign * step)
                # The speed of the class is in its tables already.
                tables = class_travel(each.travel, replace(moved, speed_factor=1, name="car"))
                again = traffic_model({name: tables}, [moved])
                flows.append(equilibrium(again).classes[name].passed)
            found = (flows[0] - flows[1]) / (2 * step)
            np.testing.assert_allclose(slope, found, atol=1e-4, rtol=1e-5, err_msg=parameter)
