"""What is told of the border line: at sea, breaks, land of others, official lengths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from geo_border.border.coast import COAST
from geo_border.border.edges import geodesic_km2
from geo_border.border.line import along, breaks, on_land
from geo_border.geometry.frame import principal, table_to_globe
from geo_border.pipeline.inputs.cut_units import cut_units, described
from geo_border.pipeline.settings import UnitsSection
from geo_border.pipeline.stages.extract_ends import WITHIN_KM, beside_border, ends_before_border

if TYPE_CHECKING:
    import pandas as pd

    from geo_border.pipeline.inputs.extracted import Extracts
    from geo_border.pipeline.inputs.read import Inputs
    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.border import Border
    from geo_border.pipeline.stages.checkpoint_findings import Finding
    from geo_border.pipeline.stages.quality import QualityLine

FAR_OFF = 0.1
"""A length that differs by more than this share from the official one is of another line."""

WIDE_KM = 1.0
"""A gap in which a circle of this diameter has room is hardly one between two drawings, km."""

FEW = 0.05
"""Less than this share of one side's roads on the other side is next to nothing."""

MOST = 10
"""Names that one line holds."""


def border_lines(border: Border, extracts: Extracts | None = None) -> list[QualityLine]:
    """Account of the line for the quality table.

    Parameters
    ----------
    border
        The border of the study.
    extracts
        What is kept of the extracts, where the study has any.

    Returns
    -------
    list of tuple
        ``topic``, ``item``, ``value``, ``unit``, ``note``.
    """
    pieces = border.line
    lines: list[QualityLine] = _at_sea(pieces, extracts)
    lines += _sea_ground(border.sea)
    gaps = breaks(pieces)
    if len(gaps):
        lines.append(("border", "breaks of the line", len(gaps), "", _breaks_listed(gaps)))
    for row in border.overlaps.head(MOST).itertuples():
        item = f"claimed by both {row.region_id} and {row.other_id}"
        lines.append(("border", item, row.area_km2, "km²", _where(row.geometry)))
    lines += [
        (
            "border",
            f"land of {row.country} between the sides, given to neither",
            row.area_km2,
            "km²",
            _where(row.geometry),
        )
        for row in border.between.itertuples()
    ]
    nobody = border.nobody
    if len(nobody):
        largest = nobody.iloc[0]
        where = f"{len(nobody)} pieces, the largest {largest['area_km2']:.1f} km²"
        where += f" {_where(largest['geometry'])}"
        total = nobody["area_km2"].sum()
        lines.append(("border", "land between the sides that neither has", total, "km²", where))
    return lines


def _at_sea(pieces: gpd.GeoDataFrame, extracts: Extracts | None) -> list[QualityLine]:
    """How much of the line is at sea, as far as that is known."""
    item = "length at sea"
    kinds = set() if extracts is None else set(extracts.sea["kind"])
    if extracts is None or not kinds:
        source = "files do not say where the coast is"
        if extracts is not None:
            source = "the extracts hold neither a coastline nor a boundary tagged maritime"
        return [("border", item, np.nan, "km", f"{source}; what is at sea counts as land")]
    sea = float(pieces.loc[pieces["at_sea"], "length_km"].sum())
    unknown = float(pieces.loc[~pieces["sea_known"], "length_km"].sum())
    if COAST in kinds:
        note = "on the coast or beyond it, or tagged maritime; in no length of the border"
    else:
        note = "tagged maritime; in no length of the border"
    lines = [("border", item, sea if sea or not unknown else np.nan, "km", note)]
    if unknown:
        note = f"{_why_unknown(extracts)}; counted as land"
        lines.append(("border", "length on land or at sea, unknown which", unknown, "km", note))
    return lines


def _sea_ground(sea: gpd.GeoDataFrame) -> list[QualityLine]:
    """How much of the ground of the sides is sea, as far as that is known."""
    words = {
        True: ("sea within the sides", "on the sea's side of the coast; in no belt and no area"),
        False: (
            "ground within the sides, unknown whether sea",
            "beyond where the coast ends in the extracts, or at gaps of it; counted as land",
        ),
    }
    return [
        ("border", words[known][0], float(km2), "km²", words[known][1])
        for known, km2 in zip(sea["is_known"], geodesic_km2(sea.geometry), strict=True)
    ]


def _why_unknown(extracts: Extracts) -> str:
    """Why it cannot be said whether a border is at sea."""
    if COAST in set(extracts.sea["kind"]):
        return "the extracts hold the coast there with gaps, or in the wrong direction"
    return "the extracts hold boundaries tagged maritime, but no coastline"


