"""Results as files for other programs: CSV tables, a long one as Parquet, one GeoPackage."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio

from geo_border.csv_files import harmless_csv
from geo_border.geometry.frame import table_to_globe
from geo_border.report.files.qgis import TABLE, layer_styles
from geo_border.report.style import SCORES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from geo_border.access.measure_table import PlaceMeasures
    from geo_border.pipeline.results import Results

COLUMNS: dict[str, tuple[str, ...]] = {
    "regions": (
        "region_id",
        "name",
        "side",
        "population",
        "border_km",
        "checkpoints_open",
        "km_per_checkpoint",
        "hours_to_checkpoint",
        "population_60min_own",
        "population_60min_across",
        "potential_own",
        "potential_across",
        "border_effect",
    ),
    "dyads": ("home_id", "neighbour_id", "length_km"),
    "checkpoints": (
        "checkpoint_id",
        "name",
        "mode",
        "status",
        "home_id",
        "neighbour_id",
        "lon",
        "lat",
        "delay_h",
        "load_share",
        "closure_extra_hours",
        "closure_unserved",
    ),
    "travel_times": ("from_id", "to_id", "km", "hours", "via"),
    "levels": (
        "region_id",
        "transport_communication",
        "joint_projects",
        "social_services",
        "potential",
        "index",
        "rank_low",
        "rank_high",
    ),
    "typology": ("region_id", "type", "probability", "reasons", "growth_point", "bottleneck"),
    "indicators": ("region_id", "indicator_id", "year", "value", "source"),
}
"""Columns that each table begins with; others follow in the order of the frame."""

DECIMALS: tuple[tuple[str, int], ...] = (
    (r"load_share_.*", 5),
    (r"utilisation_.*|ratio", 3),
    (r"load_share|share|.*_share|probability|border_effect.*|.*_unserved|.*_unreached", 5),
    (r"lon|lat|.*_(lon|lat)", 5),
    (r"hours|.*_h|.*_hours|hours_.*", 3),
    (r"km|.*_km|.*_km2|km_.*|.*_m", 1),
    (r"lost_to_.*", 1),
    (r"population|population_.*|potential_(own|across).*", 0),
    (r"rank_.*|.*_rank", 1),
    (r"(transport_communication|joint_projects|social_services|index)(_low|_high)?", 2),
    (r"(potential|dynamics|readiness)(_low|_high)?", 2),
)
"""Decimals of numbers by the name of their column; others keep ten significant digits."""

LONG = "access_places.parquet"
"""File of the table that is too long for a spreadsheet."""

DICTIONARY_BYTES = 1 << 28
"""Most bytes of the ids of places in a piece of it, that its rows refer to."""

GEOMETRY = {
    "regions": "MultiPolygon",
    "border": "LineString",
    "dyads": "MultiLineString",
    "checkpoints": "Point",
    "crossings": "Point",
    "edges": "LineString",
    "places": "Point",
    "mismatch": "MultiPolygon",
    "flaws": "Point",
}
"""Layers of the GeoPackage and the geometry of each."""

WRITTEN = "1970-01-01T00:00:00.000Z"
"""Date of change that the GeoPackage states, so that the same results make the same file."""

GPKG = "1.3"
"""Version of the format, which programs of some years ago read without a warning."""

RESERVED = ("fid", "ogc_fid", "id", "geom", "geometry")
"""Names that the columns of a layer may not have."""

GIVEN = "given_"
"""Before the name of a study's own column that one of the results has too."""


def write_tables(results: Results, folder: Path) -> list[Path]:
    """Write every table of the results as CSV (UTF-8, comma, decimal point), and `LONG`.

    Cells of text in a CSV that a spreadsheet would take for a formula get an apostrophe in front.

    Parameters
    ----------
    results
        What a run gave.
    folder
        Where the tables go; made if missing.

    Returns
    -------
    list of Path
        The files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    frames = {**{name: frame_of(results, name) for name in COLUMNS}, **_other_frames(results)}
    written = []
    for name, frame in frames.items():
        path = folder / f"{name}.csv"
        write_table(frame, path)
        written.append(path)
    if results.measures_of_places is not None:
        _write_long(results.measures_of_places, folder / LONG)
        written.append(folder / LONG)
    return written


def _write_long(measures: PlaceMeasures, path: Path) -> None:
    """Write the tidy table of places a piece at a time: all of it may not fit in memory."""
    writer: pq.ParquetWriter | None = None
    try:
        for piece in measures.pieces():
            table = pa.Table.from_pandas(piece, preserve_index=False)
            if writer is None:
                words = [part.name for part in table.schema if pa.types.is_dictionary(part.type)]
                # A dictionary of the values would be as long as they are.
                writer = pq.ParquetWriter(
                    path,
                    table.schema,
                    use_dictionary=words,
                    dictionary_pagesize_limit=DICTIONARY_BYTES,
                )
            writer.write_table(table.cast(writer.schema), row_group_size=max(1, len(piece)))
    finally:
        if writer is not None:
            writer.close()


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame as CSV in UTF-8.

    Parameters
    ----------
    frame
        See `csv_text`.
    path
        The file.
    """
    path.write_bytes(csv_text(frame).encode())


def csv_text(frame: pd.DataFrame) -> str:
    """Write a frame as CSV; its numbers are rounded by the names of their columns.

    Parameters
    ----------
    frame
        Columns of numbers, words and truth values.

    Returns
    -------
    str
        One line a row, after a header.
    """
    return harmless_csv(frame, decimals=_decimals)


