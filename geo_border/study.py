"""A study: reads study.toml, runs the stages, remembers the finished ones, writes the outputs."""

from __future__ import annotations

import hashlib
import platform
import re
import shutil
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import pandas as pd

import geo_border
from geo_border.access.decay import calibrated
from geo_border.border.belt import belt_cells
from geo_border.bottlenecks.changes import changes
from geo_border.errors import StudyError
from geo_border.extracts import about_extracts, extract_files, extract_stage, levels_of
from geo_border.inputs import Inputs, input_files, read_inputs
from geo_border.measures import capital_detour_index, isochrones_from, measures_stage
from geo_border.network.build import BuiltNetwork
from geo_border.network.crossings import gates_in_use
from geo_border.network.exports import check_formats, write_network
from geo_border.population import polygon_population, read_population
from geo_border.proposals import Proposal, WhatIf, check_modes, checkpoint_points, scenario_of
from geo_border.quality import account, findings, flaws
from geo_border.report.tables import write_layers
from geo_border.report.write import write_outputs
from geo_border.results import Results, Surfaces
from geo_border.routing.dissection import elimination_order
from geo_border.routing.scenarios import Scenario
from geo_border.routing.tables import gate_tables
from geo_border.settings import Settings, read_settings
from geo_border.stages import (
    ROAD,
    access_stage,
    border_stage,
    bottleneck_stage,
    edge_layer,
    gravity_of,
    index_stage,
    inside_stage,
    network_stage,
    own_times_of,
)
from geo_border.store import Memory, file_digest, whole_folder
from geo_border.surfaces import regions_in_belt, surface_stage

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    import geopandas as gpd
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from geo_border.routing.inside import OwnTimes

STAGES = (
    "extracts",
    "read",
    "border",
    "network",
    "searches",
    "access",
    "cells",
    "surfaces",
    "bottlenecks",
    "index",
    "outputs",
)
"""Steps of a run, in order, as progress is told; cells and surfaces where a raster is given."""

LIBRARIES = (
    "exactextract",
    "geopandas",
    "networkx",
    "numba",
    "numpy",
    "pandas",
    "pyproj",
    "rasterio",
    "scipy",
    "shapely",
)
"""Libraries whose versions the manifest names."""

MORE = (
    "sensitivity",
    "variance_shares",
    "clusters",
    "cluster_quality",
    "cluster_stability",
    "cluster_agreement",
    "disparity",
)
"""Tables of the index and the typology beyond levels and types."""

MEASURES = (
    "access_measures",
    "zones_by_mode",
    "capital_detours",
    "corridors",
    "corridor_profiles",
    "service_access",
    "services",
)
"""Tables of the full set of measures."""

LAYERS = {"isochrones": "isochrones", "corridor_lines": "corridors"}
"""Layers of the full set of measures, by the name of their frame."""

MEMORY = ".stages"
"""Folder of finished stages inside the output folder."""


def embedded_studies() -> dict[str, Path]:
    """Find the studies that come with the package.

    Returns
    -------
    dict
        Folder of each study by its name.
    """
    return _studies_in("data")


def templates() -> dict[str, Path]:
    """Find the studies that one's own can be copied from.

    Returns
    -------
    dict
        Folder of each by its name: the embedded studies, and examples whose extracts are still
        to be fetched.
    """
    return embedded_studies() | _studies_in("examples")


def _studies_in(name: str) -> dict[str, Path]:
    """Studies in a folder of the package."""
    here = Path(geo_border.__file__).parent
    # A wheel carries the studies inside the package; a checkout has them beside it.
    root = here / name if (here / name).is_dir() else here.parent / name
    return {file.parent.name: file.parent for file in sorted(root.glob("*/study.toml"))}


def open_study(study: str | Path) -> Study:
    """Open a study by name, folder or path of its study.toml.

    Parameters
    ----------
    study
        Name of an embedded study, a folder with a study.toml, or the path of one.

    Returns
    -------
    Study
        The study, its settings checked and its files not yet read.

    Raises
    ------
    StudyError
        If there is no such study, or its study.toml is not sound.
    """
    path = Path(study)
    embedded = embedded_studies()
    if str(study) in embedded and not path.exists():
        path = embedded[str(study)]
    elif not path.exists() and path.suffix != ".toml":
        raise StudyError(
            f"there is no study {str(study)!r}",
            remedy=f"Give a folder with a study.toml, or one of: {', '.join(embedded) or 'none'}; "
            f"`geo-border new {study} --from NAME` makes one",
        )
    file = path / "study.toml" if path.is_dir() else path
    return Study(folder=file.parent, settings=read_settings(file))


