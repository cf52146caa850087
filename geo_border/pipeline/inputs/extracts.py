"""What a study takes from its extracts: read once, then sides, lines, checkpoints, places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pydantic import ValidationError

from geo_border.border.edges import equal_area_crs
from geo_border.errors import ExtractError, SideError, StudyError
from geo_border.geometry.locate import polygon_near
from geo_border.network.places import STAND_IN
from geo_border.osm.boundaries import boundaries_from_extract, sea_lines
from geo_border.osm.checkpoints import controls_from_extract, match_controls
from geo_border.osm.lines import lines_from_extract
from geo_border.osm.railways import stations_from_extract
from geo_border.osm.settlements import settlements_from_extract
from geo_border.osm.sides import beyond, countries_within, rest_of_country
from geo_border.osm.tags import wanted
from geo_border.pbf.extract import read_extract
from geo_border.pipeline.inputs.cut_units import cut_units, described, land_known, refuse_lost
from geo_border.pipeline.inputs.extracted import Extracts, Land
from geo_border.pipeline.inputs.files import extract_files
from geo_border.pipeline.inputs.schemas import LANGUAGE_NAME
from geo_border.pipeline.settings import (
    CountrySection,
    EverythingElseSection,
    LayerSection,
    RegionsSection,
    Settings,
    UnitsSection,
)
from geo_border.terms import SIDES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from geo_border.pbf.extract import Extract

TAGS, REGISTER, BOTH = "OpenStreetMap", "register", "register and OpenStreetMap"
"""Where a checkpoint is known from."""

COUNTRY_LEVEL = 2

_FORMS = 'Give for each such as {"country": "KZ", "admin_level": 4} or {"everything_else": True}'

REACH_M = 10_000.0
"""A settlement farther than this from all land of the study is not of it, metres."""

_CONTROL_COLUMNS = (
    *("name", "mode", "status", "users", "home_id", "neighbour_id", "lon", "lat"),
    *("accuracy_km", "hours", "capacity_day", "delay_h"),
)


def levels_of(settings: Settings) -> list[int]:
    """Levels of administrative units that a study asks of its extracts.

    Parameters
    ----------
    settings
        The study's settings.

    Returns
    -------
    list of int
        Values of ``admin_level``, that of countries first.
    """
    sides = (settings.regions.home, settings.regions.neighbour)
    return sorted(
        {COUNTRY_LEVEL, *(side.admin_level for side in sides if isinstance(side, UnitsSection))}
    )


def extract_stage(
    settings: Settings, folder: Path, *, progress: Callable[[str], None] = lambda _: None
) -> Extracts:
    """Read the extracts and keep what a study can need of them.

    Parameters
    ----------
    settings
        The study's settings.
    folder
        The folder of its study.toml.
    progress
        Called with what is read, and how much of it.

    Returns
    -------
    Extracts
        Names in the language of the study.

    Raises
    ------
    ExtractError
        If an extract is not there, or cannot be read.
    """
    assert settings.osm is not None
    files = extract_files(settings, folder)
    for row, file in zip(settings.osm.extracts, files.values(), strict=True):
        if not file.is_file():
            raise ExtractError(
                "the extract is not there",
                file=file,
                remedy="`geo-border fetch` with the study downloads it"
                if row.url
                else "Put it there, or name its `url` in [osm] and run `geo-border fetch`",
            )
    language = settings.osm.language
    extract = read_extract(
        list(files.values()),
        wanted(languages=sorted(filter(None, {language, settings.regions.local_language}))),
        progress=lambda path, kind, done, size: progress(
            f"{path.name}, {kind}, {done / 1e6:.0f} of {size / 1e6:.0f} MB"
        ),
    )
    progress("boundaries")
    land = _land_of(extract, levels_of(settings))
    countries = land.countries
    progress("roads and railways")
    lines, account = lines_from_extract(
        extract, countries=countries.dropna(subset="country").reset_index(drop=True)
    )
    return Extracts(
        land=replace(
            land,
            countries=_only_in_language(countries, language),
            units=_only_in_language(land.units, language),
            sources=extract.sources.assign(file=[row.file for row in settings.osm.extracts]),
        ),
        sea=sea_lines(extract),
        lines=lines,
        account=account,
        checkpoints=_in_language(controls_from_extract(extract).reset_index(), language),
        settlements=_in_language(settlements_from_extract(extract).reset_index(), language),
        stations=stations_from_extract(extract),
    )


def _levels(extract: Extract) -> pd.DataFrame:
    """Levels of the boundaries that the extracts hold, whole or not."""
    levels = pd.to_numeric(extract.relations["admin_level"].astype(object), errors="coerce")
    return pd.DataFrame({"admin_level": np.unique(levels.dropna().astype(int))})


def _land_of(extract: Extract, levels: list[int]) -> Land:
    """Countries and administrative units of some levels, that of countries first."""
    units, reports = [], []
    for level in levels:
        found, report = boundaries_from_extract(extract, admin_level=level)
        units.append(found.assign(admin_level=level))
        reports.append(report.assign(admin_level=level))
    return Land(
        countries=countries_within(extract, units[0]),
        units=pd.concat(units).reset_index(),
        report=pd.concat(reports, ignore_index=True),
        levels=_levels(extract),
        sources=extract.sources,
    )


def land_from_extract(
    extract: Extract, sides: Mapping[str, Any]
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Land of both sides from boundary relations alone, in the words of study.toml.

    Parameters
    ----------
    extract
        What was read with `geo_border.osm.tags.wanted`.
    sides
        ``home`` and ``neighbour``, and if wanted ``home_territory`` and ``neighbour_territory``,
        as [regions] of study.toml has them but for files: such as
        ``{"country": "LI", "admin_level": 8}`` and ``{"everything_else": True}``.

    Returns
    -------
    territory : GeoDataFrame
        Polygons with ``side`` and ``region_id``, missing for what is not of a studied region.
    countries : GeoDataFrame
        ``country``, polygons; for default speeds.

    Raises
    ------
    SideError
        If a side is in none of these forms.
    StudyError
        If the extracts do not hold a country or unit that is named.
    """
    try:
        regions = RegionsSection.model_validate(
            {
                side: dict(form) if isinstance(form, Mapping) else form
                for side, form in sides.items()
            }
        )
    except ValidationError as error:
        stated = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise SideError(f"the sides cannot be understood: {stated}", remedy=_FORMS) from error
    if any(isinstance(form, LayerSection) for form in vars(regions).values()):
        raise SideError("a side is the name of a file", remedy=_FORMS)
    about = {"id": "sides", "title": "", "home": SIDES[0], "neighbour": SIDES[1]}
    osm = {"extracts": [{"file": "extract"}]}
    settings = Settings.model_validate({"study": about, "osm": osm, "regions": regions})
    land = _land_of(extract, levels_of(settings))
    found, rest = sides_of(settings, land, {})
    columns = ["side", "region_id", "geometry"]
    both = [frame[columns] for frame in (found.reset_index(), rest) if len(frame)]
    countries = land.countries.dropna(subset="country").reset_index(drop=True)
    return gpd.GeoDataFrame(pd.concat(both, ignore_index=True), crs=4326), countries


