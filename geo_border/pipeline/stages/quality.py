"""The account of the data: what was mended, imputed, left out, and what a figure rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from geo_border.border.checkpoints import ON_THE_LINE, RULE
from geo_border.border.line import on_land
from geo_border.network.beyond import local_km
from geo_border.network.passages import BESIDE, IN_SERIES
from geo_border.pipeline.settings import LayerSection
from geo_border.pipeline.stages.border_account import border_lines
from geo_border.pipeline.stages.network_findings import of_network
from geo_border.terms import CAR
from geo_border.typology.words import counted

if TYPE_CHECKING:
    from geo_border.pipeline.inputs.extracted import Extracts
    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.border import Border
    from geo_border.pipeline.stages.network import StudyNetwork


SLIVER_KM2 = 1e-3
"""Less than this between two outlines is the rounding of coordinates, square kilometres."""

FAR_KM = 10.0
"""A way to the network longer than this is a guess, km."""


def account(
    settings: Settings,
    border: Border,
    net: StudyNetwork,
    extracts: Extracts | None = None,
) -> pd.DataFrame:
    """Count what a reader must know before believing the figures.

    Parameters
    ----------
    settings
        The study's parameters.
    border
        The border of the study.
    net
        The network of the study.
    extracts
        What is kept of the extracts, where the study has any.

    Returns
    -------
    DataFrame
        ``topic``, ``item``, ``value``, ``unit``, ``note``; one line each.
    """
    lines = [
        *([] if extracts is None else _of_extracts(extracts)),
        *_of_border(settings, border, extracts),
        *_of_checkpoints(settings, border.checkpoints),
        *_of_controls(border.checkpoints, net.controls, net.gates),
        *_of_crossings(net.crossings),
        *_of_network(net),
        *of_network(net),
        *_of_places(net.places, net.twice),
    ]
    return pd.DataFrame(lines, columns=["topic", "item", "value", "unit", "note"])


QualityLine = tuple[str, str, float, str, str]
"""Topic, item, value, unit, note: a row of the quality table."""


def _of_extracts(extracts: Extracts) -> list[QualityLine]:
    """What the extracts are, and what of them was dropped, imputed or not whole."""
    lines: list[QualityLine] = []
    for row in extracts.land.sources.to_dict("records"):
        at = row["timestamp"]
        when = "unknown date" if pd.isna(at) else f"as of {at:%Y-%m-%d}"
        lines.append(("extracts", str(row["file"]), row["bytes"] / 1e6, "MB", when))
    lines += [
        ("extracts", f"{row['what']}, {row['mode']}", row["ways"], "", f"{row['km']:,.1f} km")
        for row in extracts.account.to_dict("records")
    ]
    report = extracts.land.report
    for level, rows in report.groupby("admin_level"):
        cut = rows[rows["status"] != "complete"]
        names = ", ".join(cut["name"].fillna("without a name").head(10))
        lines.append(
            ("extracts", f"outlines of admin_level {level} that are cut", len(cut), "", names)
        )
    places = extracts.settlements
    unknown = places[~(places["population"] > 0)]
    kinds = ", ".join(f"{n} {kind}" for kind, n in unknown["kind"].value_counts().items())
    lines.append(("extracts", "settlements without a population", len(unknown), "", kinds))
    return lines


def _of_border(settings: Settings, border: Border, extracts: Extracts | None) -> list[QualityLine]:
    """Length against published lengths; what edge matching took and gave."""
    section, pieces = settings.regions, on_land(border.line)
    length = border.dyads["length_km"].sum()
    vertices = pieces.geometry.count_coordinates().sum()
    spacing = f"a vertex every {1000 * length / vertices:.0f} m; a finer line is longer"
    lines: list[QualityLine] = [("border", "length of the common line", length, "km", spacing)]
    if section.official_border_km:
        share = 100 * (length / section.official_border_km - 1)
        lines += [
            (
                "border",
                "official length",
                section.official_border_km,
                "km",
                section.official_border_source,
            ),
            ("border", "difference from the official length", share, "%", ""),
        ]
    by_region = border.regions["border_km"]
    lines += [
        (
            "border",
            f"length of {border.regions.at[region_id, 'name']} against the published",
            100 * (by_region[region_id] / published - 1) if published else by_region[region_id],
            "%" if published else "km",
            (
                f"{by_region[region_id]:.0f} km against {published:g} km; "
                f"{section.published_border_source}"
            ),
        )
        for region_id, published in section.published_border_km.items()
    ]
    return [*lines, *_of_matching(settings, border), *border_lines(border, extracts)]


def _of_matching(settings: Settings, border: Border) -> list[QualityLine]:
    """Whose line the border is, and what the sides' polygons lost and gained for it."""
    section, followed = settings.regions, border.followed
    lines: list[QualityLine] = [
        (
            "border",
            f"along the outline of {row['country']} in the extracts",
            100 * row["share"],
            "%",
            f"{row['km']:.1f} km; the files' own line lay up to {row['moved_km']:.2f} km from it",
        )
        for row in followed.to_dict("records")
    ]
    of_files = isinstance(section.home, LayerSection) and isinstance(
        section.neighbour, LayerSection
    )
    if settings.osm is not None and of_files and followed.empty:
        none = "they hold no whole country of one side: the line is that of the files"
        lines.append(("border", "along an outline in the extracts", 0.0, "%", none))
    names = {
        "overlap": "area taken from {} regions because both sides claimed it",
        "gap": "area given to {} regions because neither side had it",
    }
    if len(followed):
        names = {
            "overlap": "area taken from {} regions beyond the outline in the extracts",
            "gap": "area given to {} regions up to the outline in the extracts",
        }
    mismatch = border.mismatch.groupby(["side", "kind"])["area_km2"].agg(["sum", "size", "max"])
    return lines + [
        (
            "border",
            names[kind].format(side),
            row["sum"],
            "km²",
            f"{counted(int(row['size']), 'piece')}, the largest {row['max']:.0f} km²",
        )
        for (side, kind), row in mismatch[mismatch["sum"] > SLIVER_KM2].iterrows()
    ]