def frame_of(results: Results, name: str) -> pd.DataFrame:
    """Give one table of `COLUMNS` as it is written, before its numbers become text.

    Parameters
    ----------
    results
        What a run gave.
    name
        Name of the table.

    Returns
    -------
    DataFrame
        The columns of the contract first, then all others but geometry.
    """
    frame = _plain(_with_further(results, name))
    if name == "checkpoints" and "delay_h" not in frame:
        frame["delay_h"] = frame[["delay_out_h", "delay_in_h"]].mean(axis=1)
    first = list(COLUMNS[name])
    return frame[[*first, *(column for column in frame.columns if column not in first)]]


def _other_frames(results: Results) -> dict[str, pd.DataFrame]:
    """Tables beyond the contract."""
    names = ("crossings", "places", "diversions", "registry", "quality", "mismatch", "cards")
    return {
        **{name: _plain(_with_further(results, name)) for name in names},
        **{name: _plain(frame) for name, frame in results.more.items()},
    }


def _with_further(results: Results, name: str) -> pd.DataFrame:
    """Give a frame with the columns that the study's own file has besides, the last."""
    frame: pd.DataFrame = getattr(results, name)
    return further_columns(frame, results.further.get(name, pd.DataFrame()))


def further_columns(frame: pd.DataFrame, further: pd.DataFrame) -> pd.DataFrame:
    """Add columns of others to a frame.

    Parameters
    ----------
    frame
        A frame of the results, with ids as its index.
    further
        Columns by the same ids.

    Returns
    -------
    DataFrame
        With these columns last, `GIVEN` before names that are taken: capitals make no
        difference to a GeoPackage.
    """
    if further.empty:
        return frame
    taken = {str(name).casefold() for name in [*frame.columns, *frame.index.names, *RESERVED]}
    names: dict[object, str] = {}
    for column in further:
        name = str(column)
        while name.casefold() in taken:
            name = GIVEN + name
        taken.add(name.casefold())
        names[column] = name
    return frame.join(further.reindex(frame.index).rename(columns=names))


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Give a frame without geometry whose index, if it has a name, is a column."""
    if isinstance(frame, gpd.GeoDataFrame):
        frame = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    frame = table_to_globe(frame)
    if any(name is not None for name in frame.index.names):
        return frame.reset_index()
    return frame.copy()


def _decimals(column: str) -> int | None:
    """Decimals of a column by its name, whatever it is compared with."""
    plain = re.sub(r"_(before|after|change)$", "", column)
    for pattern, decimals in DECIMALS:
        if re.fullmatch(pattern, plain):
            return decimals
    return None


def write_geopackage(results: Results, path: Path) -> None:
    """Write the layers of the results as one GeoPackage in WGS 84, with styles for QGIS.

    Parameters
    ----------
    results
        What a run gave.
    path
        The file; an earlier one is replaced.
    """
    layers = {name: _with_further(results, name) for name in GEOMETRY} | results.layers
    judged, own = _judged(results), results.further.get("regions", pd.DataFrame())
    layers["regions"] = further_columns(judged, own)
    layers = {name: rows for name, rows in layers.items() if rows is not None}
    write_layers(layers, path)
    columns = {
        name: list(dict.fromkeys([*filter(None, rows.index.names), *map(str, rows.columns)]))
        for name, rows in layers.items()
    }
    with fixed_date():
        pyogrio.write_dataframe(
            layer_styles(results, columns),
            path,
            layer=TABLE,
            driver="GPKG",
            append=True,
            layer_options={"FID": "id"},
        )


def _judged(results: Results) -> gpd.GeoDataFrame:
    """Regions with what is told of them first: type, scores and rank beside their name."""
    regions = results.regions
    stated = results.typology.reindex(columns=["type", "probability"]).join(
        results.levels[[*SCORES, "rank_low", "rank_high"]], how="right"
    )
    at = regions.columns.get_loc("name") + 1
    before, after = regions.columns[:at], regions.columns[at:]
    return regions.join(stated)[[*before, *stated.columns, *after]]


def write_layers(layers: Mapping[str, gpd.GeoDataFrame], path: Path) -> None:
    """Write layers as one GeoPackage in WGS 84.

    Parameters
    ----------
    layers
        The layers by name.
    path
        The file; an earlier one is replaced.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with fixed_date():
        for layer, in_one_frame in layers.items():
            rows = table_to_globe(in_one_frame)
            geometry = GEOMETRY.get(layer) or _kind(rows)
            # A line over the 180th meridian is in two parts on the globe.
            if rows is not in_one_frame and rows.geom_type.str.startswith("Multi").any():
                geometry = f"Multi{geometry.removeprefix('Multi')}"
            named = any(name is not None for name in rows.index.names)
            pyogrio.write_dataframe(
                rows.reset_index() if named else rows,
                path,
                layer=layer,
                driver="GPKG",
                geometry_type=geometry,
                promote_to_multi=geometry.startswith("Multi"),
                append=path.exists(),
                dataset_options=None if path.exists() else {"VERSION": GPKG},
            )


def _kind(frame: gpd.GeoDataFrame) -> str:
    """Kind of geometry of a layer, in parts if any feature is."""
    kinds = {name.removeprefix("Multi") for name in frame.geom_type.unique()}
    kind = kinds.pop() if len(kinds) == 1 else "Unknown"
    return f"Multi{kind}" if kind in ("Polygon", "LineString") else kind


@contextmanager
def fixed_date() -> Iterator[None]:
    """Let GDAL state `WRITTEN` as the time of writing.

    Yields
    ------
    None
        While it does.
    """
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": WRITTEN})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})
