"""A study: opened, checked, run, compared, written."""

from __future__ import annotations

from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from geo_border.errors import StudyError
from geo_border.network.build import with_names
from geo_border.pipeline.folders import WRITTEN, OutputFolder
from geo_border.pipeline.matrix_files import matrix_files, requested_pairs, write_matrix
from geo_border.pipeline.memory import Memory
from geo_border.pipeline.outputs import (
    check_outputs,
    check_room,
    output_folder,
    run_output,
    study_output,
)
from geo_border.pipeline.runs import MEMORY, Run, input_digests, results_of
from geo_border.pipeline.settings import Settings, read_settings
from geo_border.pipeline.stages.calibration import calibration
from geo_border.pipeline.stages.findings import findings, worst_first
from geo_border.pipeline.stages.isochrones import check_limits, isochrones_from
from geo_border.pipeline.stages.refusals import refusals
from geo_border.pipeline.stages.scenarios import scenario_stage
from geo_border.pipeline.stages.week import checkpoint_week, vehicles_by_study
from geo_border.pipeline.stages.week_service import BY_REGISTER
from geo_border.pipeline.templates import embedded_studies
from geo_border.routing.scenarios import AS_IS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import date

    import geopandas as gpd

    from geo_border.network.build import BuiltNetwork
    from geo_border.pipeline.inputs.read import Inputs
    from geo_border.pipeline.results import Results, WhatIf
    from geo_border.pipeline.stages.requested import Passed
    from geo_border.pipeline.stages.week import CheckpointWeek
    from geo_border.pipeline.stages.week_service import Operation
    from geo_border.routing.scenarios import Scenario
    from geo_border.terms import Mode
    from geo_border.traffic.calibration import Calibration

"""Steps of a matrix, as progress is told."""


def open_study(study: str | Path) -> Study:
    """Open a study by name, folder or path of its study.toml.

    Parameters
    ----------
    study
        Name of an embedded study, a folder with a study.toml, or the path of one. A text that
        is the name of an embedded study is that one, whatever lies in the working directory:
        a `Path`, or ``./`` before it, means the folder.

    Returns
    -------
    Study
        The study, its settings checked and its files not yet read.

    Raises
    ------
    StudyError
        If there is no such study, or its study.toml is not sound.

    Examples
    --------
    >>> import geo_border as gb
    >>> gb.open_study("ru-kz").settings.study.home
    'Russia'
    """
    path = Path(study)
    embedded = embedded_studies()
    if isinstance(study, str) and study in embedded:
        path = embedded[study]
    elif not path.exists() and path.suffix != ".toml":
        raise StudyError(
            f"there is no study {str(study)!r}",
            remedy=f"Give a folder with a study.toml, or one of: {', '.join(embedded) or 'none'}; "
            f"`geo-border new {study} --from NAME` makes one",
        )
    file = path / "study.toml" if path.is_dir() else path
    return Study(folder=file.parent, settings=read_settings(file))


@cache
def example_network() -> BuiltNetwork:
    """Build the network of the embedded study ru-kz, once, to try the library on.

    Returns
    -------
    BuiltNetwork
        Trunk roads and railways of the Russian and Kazakh regions on their border, with 1,420
        settlements.

    Examples
    --------
    >>> import geo_border as gb
    >>> net = gb.example_network()
    >>> len(net.places)
    1420
    """
    return open_study("ru-kz").network()


