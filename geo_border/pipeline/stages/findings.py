"""The audit of the inputs: what would stop a run or spoil its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from geo_border.border.edges import extent
from geo_border.border.line import along
from geo_border.errors import StudyError
from geo_border.geometry.locate import polygon_of
from geo_border.index.audit import audit
from geo_border.network.seams import speed_seams
from geo_border.osm.speeds import FALLBACK, speed_table
from geo_border.pipeline.inputs.extracts import TAGS
from geo_border.pipeline.stages.border_account import border_findings
from geo_border.pipeline.stages.checkpoint_findings import Finding, of_checkpoints
from geo_border.pipeline.stages.class_findings import of_classes
from geo_border.pipeline.stages.corridors import corridor_stops
from geo_border.pipeline.stages.named_places import capital_places
from geo_border.pipeline.stages.network_findings import network_findings
from geo_border.pipeline.stages.outer import outer_findings
from geo_border.pipeline.stages.quality import account

if TYPE_CHECKING:
    import geopandas as gpd

    from geo_border.network.outer import OuterZones
    from geo_border.pipeline.inputs.extracted import Extracts
    from geo_border.pipeline.inputs.read import Inputs
    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.border import Border
    from geo_border.pipeline.stages.network import StudyNetwork

MOST_PEOPLE = 40_000_000
"""No city has more."""

COARSE_KM = 0.05
"""A border farther than this from where it is has crossings on its wrong side, km."""


def findings(
    settings: Settings,
    inputs: Inputs,
    border: Border,
    net: StudyNetwork,
    outer: OuterZones | None = None,
) -> pd.DataFrame:
    """Audit the inputs: what would stop a run or spoil its figures.

    Parameters
    ----------
    settings
        The study's parameters.
    inputs
        The checked inputs.
    border, net
        The border and the network of the study.
    outer
        What lies beyond, where the study has any of it.

    Returns
    -------
    DataFrame
        ``severity`` (error, warning, note), ``topic``, ``item``, ``problem``, ``where`` (file and
        row); worst first.
    """
    files = {
        "places": settings.places.file or TAGS,
        "indicators": settings.indicators.table if settings.indicators else "",
    }
    rows: list[Finding] = []
    facts = account(settings, border, net, inputs.extracts)
    for line in facts[facts["topic"].isin(["border", "checkpoints", "extracts"])].itertuples():
        unserved = str(line.item).startswith("open, but") and line.value
        severity = "warning" if unserved else "note"
        value = float(str(line.value))
        amount = f"{value:,.1f}".rstrip("0").rstrip(".") + f" {line.unit!s}"
        note = f" ({line.note!s})" if line.note else ""
        problem = ("unknown" if np.isnan(value) else amount.strip()) + note
        rows.append((severity, str(line.topic), str(line.item), problem, ""))
    rows += [
        (
            "note",
            "speeds",
            f"{seam['mode']}, {seam['class']}",
            (
                f"{seam['slow_kmh']:.0f} km/h in {seam['slow']}, {seam['fast_kmh']:.0f} in "
                f"{seam['fast']} where no speed is tagged; unless the law differs so, the table "
                "makes a border effect of its own"
            ),
            settings.network.speeds or "",
        )
        for seam in speed_seams(_default_speeds(inputs)).to_dict("records")
    ]
    of_file = {
        name: _at(settings.checkpoints.file or "", row)
        for name, row in inputs.checkpoint_rows.items()
    }
    rows += of_checkpoints(settings, border.line, border.checkpoints, net.gates, of_file)
    counted = {
        number: _at(settings.traffic.counts or "", row)
        for number, row in inputs.rows.get("traffic.counts", {}).items()
    }
    rows += of_classes(
        settings, inputs.checkpoints, inputs.counts, of_file, counted, border.checkpoints
    )
    rows += network_findings(settings, inputs.speeds, net)
    rows += _of_outlines(border.followed)
    rows += _misplaced(settings, inputs, border)
    rows += _of_settled(settings, inputs.settled)
    regions = border.regions
    settled = inputs.places.groupby("region_id")["population"].sum().reindex(regions.index)
    rows_of = inputs.rows.get("places", {})
    row_of = {place_id: _at(files["places"], row) for place_id, row in rows_of.items()}
    lost = net.places[net.places["node"] < 0].nlargest(20, "population")
    reached = capital_places(regions, net.places)
    pairs, name = net.twice, inputs.places["name"]
    rows += [
        *(
            ("note", "border", str(region_id), "shares no piece of the border", "")
            for region_id in regions.index[regions["border_km"] == 0]
        ),
        *(
            ("warning", "regions", str(region_id), "has no capital: no travel times", "")
            for region_id in regions.index[regions["capital_lon"].isna()]
        ),
        *(
            (
                "warning",
                "regions",
                str(region_id),
                "its capital does not reach the network: no travel times",
                "",
            )
            for region_id in regions.index[
                regions["capital_lon"].notna() & ~regions.index.isin(reached.index)
            ]
        ),
        *(
            (
                "warning",
                "places",
                str(row["name"]),
                f"has {row['population']:,.0f} people, more than any city; check the unit",
                row_of.get(place_id, TAGS),
            )
            for place_id, row in inputs.places[inputs.places["population"] > MOST_PEOPLE]
            .head(20)
            .iterrows()
        ),
        *(
            (
                "error",
                "places",
                str(region_id),
                "has no settlement with a population; add one",
                files["places"],
            )
            for region_id in settled.index[~(settled > 0)]
        ),
        *(
            (
                "warning",
                "places",
                str(row["name"]),
                (
                    f"does not reach the network ({row['population']:,.0f} persons); "
                    "add its road, or raise place_reach_km"
                ),
                row_of.get(place_id, TAGS),
            )
            for place_id, row in lost.iterrows()
        ),
        *(
            (
                "warning",
                "places",
                str(name[pair["other_id"]]),
                (
                    f"may be {name[pair['place_id']]} once more, {pair['km']:.1f} km from it "
                    f"({pair['reason']}): {pair['lesser']:,.0f} persons may be counted twice; "
                    "leave one out"
                ),
                row_of.get(pair["other_id"], TAGS),
            )
            for pair in pairs.head(20).to_dict("records")
        ),
    ]
    rows += _of_names(settings, inputs.places)
    if inputs.extracts is not None:
        rows += _elsewhere(inputs.extracts, border.territory)
    if outer is not None:
        rows += outer_findings(settings, inputs, outer)
    rows += border_findings(settings, inputs, border)
    home = regions.index[regions["side"] == "home"]
    keys = ["indicator_id", "region_id", "year"]
    figure = inputs.indicators[keys].itertuples(index=False, name=None)
    position = dict(zip(figure, inputs.rows.get("indicators.table", {}).values(), strict=False))
    if settings.indicators is None:
        problem = "the study has no [indicators]: transport alone is scored, no region has a type"
        rows.append(("note", "indicators", "all other levels", problem, ""))
        figures = pd.DataFrame(columns=["severity", "problem", *keys])
    else:
        figures = audit(inputs.registry, inputs.indicators, home)
    for found in figures.to_dict("records"):
        key = tuple(found[name] for name in keys)
        item = ", ".join(str(part) for part in key if not pd.isna(part) and part)
        where = _at(files["indicators"], position.get(key)) if key in position else ""
        rows.append((found["severity"], "indicators", item, found["problem"], where))
    table = pd.DataFrame(rows, columns=["severity", "topic", "item", "problem", "where"])
    return worst_first(table)


def worst_first(table: pd.DataFrame) -> pd.DataFrame:
    """Put findings in order.

    Parameters
    ----------
    table
        As `findings` gives it.

    Returns
    -------
    DataFrame
        Errors, then warnings, then notes; else as they were.
    """
    worst = table["severity"].map({"error": 0, "warning": 1, "note": 2})
    return table.iloc[worst.argsort(kind="stable")].reset_index(drop=True)


def _of_outlines(followed: pd.DataFrame) -> list[Finding]:
    """Polygons of files so coarse that crossings would lie on the wrong side of them."""
    return [
        (
            "warning",
            "regions",
            str(row["country"]),
            (
                f"the files' border lies up to {1000 * row['moved_km']:,.0f} m from its outline in "
                "the extracts, which is followed instead; take the sides from the extracts"
            ),
            "",
        )
        for row in followed[followed["moved_km"] > COARSE_KM].to_dict("records")
    ]


def _misplaced(settings: Settings, inputs: Inputs, border: Border) -> list[Finding]:
    """Settlements of a table that lie on the other side than it says."""
    land, file = border.territory, settings.places.file
    if file is None:
        return []
    places = inputs.places[_in_file(inputs)]
    lon, lat = places["lon"].to_numpy(), places["lat"].to_numpy()
    polygon = polygon_of(land.geometry.to_numpy(), lon, lat)
    lies = np.array([*land["side"], None], dtype=object)[polygon]
    off = np.flatnonzero((polygon >= 0) & (lies != places["side"]))
    # The way to the border of all of a million settlements takes minutes, of these no time.
    far_km = along(border.line, places.geometry.iloc[off])["border_distance_km"].to_numpy()
    beyond = far_km > settings.regions.edge_tolerance_km
    return [
        (
            "error",
            "places",
            str(places["name"].iloc[row]),
            (
                f"side is {places['side'].iloc[row]}, but it lies {km:.0f} km inside "
                f"the {lies[row]} side"
            ),
            _at(file, inputs.rows["places"][places.index[row]]),
        )
        for row, km in zip(off[beyond][:20], far_km[beyond], strict=False)
    ]


def _of_settled(settings: Settings, settled: pd.DataFrame) -> list[Finding]:
    """Settlements that lie in another region than the table says."""
    rows: list[Finding] = []
    for row in settled.head(20).to_dict("records"):
        severity, lies = "warning", "no studied region" if pd.isna(row["lies"]) else row["lies"]
        problem = f"region_id is {row['said']}, but it lies in {lies}: counted there"
        if pd.isna(row["said"]):
            severity = "note"
            problem = f"region_id is empty, though it lies in {lies}: counted as outside"
        where = _at(settings.places.file or "", row["row"])
        rows.append((severity, "places", str(row["name"]), problem, where))
    return rows


def _of_names(settings: Settings, places: pd.DataFrame) -> list[Finding]:
    """Corridors through places that are not there."""
    try:
        corridor_stops(settings, places)
    except StudyError as error:
        return [("error", "corridors", "places", str(error).removesuffix("."), "study.toml")]
    return []


def _elsewhere(extracts: Extracts, land: gpd.GeoDataFrame) -> list[Finding]:
    """Extracts that hold nothing of the study's land."""
    boxes = extracts.land.sources.dropna(subset=["west"])
    frames = shapely.box(*boxes[["west", "south", "east", "north"]].to_numpy().T)
    apart = ~shapely.intersects(frames, shapely.box(*land.total_bounds))
    return [
        (
            "warning",
            "extracts",
            str(boxes["file"].iloc[row]),
            (
                f"lies elsewhere, at {extent(shapely.bounds(frames[row]))}; the study is at "
                f"{extent(land.total_bounds)}"
            ),
            "study.toml",
        )
        for row in np.flatnonzero(apart)
    ]


def _default_speeds(inputs: Inputs) -> pd.DataFrame:
    """Default speeds by side as the study's table has them, and by country for OpenStreetMap."""
    tables = [] if inputs.speeds is None else [inputs.speeds]
    if "country" in inputs.lines:
        codes = inputs.lines["country"].dropna().unique()
        used = set(inputs.lines["road_class"].dropna().unique())
        for code in sorted(set(codes) - {FALLBACK}):
            table = speed_table(code)
            tables.append(table[table["class"].isin(used)].assign(side=code))
    columns = ["side", "mode", "class", "kmh"]
    if not tables:
        return pd.DataFrame(columns=columns)
    return pd.concat([table[columns] for table in tables])


def _in_file(inputs: Inputs) -> pd.Series[bool]:
    """Whether settlements are of the study's table, not of the extracts."""
    places = inputs.places
    is_own: pd.Series[bool] = places.get("source", pd.Series("", places.index)) != TAGS
    return is_own


def _at(file: str, row: object) -> str:
    """File and row."""
    return f"{file}, row {row}"