def new_study(folder: Path, *, template: str = "ru-kz") -> None:
    """Copy the inputs of an embedded study or an example to start one's own border from.

    The copy is named after its folder.

    Parameters
    ----------
    folder
        Where to put it; must not exist, or be empty.
    template
        Name of one of the `templates`.

    Raises
    ------
    StudyError
        If the folder has something in it, or there is no such template.
    """
    if folder.exists() and any(folder.iterdir()):
        raise StudyError(
            "the folder is not empty", file=folder, remedy="Name a folder that does not exist yet"
        )
    studies = templates()
    if template not in studies:
        raise StudyError(
            f"there is no study {template!r} to copy", remedy=f"There are {', '.join(studies)}"
        )
    source = studies[template]
    toml = source / "study.toml"
    own_id = re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-") or "my-border"
    with whole_folder(folder) as aside:
        text = toml.read_text(encoding="utf-8")
        text = text.replace(f'id = "{template}"', f'id = "{own_id}"', 1)
        (aside / "study.toml").write_text(text, encoding="utf-8")
        needed = [*input_files(read_settings(toml), source).values(), *source.glob("*.md")]
        for file in needed:
            shutil.copy(file, aside / file.name)


@dataclass(frozen=True, slots=True)
class Study:
    """A border to be studied.

    Parameters
    ----------
    folder
        The folder of study.toml and the files it names.
    settings
        What study.toml says.
    """

    folder: Path
    settings: Settings

    def read(self) -> Inputs:
        """Read and check every input.

        Returns
        -------
        Inputs
            Checked frames.

        Raises
        ------
        GeoBorderError
            For the first thing found wrong.
        """
        extracted = self._extracted(Memory(None), {})
        return read_inputs(self.settings, self.folder, extracted)

    def _extracted(self, memory: Memory, digests: dict[str, str]) -> dict[str, Any] | None:
        """What is needed of the extracts, read once; None for a study without extracts."""
        settings = self.settings
        if settings.osm is None:
            return None
        depends = {
            "files": _starting(digests, "osm."),
            "settings": [settings.osm.model_dump(), levels_of(settings)],
        }
        return memory.stage("extracts", depends, lambda: extract_stage(settings, self.folder))[0]

    def digests(self) -> dict[str, str]:
        """Digest every input file.

        Returns
        -------
        dict
            SHA-256 by the key of study.toml that names the file; files that do not exist are
            left for `read` to name.
        """
        files = extract_files(self.settings, self.folder) | input_files(self.settings, self.folder)
        return {key: file_digest(file) for key, file in files.items() if file.is_file()}

    def check(self) -> pd.DataFrame:
        """Audit the inputs without running the study.

        Returns
        -------
        DataFrame
            Findings, worst first: ``severity`` (error, warning, note), ``topic``, ``item``,
            ``problem``.

        Raises
        ------
        GeoBorderError
            If an input cannot be read at all.
        """
        extracted = self._extracted(Memory(None), {})
        inputs = read_inputs(self.settings, self.folder, extracted)
        border = border_stage(inputs, self.settings)
        built = network_stage(inputs, self.settings, border)
        return findings(self.settings, inputs, border, built, extracted)

    def run(
        self,
        out: Path | str | None = None,
        *,
        progress: Callable[[str], None] = lambda _: None,
    ) -> Results:
        """Run every stage, from the border to the typology.

        Parameters
        ----------
        out
            Folder for the outputs; finished stages are remembered in it, so that a run that
            was interrupted, or repeated with other weights, goes on where it can. None writes
            nothing.
        progress
            Called with the name of each stage of `STAGES` as it begins.

        Returns
        -------
        Results
            Every frame by name.

        Raises
        ------
        GeoBorderError
            If the inputs do not allow it; earlier outputs stay as they were.
        """
        folder = _output_folder(out)
        memory = Memory(None if folder is None else folder / MEMORY)
        settings = self.settings
        begun = self._to_network(memory, progress)
        inputs, digests, extracted = begun.inputs, begun.digests, begun.extracted
        border, built, network_key = begun.border, begun.built, begun.key
        network, places = built["network"], built["places"]
        gates = gates_in_use(built["gates"])
        own = _searched(memory, begun, progress)
        tables = gate_tables(network, places, gates, modes=ROAD, trees=True)

        progress("access")
        depends: dict[str, Any] = {
            "network": network_key,
            "settings": [settings.access.model_dump(), settings.index.model_dump()],
        }
        access, access_key = memory.stage(
            "access",
            depends,
            lambda: access_stage(settings, border["regions"], built, tables, own),
        )

        depends = {
            "access": access_key,
            "settings": settings.model_dump(include={"services", "corridors", "corridor_costs"}),
        }
        measures, _ = memory.stage(
            "measures", depends, lambda: measures_stage(settings, border, built, tables, own)
        )

        quality = account(settings, border, built, extracted)
        surfaces: Surfaces | None = None
        of_cells: dict[str, pd.DataFrame] = {}
        if settings.surface is not None:
            surfaces, of_cells = self._surfaces(memory, progress, begun)
            quality = pd.concat([quality, of_cells.pop("account")], ignore_index=True)

        progress("bottlenecks")
        depends = {"access": access_key, "settings": settings.demand.model_dump()}
        bottlenecks, bottleneck_key = memory.stage(
            "bottlenecks", depends, lambda: bottleneck_stage(settings, built, tables)
        )

        progress("index")
        regions = border["regions"].join(access["regions"]).join(measures["regions"])
        travel_times = access["travel_times"].join(
            capital_detour_index(access["travel_times"], border["regions"])
        )
        depends = {
            "bottlenecks": bottleneck_key,
            "files": _starting(digests, "indicators."),
            "settings": [settings.index.model_dump(), settings.typology.model_dump()],
        }
        index, _ = memory.stage(
            "index",
            depends,
            lambda: index_stage(settings, inputs, regions, border, access, bottlenecks),
        )
        results = Results(
            settings=settings,
            regions=regions,
            territory=border["territory"],
            border=border["border"],
            dyads=border["dyads"],
            checkpoints=border["checkpoints"].join(bottlenecks["ranking"]),
            crossings=built["crossings"],
            edges=edge_layer(network, bottlenecks["load"]),
            places=access["places"].join(measures["places"]),
            travel_times=travel_times,
            diversions=bottlenecks["diversions"],
            levels=index["levels"],
            typology=index["typology"],
            indicators=index["indicators"],
            registry=index["registry"],
            quality=quality,
            mismatch=border["mismatch"],
            cards=index["cards"],
            more={
                "zones": access["zones"],
                "border_effect_by_checkpoint": access["losses"],
                "delay_gains": bottlenecks["gains"],
                **of_cells,
                **{name: measures[name] for name in MEASURES if name in measures},
                **{name: index[name] for name in MORE if name in index},
            },
            manifest=self._manifest(digests, memory.reused, extracted),
            network=network,
            surfaces=surfaces,
            flaws=flaws(built, extracted),
            layers={layer: measures[name] for name, layer in LAYERS.items() if name in measures},
        )
        if folder is not None:
            progress("outputs")
            with whole_folder(folder) as aside:
                write_outputs(results, aside)
        return results

    def export_network(
        self,
        out: Path | str,
        formats: Collection[str] = ("parquet", "gpkg"),
        *,
        progress: Callable[[str], None] = lambda _: None,
    ) -> BuiltNetwork:
        """Build the network alone and write it.

        Parameters
        ----------
        out
            Folder for the files; the stages that a run in the same folder has finished are
            reused, and those finished here are kept for it.
        formats
            Some of `geo_border.network.exports.FORMATS`.
        progress
            Called with the name of each stage as it begins.

        Returns
        -------
        BuiltNetwork
            The network and what was learnt in building it.

        Raises
        ------
        GeoBorderError
            If the inputs do not allow it, or a format is unknown; earlier outputs stay.
        """
        check_formats(formats)
        folder = _output_folder(out)
        begun = self._to_network(Memory(folder / MEMORY), progress)
        built = BuiltNetwork(**{name: begun.built[name] for name in BuiltNetwork.__slots__})
        progress("outputs")
        with whole_folder(folder) as aside:
            write_network(built, aside, formats, names=begun.border["checkpoints"]["name"])
        return built

    def isochrones(
        self,
        start: str,
        hours: Sequence[float],
        out: Path | str | None = None,
        *,
        progress: Callable[[str], None] = lambda _: None,
    ) -> gpd.GeoDataFrame:
        """Polygons of what can be reached from a place or a checkpoint, on both sides.

        Parameters
        ----------
        start
            Id or name of a checkpoint or a place.
        hours
            The limits, hours.
        out
            Folder for ``isochrones.gpkg``; the stages that a run in the same folder has
            finished are reused. None writes nothing.
        progress
            Called with the name of each stage as it begins.

        Returns
        -------
        GeoDataFrame
            One row for each side and limit, see `geo_border.access.isochrones.isochrones`.

        Raises
        ------
        GeoBorderError
            If the inputs do not allow it, or nothing is called so.
        """
        folder = _output_folder(out)
        begun = self._to_network(Memory(None if folder is None else folder / MEMORY), progress)
        progress("access")
        found = isochrones_from(self.settings, begun.border, begun.built, start, hours)
        if folder is not None:
            progress("outputs")
            with whole_folder(folder) as aside:
                write_layers({"isochrones": found}, aside / "isochrones.gpkg")
        return found

    def whatif(
        self,
        scenarios: Mapping[str, Scenario | Proposal],
        out: Path | str | None = None,
        *,
        each_place: bool = True,
        progress: Callable[[str], None] = lambda _: None,
    ) -> WhatIf:
        """Compare scenarios at the border with the border as it is.

        Parameters
        ----------
        scenarios
            What is different, by name: scenarios, or proposals in the words of a planner.
        out
            Output folder of a run, whose finished stages are used; stages that are not there
            are run, and remembered in it. None remembers nothing.
        each_place
            Whether to give the places too, which a thousand scenarios need not.
        progress
            Called with the name of each stage as it begins.

        Returns
        -------
        WhatIf
            What changes for places, regions and checkpoints; nothing is written.

        Raises
        ------
        GeoBorderError
            If the inputs do not allow it, or a scenario does not fit the border.
        """
        folder = _output_folder(out)
        memory = Memory(None if folder is None else folder / MEMORY)
        begun = self._to_network(memory, progress)
        built, places = begun.built, begun.built["places"]
        own = _searched(memory, begun, progress)
        progress("scenarios")
        gates, crossings = built["gates"], built["crossings"]
        checked = {
            name: what if isinstance(what, Scenario) else scenario_of(what, gates, crossings)
            for name, what in scenarios.items()
        }
        wanted = {name for what in checked.values() for name in what.named}
        by_road = gates["mode"].isin(ROAD)
        check_modes(wanted & set(gates.index[~by_road]), gates)
        in_use = gates.index.isin(gates_in_use(gates).index)
        known = gates[by_road & (in_use | gates.index.isin(list(wanted)))]
        tables = gate_tables(built["network"], places, known, modes=ROAD)
        found = changes(
            places,
            tables,
            own,
            checked,
            decay=calibrated(self.settings.access.decay, self.settings.access.half_life_h),
            gravity=gravity_of(self.settings),
            each_place=each_place,
        )
        return WhatIf(
            settings=self.settings,
            scenarios=checked,
            changes=found,
            regions=begun.border["regions"],
            places=places,
            checkpoints=checkpoint_points(begun.border["checkpoints"], crossings, known),
        )

    def _to_network(self, memory: Memory, progress: Callable[[str], None]) -> _Begun:
        """Run the stages up to the network."""
        settings = self.settings
        progress("extracts")
        digests = self.digests()
        extracted = self._extracted(memory, digests)

        progress("read")
        inputs = read_inputs(settings, self.folder, extracted)

        progress("border")
        depends: dict[str, Any] = {
            "files": _starting(digests, "osm.", "regions.", "checkpoints"),
            "settings": [settings.regions.model_dump(), settings.checkpoints.model_dump()],
        }
        if settings.osm is not None or settings.checkpoints.open_crossings:
            # The sides' names and the places name crossings, which are found on the lines.
            depends["lines"] = [
                _starting(digests, "network.", "places"),
                *(
                    part.model_dump()
                    for part in (settings.study, settings.network, settings.places)
                ),
            ]
        border, border_key = memory.stage("border", depends, lambda: border_stage(inputs, settings))

        progress("network")
        depends = {
            "border": border_key,
            "files": _starting(digests, "network.", "places", "services"),
            "settings": [settings.network.model_dump(), settings.places.model_dump()],
        }
        built, key = memory.stage(
            "network", depends, lambda: network_stage(inputs, settings, border)
        )
        return _Begun(inputs, digests, extracted, border, border_key, built, key)

    def _surfaces(
        self, memory: Memory, progress: Callable[[str], None], begun: _Begun
    ) -> tuple[Surfaces, dict[str, pd.DataFrame]]:
        """Read the population of the belt and measure its cells."""
        progress("cells")
        settings, border = self.settings, begun.border
        section = settings.surface
        assert section is not None
        grid, cells = belt_cells(
            border["border"],
            border["territory"],
            cell_km=section.cell_km,
            belt_km=section.belt_km,
            crs=section.crs,
        )
        files = [self.folder / name for name in section.files]
        band, unit = section.band, section.unit
        depends: dict[str, Any] = {
            "border": begun.border_key,
            "files": _starting(begun.digests, "surface."),
            "settings": section.model_dump(include={"unit", "band", "cell_km", "belt_km", "crs"}),
        }
        read, key = memory.stage(
            "cells",
            depends,
            lambda: {
                "cells": cells.join(read_population(files, grid, cells, band=band, unit=unit)),
                "regions": polygon_population(
                    files, regions_in_belt(section, grid, border), band=band, unit=unit
                ).to_frame(),
            },
        )
        progress("surfaces")
        depends = {
            "cells": key,
            "network": begun.key,
            "settings": [
                part.model_dump() for part in (section, settings.access, settings.network)
            ],
        }
        found, _ = memory.stage(
            "surfaces",
            depends,
            lambda: surface_stage(
                settings,
                grid,
                read["cells"],
                read["regions"]["population"],
                border,
                begun.built,
                order=partial(remembered_order, memory, "cells_order"),
            ),
        )
        cells = found.pop("cells")
        return Surfaces(grid, cells), found

    def _manifest(
        self, digests: dict[str, str], reused: list[str], extracted: dict[str, Any] | None
    ) -> dict[str, Any]:
        """Say what was run on what."""
        about = {} if extracted is None else {"extracts": about_extracts(extracted)}
        return about | {
            "geo_border": geo_border.__version__,
            "python": platform.python_version(),
            "libraries": {name: version(name) for name in LIBRARIES},
            "study": self.settings.model_dump(mode="json"),
            "inputs": dict(sorted(digests.items())),
            "stages_reused": reused,
        }


