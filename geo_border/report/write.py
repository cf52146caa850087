"""Everything a run writes, into one folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo_border.report.files.rasters import write_surfaces
from geo_border.report.files.tables import write_geopackage, write_tables
from geo_border.report.page.document import write_report
from geo_border.report.print.maps import write_maps

if TYPE_CHECKING:
    from pathlib import Path

    from geo_border.pipeline.results import Results


def write_outputs(results: Results, folder: Path) -> None:
    """Write tables, GeoPackage, maps, the page and surfaces.

    Parameters
    ----------
    results
        What a run gave.
    folder
        An existing folder: ``tables/``, ``study.gpkg``, ``maps/``, ``report.html``,
        and ``surfaces/`` where there are any, are written into it.
    """
    write_tables(results, folder / "tables")
    write_geopackage(results, folder / "study.gpkg")
    write_maps(results, folder / "maps")
    write_report(results, folder)
    if results.surfaces is not None:
        write_surfaces(results.surfaces, folder / "surfaces")
