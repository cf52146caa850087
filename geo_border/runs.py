"""A run of a study: its stages in order, each remembered by what it depends on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from geo_border.border.belt import belt_cells
from geo_border.contractions import Remembered
from geo_border.folders import file_digest
from geo_border.inputs.extracts import extract_stage, levels_of
from geo_border.inputs.files import extract_files, input_files, parts_of
from geo_border.inputs.population import polygon_population, read_population
from geo_border.inputs.read import Inputs, read_inputs
from geo_border.results import Surfaces
from geo_border.routing.inside import can_be_held, held_or_searched
from geo_border.stages.access import access_stage
from geo_border.stages.border import border_stage, with_passages
from geo_border.stages.bottlenecks import bottleneck_stage
from geo_border.stages.cell_trips import service_stage, trip_stage
from geo_border.stages.cells import entry_stage, regions_in_belt
from geo_border.stages.index import index_stage
from geo_border.stages.measures import measures_stage
from geo_border.stages.network import network_stage
from geo_border.stages.parameters import MODES_OF, Mode
from geo_border.stages.searches import inside_stage, own_times_of
from geo_border.stages.surfaces import surface_stage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import geopandas as gpd

    from geo_border.border.belt import CellGrid
    from geo_border.routing.inside import Inside
    from geo_border.routing.travel import Travel
    from geo_border.settings import Settings
    from geo_border.store import Memory


STAGES = (
    "extracts",
    "read",
    "border",
    "network",
    "searches",
    "access",
    "cells",
    "surfaces",
    "cell_trips",
    "cell_services",
    "bottlenecks",
    "index",
    "outputs",
)
"""Steps of a run, in order, as progress is told; those of cells where a raster is given."""

MEMORY = ".stages"
"""Folder of finished stages inside the output folder."""


class Begun(NamedTuple):
    """What a run has when the network stands.

    Parameters
    ----------
    inputs
        The checked inputs.
    digests
        SHA-256 of the input files, by the key of study.toml that names each.
    extracted
        Parts of `geo_border.inputs.extracts.extract_stage`; None without extracts.
    border
        Parts of `geo_border.stages.border.border_stage`, with what each passage counts for.
    border_key
        The key they are remembered by.
    built
        Parts of `geo_border.stages.network.network_stage`.
    key
        The key they are remembered by.
    """

    inputs: Inputs
    digests: dict[str, str]
    extracted: dict[str, Any] | None
    border: dict[str, Any]
    border_key: str
    built: dict[str, Any]
    key: str


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a study.

    Parameters
    ----------
    settings
        What study.toml says.
    folder
        The folder of study.toml and the files it names.
    memory
        Finished stages.
    progress
        Called with the name of each stage of `STAGES` as it begins, and while extracts are read
        with the name, a colon and how far that is.
    """

    settings: Settings
    folder: Path
    memory: Memory
    progress: Callable[[str], None]

    def extracted(self, digests: dict[str, str]) -> dict[str, Any] | None:
        """Read what is needed of the extracts.

        Parameters
        ----------
        digests
            SHA-256 of the input files, by key.

        Returns
        -------
        dict or None
            Parts of `geo_border.inputs.extracts.extract_stage`; None for a study without
            extracts.
        """
        settings = self.settings
        if settings.osm is None:
            return None
        depends = {
            "files": _starting(digests, "osm."),
            "settings": [
                settings.osm.model_dump(),
                levels_of(settings),
                settings.regions.local_language,
            ],
        }
        return self.memory.stage(
            "extracts",
            depends,
            lambda: extract_stage(
                settings,
                self.folder,
                progress=lambda what: self.progress(f"{STAGES[0]}: {what}"),
            ),
        )[0]

    def network(self) -> Begun:
        """Run the stages up to the network.

        Returns
        -------
        Begun
            What they gave.
        """
        settings = self.settings
        self.progress("extracts")
        digests = input_digests(settings, self.folder)
        extracted = self.extracted(digests)

        self.progress("read")
        inputs = read_inputs(settings, self.folder, extracted)

        self.progress("border")
        depends: dict[str, Any] = {
            "files": _starting(digests, "osm.", "regions.", "checkpoints"),
            "settings": [settings.regions.model_dump(), settings.checkpoints.model_dump()],
        }
        if settings.osm is not None or settings.checkpoints.open_crossings:
            # The sides' names and the places name crossings, which are found on the lines.
            depends["lines"] = [
                _starting(digests, "network.", "places"),
                settings.osm and settings.osm.language,
                *(
                    part.model_dump()
                    for part in (settings.study, settings.network, settings.places)
                ),
            ]
        border, border_key = self.memory.stage(
            "border", depends, lambda: border_stage(inputs, settings)
        )

        self.progress("network")
        depends = {
            "border": border_key,
            "files": _starting(digests, "network.", "places", "services"),
            "settings": [settings.network.model_dump(), settings.places.model_dump()],
        }
        built, key = self.memory.stage(
            "network", depends, lambda: network_stage(inputs, settings, border)
        )
        border = with_passages(border, built["posts"])
        return Begun(inputs, digests, extracted, border, border_key, built, key)

    def contractor_of(self, network: str) -> Remembered:
        """What contracts one of the study's networks, and remembers it.

        Parameters
        ----------
        network
            Such as ``"road"``.

        Returns
        -------
        Remembered
            A contractor.
        """
        return Remembered(self.memory, f"contraction_{network}")

    def searches(self, begun: Begun, mode: Mode = "road") -> Inside:
        """Run the searches inside the sides, or prepare them where the times are too many.

        Parameters
        ----------
        begun
            What `network` gave.
        mode
            Mode of the trips.

        Returns
        -------
        Inside
            Times between the places of each side.
        """
        self.progress("searches")
        network, places = begun.built["network"], begun.built["places"]
        modes, contractor = MODES_OF[mode], self.contractor_of(mode)
        if not can_be_held(places):
            return held_or_searched(network, places, modes=modes, contractor=contractor)
        inside, _ = self.memory.stage(
            "searches" if mode == "road" else f"searches_{mode}",
            {"network": begun.key},
            lambda: inside_stage(network, places, modes=modes, contractor=contractor),
        )
        return own_times_of(inside)

    def access(self, begun: Begun, travel: Travel) -> tuple[dict[str, Any], str]:
        """Measure what can be reached, as the index needs it.

        Parameters
        ----------
        begun
            What `network` gave.
        travel
            Trips by road, their tables with trees.

        Returns
        -------
        tuple
            Frames by name, and the key of what they depend on.
        """
        self.progress("access")
        settings = self.settings
        depends: dict[str, Any] = {
            "network": begun.key,
            "settings": settings.access.model_dump(),
        }
        return self.memory.stage(
            "access",
            depends,
            lambda: access_stage(settings, begun.border["regions"], begun.built, travel),
        )

    def measures(self, begun: Begun, travel: Travel, access_key: str) -> dict[str, Any]:
        """Measure what a planner asks for besides.

        Parameters
        ----------
        begun
            What `network` gave.
        travel
            Trips by road, their tables with trees.
        access_key
            The key that `access` gave.

        Returns
        -------
        dict
            Parts of `geo_border.stages.measures.measures_stage`.
        """
        settings = self.settings
        depends: dict[str, Any] = {
            "access": access_key,
            "settings": settings.model_dump(include={"services", "corridors", "corridor_costs"}),
            "land": settings.surface is None,
        }
        return self.memory.stage(
            "measures",
            depends,
            lambda: measures_stage(
                settings,
                begun.border,
                begun.built,
                travel,
                contractor_of=self.contractor_of,
            ),
        )[0]

    def cells(self, begun: Begun) -> tuple[CellGrid, dict[str, Any], str]:
        """Read the population of the belt.

        Parameters
        ----------
        begun
            What `network` gave.

        Returns
        -------
        tuple
            The grid, its cells and the regions with their people, and the key they are
            remembered by.
        """
        self.progress("cells")
        border, section = begun.border, self.settings.surface
        assert section is not None
        grid, cells = belt_cells(
            border["border"],
            border["territory"],
            cell_km=section.cell_km,
            belt_km=section.belt_km,
            crs=section.crs,
        )
        files = [self.folder / name for name in section.population]
        band, unit = section.band, section.unit
        depends: dict[str, Any] = {
            "border": begun.border_key,
            "files": _starting(begun.digests, "surface."),
            "settings": section.model_dump(include={"unit", "band", "cell_km", "belt_km", "crs"}),
        }
        read, key = self.memory.stage(
            "cells",
            depends,
            lambda: {
                "cells": cells.join(read_population(files, grid, cells, band=band, unit=unit)),
                "regions": polygon_population(
                    files, regions_in_belt(section, grid, border), band=band, unit=unit
                ).to_frame(),
            },
        )
        return grid, read, key

    def surfaces(self, begun: Begun) -> tuple[Surfaces, dict[str, pd.DataFrame]]:
        """Measure the cells of the belt.

        Parameters
        ----------
        begun
            What `network` gave.

        Returns
        -------
        tuple
            The cells, and tables on them by name.
        """
        settings, border, section = self.settings, begun.border, self.settings.surface
        assert section is not None
        grid, read, key = self.cells(begun)
        self.progress("surfaces")
        depends: dict[str, Any] = {
            "cells": key,
            "network": begun.key,
            "settings": [section.model_dump(), settings.network.model_dump()],
        }
        joined, key = self.memory.stage(
            "entries",
            depends,
            lambda: entry_stage(settings, grid, read["cells"], border, begun.built),
        )
        of_access = {"entries": key, "settings": settings.access.model_dump()}
        parts = {
            "surfaces": self.memory.stage(
                "surfaces",
                of_access,
                lambda: surface_stage(
                    settings,
                    grid,
                    joined,
                    read["regions"]["population"],
                    border,
                    begun.built,
                    contractor_of=self.contractor_of,
                ),
            )[0]
        }
        self.progress("cell_trips")
        parts["cell_trips"] = self.memory.stage(
            "cell_trips",
            of_access,
            lambda: trip_stage(
                settings, grid, joined, border, begun.built, contractor_of=self.contractor_of
            ),
        )[0]
        if settings.services is not None:
            self.progress("cell_services")
            depends = {**of_access, "services": settings.services.model_dump()}
            parts["cell_services"] = self.memory.stage(
                "cell_services",
                depends,
                lambda: service_stage(
                    settings, grid, joined, border, begun.built, contractor_of=self.contractor_of
                ),
            )[0]
        cells = joined["cells"].join([part["values"] for part in parts.values()])
        layers = pd.concat([part["layers"] for part in parts.values()], ignore_index=True)
        means = [part["means"].set_index("region_id") for part in parts.values()]
        return Surfaces(grid, cells, layers), {
            "zones_area": parts["surfaces"]["zones_area"],
            "surface_means": pd.concat(means, axis=1).rename_axis("region_id").reset_index(),
            "surface_measures": pd.concat(
                [part["measures"] for part in parts.values()], ignore_index=True
            ).rename(columns={"places_missing": "cells_missing"}),
            "account": pd.concat([part["account"] for part in parts.values()]),
        }

    def bottlenecks(
        self, begun: Begun, travel: Travel, access_key: str
    ) -> tuple[dict[str, Any], str]:
        """Load the network with demand across the border, and close each checkpoint.

        Parameters
        ----------
        begun
            What `network` gave.
        travel
            Trips by road, their tables with trees.
        access_key
            The key that `access` gave.

        Returns
        -------
        tuple
            Frames by name, and the key of what they depend on.
        """
        self.progress("bottlenecks")
        depends = {"access": access_key, "settings": self.settings.demand.model_dump()}
        return self.memory.stage(
            "bottlenecks", depends, lambda: bottleneck_stage(self.settings, begun.built, travel)
        )

    def index(
        self,
        begun: Begun,
        regions: gpd.GeoDataFrame,
        access: dict[str, Any],
        bottlenecks: dict[str, Any],
        bottleneck_key: str,
    ) -> dict[str, Any]:
        """Score and type the home regions.

        Parameters
        ----------
        begun
            What `network` gave.
        regions
            Regions of both sides with their measures.
        access, bottlenecks
            Frames of the earlier stages.
        bottleneck_key
            The key that `bottlenecks` gave.

        Returns
        -------
        dict
            Parts of `geo_border.stages.index.index_stage`.
        """
        self.progress("index")
        settings = self.settings
        depends = {
            "bottlenecks": bottleneck_key,
            "files": _starting(begun.digests, "indicators."),
            "settings": [settings.index.model_dump(), settings.typology.model_dump()],
        }
        return self.memory.stage(
            "index",
            depends,
            lambda: index_stage(settings, begun.inputs, regions, begun.border, access, bottlenecks),
        )[0]


def input_digests(settings: Settings, folder: Path) -> dict[str, str]:
    """Digest every input file of a study.

    Parameters
    ----------
    settings
        What study.toml says.
    folder
        Its folder.

    Returns
    -------
    dict
        SHA-256 by the key of study.toml that names the file; files that do not exist are left
        for the readers to name.
    """
    files = extract_files(settings, folder) | input_files(settings, folder)
    return {key: _digest(parts) for key, file in files.items() if (parts := parts_of(file))}


def _digest(parts: list[Path]) -> str:
    """SHA-256 of one file, or of the names and digests of several."""
    digests = [file_digest(part) for part in parts]
    if len(parts) == 1:
        return digests[0]
    named = "".join(f"{part.name} {digest}\n" for part, digest in zip(parts, digests, strict=True))
    return hashlib.sha256(named.encode()).hexdigest()


def _starting(digests: dict[str, str], *prefixes: str) -> dict[str, str]:
    """Digests whose key begins with one of the prefixes."""
    return {key: digest for key, digest in digests.items() if key.startswith(prefixes)}