@dataclass(frozen=True, slots=True)
class Study:
    """A border to be studied.

    Parameters
    ----------
    folder
        The folder of study.toml and the files it names.
    settings
        What study.toml says.

    Examples
    --------
    >>> import geo_border as gb
    >>> study = gb.open_study("ru-kz")
    >>> study.settings.study.id
    'ru-kz'
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
        return self._run().read()

    def digests(self) -> dict[str, str]:
        """Digest every input file.

        Returns
        -------
        dict
            SHA-256 by the key of study.toml that names the file; files that do not exist are
            left for `read` to name.
        """
        return input_digests(self.settings, self.folder)

    def check(self, *, progress: Callable[[str], None] = lambda _: None) -> pd.DataFrame:
        """Audit the inputs without running the study.

        Parameters
        ----------
        progress
            As in `run`.

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
        run = self._run(progress=progress)
        inputs, border, net = run.network()
        found = findings(self.settings, inputs, border, net, run.outer(inputs, net))
        cells = (lambda: run.cells(border)[1].cells) if self.settings.surface else None
        more = refusals(self.settings, inputs, border, net, cells=cells)
        return worst_first(pd.concat([found, pd.DataFrame(more, columns=found.columns)]))

    def run(
        self,
        out: Path | str | None = None,
        *,
        progress: Callable[[str], None] = lambda _: None,
        audited: Callable[[pd.DataFrame], None] = lambda _: None,
    ) -> Results:
        """Run every stage, from the border to the typology.

        Parameters
        ----------
        out
            Folder for the outputs; finished stages are remembered in it, so that a run that
            was interrupted, or repeated with other weights, goes on where it can. None writes
            nothing.
        progress
            Called with the name of each step of `geo_border.pipeline.stages.declared.STAGES` as it
            begins, and while extracts are read with the name, a colon and how far that is.
        audited
            Called with what `check` finds up to the network, before anything is measured.

        Returns
        -------
        Results
            Every frame by name.

        Raises
        ------
        GeoBorderError
            If the inputs do not allow it, or the folder has anything at the place of an
            output that no earlier run wrote; all that was there stays as it was.
        """
        if out is None:
            return results_of(self._run(progress=progress), audited=audited)
        from geo_border.report.write import write_outputs  # noqa: PLC0415  (slow to import)

        output = run_output(self.settings, self.folder, out)
        with output.held():
            results = results_of(self._run(output.folder, progress), audited=audited)
            progress("outputs")
            with output.writing(results.manifest) as aside:
                write_outputs(results, aside)
        return results

    def network(self, *, progress: Callable[[str], None] = lambda _: None) -> BuiltNetwork:
        """Build the network alone.

        Parameters
        ----------
        progress
            As in `run`.

        Returns
        -------
        BuiltNetwork
            The network and what was learnt in building it.

        Raises
        ------
        GeoBorderError
            If the inputs do not allow it.
        """
        _, border, net = self._run(progress=progress).network()
        return with_names(net, border.checkpoints["name"])

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
            As in `run`.

        Returns
        -------
        BuiltNetwork
            The network and what was learnt in building it.

        Raises
        ------
        GeoBorderError
            If the inputs do not allow it, or a format is unknown; earlier outputs stay.
        """
        from geo_border.network.exports import (  # noqa: PLC0415  (slow to import)
            FORMATS,
            check_formats,
            write_network,
        )

        check_formats(formats)
        output = self._output(out, *(FORMATS[name] for name in formats))
        with output.held():
            _, border, net = self._run(output.folder, progress).network()
            built = with_names(net, border.checkpoints["name"])
            progress("outputs")
            with output.writing() as aside:
                write_network(built, aside, formats, names=border.checkpoints["name"])
        return built

    def isochrones(
        self,
        start: str,
        hours: Sequence[float],
        out: Path | str | None = None,
        *,
        scenario: Scenario = AS_IS,
        passed: Passed = "as-is",
        mode: Mode = "road",
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
        scenario
            What is different at the border.
        passed
            How the border is passed: ``"as-is"``, ``"no-delay"`` or ``"closed"``.
        mode
            Mode of the trips: ``"road"``, ``"rail"`` or ``"both"``.
        progress
            As in `run`.

        Returns
        -------
        GeoDataFrame
            One row for each side and limit, see `geo_border.access.isochrones.isochrone_polygons`.

        Raises
        ------
        GeoBorderError
            If the inputs do not allow it, nothing is called so, or a limit is none.
        """
        check_limits(hours)
        output = None if out is None else self._output(out, "isochrones.gpkg")
        with nullcontext() if output is None else output.held():
            run = self._run(None if output is None else output.folder, progress)
            _, border, net = run.network()
            progress("access")
            found = isochrones_from(
                self.settings,
                border,
                net,
                start,
                hours,
                scenario=scenario,
                passed=passed,
                mode=mode,
            )
            if output is not None:
                from geo_border.report.files.tables import write_layers  # noqa: PLC0415  (slow to import)

                progress("outputs")
                with output.writing() as aside:
                    write_layers({"isochrones": found}, aside / "isochrones.gpkg")
        return found

    def matrix(
        self,
        out: Path | str,
        *,
        origins: Sequence[str] = (),
        destinations: Sequence[str] = (),
        scenario: Scenario = AS_IS,
        passed: Passed = "as-is",
        mode: Mode = "road",
        memory: Path | str | None = None,
        progress: Callable[[str], None] = lambda _: None,
    ) -> tuple[int, int]:
        """Write the times of all pairs of some places, own side and across.

        Parameters
        ----------
        out
            The file: ``.npy`` (hours, float32, origins by destinations, to be mapped into
            memory; beside it ``.from.csv`` and ``.to.csv`` say whose the rows and columns
            are) or ``.parquet`` (``from_id``, ``to_id``, ``hours``, a row for each pair).
            Infinite where there is no way. It is there whole or not at all.
        origins, destinations
            Each ``home``, ``neighbour``, the id of a region, or the id or name of a place;
            all places if not given.
        scenario
            What is different at the border.
        passed
            How the border is passed: ``"as-is"``, ``"no-delay"`` or ``"closed"``.
        mode
            Mode of the trips: ``"road"``, ``"rail"`` or ``"both"``.
        memory
            Output folder of a run, whose finished stages are reused. None remembers nothing.
        progress
            Called with the name of each stage of
            `geo_border.pipeline.matrix_files.MATRIX_STAGES` as it begins.

        Returns
        -------
        tuple
            Numbers of origins and destinations.

        Raises
        ------
        GeoBorderError
            If the inputs do not allow it, nothing is called so, or the file's name ends in
            something else; an earlier file stays.
        """
        file = Path(out)
        names = matrix_files(file)
        check_outputs(self.settings, self.folder, (file.parent / name for name in names))
        folder = output_folder(file.parent)
        output = OutputFolder(folder, names, record=f".{file.name}{WRITTEN}", own=file.name)
        with ExitStack() as stack:
            if memory is not None:
                stack.enter_context(self._output(memory).held())
            stack.enter_context(output.held())
            run = self._run(None if memory is None else Path(memory), progress)
            times, places = requested_pairs(run, scenario, passed, mode, (origins, destinations))
            shape = len(times.origins), len(times.destinations)
            with output.writing() as aside:
                check_room(folder, 4 * shape[0] * shape[1] if file.suffix == ".npy" else 0)
                write_matrix(times, places, aside / file.name, progress=progress)
        return shape

    def whatif(
        self,
        scenarios: Mapping[str, Scenario],
        out: Path | str | None = None,
        *,
        mode: Mode = "road",
        each_place: bool = True,
        progress: Callable[[str], None] = lambda _: None,
    ) -> WhatIf:
        """Compare scenarios at the border with the border as it is.

        Trips by road are traffic by class, solved anew for each scenario (with
        ``choice = "fastest"``, and by other modes, trips of the gravity model by the fastest way).

        Parameters
        ----------
        scenarios
            What is different, by name.
        out
            Output folder of a run, whose finished stages are used; stages that are not there
            are run, and remembered in it. None remembers nothing.
        mode
            Mode of the trips: ``"road"``, ``"rail"`` or ``"both"``.
        each_place
            Whether to give the places too, and the hours of detours: a thousand scenarios need
            neither.
        progress
            As in `run`, and with how many scenarios are done.

        Returns
        -------
        WhatIf
            What changes for places, regions and checkpoints; nothing is written.

        Raises
        ------
        GeoBorderError
            If the inputs do not allow it, or a scenario does not fit the border.
        """
        output = None if out is None else self._output(out)
        with nullcontext() if output is None else output.held():
            run = self._run(None if output is None else output.folder, progress)
            inputs, border, net = run.network()
            own = run.searches(net, mode)
            outer = run.outer(inputs, net) if mode == "road" else None
            progress("scenarios")
            return scenario_stage(
                self.settings,
                border,
                net,
                own,
                scenarios,
                outer=outer,
                mode=mode,
                each_place=each_place,
                progress=progress,
            )

    def week(
        self,
        checkpoint: str,
        vehicles: Mapping[str, float | tuple[float, float]] | None = None,
        out: Path | str | None = None,
        *,
        week: str | date | None = None,
        operation: Operation = BY_REGISTER,
        progress: Callable[[str], None] = lambda _: None,
    ) -> CheckpointWeek:
        """Queue, wait and passages at a checkpoint over the hours of a week.

        Parameters
        ----------
        checkpoint
            Id or name.
        vehicles
            That come a day, by class: of both directions together, or as (home to neighbour,
            back). Those of the study's own traffic in equilibrium if not given.
        out
            Output folder of a run, whose finished stages are used. None remembers nothing.
        week
            Such as ``"2026-W07"``, or a day in it; the commonest of 2026 if not given.
        operation
            Lanes, capacity, hours and arrivals, where they are not those of the register.
        progress
            As in `run`.

        Returns
        -------
        CheckpointWeek
            The week; nothing is written.

        Raises
        ------
        GeoBorderError
            If the inputs do not allow it, there is no such checkpoint, it is closed all week, or
            it is not known how many vehicles come or it can serve.
        """
        output = None if out is None else self._output(out)
        with nullcontext() if output is None else output.held():
            run = self._run(None if output is None else output.folder, progress)
            if vehicles is None:
                inputs, border, net = run.network()
                coming = vehicles_by_study(
                    self.settings, border, net, run.everyone(inputs, net), checkpoint
                )
            else:
                _, border = run.border()
        return checkpoint_week(
            border.checkpoints,
            checkpoint,
            coming if vehicles is None else vehicles,
            week=week,
            operation=operation,
            informed=self.settings.checkpoints.informed,
            month=self.settings.checkpoints.month,
            classes=self.settings.traffic.classes,
            by_study=vehicles is None,
        )

    def calibrate(
        self,
        out: Path | str | None = None,
        *,
        fit: Sequence[str] | None = None,
        leave_one_out: bool = True,
        progress: Callable[[str], None] = lambda _: None,
    ) -> Calibration:
        """Fit the parameters of traffic to the counts of the study.

        Parameters
        ----------
        out
            Output folder of a run, whose finished stages are used. None remembers nothing.
        fit, leave_one_out
            As `geo_border.traffic.calibration.calibrate` takes them; if not given, theta, outside
            and delay_factor, and before them the total where a class has none.
        progress
            As in `run`.

        Returns
        -------
        Calibration
            Parameters with intervals, and counts beside what is modelled; nothing is written.

        Raises
        ------
        GeoBorderError
            If the inputs do not allow it, there is no count, or no parameter of a name.
        """
        output = None if out is None else self._output(out)
        with nullcontext() if output is None else output.held():
            run = self._run(None if output is None else output.folder, progress)
            inputs, border, net = run.network()
            everyone = run.everyone(inputs, net)
        return calibration(
            self.settings, inputs, border, net, everyone, fit=fit, leave_one_out=leave_one_out
        )

    def _output(self, out: Path | str, *entries: str) -> OutputFolder:
        """Where a command may write some files and folders, and remember stages."""
        return study_output(self.settings, self.folder, out, entries)

    def _run(
        self, folder: Path | None = None, progress: Callable[[str], None] = lambda _: None
    ) -> Run:
        """Begin a run that remembers its stages in an output folder, held by us, if any."""
        memory = Memory(None if folder is None else folder / MEMORY)
        memory.tidy()
        return Run(self.settings, self.folder, memory, progress)
