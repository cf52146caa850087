"""Units of a country whose outline the extracts do not hold whole: lost, or cut at their edge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from geo_border.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from geo_border.pipeline.inputs.extracted import Land
    from geo_border.pipeline.settings import UnitsSection

_EDGE = 1e-6
"""What is this near to the edge of an extract is at it, degrees."""


def cut_units(form: UnitsSection, land: Land) -> pd.DataFrame:
    """Units of a side's country and level that have no polygon because their outline is open.

    Parameters
    ----------
    form
        The side as study.toml has it.
    land
        What the extracts hold of countries and units.

    Returns
    -------
    DataFrame
        Rows of the report with ``at_the_edge``: whether an extract ends there, so that
        it may well be open.
    """
    report, countries = land.report, land.countries
    units = report[(report["admin_level"] == form.admin_level) & (report["status"] != "complete")]
    coded = units["iso"].fillna("").str.match(rf"{form.country}(-|$)").to_numpy(bool)
    whole = shapely.union_all(countries.geometry[countries["country"] == form.country].to_numpy())
    at = shapely.points(units["lon"].to_numpy(float), units["lat"].to_numpy(float))
    units = units[coded | (units["iso"].isna().to_numpy() & shapely.contains(whole, at))]
    found: pd.DataFrame = units.assign(at_the_edge=_at_the_edge(units, land.sources))
    return found


def _at_the_edge(units: pd.DataFrame, sources: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether outlines are open where extracts end, as far as these say where they do."""
    boxes = sources.reindex(columns=["west", "south", "east", "north"]).to_numpy(float)
    boxes = boxes[np.isfinite(boxes).all(axis=1)]
    clipped = units["ways_clipped"].to_numpy(int) > 0
    if not len(boxes):
        return clipped
    inner = shapely.buffer(shapely.union_all(shapely.box(*boxes.T)), -_EDGE)
    known = units["gap_m"].notna().to_numpy()
    inside = np.ones(len(units), bool)
    for end in ("gap", "gap_to"):
        lon, lat = units[f"{end}_lon"].to_numpy(float), units[f"{end}_lat"].to_numpy(float)
        inside &= shapely.contains_xy(inner, np.nan_to_num(lon), np.nan_to_num(lat))
    return clipped | (known & ~inside)


def refuse_lost(form: UnitsSection, land: Land, side: str, *, beside_unknown: bool) -> None:
    """Raise if a unit that the study asks for is lost because a part of its outline is lacking.

    Parameters
    ----------
    form
        The side as study.toml has it.
    land
        What the extracts hold of countries and units.
    side
        ``"home"`` or ``"neighbour"``.
    beside_unknown
        Whether the other side is all that is of no known unit: then no land may be unknown.

    Raises
    ------
    StudyError
        Naming the relations, and where the gaps are.
    """
    cut = cut_units(form, land)
    countries = land.countries
    of_country = countries[countries["country"] == form.country]
    if form.keep:
        requested = {key.casefold() for key in form.keep}
        names = (cut[key].fillna("").astype(str).str.casefold() for key in ("region_id", "name"))
        lost = cut[np.logical_or.reduce([name.isin(requested) for name in names])]
        why = "named in keep, but its outline is not whole"
    else:
        is_whole = bool(of_country["is_whole"].any())
        lost = cut[is_whole | ~cut["at_the_edge"].to_numpy(bool)]
        why = "the outline is not whole"
    if beside_unknown and len(cut) and of_country.empty:
        lost, why = cut, "cut, and its land cannot be told from that of the other side"
    if lost.empty:
        return
    more = f" (and {len(lost) - 5} more)" if len(lost) > 5 else ""
    raise StudyError(
        f"regions.{side}: {why}: "
        + "; ".join(map(described, lost.head(5).to_dict("records")))
        + more,
        file="study.toml",
        remedy="Take an extract that holds the whole outline, add the one beside it, or name in "
        "`keep` the units that you need",
    )


def described(unit: Mapping[Any, Any]) -> str:
    """A unit whose outline is open, and where.

    Parameters
    ----------
    unit
        A row of the report.

    Returns
    -------
    str
        Such as ``relation 12 (Somewhere) lacks 1 way, a gap of 340 m from 9.5, 47.1 to …``.
    """
    name = "" if pd.isna(unit["name"]) else f" ({unit['name']})"
    missing, clipped = unit["ways_missing"], unit["ways_clipped"]
    lacks = [f"{missing} of its {unit['ways']} ways"] if missing else []
    lacks += [f"nodes of {clipped} ways"] if clipped else []
    text = f"relation {unit['relation_id']}{name} "
    text += f"lacks {' and '.join(lacks)}" if lacks else "is not closed"
    if not pd.isna(unit["gap_m"]):
        text += (
            f", a gap of {unit['gap_m']:,.0f} m from lon {unit['gap_lon']:.5f}, lat "
            f"{unit['gap_lat']:.5f} to lon {unit['gap_to_lon']:.5f}, lat {unit['gap_to_lat']:.5f}"
        )
    return text


def land_known(
    form: UnitsSection, countries: gpd.GeoDataFrame
) -> tuple[shapely.Geometry | None, bool]:
    """Land of a side's country as far as the extracts tell it.

    Parameters
    ----------
    form
        The side as study.toml has it.
    countries
        As `geo_border.osm.sides.countries_within` gives them.

    Returns
    -------
    land : Geometry or None
        Polygons; None where nothing of the country's outline is there.
    is_whole : bool
        Whether the outline is.
    """
    own = countries[countries["country"] == form.country]
    if own.empty:
        return None, False
    return shapely.union_all(own.geometry.to_numpy()), bool(own["is_whole"].all())