def remembered_order(memory: Memory, name: str, matrix: csr_array) -> NDArray[np.int32]:
    """Order of elimination of a network, found once for its links, whatever their speeds.

    Parameters
    ----------
    memory
        Finished stages.
    name
        Name of the stage that keeps it; one for each of a study's networks.
    matrix
        Edges, shape (n, n).

    Returns
    -------
    ndarray
        The nodes, first eliminated first, shape (n,).
    """
    links = hashlib.sha256()
    for part in (matrix.indptr, matrix.indices):
        links.update(part.astype("<i8").tobytes())
    depends = {"links": links.hexdigest()}
    parts, _ = memory.stage(name, depends, lambda: {"order": elimination_order(matrix)})
    order: NDArray[np.int32] = parts["order"]
    return order


class _Begun(NamedTuple):
    """What a run has when the network stands."""

    inputs: Inputs
    digests: dict[str, str]
    extracted: dict[str, Any] | None
    border: dict[str, Any]
    border_key: str
    built: dict[str, Any]
    key: str


def _searched(memory: Memory, begun: _Begun, progress: Callable[[str], None]) -> OwnTimes:
    """Run the searches inside the sides."""
    progress("searches")
    network, places = begun.built["network"], begun.built["places"]
    inside, _ = memory.stage(
        "searches",
        {"network": begun.key},
        lambda: inside_stage(network, places, order=partial(remembered_order, memory, "order")),
    )
    return own_times_of(inside)


@overload
def _output_folder(out: Path | str) -> Path: ...
@overload
def _output_folder(out: None) -> None: ...
def _output_folder(out: Path | str | None) -> Path | None:
    """Folder for outputs, none where nothing is to be written."""
    if out is None:
        return None
    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise StudyError("the output folder is a file", file=folder, remedy="Name a folder with -o")
    return folder


def _starting(digests: dict[str, str], *prefixes: str) -> dict[str, str]:
    """Digests whose key begins with one of the prefixes."""
    return {key: digest for key, digest in digests.items() if key.startswith(prefixes)}
