"""The tables that a class of traffic travels on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from geo_border.routing.spots import OwnSpots

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from geo_border.routing.inside import Inside
    from geo_border.routing.tables import GateTables
    from geo_border.routing.travel import Travel
    from geo_border.traffic.classes import TrafficClass


@dataclass(frozen=True, slots=True, eq=False)
class Slower:
    """Times inside the sides multiplied by a factor, as an `Inside`.

    Parameters
    ----------
    own
        The times.
    factor
        What multiplies them.
    """

    own: Inside
    factor: float

    @property
    def origins(self) -> tuple[NDArray[np.int64], ...]:
        """As those of `own`."""
        return self.own.origins

    @property
    def destinations(self) -> tuple[NDArray[np.int64], ...]:
        """As those of `own`."""
        return self.own.destinations

    def block(self, side: int, rows: slice | NDArray[np.int64]) -> NDArray[np.float64]:
        """Hours from some origins.

        Parameters
        ----------
        side
            Position in `geo_border.terms.SIDES`.
        rows
            Which of the origins of the side.

        Returns
        -------
        ndarray
            Shape (rows, destinations).
        """
        return self.own.block(side, rows) * self.factor


def class_travel(travel: Travel, traffic_class: TrafficClass) -> Travel:
    """Trips of a class: its speed, and its delays at the checkpoints.

    Parameters
    ----------
    travel
        Trips of cars. Where the gates have ``delay_<class>_out_h`` and ``delay_<class>_in_h``
        (hours, infinite where the class may not pass), these are its delays; the delays of the
        gates are taken for any class otherwise.
    traffic_class
        The class.

    Returns
    -------
    Travel
        What every measure across the border takes, for this class.

    Examples
    --------
    >>> import geo_border as gb
    >>> trips = gb.travel(gb.example_network())
    >>> truck = gb.class_travel(trips, gb.TrafficClass("truck", speed_factor=0.8))
    >>> slower = truck.tables.to_gate[0, 0] / trips.tables.to_gate[0, 0]
    >>> round(float(slower), 3)
    1.25
    """
    tables = class_tables(travel.tables, traffic_class)
    if tables is travel.tables:
        return travel
    own = travel.own
    if traffic_class.speed_factor != 1:
        own = _slower(own, 1 / traffic_class.speed_factor)
    return replace(travel, tables=tables, own=own)


def class_tables(tables: GateTables, traffic_class: TrafficClass) -> GateTables:
    """Checkpoint tables of a class.

    Parameters
    ----------
    tables
        Those of cars; gates as for `class_travel`.
    traffic_class
        The class.

    Returns
    -------
    GateTables
        Hours over the speed factor, delays of the class, times their factor, in ``delay_out_h``
        and ``delay_in_h``; the wait for opening hours is a part of them.
        What grew the trees is kept: a factor on all hours changes no path.
    """
    gates = tables.gates
    for column in ("delay_out_h", "delay_in_h"):
        own = column.replace("delay_", f"delay_{traffic_class.name}_")
        if own in gates:
            gates = gates.assign(**{column: gates[own]})
    if traffic_class.delay_factor != 1:
        hours = [name for name in ("delay_out_h", "delay_in_h", "wait_h") if name in gates]
        gates = gates.assign(**gates[hours] * traffic_class.delay_factor)
    if gates is tables.gates and traffic_class.speed_factor == 1:
        return tables
    factor = 1 / traffic_class.speed_factor
    return replace(
        tables,
        gates=gates,
        to_gate=tables.to_gate * factor,
        from_gate=tables.from_gate * factor,
        within=tables.within * factor,
    )


def _slower(own: Inside, factor: float) -> Inside:
    """Times inside the sides multiplied by a factor."""
    if isinstance(own, OwnSpots):
        return replace(own, spots=Slower(own.spots, factor), between=own.between * factor)
    return Slower(own, factor)
