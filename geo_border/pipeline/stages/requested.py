"""What is asked of a study from outside: the border as it may be, and some of its places."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from geo_border.border.hours import INFORMED
from geo_border.errors import CheckpointError, StudyError
from geo_border.network.gates import gates_in_use
from geo_border.pipeline.stages.named_places import place_named
from geo_border.routing.at_gates import at_gates
from geo_border.routing.tables import gate_tables
from geo_border.terms import CAR, MODES_OF, SIDES, Mode

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from geo_border.pipeline.stages.network import StudyNetwork
    from geo_border.routing.scenarios import Scenario
    from geo_border.routing.tables import GateTables

Passed = Literal["as-is", "no-delay", "closed"]
"""How the border is passed: with its delays, without any, not at all."""


def requested_tables(
    net: StudyNetwork,
    scenario: Scenario,
    passed: Passed,
    mode: Mode,
    *,
    checkpoints: gpd.GeoDataFrame | None = None,
    month: int | None = None,
    informed: float = INFORMED,
    trees: bool = False,
) -> tuple[GateTables, Scenario]:
    """Tables of the gates that are in use or named, and the scenario that is asked for.

    Parameters
    ----------
    net
        The network of the study.
    scenario
        What is different at the border.
    passed
        How the border is passed.
    mode
        Mode of the trips.
    checkpoints, month, informed
        As `geo_border.routing.at_gates.at_gates` takes them.
    trees
        As `geo_border.routing.tables.gate_tables` takes it.

    Returns
    -------
    tuple
        Checkpoint tables and scenario.

    Raises
    ------
    StudyError
        If a mode or border is unknown.
    CheckpointError
        If what is different does not fit the border, or no trip by the mode passes it.
    """
    _check_choice("border", passed, get_args(Passed))
    _check_choice("mode", mode, get_args(Mode))
    network, places, gates = net.network, net.places, net.gates
    scenario = at_gates(
        scenario,
        gates,
        net.crossings,
        net.controls,
        checkpoints=checkpoints,
        month=month,
        informed=informed,
    ).of_class(CAR)
    used = gates.index.isin(gates_in_use(gates).index) | gates.index.isin(list(scenario.named))
    passed_by = gates["mode"].isin(MODES_OF[mode])
    if len(gates) and not passed_by.any():
        raise CheckpointError(
            f"no checkpoint on the network is passed by {mode}",
            remedy=f"Those there are of mode {', '.join(sorted(set(gates['mode'])))}; choose "
            "another `mode`",
        )
    tables = gate_tables(network, places, gates[used], modes=MODES_OF[mode], trees=trees)
    if passed == "no-delay":
        scenario = replace(scenario, factor=0.0)
    elif passed == "closed":
        scenario = replace(scenario, close=tables.gates.index)
    return tables, scenario


def selected_places(
    places: gpd.GeoDataFrame, names: Sequence[str], *, where: str
) -> NDArray[np.bool_]:
    """Find the places of sides and regions, and single ones.

    Parameters
    ----------
    places
        Joined places.
    names
        Each ``home``, ``neighbour``, the id of a region, or the id or name of a place; none
        is all.
    where
        What they are for, in messages.

    Returns
    -------
    ndarray
        Mask over the places, shape (P,).

    Raises
    ------
    StudyError
        If nothing, or more than one place, is called so.
    """
    found = np.full(len(places), not names)
    regions = set(places["region_id"].dropna())
    for name in names:
        if name in SIDES:
            found |= (places["side"] == name).to_numpy()
        elif name in regions:
            found |= (places["region_id"] == name).to_numpy()
        else:
            known = {*places.index, *places["name"]}
            if name not in known:
                like = get_close_matches(name, sorted(map(str, known | regions)), n=3, cutoff=0.4)
                raise StudyError(
                    f"{where}: there is no region or place {name!r}",
                    remedy=f"Is it {' or '.join(like)}?"
                    if like
                    else "Give home, neighbour, the id of a region, or that or the name of a place",
                )
            found |= places.index == place_named(places, name, where=where)
    return found


def _check_choice(what: str, given: str, choices: Collection[str]) -> None:
    """Raise if something else than the choices is given."""
    if given not in choices:
        raise StudyError(f"{what} {given!r}: choose of {', '.join(choices)}")
