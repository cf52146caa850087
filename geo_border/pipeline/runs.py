"""A run of a study: its stages in order, each remembered by what it depends on."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import pandas as pd

from geo_border.border.belt import belt_cells
from geo_border.network.gates import gates_in_use
from geo_border.pipeline.contractions import Remembered
from geo_border.pipeline.folders import file_digest
from geo_border.pipeline.inputs.extracts import about_extracts
from geo_border.pipeline.inputs.faults import files_named_from
from geo_border.pipeline.inputs.files import extract_files, input_files, parts_of
from geo_border.pipeline.inputs.read import Inputs, read_inputs
from geo_border.pipeline.results import Results, Surfaces
from geo_border.pipeline.settings import Settings
from geo_border.pipeline.stages.border import with_passages
from geo_border.pipeline.stages.bottlenecks import edge_layer
from geo_border.pipeline.stages.declaration import Stage, keys
from geo_border.pipeline.stages.declared import (
    ACCESS,
    BORDER,
    BOTTLENECKS,
    CELL_SERVICES,
    CELL_TRIPS,
    CELLS,
    DECLARED,
    DRAWS,
    EFFECTS,
    ENTRIES,
    EXTRACTS,
    INDEX,
    NETWORK,
    OUTER,
    ROUTES,
    SEARCHES,
    SURFACES,
    TRAFFIC,
)
from geo_border.pipeline.stages.detours import capital_detour_index
from geo_border.pipeline.stages.findings import findings
from geo_border.pipeline.stages.flaws import flaws
from geo_border.pipeline.stages.quality import account
from geo_border.pipeline.stages.traffic import about_traffic
from geo_border.pipeline.versions import library_versions
from geo_border.routing.inside import can_be_held, held_or_searched
from geo_border.routing.outer import with_outer
from geo_border.routing.tables import gate_tables
from geo_border.routing.travel import Travel
from geo_border.terms import MODES_OF, ROAD
from geo_border.typology.cards import in_words, names_of
from geo_border.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from geo_border.border.belt import CellGrid
    from geo_border.network.outer import OuterZones
    from geo_border.pipeline.inputs.extracted import Extracts
    from geo_border.pipeline.memory import Memory
    from geo_border.pipeline.stages.border import Border
    from geo_border.pipeline.stages.cells import Cells
    from geo_border.pipeline.stages.network import StudyNetwork
    from geo_border.pipeline.stages.traffic import Traffic
    from geo_border.routing.inside import Inside
    from geo_border.terms import Mode

P = ParamSpec("P")
T = TypeVar("T")

MEMORY = ".stages"
"""Folder of finished stages inside the output folder."""


@dataclass(frozen=True)
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
        Called with the name of each step of `geo_border.pipeline.stages.declared.STAGES` as it
        begins, and while extracts are read with the name, a colon and how far that is.
    """

    settings: Settings
    folder: Path
    memory: Memory
    progress: Callable[[str], None]
    _shown: list[str] = field(default_factory=list)

    @cached_property
    def digests(self) -> dict[str, str]:
        """SHA-256 of the input files, by the key of study.toml that names each."""
        with files_named_from(self.folder):
            return input_digests(self.settings, self.folder)

    @cached_property
    def keys(self) -> Mapping[str, str]:
        """Key of each stage."""
        return keys(DECLARED, self.settings, self.digests, self.memory.key)

    def step(self, name: str) -> None:
        """Say which step begins, once.

        Parameters
        ----------
        name
            One of `geo_border.pipeline.stages.declared.STAGES`.
        """
        if name not in self._shown:
            self._shown.append(name)
            self.progress(name)

    def stage(self, stage: Stage[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do the work of a stage, or remember what it gave.

        Parameters
        ----------
        stage
            Its declaration.
        *args, **kwargs
            What its work is given: settings and inputs are cut to what is declared, so that
            nothing else can decide what it gives.

        Returns
        -------
        dataclass
            What the stage gives.
        """
        self.step(stage.step)
        work: Callable[..., T] = stage.work
        given = [_cut(stage, argument) for argument in args]
        with files_named_from(self.folder):
            if self.memory.folder is None:
                return work(*given, **kwargs)  # without digests of the inputs, which may be large
            return self.memory.stage(
                stage.name, self.keys[stage.name], lambda: work(*given, **kwargs), stage.kind
            )

    def read(self) -> Inputs:
        """Read and check every input.

        Returns
        -------
        Inputs
            Checked frames.
        """
        self.step(EXTRACTS.step)
        extracts: Extracts | None = None
        if self.settings.osm is not None:
            extracts = self.stage(
                EXTRACTS,
                self.settings,
                self.folder,
                progress=lambda what: self.progress(f"{EXTRACTS.step}: {what}"),
            )
        self.step("read")
        with files_named_from(self.folder):
            return read_inputs(self.settings, self.folder, extracts)

    def border(self) -> tuple[Inputs, Border]:
        """Read the inputs, and find the border and its checkpoints.

        Returns
        -------
        inputs : Inputs
            As `read` gives them.
        border : Border
            The border.
        """
        inputs = self.read()
        return inputs, self.stage(BORDER, self.settings, inputs)

    def network(self) -> tuple[Inputs, Border, StudyNetwork]:
        """Read the inputs, find the border, and build the network.

        Returns
        -------
        inputs : Inputs
            As `read` gives them.
        border : Border
            With its checkpoints counted, those of one passage once.
        net : StudyNetwork
            The network.
        """
        inputs, border = self.border()
        net = self.stage(NETWORK, self.settings, inputs, border)
        return inputs, with_passages(border, net.controls), net

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

    def searches(self, net: StudyNetwork, mode: Mode = "road") -> Inside:
        """Run the searches inside the sides, or prepare them where the times are too many.

        Parameters
        ----------
        net
            The network.
        mode
            Mode of the trips.

        Returns
        -------
        Inside
            Times between the places of each side.
        """
        self.step(SEARCHES[mode].step)
        modes, contractor = MODES_OF[mode], self.contractor_of(mode)
        if not can_be_held(net.places):
            return held_or_searched(net.network, net.places, modes=modes, contractor=contractor)
        return self.stage(
            SEARCHES[mode], net.network, net.places, modes=modes, contractor=contractor
        )

    def travel(self, net: StudyNetwork) -> Travel:
        """Trips by road, their tables with trees.

        Parameters
        ----------
        net
            The network.

        Returns
        -------
        Travel
            Between all places, over the gates in use.
        """
        own, gates = self.searches(net), gates_in_use(net.gates)
        tables = gate_tables(net.network, net.places, gates, modes=ROAD, trees=True)
        return Travel(net.places, tables, own)

    def outer(self, inputs: Inputs, net: StudyNetwork) -> OuterZones | None:
        """Cities and trunk roads beyond the land of the study.

        Parameters
        ----------
        inputs, net
            As `network` gives them.

        Returns
        -------
        OuterZones or None
            In a graph of their own, for `geo_border.routing.outer.with_outer`; None if the study
            has none.
        """
        if self.settings.outer is None:
            return None
        return self.stage(OUTER, self.settings, inputs, net)

    def everyone(self, inputs: Inputs, net: StudyNetwork) -> Travel:
        """Trips by road of all who make them: the places of the study and the cities beyond.

        Parameters
        ----------
        inputs, net
            As `network` gives them.

        Returns
        -------
        Travel
            What demand across the border is of; `travel` where the study has no cities beyond.
        """
        travel, outer = self.travel(net), self.outer(inputs, net)
        return travel if outer is None else with_outer(travel, outer)

    def cells(self, border: Border) -> tuple[CellGrid, Cells]:
        """Read the population of the belt.

        Parameters
        ----------
        border
            The border.

        Returns
        -------
        grid : CellGrid
            Where the cells lie.
        cells : Cells
            Their people, and those of the regions.
        """
        self.step(CELLS.step)
        section = self.settings.surface
        assert section is not None
        grid, cells = belt_cells(
            border.line,
            border.territory,
            sea=border.at_sea,
            cell_km=section.cell_km,
            belt_km=section.belt_km,
            crs=section.crs,
        )
        files = [self.folder / name for name in section.population]
        return grid, self.stage(CELLS, self.settings, grid, cells, files, border)

    def surfaces(
        self, border: Border, net: StudyNetwork
    ) -> tuple[Surfaces, dict[str, pd.DataFrame]]:
        """Measure the cells of the belt.

        Parameters
        ----------
        border, net
            The border and the network.

        Returns
        -------
        tuple
            The cells, and tables on them by name.
        """
        settings, contractor_of = self.settings, self.contractor_of
        grid, people = self.cells(border)
        joined = self.stage(ENTRIES, settings, grid, people.cells, border, net)
        reached = self.stage(
            SURFACES, settings, grid, joined, people, border, net, contractor_of=contractor_of
        )
        parts = [
            reached,
            self.stage(
                CELL_TRIPS, settings, grid, joined, border, net, contractor_of=contractor_of
            ),
        ]
        if settings.services is not None:
            services = self.stage(
                CELL_SERVICES, settings, grid, joined, border, net, contractor_of=contractor_of
            )
            parts.append(services)
        cells = joined.cells.join([part.by_cell for part in parts])
        layers = pd.concat([part.layers for part in parts], ignore_index=True)
        means = [part.means.set_index("region_id") for part in parts]
        assert reached.zones_area is not None
        return Surfaces(grid, cells, layers), {
            "zones_area": reached.zones_area,
            "surface_means": pd.concat(means, axis=1).rename_axis("region_id").reset_index(),
            "surface_measures": pd.concat(
                [part.measures for part in parts], ignore_index=True
            ).rename(columns={"places_missing": "cells_missing"}),
            "account": pd.concat([part.account for part in parts]),
        }


def results_of(run: Run, *, audited: Callable[[pd.DataFrame], None] = lambda _: None) -> Results:
    """Run every stage, from the border to the typology.

    Parameters
    ----------
    run
        The run.
    audited
        Called with what is found up to the network, before anything is measured.

    Returns
    -------
    Results
        Every frame by name.
    """
    settings = run.settings
    inputs, border, net = run.network()
    outer = run.outer(inputs, net)
    audited(findings(settings, inputs, border, net, outer))
    travel = run.travel(net)
    access = run.stage(ACCESS, settings, border, net, travel, contractor_of=run.contractor_of)
    routes = run.stage(ROUTES, settings, border, net, travel.tables)
    surfaces: Surfaces | None = None
    of_cells: dict[str, pd.DataFrame] = {}
    quality = account(settings, border, net, inputs.extracts)
    if settings.surface is not None:
        surfaces, of_cells = run.surfaces(border, net)
        quality = pd.concat([quality, of_cells.pop("account")], ignore_index=True)
    everyone = travel if outer is None else with_outer(travel, outer)
    traffic: Traffic | None = None
    if settings.traffic.choice == "logit":
        traffic = run.stage(TRAFFIC, settings, inputs, border, net, everyone, outer)
    effects = run.stage(EFFECTS, settings, border, net, travel, access, traffic)
    strain = run.stage(BOTTLENECKS, settings, border, net, travel, everyone, outer, traffic)
    regions = border.regions.join([access.regions, effects.regions])
    places = access.places.join(effects.places)
    drawn = run.stage(DRAWS, settings, border, net, travel)
    judged = run.stage(INDEX, settings, inputs, regions, border, access, strain, drawn)
    checkpoints = border.checkpoints.join(strain.ranking)
    said = in_words(judged.findings, names_of(regions, checkpoints, places, judged.registry))
    return Results(
        settings=settings,
        regions=regions,
        territory=border.territory,
        border=border.line,
        dyads=border.dyads,
        checkpoints=checkpoints,
        crossings=net.crossings,
        edges=edge_layer(net.network, strain.load, strain.class_load),
        places=places,
        travel_times=access.travel_times.join(
            capital_detour_index(access.travel_times, border.regions)
        ),
        diversions=strain.diversions,
        levels=judged.levels,
        typology=said.typology,
        indicators=judged.indicators,
        registry=judged.registry,
        quality=quality,
        mismatch=border.mismatch,
        cards=said.cards,
        more={
            "zones": access.zones_by_road,
            **effects.tables(),
            "delay_gains": strain.gains,
            **({} if traffic is None else traffic.tables()),
            **of_cells,
            "access_measures": pd.concat([access.measures, effects.measures], ignore_index=True),
            "zones_by_mode": access.zones,
            **routes.tables(),
            **({} if access.services is None else access.services.tables()),
            "sensitivity": said.sensitivity,
            **judged.tables(),
        },
        manifest=_manifest(run, inputs) | {"traffic": about_traffic(settings, traffic)},
        measures_of_places=access.measures_of_places.beside(effects.measures_of_places),
        stages_reused=tuple(run.memory.reused),
        network=net.network,
        surfaces=surfaces,
        flaws=flaws(net, inputs.lines, inputs.extracts),
        layers=routes.layers(),
        further=inputs.further,
    )


def _manifest(run: Run, inputs: Inputs) -> dict[str, Any]:
    """Say what was run on what."""
    about = {} if inputs.extracts is None else {"extracts": about_extracts(inputs.extracts)}
    return about | {
        "geo_border": __version__,
        "python": platform.python_version(),
        "libraries": library_versions(),
        "study": run.settings.model_dump(mode="json"),
        "inputs": dict(sorted(run.digests.items())),
    }


def _cut(stage: Stage[Any, Any], argument: object) -> object:
    """Settings and inputs as far as a stage declares them, anything else as it is."""
    if isinstance(argument, Settings):
        return argument.only(stage.settings)
    return argument.only(stage.inputs) if isinstance(argument, Inputs) else argument


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
