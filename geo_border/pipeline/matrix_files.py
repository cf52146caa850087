"""Matrices of times as files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo_border.csv_files import write_csv
from geo_border.errors import StudyError
from geo_border.pipeline.stages.declared import STAGES
from geo_border.pipeline.stages.requested import requested_tables, selected_places
from geo_border.routing.matrix import prepared_pairs, write_npy, write_parquet
from geo_border.routing.scenarios import passages
from geo_border.terms import MODES_OF

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from geo_border.pipeline.runs import Run
    from geo_border.pipeline.stages.requested import Passed
    from geo_border.routing.matrix import PairTimes
    from geo_border.routing.scenarios import Scenario
    from geo_border.terms import Mode

MATRIX_STAGES = (
    *STAGES[: STAGES.index("searches") + 1],
    *(f"pairs {5 * step} %" for step in range(21)),
)
"""Steps of making a matrix, as progress gives them."""


def matrix_files(file: Path) -> tuple[str, ...]:
    """Name the files that a matrix is made of.

    Parameters
    ----------
    file
        Where it is to be written.

    Returns
    -------
    tuple of str
        Its own name first.

    Raises
    ------
    StudyError
        If the name ends in something else than ``.npy`` or ``.parquet``.
    """
    if file.suffix not in {".npy", ".parquet"}:
        raise StudyError(
            "the matrix can be written as .npy or .parquet",
            file=file,
            remedy="End the name of the file in one of them",
        )
    ends = ("from", "to") if file.suffix == ".npy" else ()
    return (file.name, *(f"{file.stem}.{end}.csv" for end in ends))


def requested_pairs(
    run: Run,
    scenario: Scenario,
    passed: Passed,
    mode: Mode,
    ends: tuple[Sequence[str], Sequence[str]],
) -> tuple[PairTimes, gpd.GeoDataFrame]:
    """Prepare the times of the pairs that are asked for.

    Parameters
    ----------
    run
        A run of the study.
    scenario, passed, mode
        As `geo_border.pipeline.stages.requested.requested_tables` takes them.
    ends
        Origins and destinations, as `geo_border.pipeline.stages.requested.selected_places` takes
        them.

    Returns
    -------
    times : PairTimes
        Found block by block.
    places : GeoDataFrame
        Those of the study, which the times know by position.
    """
    _, border, net = run.network()
    run.progress("searches")
    checkpoints = run.settings.checkpoints
    tables, at_border = requested_tables(
        net,
        scenario,
        passed,
        mode,
        checkpoints=border.checkpoints,
        month=checkpoints.month,
        informed=checkpoints.informed,
    )
    times = prepared_pairs(
        net.network,
        net.places,
        tables,
        passages(tables, at_border),
        selected_places(net.places, ends[0], where="the origins"),
        selected_places(net.places, ends[1], where="the destinations"),
        modes=MODES_OF[mode],
        contractor=run.contractor_of(mode),
    )
    return times, net.places


def write_matrix(
    times: PairTimes, places: pd.DataFrame, file: Path, *, progress: Callable[[str], None]
) -> None:
    """Write a matrix, and beside one of numbers whose its rows and columns are.

    Parameters
    ----------
    times
        The times, found while they are written.
    places
        Index ``place_id``; ``name``, ``side``, ``region_id``.
    file
        Its name says in which form.
    progress
        Called with the later of `MATRIX_STAGES`.
    """

    def written(share: float) -> None:
        progress(MATRIX_STAGES[int(share * 20) - 21])

    if file.suffix == ".parquet":
        write_parquet(times, places.index.to_numpy(object), file, progress=written)
        return
    write_npy(times, file, progress=written)
    for end, at in (("from", times.origins), ("to", times.destinations)):
        ids = places[["name", "side", "region_id"]].iloc[at]
        write_csv(ids.reset_index(), file.with_name(f"{file.stem}.{end}.csv"))
