"""Delays that were observed, parted into what is free of queues and what the flow makes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from geo_border.routing.scenarios import AS_IS
from geo_border.traffic.equilibrium import equilibrium
from geo_border.traffic.lanes import read_lanes

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from geo_border.traffic.model import TrafficModel


def without_queues(
    model: TrafficModel,
    lanes: pd.DataFrame,
    *,
    least: Mapping[str, NDArray[np.float64]] | None = None,
) -> TrafficModel:
    """Take the queue of the border as it is out of the delays that were observed there.

    An observed delay ``d`` is that at the observed flow, ``d = d0 + w(x)``. The flow is the one
    that the delays as observed make; what its queue does not explain is the free delay ``d0``,
    so that the border as it is, in equilibrium, has the delays that were observed. Where the
    queue alone would be longer, the free delay is the least one, and more is waited than was
    observed: the capacity is too small for the flow, or the flow too large.

    Parameters
    ----------
    model
        Made with the delays as observed.
    lanes
        As in `geo_border.traffic.equilibrium.equilibrium`.
    least
        Least free delays of a class, hours, shape (2, K); 0 where not given.

    Returns
    -------
    TrafficModel
        The same trips and constants over free delays. A scenario states delays as they are
        observed, with the queue of the border as it is.

    Examples
    --------
    >>> import geo_border as gb
    >>> import numpy as np
    >>> import pandas as pd
    >>> from geo_border.traffic.observed import without_queues
    >>> trips = gb.travel(gb.example_network())
    >>> model = gb.traffic_model({"car": trips}, [gb.TrafficClass("car", total_year=1e6)])
    >>> lanes = pd.DataFrame({"checkpoint_id": ["ilek-aksay"] * 2, "direction": ["out", "in"]})
    >>> lanes = lanes.assign(classes="car", capacity_day=150, wait_h=1.0, power=4)
    >>> free = without_queues(model, lanes)
    >>> now = gb.equilibrium(free, lanes=lanes)
    >>> bool(np.allclose(now.classes["car"].delay, model.free_delays()["car"]))
    True
    """
    names = list(model.classes)
    gates = model.classes[names[0]].travel.tables.gates.index
    known = read_lanes(lanes, gates, names)
    if not len(known.slot):
        return model
    observed = equilibrium(model, AS_IS)
    flow: NDArray[np.float64] = np.zeros(len(known.slot))
    for (name, each), members in zip(model.classes.items(), known.members.T, strict=True):
        passed = observed.classes[name].passed.ravel()[known.slot[members]]
        flow[members] += each.traffic_class.pcu * passed
    waits = known.wait_at(flow)
    classes = {}
    for (name, each), members in zip(model.classes.items(), known.members.T, strict=True):
        shape = each.delays.hours.shape
        queue = np.zeros(each.delays.hours.size)
        queue[known.slot[members]] = waits[members]
        floor = np.zeros(shape) if least is None or name not in least else least[name]
        classes[name] = replace(each, delays=each.delays.without(queue.reshape(shape), floor))
    return replace(model, classes=classes)