def _in_language(frame: gpd.GeoDataFrame, language: str | None) -> gpd.GeoDataFrame:
    """Names in the language of the study where they are tagged.

    Sant Julia is no translation of Sant Julià: a name that only lacks its accents keeps them.
    """
    column = f"name_{language}"
    if column not in frame:
        return frame
    there, stated = frame["name"], frame[column].fillna(frame["name"])
    return frame.assign(name=there.where(_bare(there) == _bare(stated), stated))


def _only_in_language(frame: gpd.GeoDataFrame, language: str | None) -> gpd.GeoDataFrame:
    """Names as `_in_language` gives them, and no others."""
    return _in_language(frame, language).drop(columns=f"name_{language}", errors="ignore")


def _bare(names: pd.Series[str]) -> pd.Series[str]:
    """Names without accents."""
    apart = names.str.normalize("NFD")
    return apart.str.replace("[\u0300-\u036f]", "", regex=True)


def sides_of(
    settings: Settings, land: Land, given: dict[str, gpd.GeoDataFrame]
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Regions of both sides, and the land of each beyond them.

    Parameters
    ----------
    settings
        The study's settings.
    land
        What the extracts hold of countries and units.
    given
        Regions and territories that are in files, by their key in study.toml.

    Returns
    -------
    regions : GeoDataFrame
        Index ``region_id``; ``name``, ``capital``, ``capital_lon``, ``capital_lat``, ``side``.
    territory : GeoDataFrame
        The rest of each side: ``side``, ``region_id`` (missing).

    Raises
    ------
    StudyError
        If the extracts do not hold a country or unit that is named.
    """
    forms = {"home": settings.regions.home, "neighbour": settings.regions.neighbour}
    sides, rest = _named_sides(forms, land, given)
    for side, form in forms.items():
        key = f"regions.{side}_territory"
        territory = getattr(settings.regions, f"{side}_territory")
        if isinstance(territory, CountrySection):
            whole = _land(territory.country, land, key)
            rest = [row for row in rest if not (row["side"] == side).any()]
            rest.append(rest_of_country(sides[side].iloc[:0], sides[side], whole).assign(side=side))
        elif territory is not None:
            rest.append(given[key][["geometry"]].assign(side=side))
        if isinstance(form, EverythingElseSection):
            other = SIDES[1 - SIDES.index(side)]
            taken = pd.concat(
                [sides[other], *(row for row in rest if (row["side"] == other).any())]
            )
            name = form.name or getattr(settings.study, side)
            sides[side] = beyond(taken, land.countries, region_id=form.region_id, name=name)
    regions = pd.concat([sides[side].assign(side=side) for side in SIDES])
    for column in ("capital", "capital_lon", "capital_lat"):
        if column not in regions:
            regions[column] = None if column == "capital" else np.nan
    columns = ["name", "capital", "capital_lon", "capital_lat", "side", "geometry"]
    more = [n for n in regions if n == "relation_id" or LANGUAGE_NAME.fullmatch(str(n))]
    territory = pd.concat([gpd.GeoDataFrame({"side": []}, geometry=[], crs=4326), *rest])
    return regions[[*columns, *more]].rename_axis("region_id"), territory.assign(region_id=None)


def _named_sides(
    forms: Mapping[str, object],
    land: Land,
    given: dict[str, gpd.GeoDataFrame],
) -> tuple[dict[str, gpd.GeoDataFrame], list[gpd.GeoDataFrame]]:
    """Regions of the sides that are named, and what their countries have beside them."""
    sides: dict[str, gpd.GeoDataFrame] = {}
    units_of: dict[str, tuple[UnitsSection, gpd.GeoDataFrame]] = {}
    for side, form in forms.items():
        if isinstance(form, UnitsSection):
            units = _units_in(form, land, side)
            other = forms[SIDES[1 - SIDES.index(side)]]
            refuse_lost(form, land, side, beside_unknown=isinstance(other, EverythingElseSection))
            units_of[side], sides[side] = (form, units), _kept(units, form, side)
        elif not isinstance(form, EverythingElseSection):
            sides[side] = given[f"regions.{side}"]
    rest = []
    for side, (named, units) in units_of.items():
        own, is_whole = land_known(named, land.countries)
        # What is told by the nearest outline may reach over the border: regions go first.
        regions = sides[side] if is_whole else pd.concat([*sides.values()])
        rest.append(rest_of_country(units, regions, own).assign(side=side))
    return sides, rest


def _units_in(form: UnitsSection, land: Land, side: str) -> gpd.GeoDataFrame:
    """Units of a level that lie in a country."""
    units, countries = land.units, land.countries
    units = units[units["admin_level"] == form.admin_level].set_index("region_id")
    own = units["iso"].fillna("").str.match(rf"{form.country}(-|$)")
    outline = countries[countries["country"] == form.country].geometry
    if len(outline):
        inside = shapely.contains(
            outline.iloc[0], shapely.point_on_surface(units.geometry.to_numpy())
        )
        own |= inside & units["iso"].isna()
    if own.any():
        return units[own]
    report = land.report
    cut = report[(report["admin_level"] == form.admin_level) & (report["status"] == "incomplete")]
    known = ", ".join(countries["country"].dropna())
    own = cut_units(form, land).head(5).to_dict("records")
    names = "; ".join(map(described, own)) or ", ".join(cut["name"].dropna().head(10))
    levels = ", ".join(map(str, land.levels["admin_level"]))
    held = f"They hold land of {known or 'no country'} and "
    held += f"boundaries of the levels {levels}; choose another level," if levels else "no units;"
    raise StudyError(
        f"regions.{side}: the extracts hold no whole unit of {form.country} at admin_level "
        f"{form.admin_level}" + (f"; outlines are incomplete: {names}" if names else ""),
        file="study.toml",
        remedy=f"{held} add the extract of the neighbouring area, or name a file",
    )


def _kept(units: gpd.GeoDataFrame, form: UnitsSection, side: str) -> gpd.GeoDataFrame:
    """The units that `keep` names by id or name; all without it."""
    if not form.keep:
        return units
    names = units["name"].fillna("").to_numpy(dtype=object)
    ids = units.index.to_numpy(dtype=object)
    requested = {key.casefold() for key in form.keep}
    known_as = [units.index.astype(str).str.casefold(), units["name"].fillna("").str.casefold()]
    for key in form.keep:
        if not any((words == key.casefold()).any() for words in known_as):
            known = ", ".join(f"{i} {name}" for i, name in zip(ids[:30], names, strict=False))
            raise StudyError(
                f"regions.{side}.keep: there is no unit {key!r}",
                file="study.toml",
                remedy=f"There are {known}",
            )
    return units[np.logical_or.reduce([np.asarray(words.isin(requested)) for words in known_as])]


def _land(country: str, land: Land, key: str) -> shapely.Geometry:
    """Polygon of a country that the extracts hold whole."""
    countries = land.countries
    found = countries[(countries["country"] == country) & countries["is_whole"]]
    if found.empty:
        whole = ", ".join(countries.loc[countries["is_whole"], "country"])
        held = f"They hold those of {whole}" if whole else "They hold none whole"
        raise StudyError(
            f"{key}: the extracts do not hold the whole outline of {country}",
            file="study.toml",
            remedy=f"{held}; name a file instead",
        )
    return found.geometry.iloc[0]


def checkpoints_of(tagged: pd.DataFrame, register: pd.DataFrame | None) -> pd.DataFrame:
    """Checkpoints from tags, and those of a register with their place in OpenStreetMap.

    Parameters
    ----------
    tagged
        Objects of the extracts.
    register
        Index ``checkpoint_id``, as the study's file has it; None without one.

    Returns
    -------
    DataFrame
        Index ``checkpoint_id``; the columns of a register and ``known_from``, ``osm`` (ids of
        the objects), ``confidence``, ``hours_unread``. What a register says goes before the
        tags, but for the place; so it does of the mode of objects that may be of two. Objects
        that no way passes are left out.
    """
    controls = pd.DataFrame(tagged).set_index("checkpoint_id")
    controls = controls[controls["mode"].notna()].assign(known_from=TAGS)
    controls["name"] = controls["name"].fillna(controls["place"]).fillna(controls.index.to_series())
    columns = [*_CONTROL_COLUMNS, "known_from", "osm", "confidence", "hours_unread"]
    if register is None:
        return controls[columns]
    table = match_controls(register, controls)
    same = table.dropna(subset=["checkpoint_id", "post_id"]).set_index("checkpoint_id")
    ours = register.assign(known_from=REGISTER, osm=None, confidence=None, hours_unread=None)
    matched = same["post_id"]
    ours.loc[same.index, ["lon", "lat"]] = same[["lon", "lat"]]
    ours.loc[same.index, "known_from"] = BOTH
    for column in ("osm", "confidence", "hours_unread"):
        ours.loc[same.index, column] = matched.map(controls[column])
    ours["hours_unread"] = ours["hours_unread"].where(ours["hours"].isna(), None)
    for column in ("accuracy_km", "hours"):
        ours.loc[same.index, column] = ours[column].fillna(matched.map(controls[column]))
    others = controls.loc[~controls["osm"].isin(controls.loc[matched, "osm"]), columns]
    frames = [frame.dropna(axis="columns", how="all") for frame in (ours, others)]
    return pd.concat(frames).reindex(columns=[*ours, *(c for c in columns if c not in ours)])


def settlements_of(
    settlements: gpd.GeoDataFrame, land: gpd.GeoDataFrame, leave_out: list[str]
) -> gpd.GeoDataFrame:
    """Settlements whose population is tagged, with the side and region they lie in.

    Parameters
    ----------
    settlements
        Those of the extracts.
    land
        Polygons of both sides with ``side`` and ``region_id``.
    leave_out
        Names or ids of settlements that are counted elsewhere.

    Returns
    -------
    GeoDataFrame
        Index ``place_id``; ``name``, ``lon``, ``lat``, ``side``, ``region_id``,
        ``population``.

    Raises
    ------
    StudyError
        If `leave_out` names a settlement that is not there.
    """
    rows = settlements.set_index("place_id")
    rows = rows[rows["population"] > 0]
    for key in leave_out:
        if key not in rows.index and key not in set(rows["name"]):
            raise StudyError(
                f"places.leave_out: no settlement with a population is called {key!r}",
                file="study.toml",
                remedy="Use a name or an id as OpenStreetMap has it",
            )
    rows = rows[~rows.index.isin(leave_out) & ~rows["name"].isin(leave_out)]
    placed = _placed(rows, land).assign(source=TAGS)
    columns = ["name", "lon", "lat", "side", "region_id", "population", "source", "geometry"]
    return placed[columns]


def stations_of(stations: gpd.GeoDataFrame, land: gpd.GeoDataFrame) -> gpd.GeoDataFrame | None:
    """Stations of the extracts with the side they lie on.

    Parameters
    ----------
    stations
        Those of the extracts.
    land
        Polygons of both sides with ``side`` and ``region_id``.

    Returns
    -------
    GeoDataFrame
        Columns ``osm``, ``name``, ``kind``, ``side``, points; None where there are none.
    """
    return _placed(stations, land).drop(columns="region_id") if len(stations) else None


def _placed(points: gpd.GeoDataFrame, land: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Points with the side and region they lie in; without those that lie in none."""
    polygon = polygon_near(
        land.geometry,
        points.geometry.x.to_numpy(),
        points.geometry.y.to_numpy(),
        crs=equal_area_crs(land),
        reach_m=REACH_M,
    )
    of = land.iloc[polygon[polygon >= 0]]
    return points[polygon >= 0].assign(
        side=of["side"].to_numpy(), region_id=of["region_id"].to_numpy()
    )


def with_capitals(regions: gpd.GeoDataFrame, places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Regions whose relation names no capital get their most populous settlement for one.

    Parameters
    ----------
    regions
        Columns ``capital``, ``capital_lon``, ``capital_lat``.
    places
        Settlements with ``region_id``, ``name``, ``lon``, ``lat``, ``population``.

    Returns
    -------
    GeoDataFrame
        The regions, with ``capital_known_from`` (``OpenStreetMap``, ``most populous settlement``;
        missing without a capital).
    """
    given = regions["capital_lon"].notna()
    largest = places.sort_values("population", ascending=False).drop_duplicates("region_id")
    largest = largest.set_index("region_id").reindex(regions.index)
    return regions.assign(
        capital=regions["capital"].where(given, largest["name"]),
        capital_lon=regions["capital_lon"].fillna(largest["lon"]),
        capital_lat=regions["capital_lat"].fillna(largest["lat"]),
        capital_known_from=pd.Series(TAGS, regions.index)
        .where(given, STAND_IN)
        .where(given | largest["name"].notna()),
    )


def about_extracts(extracts: Extracts) -> dict[str, Any]:
    """What was read and what was done to it, for the manifest.

    Parameters
    ----------
    extracts
        What is kept of them.

    Returns
    -------
    dict
        ``files`` (name, bytes, time of the data and how many objects of each kind) and
        ``ways`` (how many were dropped or given a speed, and their kilometres, by mode).
    """
    files = extracts.land.sources.to_dict("records")
    for row in files:
        row["timestamp"] = None if pd.isna(row["timestamp"]) else row["timestamp"].isoformat()
        for side in ("west", "south", "east", "north"):
            row.pop(side)
    routes = extracts.account
    counts = {
        str(mode): {
            str(row["what"]): {"ways": int(row["ways"]), "km": round(float(row["km"]), 1)}
            for row in rows.to_dict("records")
        }
        for mode, rows in routes.groupby("mode")
    }
    return {"files": files, "ways": counts}
