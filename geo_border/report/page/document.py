"""The page: one HTML file that carries everything it needs and asks the network for nothing."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from bokeh.embed import json_item
from bokeh.resources import Resources
from jinja2 import Environment, PackageLoader, StrictUndefined

from geo_border.access.decay import calibrated
from geo_border.border.line import is_ring
from geo_border.report.along import beginning, has_delays, open_on_the_line
from geo_border.report.checkpoints import guessed
from geo_border.report.ground import drawn_edges, ground_of
from geo_border.report.headline import LEVEL_WORDS, headline, key_figures, speeds_in_words
from geo_border.report.isochrones import is_cut, rings, zone_minutes
from geo_border.report.page.account import indicator_tables, provenance, quality_groups
from geo_border.report.page.cards import other_cards, region_cards
from geo_border.report.page.corridors import corridor_panels
from geo_border.report.page.layers import drawn_flaws
from geo_border.report.page.profile import profile
from geo_border.report.page.region_map import region_map
from geo_border.report.page.tables import (
    capital_matrix,
    checkpoint_table,
    corridor_table,
    dyad_table,
    reach_table,
    region_table,
)
from geo_border.report.page.traffic import (
    by_default,
    certificate,
    counted_beside,
    drawn_between,
    least_lost,
    of_whom,
    shut_out,
    traffic_region_tables,
    traffic_tables,
    trips_by_region,
)
from geo_border.report.settlements import drawn_in_words
from geo_border.report.style import MODE_COLOURS, MODES, SCORES
from geo_border.report.traffic import held_against
from geo_border.typology.words import hours, listed

if TYPE_CHECKING:
    from pathlib import Path

    from bokeh.models import LayoutDOM

    from geo_border.pipeline.results import Results
    from geo_border.report.page.choices import Choice

METHODS = {
    "minmax": "min\N{EN DASH}max",
    "zscore": "z-score",
    "distance": "distance-to-best",
    "borda": "Borda",
    "pca": "principal-component",
    "critic": "CRITIC",
    "copeland": "Copeland",
}
"""Choices of the index whose words differ from their names in study.toml."""


def write_report(results: Results, folder: Path) -> Path:
    """Write the page as ``report.html``.

    Parameters
    ----------
    results
        What a run gave.
    folder
        Where the page goes; made if missing.

    Returns
    -------
    Path
        The file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "report.html"
    path.write_text(page(results), encoding="utf-8")
    return path


def page(results: Results) -> str:
    """Make the page.

    Parameters
    ----------
    results
        What a run gave.

    Returns
    -------
    str
        A whole HTML document; its scripts and styles are inside it, and its content security
        policy forbids every other.
    """
    ground = ground_of(results)
    ground = ground_of(results, simplify_m=ground.detail_m / 2)
    isochrones = rings(results, ground)
    drawn, choices = region_map(results, ground, isochrones)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            **_facts(results),
            bokeh_js="\n".join(Resources(mode="inline", components=["bokeh"]).js_raw),
            map_item=_item(drawn, "map"),
            profile_item=_item(profile(results), "profile"),
            choices=choices,
            layers=_layers(results, isochrones=bool(isochrones)),
            rings=isochrones,
            groups=_groups(choices),
            legends={choice.key: choice.legend for choice in choices},
        )
    )


