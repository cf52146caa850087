"""What a run would refuse behind the network, said before it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geo_border.errors import GeoBorderError
from geo_border.index.registry import checked_registry
from geo_border.index.selection import select
from geo_border.network.gates import gates_in_use
from geo_border.pipeline.stages.corridors import study_corridors
from geo_border.pipeline.stages.parameters import modes_measured
from geo_border.pipeline.stages.surfaces import WRONG_VALUES
from geo_border.routing.tables import gate_tables
from geo_border.terms import MODES_OF, ROAD, SIDES

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from geo_border.pipeline.inputs.read import Inputs
    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.border import Border
    from geo_border.pipeline.stages.checkpoint_findings import Finding
    from geo_border.pipeline.stages.network import StudyNetwork

MOST_WRONG = 0.01
"""Share of the belt whose pixels may be wrong before it is told."""


def refusals(
    settings: Settings,
    inputs: Inputs,
    border: Border,
    net: StudyNetwork,
    *,
    cells: Callable[[], pd.DataFrame] | None = None,
) -> list[Finding]:
    """Walk on behind the network as far as that is cheap, and keep what is refused.

    Parameters
    ----------
    settings
        The study's parameters.
    inputs
        The checked inputs.
    border, net
        The border and the network of the study.
    cells
        Reads the population of the belt, see
        `geo_border.pipeline.inputs.population.read_population`; none where the study has no raster.

    Returns
    -------
    list of tuple
        Findings: an error for each, in the words of the run, and warnings.
    """
    found: list[Finding] = []

    def tried(topic: str, item: str, work: Callable[[], Any]) -> Any:
        """What work gives; nothing if it is refused."""
        try:
            return work()
        except GeoBorderError as error:
            found.append(("error", topic, item, str(error).removesuffix("."), ""))
            return None

    network, places = net.network, net.places
    gates = gates_in_use(net.gates)
    for mode in modes_measured(settings.access.modes, gates):
        if mode != "road":
            edges = MODES_OF[mode]
            tried(
                "network",
                mode,
                lambda edges=edges: gate_tables(network, places, gates, modes=edges),  # type: ignore[misc]
            )
    tables = tried(
        "network", "road", lambda: gate_tables(network, places, gates, modes=ROAD, trees=True)
    )
    if tables is not None and settings.corridors:
        tried("corridors", "ways", lambda: study_corridors(settings, border, net, tables))
    if settings.indicators is not None:
        home = border.regions.index[border.regions["side"] == SIDES[0]]
        tried(
            "indicators",
            "values",
            lambda: select(checked_registry(inputs.registry), inputs.indicators, home),
        )
    if cells is not None:
        read = tried("surface", "population", cells)
        if read is not None:
            found += [
                (
                    "warning",
                    "surface",
                    "population",
                    (
                        f"the rasters have {words} in {100 * read[kind].mean():.0f} % of the belt: "
                        "nobody is counted there; if they mean that there are no data, say so "
                        "with gdal_edit -a_nodata"
                    ),
                    "",
                )
                for kind, words in WRONG_VALUES.items()
                if read[kind].mean() > MOST_WRONG
            ]
    return found