def _default_source(settings: Settings, mode: str) -> str:
    """Where the default delay of a mode is from; by road it is that of cars."""
    own = settings.checkpoints.classes.get(CAR) if mode == "road" else None
    return (
        settings.checkpoints.delay_source
        if own is None or own.delay_h is None
        else own.delay_source
    )


def _of_checkpoints(settings: Settings, checkpoints: pd.DataFrame) -> list[QualityLine]:
    """How many checkpoints, and where their delays are from."""
    on_line = checkpoints[checkpoints["mode"].isin(ON_THE_LINE)]
    lines: list[QualityLine] = []
    default_h = settings.delay_h
    for mode, rows in on_line.groupby("mode"):
        open_now = rows[rows["is_open"]]
        sourced = int((~open_now["delay_imputed"]).sum())
        free = (open_now["known_from"] == RULE) & (open_now["delay_h"] == 0)
        by_rule = int(free.sum())
        others = len(open_now) - sourced - by_rule
        stated = [
            f"{by_rule} have 0 h by open_crossings" if by_rule else "",
            f"{others} have the default of {default_h[str(mode)]:g} h" if others else "",
            _default_source(settings, str(mode)) or "no source is given",
        ]
        lines += [
            ("checkpoints", f"open, {mode}", len(open_now), "", f"of {len(rows)} in the register"),
            (
                "checkpoints",
                f"delay from a source, {mode}",
                sourced,
                "",
                "; ".join(filter(None, stated)),
            ),
        ]
    seasonal = on_line[on_line["season_share"].between(0, 1, inclusive="neither")]
    never = on_line[on_line["season_share"] == 0]
    if len(seasonal) or len(never):
        share = "of the year" if settings.checkpoints.month is None else "of the month"
        lines += [
            (
                "checkpoints",
                "open in a season alone, by their hours",
                len(seasonal),
                "",
                "; ".join(
                    f"{row['name']}, {100 * row['season_share']:.0f} % {share}"
                    for row in seasonal.to_dict("records")
                ),
            ),
            (
                "checkpoints",
                "never open, by their hours",
                len(never),
                "",
                "; ".join(never["name"].astype(str)),
            ),
        ]
    return lines