@cache
def _environment() -> Environment:
    """Templates, each read and compiled once."""
    environment = Environment(
        loader=PackageLoader("geo_border.report.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Bokeh reads references in the order they were written.
    environment.policies["json.dumps_kwargs"] = {"sort_keys": False, "allow_nan": False}
    return environment


def _item(model: LayoutDOM, name: str) -> dict[str, Any]:
    """Make a model what Bokeh's `embed_item` takes, numbered from one.

    Bokeh goes on counting from page to page, and the same page is to be the same bytes.
    """
    numbers: dict[str, str] = {}

    def numbered(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: numbers.setdefault(part, f"{name}{len(numbers) + 1}")
                if key in ("id", "root_id") and isinstance(part, str)
                else numbered(part)
                for key, part in value.items()
            }
        return [numbered(part) for part in value] if isinstance(value, list) else value

    return dict(numbered(dict(json_item(model))))


def _groups(choices: list[Choice]) -> dict[str, list[Choice]]:
    """Choices of the map by their heading."""
    groups: dict[str, list[Choice]] = {}
    for choice in choices:
        groups.setdefault(choice.group, []).append(choice)
    return groups


def _layers(results: Results, *, isochrones: bool) -> list[tuple[str, str, bool]]:
    """Layers of the map that can be shown or hidden: name, words, whether shown at first."""
    edges, controls = drawn_edges(results), results.checkpoints
    lost = results.crossings["checkpoint_id"].isna().any()
    settlements = ", ".join(filter(None, ["Settlements", drawn_in_words(results.places)]))
    return [
        (name, words, shown)
        for name, words, shown, there in (
            ("load", "Load", True, (edges["load_share"] > 0).any()),
            ("road", "Roads", True, (edges["mode"] == "road").any()),
            ("rail", "Railways", True, (edges["mode"] == "rail").any()),
            ("checkpoints", "Checkpoints", True, controls["lon"].notna().any()),
            (
                "unserved",
                "Unserved crossings",
                True,
                lost,
            ),
            ("isochrones", "Isochrones", False, isochrones),
            ("places", settlements, False, len(results.places) > 0),
            ("flaws", "Doubtful data", False, drawn_flaws(results) is not None),
            ("names", "Names", True, True),
        )
        if there
    ]


def _facts(results: Results) -> dict[str, Any]:
    """Everything the template shows but the drawings."""
    modes = [mode for mode in MODES if mode in set(results.checkpoints["mode"])]
    choices = results.settings.index.model_dump(include={"normalisation", "weights", "aggregation"})
    controls, along = results.checkpoints, open_on_the_line(results)
    zones = [f"{minutes:g}" for minutes in zone_minutes(results)]
    return {
        "settings": results.settings,
        "decay": calibrated(
            results.settings.access.decay, results.settings.access.half_life_h
        ).formula,
        "corridors": corridor_table(results),
        "corridor_panels": corridor_panels(results),
        "zones": listed(zones),
        "method": {key: METHODS.get(value, value) for key, value in choices.items()},
        "figures": key_figures(results),
        "headline": headline(results),
        "level": LEVEL_WORDS.get(results.settings.study.level or "", ""),
        "modes": [(MODES[mode], MODE_COLOURS[mode], mode) for mode in modes],
        "regions": region_table(results),
        "reach": reach_table(results),
        "cards": region_cards(results),
        "checkpoints": checkpoint_table(results),
        "checkpoint_cards": other_cards(results, "checkpoint"),
        "traffic": traffic_tables(results),
        "traffic_regions": traffic_region_tables(results),
        "trips_by_region": trips_by_region(results),
        "shut_out": shut_out(results),
        "least_lost": least_lost(results),
        "counted": counted_beside(results),
        "by_default": by_default(results),
        "certificate": certificate(results),
        "drawn_between": drawn_between(results),
        "held_against": held_against(results),
        "of_whom": of_whom(results),
        "dyads": dyad_table(results),
        "dyad_cards": other_cards(results, "dyad"),
        "capitals": capital_matrix(results),
        "indicators": indicator_tables(results),
        "beginning": beginning(results),
        "as_of": results.settings.study.as_of or _date(results),
        "ring": is_ring(results.border),
        "at_sea": bool(results.border["at_sea"].any()),
        "quality": quality_groups(results),
        "provenance": provenance(results.manifest),
        "unserved": int(results.crossings["checkpoint_id"].isna().sum()),
        "closed": bool((~controls["is_open"] & controls["lon"].notna()).any()),
        "scored": bool(results.levels[list(SCORES)].notna().to_numpy().any()),
        "ranked": bool(results.levels["rank_low"].notna().any()),
        "speeds": speeds_in_words(results),
        "half_life": hours(results.settings.demand.half_life_h),
        "delayed": has_delays(results),
        "guessed": guessed(along) if has_delays(results) else [],
        "modes_along": [
            (MODES[mode], MODE_COLOURS[mode], mode) for mode in modes if mode in set(along["mode"])
        ],
        "cut": is_cut(results),
    }


def _date(results: Results) -> str:
    """Date of the newest extract, empty where none is known."""
    files = results.manifest.get("extracts", {}).get("files", [])
    return max((str(file["timestamp"] or "")[:10] for file in files), default="")
