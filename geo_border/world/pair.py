"""A study of any pair of countries with a common border, made of the world's data."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import jinja2
import pandas as pd

from geo_border.csv_files import write_csv
from geo_border.osm.speeds import road_classes
from geo_border.pipeline.templates import fresh_folder, id_of
from geo_border.terms import SIDES
from geo_border.version import __version__
from geo_border.world.bends import bent
from geo_border.world.countries import find_country, official_border_km, trunk_speed
from geo_border.world.ground import BELT_KM, DIGITS, REACH_KM, PairGround, ground_of
from geo_border.world.inside import MOST_PLACES, links_inside, settlements_inside, with_seats
from geo_border.world.kinds import CONTROLS, border_kind, passage_delays
from geo_border.world.networks import trunk_railways, trunk_roads
from geo_border.world.settlements import settlements

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from geo_border.world.countries import CountryFacts

MARGIN_KM = 10.0
"""How much wider than the land the frame of the networks is taken, km."""

TRUCK_KMH = 80
"""Speed of trucks where cars have the limit of main roads: that of most laws for heavy vehicles."""

TEXTS = ("study.toml", "SOURCES.md", "LICENSE-DATA.md")


def new_pair(folder: Path, home: str, neighbour: str) -> None:
    """Make a study of a pair of countries from the data of the world.

    It has the regions on both sides of the border, main roads and railways, settlements,
    defaults with their sources, and a study.toml that tells what may be changed.

    Parameters
    ----------
    folder
        Where to put it; must not exist, or be empty. It is made whole or not at all.
    home, neighbour
        The two countries, by name in any language or by code. Their order decides which is
        called home, and nothing else.

    Raises
    ------
    StudyError
        If the folder has something in it.
    WorldError
        If there is no such country, the two share no border on land, or the data of the world
        are not installed.
    """
    pair = find_country(home), find_country(neighbour)
    with fresh_folder(folder) as aside:
        ground = ground_of(*pair)
        _write(aside, ground, pair, id_of(folder))


def _write(
    folder: Path, ground: PairGround, pair: tuple[CountryFacts, CountryFacts], name: str
) -> None:
    """Write all files of a study."""
    land = ground.sides()
    roads, rails = (
        bent(links_inside(links, land), ground.border)
        for links in (
            trunk_roads(ground.bounds, margin_km=MARGIN_KM),
            trunk_railways(ground.bounds, margin_km=MARGIN_KM),
        )
    )
    codes = [country.alpha3 for country in pair]
    known = settlements(codes, bounds=ground.bounds, margin_km=MARGIN_KM).places
    places = settlements_inside(known, ground)
    for side in SIDES:
        _write_layer(with_seats(ground.regions[side], places), folder / f"regions_{side}.geojson")
        if len(ground.territory[side]):
            _write_layer(ground.territory[side], folder / f"territory_{side}.geojson")
    _write_layer(roads, folder / "roads.geojson")
    if len(rails):
        _write_layer(rails, folder / "railways.geojson")
    write_csv(places, folder / "places.csv")
    speeds = _speeds(pair)
    write_csv(speeds, folder / "speeds.csv")
    values = _values(ground, pair, speeds) | {
        "id": name,
        "rail": len(rails) > 0,
        "bent": int(roads["bent"].sum() + rails["bent"].sum()),
    }
    for text in TEXTS:
        page = _templates().get_template(f"{text}.j2").render(values)
        (folder / text).write_text(page, encoding="utf-8")


def _values(
    ground: PairGround, pair: tuple[CountryFacts, CountryFacts], speeds: pd.DataFrame
) -> dict[str, Any]:
    """What the texts of a study say of a pair."""
    home, neighbour = pair
    kind = border_kind(home.alpha3, neighbour.alpha3)
    imputed = [country.name for country in pair if trunk_speed(country.alpha2)[2]]
    sea = ground.border["kind"] == "sea"
    lengths = ground.border["length_km"]
    gauges = [country.gauge_mm for country in pair]
    roads = speeds.loc[speeds["mode"] == "road", "kmh"]
    limits = " and ".join(
        f"{kmh:g} km/h in {country.name}" for kmh, country in zip(roads, pair, strict=True)
    )
    note = f"Times are those of a car on a free road at the limit of main roads: {limits}."
    if imputed:
        note += f" That of {' and '.join(imputed)} is imputed, no limit is at hand."
    return {
        "home": home,
        "neighbour": neighbour,
        "kind": kind,
        "control": CONTROLS[kind.control],
        "closed": kind.control == "closed",
        "delays": passage_delays(kind.control),
        "official": official_border_km(home.alpha3, neighbour.alpha3),
        "territory": {side: len(ground.territory[side]) > 0 for side in SIDES},
        "gauges": gauges if len({*gauges, None}) > len(SIDES) else None,
        "speeds_note": note,
        "imputed": f"imputed for {' and '.join(imputed)}" if imputed else "",
        "disputed": bool(ground.border["disputed"].any()),
        "length_km": f"{lengths[~sea].sum():,.0f}",
        "sea_km": f"{lengths[sea].sum():,.0f}" if sea.any() else "",
        "belt_km": f"{BELT_KM:g}",
        "reach_km": f"{REACH_KM:g}",
        "most_places": f"{MOST_PLACES:,}",
        "truck_kmh": TRUCK_KMH,
        "car_kmh": f"{roads.max():g}",
        "truck_factor": round(min(TRUCK_KMH / float(roads.max()), 1.0), 2),
        "version": __version__,
    }


def _speeds(pair: tuple[CountryFacts, CountryFacts]) -> pd.DataFrame:
    """Speeds of both sides by mode and class, with the law or rule of each."""
    rail = float(road_classes()["cap_kmh"].loc["rail"])
    rows = []
    for side, country in zip(SIDES, pair, strict=True):
        kmh, source, _ = trunk_speed(country.alpha2)
        rows.append((side, "road", "trunk", kmh, source))
        rows.append((side, "rail", "rail", rail, "assumption: passenger train, stops included"))
    return pd.DataFrame(rows, columns=["side", "mode", "class", "kmh", "source"])


def _write_layer(layer: gpd.GeoDataFrame, path: Path) -> None:
    """Write a layer as GeoJSON, its index too where it has a name."""
    frame = layer.reset_index() if layer.index.name else layer
    frame.to_file(path, driver="GeoJSON", COORDINATE_PRECISION=DIGITS)


@cache
def _templates() -> jinja2.Environment:
    """Texts of a study, to be filled in."""
    found = jinja2.Environment(
        loader=jinja2.PackageLoader("geo_border.world"),
        autoescape=False,  # noqa: S701  (no page of a browser)
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    # A string of JSON is one of TOML.
    found.globals["q"] = lambda text: json.dumps(text, ensure_ascii=False)
    return found
