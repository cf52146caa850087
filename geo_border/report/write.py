"""Everything a run writes, into one folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from geo_border.report.maps import write_maps
from geo_border.report.page import write_report
from geo_border.report.rasters import write_surfaces
from geo_border.report.tables import write_geopackage, write_tables

if TYPE_CHECKING:
    from pathlib import Path

    from geo_border.results import Results


def write_outputs(results: Results, folder: Path) -> None:
    """Write tables, GeoPackage, maps, the page, surfaces and the manifest.

    Parameters
    ----------
    results
        What a run gave.
    folder
        An existing folder: ``tables/``, ``study.gpkg``, ``maps/``, ``report.html``,
        ``manifest.json``, and ``surfaces/`` where there are any, are written into it.
    """
    write_tables(results, folder / "tables")
    write_geopackage(results, folder / "study.gpkg")
    write_maps(results, folder / "maps")
    write_report(results, folder)
    if results.surfaces is not None:
        write_surfaces(results.surfaces, folder / "surfaces")
    text = json.dumps(results.manifest, indent=2, ensure_ascii=False, sort_keys=True)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")
