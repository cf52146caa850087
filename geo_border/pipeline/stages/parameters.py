"""What study.toml says, as the parameters that the functions take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo_border.network.places import Access
from geo_border.network.tolerances import Tolerances

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from geo_border.pipeline.settings import Settings
    from geo_border.terms import Mode

CUT_H = 1.0
"""By how much less delay at one checkpoint is tried, hours."""


def modes_measured(wanted: Sequence[Mode], gates: pd.DataFrame) -> list[Mode]:
    """Modes that measures are of: road, and of the others what can cross the border.

    Parameters
    ----------
    wanted
        Modes that the study names.
    gates
        Gates in use.

    Returns
    -------
    list of str
        Keys of `MODES_OF`.
    """
    by_rail = (gates["mode"] == "rail").any()
    return ["road", *(mode for mode in wanted if mode != "road" and by_rail)]


def local_ways(settings: Settings) -> Access:
    """How places reach the network.

    Parameters
    ----------
    settings
        The study's parameters.

    Returns
    -------
    Access
        Reach, detour and speed of local ways.
    """
    section = settings.network
    return Access(
        farthest_km=section.place_reach_km,
        detour=section.place_detour,
        speed_kmh=section.place_kmh,
        station_km=section.station_km,
        transfer_h=section.transfer_h,
        gauge_break_h=section.gauge_break_h,
        beyond_km=settings.beyond_km,
    )


def tolerances(settings: Settings) -> Tolerances:
    """How far apart may lie what is the same on the ground.

    Parameters
    ----------
    settings
        The study's parameters.

    Returns
    -------
    Tolerances
        As [regions] and [network] say.
    """
    section = settings.network
    return Tolerances(
        crossing_km=section.crossing_tolerance_km,
        stub_m=section.stub_tolerance_m,
        along_m=section.along_border_m,
        edge_km=settings.regions.edge_tolerance_km,
    )


def surface_access(settings: Settings) -> Access:
    """How cells reach the network: as settlements do, where [surface] says nothing else.

    Parameters
    ----------
    settings
        The study's parameters, with ``surface``.

    Returns
    -------
    Access
        Reach, detour and speed off the road.
    """
    section, network = settings.surface, settings.network
    assert section is not None
    return Access(
        farthest_km=section.reach_km or network.place_reach_km,
        detour=section.offroad_detour or network.place_detour,
        speed_kmh=section.offroad_kmh or network.place_kmh,
    )
