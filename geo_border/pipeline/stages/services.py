"""Services on both sides, and what they offer to the people of each region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from geo_border.access.catchments import (
    balanced,
    enhanced_two_step,
    spatial_availability,
    two_step,
)
from geo_border.access.decay import calibrated
from geo_border.access.measures import SERVICES, Offer
from geo_border.access.regions import by_region
from geo_border.access.services import nearest_service, searched_services
from geo_border.network.gates import gates_in_use
from geo_border.network.straight import foreign_land
from geo_border.pipeline.stages.parameters import local_ways, modes_measured
from geo_border.routing.engine.contraction import FRESH
from geo_border.routing.scenarios import OPEN_BORDER, passages
from geo_border.terms import MODES_OF

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from geo_border.access.cells.cell_services import CellServices
    from geo_border.access.measure_table import MeasureTable
    from geo_border.access.services import SearchedServices
    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.border import Border
    from geo_border.pipeline.stages.network import StudyNetwork
    from geo_border.routing.engine.contraction import Contractor
    from geo_border.routing.tables import GateTables

BORDERS = {"as is": "", "no delay": "_open", "closed": "_closed"}
"""Borders under which services are measured, and the end of the columns of each."""


@dataclass(frozen=True, slots=True, eq=False)
class KindOffered:
    """What the services of a kind offer to places.

    Parameters
    ----------
    kind
        The kind.
    offered
        By border: columns ``_own`` and ``_across`` of each measure, by place.
    requested
        By border: what is asked of the services.
    """

    kind: str
    offered: dict[str, pd.DataFrame]
    requested: dict[str, pd.DataFrame]

    def measured(self, mode: str, places: pd.Index[str]) -> Offer:
        """What measures of services are made of.

        Parameters
        ----------
        mode
            Mode of the trips.
        places
            The first of those that services are offered to.

        Returns
        -------
        Offer
            Columns of all borders.
        """
        tables = [self.offered[border].add_suffix(end) for border, end in BORDERS.items()]
        values = pd.concat(tables, axis=1).iloc[: len(places)].set_axis(places)
        return Offer(mode, self.kind, values)


def offers(
    settings: Settings,
    whole: SearchedServices | CellServices,
    tables: GateTables,
    places: pd.DataFrame,
    services: pd.DataFrame,
) -> Iterator[KindOffered]:
    """Measure what services offer, a kind at a time.

    Parameters
    ----------
    settings
        The study's parameters, with ``services``.
    whole
        Times from all places to all services.
    tables
        Its checkpoint tables.
    places
        Who asks, with ``population``.
    services
        Who offers.

    Yields
    ------
    KindOffered
        Of each kind.
    """
    assert settings.services is not None
    within = settings.services.within_h
    decay = calibrated(settings.access.decay, settings.access.half_life_h)
    routes = {
        "as is": passages(tables),
        "no delay": passages(tables, OPEN_BORDER),
        "closed": None,
    }
    for kind, rows in services.groupby("kind"):
        of_kind = whole.only((services["kind"] == kind).to_numpy()).held()
        offer = KindOffered(str(kind), {}, {})
        for border, passed in routes.items():
            times = of_kind.under(passed)
            values = nearest_service(times, places, rows)[["hours_own", "hours_across"]]
            shares = {
                "two_step": two_step(times, places, rows, within_h=within),
                "enhanced": enhanced_two_step(times, places, rows, decay=decay),
                "balanced": balanced(times, places, rows, decay=decay),
                "available": spatial_availability(times, places, rows, decay=decay),
            }
            for name, found in shares.items():
                values = values.join(found.places.add_prefix(f"{name}_"))
            offer.offered[border] = values
            requested = shares["enhanced"].services.assign(border=border)
            offer.requested[border] = rows[["name", "side", "kind", "supply"]].join(requested)
        yield offer


@dataclass(frozen=True, slots=True, eq=False)
class ServiceAccess:
    """What services offer by road.

    Parameters
    ----------
    regions
        To the people of each region, by kind and border.
    services
        What is asked of each service, by border.
    """

    regions: pd.DataFrame
    services: pd.DataFrame

    def tables(self) -> dict[str, pd.DataFrame]:
        """Tables to be written, by name.

        Returns
        -------
        dict
            Both.
        """
        return {"service_access": self.regions, "services": self.services}


def service_access(
    settings: Settings,
    border: Border,
    net: StudyNetwork,
    table: MeasureTable,
    *,
    contractor_of: Callable[[str], Contractor] = lambda _: FRESH,
) -> ServiceAccess | None:
    """What services on both sides offer to the people of each region, by kind and border.

    Parameters
    ----------
    settings
        The study's parameters.
    border, net
        The border and the network of the study.
    table
        To be filled with the measures of each mode.
    contractor_of
        Gives what contracts the network of each mode, where there are so many services that
        it pays.

    Returns
    -------
    ServiceAccess or None
        None if the study names no services.
    """
    if settings.services is None:
        return None
    assert net.services is not None
    places, services = net.places, net.services
    gates = gates_in_use(net.gates)
    land = foreign_land(border.territory)
    regions: list[pd.DataFrame] = []
    of_services: list[pd.DataFrame] = []
    for mode in modes_measured(settings.access.modes, gates):
        whole = searched_services(
            net.network,
            places,
            services,
            gates,
            modes=MODES_OF[mode],
            access=local_ways(settings),
            land=land,
            contractor=contractor_of(mode),
        )
        for offer in offers(settings, whole, whole.tables, places, services):
            table.fill(SERVICES, offer.measured(mode, places.index))
            if mode == "road":
                regions += [
                    _by_region(values, places).assign(kind=offer.kind, border=border).reset_index()
                    for border, values in offer.offered.items()
                ]
                of_services += offer.requested.values()
    by_kind = pd.concat(regions, ignore_index=True)
    first = ["region_id", "kind", "border"]
    return ServiceAccess(
        regions=by_kind[[*first, *by_kind.columns.drop(first)]],
        services=pd.concat(of_services).reset_index(),
    )


def _by_region(values: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Means by region, and sums of what is available."""
    available = values.columns[values.columns.str.startswith("available_")]
    sums = values[available].groupby(places["region_id"]).sum()
    means = by_region(values.drop(columns=available), places)
    return means.filter(regex="^(?!.*_missing$)").join(sums)