def border_findings(
    settings: Settings,
    inputs: Inputs,
    border: Border,
) -> list[Finding]:
    """What `check` warns of at the border.

    Parameters
    ----------
    settings
        The study's parameters.
    inputs
        The checked inputs.
    border
        The border of the study.

    Returns
    -------
    list of tuple
        ``severity``, ``topic``, ``item``, ``problem``, ``where``.
    """
    rows = [
        *_far_off(settings, border),
        *_overlaps(border.overlaps),
        *_others(border),
    ]
    gaps = breaks(border.line)
    if len(gaps):
        problem = (
            f"{_breaks_listed(gaps)}: there the sides lie farther apart than edge_tolerance_km, or "
            "regions of another side or country are between"
        )
        rows.append(("warning", "border", f"{len(gaps)} breaks of the line", problem, ""))
    if not len(border.line) or border.line["at_sea"].all():
        problem = "the sides meet at sea alone: lengths of the border are 0"
        rows.append(("warning", "border", "length of the common line", problem, ""))
    if inputs.extracts is not None:
        rows += _sea_unknown(border.line, inputs.extracts)
        rows += _cut(settings, inputs.extracts)
        rows += _off_all_roads(border.line, inputs.extracts.checkpoints)
        rows += _ends(inputs, border)
    return rows


def _sea_unknown(pieces: gpd.GeoDataFrame, extracts: Extracts) -> list[Finding]:
    """Pieces of which nobody can say whether they are on land."""
    unknown = pieces[~pieces["sea_known"]]
    # Of a border in whose extracts nothing is of the sea the length at sea is unknown, no more.
    if not len(unknown) or extracts.sea.empty:
        return []
    longest = unknown.loc[unknown["length_km"].idxmax()]
    problem = (
        f"whether {unknown['length_km'].sum():,.1f} km are on land or at sea is unknown, the "
        f"longest piece {_where(longest.geometry)}: {_why_unknown(extracts)}. They count as land; "
        "take an extract that holds the whole coast around the border"
    )
    return [("warning", "border", "length on land", problem, "")]


def _where(shape: shapely.Geometry) -> str:
    """Place of a polygon or line in words."""
    at = shapely.point_on_surface(shape)
    return f"at lon {principal(at.x):.3f}, lat {at.y:.3f}"


def _breaks_listed(gaps: pd.DataFrame) -> str:
    """How long breaks are and where."""
    stated = [
        f"{row['km']:.1f} km at km {row['chainage_km']:,.0f} (lon {row['lon']:.3f}, lat "
        f"{row['lat']:.3f} to lon {row['to_lon']:.3f}, lat {row['to_lat']:.3f})"
        for row in table_to_globe(gaps).nlargest(MOST, "km").to_dict("records")
    ]
    return "; ".join(stated)


def _far_off(settings: Settings, border: Border) -> list[Finding]:
    """Lengths that are not those that are published."""
    section, regions = settings.regions, border.regions
    known = regions["border_km"]
    pairs = [
        (f"length of {regions.at[name, 'name']}", float(known[name]), float(published))
        for name, published in section.published_border_km.items()
        if name in known.index and published
    ]
    if section.official_border_km:
        length = float(border.dyads["length_km"].sum())
        pairs.append(("length of the common line", length, section.official_border_km))
    if section.published_border_km and all(
        key in known.index for key in section.published_border_km
    ):
        names = list(section.published_border_km)
        total = float(sum(section.published_border_km.values()))
        if total:
            pairs.append(
                ("length of all regions with a published one", float(known[names].sum()), total)
            )
    return [
        (
            "warning",
            "border",
            item,
            (
                f"{km:,.1f} km, {100 * (km / official - 1):+.0f} % of the published "
                f"{official:,.1f} km: polygons that are coarse, cut or of another border"
            ),
            "study.toml",
        )
        for item, km, official in pairs
        if abs(km / official - 1) > FAR_OFF
    ]


def _overlaps(found: gpd.GeoDataFrame) -> list[Finding]:
    """Regions of one side that lie on each other."""
    return [
        (
            "warning",
            "regions",
            f"{row.region_id} and {row.other_id}",
            (
                f"both claim {row.area_km2:,.1f} km² {_where(row.geometry)}; the border there is "
                f"told of {min(row.region_id, row.other_id)} alone. Cut one along the other"
            ),
            "",
        )
        for row in found.head(2 * MOST).itertuples()
    ]


