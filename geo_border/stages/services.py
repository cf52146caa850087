"""Services on both sides, and what they offer to the people of each region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from geo_border.access.catchments import (
    balanced,
    enhanced_two_step,
    spatial_availability,
    two_step,
)
from geo_border.access.decay import calibrated
from geo_border.access.regions import by_region
from geo_border.access.services import nearest_service, service_times
from geo_border.network.crossings import gates_in_use
from geo_border.routing.contraction import FRESH
from geo_border.routing.scenarios import OPEN_BORDER, passages
from geo_border.stages.parameters import ROAD, local_ways

if TYPE_CHECKING:
    from geo_border.routing.contraction import Contractor
    from geo_border.settings import Settings


def service_parts(
    settings: Settings, built: dict[str, Any], *, contractor: Contractor = FRESH
) -> dict[str, Any]:
    """What services on both sides offer to the people of each region, by kind and border.

    Parameters
    ----------
    settings
        The study's parameters.
    built
        Parts of `geo_border.stages.network.network_stage`.
    contractor
        Gives the contraction of the network, where there are so many services that it pays.

    Returns
    -------
    dict
        Frames ``service_access`` (by region, kind and border) and ``services``; nothing if the
        study names none.
    """
    if settings.services is None:
        return {}
    places, services = built["places"], built["services"]
    gates = gates_in_use(built["gates"])
    whole = service_times(
        built["network"],
        places,
        services,
        gates,
        modes=ROAD,
        access=local_ways(settings),
        contractor=contractor,
    )
    decay = calibrated(settings.access.decay, settings.access.half_life_h)
    ways = {
        "as is": passages(whole.tables),
        "no delay": passages(whole.tables, OPEN_BORDER),
        "closed": None,
    }
    regions, of_services = [], []
    for kind, rows in services.groupby("kind"):
        of_kind = whole.only((services["kind"] == kind).to_numpy())
        for border, passed in ways.items():
            times = of_kind.under(passed)
            nearest = nearest_service(times, places, rows)
            shares = {
                "two_step": two_step(times, places, rows, within_h=settings.services.within_h),
                "enhanced": enhanced_two_step(times, places, rows, decay=decay),
                "balanced": balanced(times, places, rows, decay=decay),
            }
            values = nearest[["hours_own", "hours_across"]]
            for name, found in shares.items():
                values = values.join(found.places.add_prefix(f"{name}_"))
            available = spatial_availability(times, places, rows, decay=decay).places
            sums = available.groupby(places["region_id"]).sum().add_prefix("available_")
            told = by_region(values, places).filter(regex="^(?!.*_missing$)").join(sums)
            regions.append(told.assign(kind=kind, border=border).reset_index())
            asked = shares["enhanced"].services.assign(border=border)
            of_services.append(rows[["name", "side", "kind", "supply"]].join(asked))
    table = pd.concat(regions, ignore_index=True)
    first = ["region_id", "kind", "border"]
    return {
        "service_access": table[[*first, *table.columns.drop(first)]],
        "services": pd.concat(of_services).reset_index(),
    }
