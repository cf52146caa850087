"""Vector files as GIS programs write them: opened, the right layer of several taken."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import pyogrio
import shapely

from geo_border.errors import GeometryError
from geo_border.pipeline.inputs.opening import refuse_unreadable

if TYPE_CHECKING:
    from pathlib import Path

PARQUET = b"PAR1"
"""First bytes of Parquet files, whatever their name ends in."""

UNSAID = (0x00, 0x57)
"""Language drivers of .dbf files that leave the code page to whoever wrote them."""

AS_WRITTEN = {"DATE_AS_STRING": "YES"}
"""GDAL takes text such as 12:30 or 2024/01/02 in GeoJSON for times and days; ids may be so."""

GeometryKind = Literal["Polygon", "LineString"]


def read_layer(file: Path, *, kind: GeometryKind, layer: str | None = None) -> gpd.GeoDataFrame:
    """Read a vector layer of any format that GDAL knows, or GeoParquet.

    Parameters
    ----------
    file
        Path of the file.
    kind
        The geometry that is wanted: of several layers the only one of it is taken.
    layer
        Name of the layer; needed where several may be meant.

    Returns
    -------
    GeoDataFrame
        The layer with two-dimensional geometry, missing where it cannot be read; the index is
        the number of the feature, from 1.

    Raises
    ------
    GeometryError
        If the file is missing or not a vector layer, holds no feature, has no layer of that
        name, or several and none is named.
    """
    refuse_unreadable(file, GeometryError, may_be_folder=True)
    encoding = _encoding(file) if file.suffix.lower() == ".shp" else None
    try:
        with warnings.catch_warnings():
            # What they warn of is checked, or does not concern the geometry.
            warnings.simplefilter("ignore")
            if _is_parquet(file):
                frame = gpd.read_parquet(file)
            else:
                name = _layer_name(file, kind, layer)
                options = AS_WRITTEN if file.suffix.lower() in (".geojson", ".json") else {}
                frame = gpd.read_file(
                    file, layer=name, encoding=encoding, on_invalid="ignore", **options
                )
            flat = shapely.force_2d(frame.geometry.to_numpy())
    except GeometryError:
        raise
    except Exception as error:
        # GDAL, GEOS, PROJ and Arrow each have their own: a hostile file may cause any.
        raise GeometryError(
            f"cannot be read as a vector layer ({_reason(error)})",
            file=file,
            remedy="Open it in QGIS and export it again, for example as GeoPackage",
        ) from error
    if frame.empty:
        raise GeometryError("holds no feature with geometry", file=file, remedy="Check the export")
    names = [str(name) for name in frame.columns]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise GeometryError(f"has the column {twice} twice", file=file, remedy="Keep one of them")
    frame = frame.set_geometry(flat).set_axis(range(1, len(frame) + 1))
    return frame.rename(columns=str)


def _is_parquet(file: Path) -> bool:
    """Whether a file is of Parquet by its first bytes."""
    if file.is_dir():
        return False
    with file.open("rb") as stream:
        return stream.read(len(PARQUET)) == PARQUET


def _layer_name(file: Path, kind: GeometryKind, wanted: str | None) -> str:
    """The layer to read."""
    layers = [(str(name), str(of)) for name, of in pyogrio.list_layers(file).tolist()]
    names = ", ".join(f"{name} ({of if of != 'None' else 'no geometry'})" for name, of in layers)
    if wanted is not None:
        if wanted not in dict(layers):
            raise GeometryError(
                f"has no layer {wanted!r}", file=file, remedy=f"It has {names or 'none'}"
            )
        return wanted
    if len(layers) == 1:
        return layers[0][0]
    fitting = [name for name, of in layers if kind in of or of in ("Unknown", "GeometryCollection")]
    if len(fitting) == 1:
        return fitting[0]
    example = (fitting or [name for name, _ in layers] or ["name"])[0]
    raise GeometryError(
        f"has several layers: {names}" if layers else "has no layer",
        file=file,
        remedy=f'Say which one in study.toml: {{ file = "{file.name}", layer = "{example}" }}',
    )


def _encoding(shapefile: Path) -> str | None:
    """Encoding of the texts of a Shapefile, None where its parts say it themselves."""
    parts = {
        path.suffix.lower(): path
        for path in shapefile.parent.glob("*.*")
        if path.stem == shapefile.stem
    }
    lacking = [part for part in (".shx", ".dbf") if part not in parts]
    if lacking:
        raise GeometryError(
            f"the Shapefile lacks its {' and '.join(lacking)}",
            file=shapefile,
            remedy="Put all files of the same name there (.shp, .shx, .dbf, .prj)",
        )
    for part in (".dbf", ".shx"):
        refuse_unreadable(parts[part], GeometryError)
    content = parts[".dbf"].read_bytes()
    if ".cpg" in parts or len(content) < 32 or content[29] not in UNSAID:
        return None
    records = content[int.from_bytes(content[8:10], "little") :]
    if records.isascii():
        return None
    try:
        records.decode("utf-8")
    except UnicodeDecodeError as error:
        raise GeometryError(
            "the Shapefile does not say the code page of its texts, which are not in UTF-8",
            file=shapefile,
            remedy=f"Write it into {shapefile.stem}.cpg, such as 1251 or 1252, or save the layer "
            "as GeoPackage",
        ) from error
    return "utf-8"


def _reason(error: Exception) -> str:
    """First sentence of what a library complains of; what follows is advice to programmers."""
    first = re.split(r"\.?(?:;|\n|\. )", str(error), maxsplit=1)[0].removesuffix(".")
    return first or type(error).__name__
