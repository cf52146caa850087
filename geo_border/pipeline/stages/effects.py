"""The stage of the border effect: what the border costs, by class, queues apart from delays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.access.border_costs import border_costs
from geo_border.access.decay import calibrated
from geo_border.access.losses import effect_by_checkpoint, loss_by_checkpoint, loss_shares
from geo_border.access.measure_table import MeasureTable, PlaceMeasures
from geo_border.access.measures import COSTS, DETOURS, CostsAcross, costs
from geo_border.access.nearest import nearest_gate
from geo_border.access.reach import border_effect, potential
from geo_border.access.regions import by_region
from geo_border.pipeline.stages.class_trips import measured_by_class
from geo_border.pipeline.stages.every_gate import over_every_gate
from geo_border.routing.scenarios import Scenario, delays
from geo_border.routing.spots import merge
from geo_border.terms import CAR, DIRECTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geo_border.access.decay import Decay
    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.access import Accessibility
    from geo_border.pipeline.stages.border import Border
    from geo_border.pipeline.stages.network import StudyNetwork
    from geo_border.pipeline.stages.traffic import Traffic
    from geo_border.routing.tables import GateTables
    from geo_border.routing.travel import Travel

EFFECT = (
    *("hours_to_checkpoint", "potential_own", "potential_across"),
    *("potential_own_open", "potential_across_open", "potential_own_closed"),
    *("border_effect", "border_effect_own", "border_effect_across"),
)
"""What is said of each region and class beside `geo_border.access.measures.COSTS`."""


@dataclass(frozen=True, slots=True, eq=False)
class Effects:
    """What the border costs its people.

    Parameters
    ----------
    places
        CostsAcross of cars beside each place: `geo_border.access.measures.COSTS`.
    regions
        Means of the same.
    measures
        The same by region, tidy, as the measures of access are.
    measures_of_places
        The same by place.
    classes
        ``region_id``, ``class``, `EFFECT` and costs: means over the people of a region.
    losses
        ``region_id``, ``class`` and a column for each checkpoint: its share in the border effect.
    """

    places: pd.DataFrame
    regions: pd.DataFrame
    measures: pd.DataFrame
    measures_of_places: PlaceMeasures
    classes: pd.DataFrame
    losses: pd.DataFrame

    def tables(self) -> dict[str, pd.DataFrame]:
        """Tables of the results.

        Returns
        -------
        dict
            By name.
        """
        return {"border_effect": self.classes, "border_effect_by_checkpoint": self.losses}


def effect_stage(
    settings: Settings,
    border: Border,
    net: StudyNetwork,
    travel: Travel,
    access: Accessibility,
    traffic: Traffic | None,
) -> Effects:
    """Say what detours, delays and queues take from the people of each region, by class.

    A class is measured as cars are, over its own tables. Nothing is added up over the classes:
    those whom cars reach and those whom trucks reach are the same people.

    Parameters
    ----------
    settings
        The study's parameters.
    border, net
        The border and the network of the study.
    travel
        Trips by road.
    access
        Measures of cars.
    traffic
        In equilibrium, which knows the queues; None where all take the fastest way.

    Returns
    -------
    Effects
        By region and class, and of cars by place.
    """
    places, decay = net.places, calibrated(settings.access.decay, settings.access.half_life_h)
    merged = merge(travel)
    passing = settings, border.checkpoints, net.controls
    over_any = measured_by_class(*passing, over_every_gate(net, merged.travel))
    table, means, losses = MeasureTable(places), {}, {CAR: access.losses}
    for name, own in measured_by_class(*passing, travel).items():
        unqueued = None if traffic is None else without_queue(over_any[name].tables, traffic, name)
        cost = border_costs(over_any[name], decay=decay, unqueued=unqueued)
        found = cost.iloc[merged.spot].set_axis(places.index)
        if name == CAR:
            measures = costs(decay, queues=unqueued is not None)
            table.fill((*DETOURS, *measures), CostsAcross(own.mode, found))
            effect = access.places[list(EFFECT)]
        else:
            effect, losses[name] = _of_class(own, places, decay)
        means[name] = by_region(effect.join(found.reindex(columns=list(COSTS))), places)
    values = table.frame()[list(COSTS.values())].set_axis(list(COSTS), axis=1)
    return Effects(
        places=values,
        regions=by_region(values, places)[list(COSTS)],
        measures=table.by_region(),
        measures_of_places=table.by_place(),
        classes=_by_class(means)[["region_id", "class", *EFFECT, *COSTS]],
        losses=_by_class(losses),
    )


def without_queue(tables: GateTables, traffic: Traffic, name: str) -> Scenario | None:
    """The border if a class did not queue.

    Parameters
    ----------
    tables
        Of the class.
    traffic
        What of its delays is the queue.
    name
        The class.

    Returns
    -------
    Scenario or None
        None where no capacity is known, so that nobody knows the queues.
    """
    rows = traffic.queued[traffic.queued["class"] == name]
    columns = [f"queued_{way}_h" for way in DIRECTIONS]
    queued = rows.set_index("checkpoint_id")[columns].reindex(tables.gates.index).to_numpy(float).T
    hours = delays(tables)
    known = np.isfinite(queued) & np.isfinite(hours)
    left = np.maximum(hours - np.where(known, queued, 0.0), 0.0)
    shorter = {
        str(gate): [float(left[way, at]) if known[way, at] else None for way in range(len(columns))]
        for at, gate in enumerate(tables.gates.index)
        if known[:, at].any()
    }
    return Scenario(delay=shorter) if shorter else None


def _of_class(
    travel: Travel, places: pd.DataFrame, decay: Decay
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What places reach by a class, and the share of each checkpoint in its border effect."""
    reached = potential(travel, decay=decay)
    lost = border_effect(reached)
    effect = reached.add_prefix("potential_").assign(
        hours_to_checkpoint=nearest_gate(travel.tables)["hours"],
        border_effect=lost["all"],
        border_effect_own=lost["own"],
        border_effect_across=lost["across"],
    )
    shares = loss_shares(
        effect_by_checkpoint(loss_by_checkpoint(travel, decay=decay), reached), places
    )
    return effect[list(EFFECT)], shares


def _by_class(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Rows of each region, its classes in the order of the study."""
    found = pd.concat(tables, names=["class", "region_id"]).swaplevel()
    ids = found.index.unique("region_id").sort_values()
    order = pd.MultiIndex.from_product([ids, list(tables)], names=["region_id", "class"])
    return found.reindex(order).reset_index()