def _of_controls(
    checkpoints: pd.DataFrame, controls: pd.DataFrame, gates: pd.DataFrame
) -> list[QualityLine]:
    """Checkpoints that are no gate: those of one road with another, those that no road reaches."""
    names = checkpoints["name"].fillna(pd.Series(checkpoints.index, checkpoints.index)).astype(str)
    lines: list[QualityLine] = []
    for part, item in (
        (IN_SERIES, "passed in turn with another on their road"),
        (BESIDE, "beside another on their road, which is taken"),
    ):
        rows = controls[controls["part"] == part]
        if len(rows):
            lines.append(("checkpoints", item, len(rows), "", "; ".join(names[rows.index])))
    on_line = checkpoints["mode"].isin(ON_THE_LINE) & checkpoints["is_open"]
    known = controls.index[controls["part"].isin([IN_SERIES, BESIDE])]
    lost = checkpoints.index[on_line & ~checkpoints.index.isin(gates.index.union(known))]
    stated = [
        f"{names[control]} (nearest crossing {at}, {km:.1f} km)" if pd.notna(km) else names[control]
        for control, at, km in controls.reindex(lost)[["nearest", "nearest_km"]].itertuples()
    ]
    item = "open, but the network does not reach them from both sides"
    return [*lines, ("checkpoints", item, len(lost), "", "; ".join(stated))]


def _of_crossings(crossings: pd.DataFrame) -> list[QualityLine]:
    """Crossings served and unserved, and how sure their places are."""
    lines: list[QualityLine] = []
    for mode, rows in crossings.groupby("mode"):
        served = rows["checkpoint_id"].notna()
        sure = rows["confidence"].value_counts()
        lines += [
            ("crossings", f"served by a checkpoint, {mode}", int(served.sum()), "links", ""),
            (
                "crossings",
                f"without a checkpoint, {mode}",
                int((~served).sum()),
                "links",
                "they carry no traffic; candidates for opening",
            ),
            (
                "crossings",
                f"place known for sure, {mode}",
                int(sure.get("high", 0)),
                "links",
                f"{sure.get('medium', 0)} medium, {sure.get('low', 0)} low",
            ),
        ]
    return lines


def _of_network(net: StudyNetwork) -> list[QualityLine]:
    """Size of the network and how many of its speeds are imputed."""
    network = net.network
    lines: list[QualityLine] = [
        ("network", "nodes", network.n_nodes, "", ""),
        ("network", "directed edges", network.n_edges, "", ""),
    ]
    for row in net.speeds.to_dict("records"):
        imputed = 100 * (1 - row["tagged_km"] / row["km"]) if row["km"] else 0.0
        speed = f"mean {row['mean_kmh']:.0f} km/h, speed imputed on {imputed:.0f} % of the length"
        lines.append(
            (
                "network",
                f"{row['class']}, {row['mode']}, {row['side']}",
                row["km"],
                "km",
                "ways between roads and stations" if row["mode"] == "transfer" else speed,
            )
        )
    for (mode, side), rows in net.parts.groupby(["mode", "side"], sort=False):
        apart = rows.loc[rows["gates"] == 0, "km"]
        lines.append(
            (
                "network",
                f"no checkpoint can be reached from, {mode}, {side}",
                rows["no_way_out_km"].sum(),
                "km",
                (
                    f"{counted(len(apart), 'part')} of {apart.sum():,.0f} km in all: "
                    "no checkpoint can be reached from there"
                    if len(apart)
                    else ""
                ),
            )
        )
    return lines


def _of_places(places: pd.DataFrame, pairs: pd.DataFrame) -> list[QualityLine]:
    """People, how far they are from the network, and who may be counted twice."""
    lines: list[QualityLine] = []
    for side, rows in places.groupby("side"):
        lost = rows[rows["node"] < 0]
        people = rows["population"].sum()
        near = rows.loc[local_km(rows) <= FAR_KM, "population"].sum()
        lines += [
            ("places", f"settlements, {side}", len(rows), "", ""),
            ("places", f"population, {side}", people, "persons", ""),
            (
                "places",
                f"population within 10 km of the network, {side}",
                100 * near / people,
                "%",
                "along the local way",
            ),
            (
                "places",
                f"settlements the network does not reach, {side}",
                len(lost),
                "",
                counted(round(lost["population"].sum()), "person"),
            ),
        ]
    name = places["name"]
    twice = f"{counted(round(pairs['lesser'].sum()), 'person')} may be counted twice"
    named = [
        f"{name[pair['place_id']]} and {name[pair['other_id']]} ({pair['km']:.1f} km, "
        f"{pair['reason']})"
        for pair in pairs.head(10).to_dict("records")
    ]
    note = "; ".join([twice, *named]) if named else ""
    lines.append(("places", "settlements that may be listed twice", len(pairs), "pairs", note))
    return lines
