"""What is doubtful in the network: for the quality table, for `check` and for the map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo_border.border.line import along
from geo_border.network.audit import (
    CROSS,
    HIGH_IMPUTED,
    LIKELY_KMH,
    NEAR_M,
    NEAR_MISS,
    PACE,
    SPEED,
    audit_lines,
    imputed_shares,
)
from geo_border.network.beyond import LOCAL_WAY, local_km
from geo_border.network.reach import METRES_A_DEGREE
from geo_border.terms import MODES, SIDES

if TYPE_CHECKING:
    from collections.abc import Hashable

    import geopandas as gpd
    import pandas as pd

    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.border import Border
    from geo_border.pipeline.stages.checkpoint_findings import Finding
    from geo_border.pipeline.stages.network import StudyNetwork
    from geo_border.pipeline.stages.quality import QualityLine

FAR_WAY_KM = 5.0
"""A local way longer than this, where a road passes within `BESIDE_KM`, is told."""

BESIDE_KM = 1.0

MOST = 20
"""Settlements that are told of one kind, the most populous, and roads, the shortest."""

MENDED = {
    CROSS: "nobody can turn there; cut both lines where they meet, or tag the bridge or tunnel",
    NEAR_MISS: (
        f"it ends up to {NEAR_M:g} m from another line and does not meet it; "
        "join them where there is a junction"
    ),
    PACE: "hours must be hours, length_km kilometres; are they minutes or metres",
    SPEED: "correct speed_kmh, or leave it empty",
}
"""What a kind of doubt means, and how to mend it."""


def audited(settings: Settings, lines: gpd.GeoDataFrame, border: Border) -> gpd.GeoDataFrame:
    """Audit the lines of a study.

    Parameters
    ----------
    settings
        The study's parameters.
    lines
        Roads and railways.
    border
        The border of the study.

    Returns
    -------
    GeoDataFrame
        As `geo_border.network.audit.audit_lines` gives it, without the ends beside the border
        that `geo_border.network.stubs.join_stubs` joins.
    """
    found = audit_lines(lines)
    misses = (found["kind"] == NEAR_MISS).to_numpy(copy=True)
    km = along(border.line, found.geometry[misses])["border_distance_km"].to_numpy()
    misses[misses] = km <= settings.network.stub_tolerance_m / 1000
    return found[~misses].reset_index(drop=True)


def of_network(net: StudyNetwork) -> list[QualityLine]:
    """Give the lines of the quality table.

    Parameters
    ----------
    net
        The network of the study.

    Returns
    -------
    list of tuple
        Topic, item, value, unit, note.
    """
    found = net.audit
    lines: list[QualityLine] = [
        ("network", kind, float((found["kind"] == kind).sum()), "places", _first(found, kind))
        for kind in MENDED
    ]
    for (mode, side), rows in net.parts.groupby(["mode", "side"], sort=False):
        most = 100 * rows["km"].max() / rows["km"].sum() if rows["km"].sum() else 100.0
        note = f"the largest has {most:.0f} % of the length"
        lines.append(("network", f"parts, {mode}, {side}", len(rows), "", note))
    for (mode, side), share in imputed_shares(net.speeds).items():
        lines.append(
            ("network", f"speed imputed, {mode}, {side}", 100 * share, "%", "of the length")
        )
    places = net.places
    barred = places[places["is_barred"]]
    lost = int((barred["node"] < 0).sum())
    names = ", ".join(barred["name"].astype(str).head(10))
    note = f"{lost} of them reach no other; {names}" if len(barred) else ""
    lines.append(("places", "nearest road beyond foreign land", len(barred), "", note))
    if len(net.barred):
        note = "; ".join(_words(row) for row in net.barred.head(3).to_dict("records"))
        lines.append(("network", "roads over ground of neither side", len(net.barred), "", note))
    breaks = _breaks(net.gates)
    if (net.gates["mode"] == "rail").any():
        lines.append(("checkpoints", "break of gauge, rail", len(breaks), "", "; ".join(breaks)))
    return lines


def _words(row: dict[Hashable, Any]) -> str:
    """A road over ground of neither side in words."""
    at = row["geometry"]
    return (
        f"{row['name']} ({row['mode']}), {row['km']:,.1f} km from lon, lat {at.x:.4f}, {at.y:.4f}"
    )


def _first(found: pd.DataFrame, kind: str) -> str:
    """Where the first of a kind are."""
    at = found.geometry[(found["kind"] == kind).to_numpy()].head(3)
    spots = [f"{x:.4f}, {y:.4f}" for x, y in shapely.get_coordinates(at.to_numpy())]
    return f"at lon, lat {'; '.join(spots)}" if spots else ""


def _breaks(gates: pd.DataFrame) -> list[str]:
    """Gates between two gauges in words."""
    own = gates[gates["gauge_break"] & ~gates["is_candidate"]]
    return [
        f"{name} {home:.0f} to {neighbour:.0f} mm"
        for name, home, neighbour in zip(
            own.index, own["home_gauge_mm"], own["neighbour_gauge_mm"], strict=True
        )
    ]


def _beside_dead_roads(net: StudyNetwork) -> gpd.GeoDataFrame:
    """Places that join the network far away though a road of their side passes by them."""
    network, places = net.network, net.places
    far = places[(local_km(places) > FAR_WAY_KM) & ~places["is_barred"]]
    if far.empty:
        return far
    link, edge = np.unique(network.link, return_index=True)
    routes = np.array(network.classes, object)[network.road_class[edge]] == LOCAL_WAY
    roads = (network.mode[edge] == MODES.index("road")) & ~routes
    link, edge = link[roads], edge[roads]
    lon, lat = far.geometry.x.to_numpy(), far.geometry.y.to_numpy()
    high = 1000 * BESIDE_KM / METRES_A_DEGREE
    wide = high / np.cos(np.radians(np.minimum(np.abs(lat), 89)))
    around = shapely.box(lon - wide, lat - high, lon + wide, lat + high)
    place, road = shapely.STRtree(network.lines[link]).query(around, predicate="intersects")
    own = network.side[network.tail[edge[road]]] == far["side"].map(SIDES.index).to_numpy()[place]
    return far.iloc[np.unique(place[own])]


def network_findings(
    settings: Settings, speeds: pd.DataFrame | None, net: StudyNetwork
) -> list[Finding]:
    """Give what `check` says of the network.

    Parameters
    ----------
    settings
        The study's parameters.
    speeds
        The study's table of default speeds, if it has one.
    net
        The network of the study.

    Returns
    -------
    list of tuple
        Severity, topic, item, problem, where.
    """
    found = net.audit
    rows: list[Finding] = []
    for (kind, mode), own in found.groupby(["kind", "mode"], sort=False):
        value = own["value"]
        measured = f", {value.min():.3g} to {value.max():.3g} km/h" if kind in (PACE, SPEED) else ""
        problem = f"{len(own)} places{measured} ({_first(own, str(kind))}): {MENDED[str(kind)]}"
        rows.append(("warning", "network", f"{kind}, {mode}", problem, ""))
    rows += [
        (
            "note",
            "network",
            f"speed imputed, {mode}, {side}",
            f"{100 * share:.0f} % of the length has the speed of a table, none of its own",
            settings.network.speeds or "",
        )
        for (mode, side), share in imputed_shares(net.speeds).items()
        if share > HIGH_IMPUTED
    ]
    for row in [] if speeds is None else speeds.to_dict("records"):
        low, high = LIKELY_KMH.get(row["mode"], (0.0, np.inf))
        if not low <= row["kmh"] <= high:
            problem = f"{row['kmh']:g} km/h is a speed that nobody goes by {row['mode']}"
            item = f"{row['side']}, {row['mode']}, {row['class']}"
            rows.append(("warning", "speeds", item, problem, settings.network.speeds or ""))
    rows += [
        (
            "note",
            "network",
            "roads over ground of neither side",
            (
                f"{_words(row)}: nobody passes there; it joins the sides over other land or the "
                "sea, farther than edge_tolerance_km from their border"
            ),
            "",
        )
        for row in net.barred.head(MOST).to_dict("records")
    ]
    barred = net.places[net.places["is_barred"] & (net.places["node"] >= 0)]
    rows += [
        (
            "note",
            "places",
            str(row["name"]),
            "foreign land lies before its nearest road: it joins another one of its side",
            "",
        )
        for row in barred.nlargest(MOST, "population").to_dict("records")
    ]
    beside = _beside_dead_roads(net).assign(local_km=local_km)
    rows += [
        (
            "warning",
            "places",
            str(row["name"]),
            (
                f"its road leads to no checkpoint: it joins another one by a local way of "
                f"{row['local_km']:,.0f} km; add what is missing of the roads, if anything is"
            ),
            "",
        )
        for row in beside.nlargest(MOST, "population").to_dict("records")
    ]
    hours = settings.network.gauge_break_h
    rows += [
        (
            "note" if hours else "warning",
            "checkpoints",
            name,
            f"there is a break of gauge, which takes {hours:g} h"
            + ("" if hours else " because nobody said how long: set gauge_break_h in [network]"),
            "",
        )
        for name in _breaks(net.gates)
    ]
    return rows