def _others(border: Border) -> list[Finding]:
    """Land between the sides that is, or may be, of another country, and that of nobody."""
    rows: list[Finding] = [
        (
            "warning",
            "border",
            str(row.country),
            (
                f"lies between the sides with {row.area_km2:,.1f} km² {_where(row.geometry)}; it "
                "is given to neither, and the border stops there"
            ),
            "",
        )
        for row in border.between.itertuples()
    ]
    gaps = border.mismatch
    gaps = gaps[(gaps["kind"] == "gap") & (gaps["area_km2"] > WIDE_KM**2 / 2)]
    crs = gaps.estimate_utm_crs() if len(gaps) else None
    wide_m = 2 * shapely.length(
        shapely.maximum_inscribed_circle(gaps.to_crs(crs).geometry.to_numpy())
        if len(gaps)
        else np.array([], object)
    )
    gaps = gaps.assign(wide_km=wide_m / 1000)
    gaps = gaps[gaps["wide_km"] > WIDE_KM]
    stated = [
        f"{row.area_km2:,.1f} km², up to {row.wide_km:.1f} km wide, to {row.region_id} "
        f"{_where(row.geometry)}"
        for row in gaps.nlargest(5, "area_km2").itertuples()
    ]
    if stated:
        problem = (
            f"{len(gaps)} are wider than {WIDE_KM:g} km: {'; '.join(stated)}. If one is of a third "
            "country, or of a region that is not studied, put it into the territory of its side "
            "or lower edge_tolerance_km"
        )
        sides = " and ".join(sorted(set(gaps["side"])))
        rows.append(("warning", "border", f"gaps given to {sides} regions", problem, ""))
    rows += [
        (
            "warning",
            "border",
            "land of nobody",
            f"{row.area_km2:,.1f} km² between the sides {_where(row.geometry)} are of neither",
            "",
        )
        for row in border.nobody.head(MOST).itertuples()
    ]
    return rows


def _cut(settings: Settings, extracts: Extracts) -> list[Finding]:
    """Units of a side's country that are left out because the extracts end in them."""
    rows: list[Finding] = []
    for side in ("home", "neighbour"):
        form = getattr(settings.regions, side)
        if not isinstance(form, UnitsSection) or form.keep:
            continue
        units = cut_units(form, extracts.land).to_dict("records")
        rows += [
            (
                "warning",
                "regions",
                str(unit["name"] or unit["relation_id"]),
                f"{described(unit)}: it is not studied; its land is told of the {side} side",
                "",
            )
            for unit in units[:MOST]
        ]
    return rows


def _off_all_roads(line: gpd.GeoDataFrame, controls: pd.DataFrame) -> list[Finding]:
    """Tagged posts near the border that no way is near, so that they are no checkpoints."""
    lost = controls[controls["mode"].isna()]
    points = gpd.GeoSeries.from_xy(lost["lon"], lost["lat"], crs=4326)
    near = along(line, points)["border_distance_km"].to_numpy() <= WITHIN_KM
    names = lost["name"].fillna(lost["checkpoint_id"])[near].astype(str)
    if not len(names):
        return []
    some = "; ".join(names.head(MOST)) + (" …" if len(names) > MOST else "")
    problem = "no road, railway or ferry is near: they are no checkpoints; name them in a register"
    return [("warning", "checkpoints", f"{len(names)} tagged off all roads ({some})", problem, "")]


def _ends(inputs: Inputs, border: Border) -> list[Finding]:
    """Roads that end with the extract before they reach the border, and what lies beyond it."""
    line, land = on_land(border.line), border.territory
    sides = beside_border(inputs.lines, land, line, inputs.places)
    km, people = sides["road_km"], sides["population"]
    other = {"home": "neighbour", "neighbour": "home"}
    lacking = [side for side in other if km[side] < FEW * km[other[side]]]
    ends = ends_before_border(inputs.lines, line, land)
    # Blind ends are looked at where the next side's roads are not there to meet them.
    known = ends["clipped"] | ends["side"].map(other).isin(lacking)
    ends = ends[known & ~ends["side"].isin(lacking)]
    rows: list[Finding] = []
    if len(ends):
        stated = [
            f"{row['name']} ({row['road_class']}) {row['short_m']:,.0f} m short at lon "
            f"{row['lon']:.4f}, lat {row['lat']:.4f}"
            for row in table_to_globe(ends).head(MOST).to_dict("records")
        ]
        problem = (
            "the extract ends before the border: "
            + "; ".join(stated)
            + ". Take an extract with a margin around the border"
        )
        rows.append(("warning", "extracts", f"{len(ends)} roads that end short", problem, ""))
    for side in lacking:
        problem = (
            f"{km[side]:,.1f} km of roads within {sides['within_km'].iloc[0]:.0f} km of the "
            f"border, against {km[other[side]]:,.1f} km on the other side; {people[side]:,.0f} "
            f"people in {sides['places'][side]:.0f} settlements there: add the extract of that side"
        )
        rows.append(("warning", "extracts", f"hardly anything of the {side} side", problem, ""))
    return rows
