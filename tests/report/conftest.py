"""A border of four square regions, small enough to be checked by hand."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo_border.network.graph import Network
from geo_border.pipeline.results import Results
from geo_border.pipeline.settings import Settings

HOSTILE = (
    "</script><script>document.title='broken'</script><img src=x onerror=alert(1)>{{7*7}}$\\a$"
)


def _square(west: float, south: float) -> shapely.Polygon:
    return shapely.box(west, south, west + 1, south + 1)


def _settings() -> Settings:
    return Settings.model_validate(
        {
            "study": {
                "id": "squares",
                "title": "Two regions of Upland",
                "home": "Upland",
                "neighbour": "Lowland",
                "as_of": "2024-01-01",
                "licence": "© OpenStreetMap contributors, ODbL",
            },
            "regions": {
                "home": "home.geojson",
                "neighbour": "neighbour.geojson",
                "kinds": ["Oblast", "Region"],
            },
            "network": {
                "lines": [{"file": "roads.gpkg", "mode": "road"}],
                "speeds": "speeds.csv",
                "good_for": ["Capitals"],
                "not_good_for": ["Villages"],
            },
            "checkpoints": {"file": "c.csv", "delay_h": {"road": 2.0, "rail": 3.0}},
            "places": {"file": "p.csv"},
            "indicators": {"registry": "r.csv", "table": "t.csv"},
        }
    )


def _regions() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "name": ["West Oblast", "East Oblast", "Steppe Region", "Lake Region"],
            "side": ["home", "home", "neighbour", "neighbour"],
            "capital": ["Westtown", "Easttown", "Steppetown", None],
            "population": [1_000_000.0, 500_000.0, 300_000.0, 200_000.0],
            "border_km": [71.5, 71.5, 71.5, 71.5],
            "checkpoints_open": [1, 1, 1, 1],
            "km_per_checkpoint": [71.5, 71.5, 71.5, np.nan],
            "hours_to_checkpoint": [1.23456, 2.5, 0.75, np.inf],
            "population_60min_own": [900_000.4, 1.0, 2.0, 3.0],
            "population_60min_across": [10.0, 0.0, 2.0, 3.0],
            "potential_own": [1e6, 2e5, 1e5, 5e4],
            "potential_across": [1e4, 2e3, 1e3, 5e2],
            "border_effect": [0.25, 0.1, 0.3, np.nan],
        },
        index=pd.Index(["UP-W", "UP-E", "LO-S", "LO-L"], name="region_id"),
        geometry=[_square(60, 50), _square(61, 50), _square(60, 49), _square(61, 49)],
        crs=4326,
    )


def _checkpoints() -> gpd.GeoDataFrame:
    lon = [60.5, 61.5, 60.9]
    return gpd.GeoDataFrame(
        {
            "name": ["Hill - Dale", "Ford - Mill", "Old - Shut"],
            "mode": ["road", "rail", "road"],
            "status": ["open", "open", "closed"],
            "home_id": ["UP-W", "UP-E", "UP-W"],
            "neighbour_id": ["LO-S", "LO-L", None],
            "lon": lon,
            "lat": [50.0] * 3,
            "delay_out_h": [1.0, 3.0, 2.0],
            "delay_in_h": [2.0, 3.0, 2.0],
            "delay_imputed": [False, True, True],
            "is_open": [True, True, False],
            "chainage_km": [35.8, 107.3, 64.4],
            "load_share": [0.75, 0.25, np.nan],
            "closure_extra_hours": [1.5, -0.0001, np.nan],
            "closure_unserved": [0.02, 0.0, np.nan],
            "diverted_to": ["ford-mill", "hill-dale", None],
        },
        index=pd.Index(["hill-dale", "ford-mill", "old-shut"], name="checkpoint_id"),
        geometry=gpd.points_from_xy(lon, [50.0] * 3),
        crs=4326,
    )


def _lines() -> dict[str, gpd.GeoDataFrame]:
    border = gpd.GeoDataFrame(
        {
            "home_id": ["UP-W", "UP-E"],
            "neighbour_id": ["LO-S", "LO-L"],
            "from_km": [0.0, 71.5],
            "to_km": [71.5, 143.0],
            "length_km": [71.5, 71.5],
            "at_sea": [False, False],
            "sea_known": [True, True],
        },
        geometry=[shapely.LineString([(w, 50), (w + 1, 50)]) for w in (60, 61)],
        crs=4326,
    )
    dyads = border[["home_id", "neighbour_id", "length_km", "geometry"]].assign(
        sea_km=0.0, road=[1, 0], rail=[0, 1]
    )
    edges = gpd.GeoDataFrame(
        {
            "mode": ["road", "road", "rail", "transfer"],
            "road_class": ["trunk", "trunk", "main", "transfer"],
            "side": ["home", "neighbour", "home", "home"],
            "length_km": [50.0, 50.0, 55.0, 1.0],
            "hours": [0.7, 0.7, 1.1, 0.5],
            "load_share": [0.75, 0.75, 0.0, 0.0],
        },
        index=pd.Index(range(4), name="link"),
        geometry=[
            shapely.LineString([(60.5, 50.5), (60.5, 50)]),
            shapely.LineString([(60.5, 49.5), (60.5, 50)]),
            shapely.LineString([(61.5, 50.5), (61.5, 50)]),
            shapely.LineString([(60.5, 50.5), (60.51, 50.5)]),
        ],
        crs=4326,
    )
    return {"border": border, "dyads": dyads, "edges": edges}


def _points() -> dict[str, gpd.GeoDataFrame]:
    crossings = gpd.GeoDataFrame(
        {
            "link": [0, 2],
            "mode": ["road", "rail"],
            "checkpoint_id": ["hill-dale", None],
            "found_by": ["geometry", "ends"],
            "confidence": ["high", "low"],
            "lon": [60.5, 61.5],
            "lat": [50.0, 50.0],
        },
        index=pd.Index(["x0001", "x0002"], name="crossing_id"),
        geometry=gpd.points_from_xy([60.5, 61.5], [50.0, 50.0]),
        crs=4326,
    )
    places = gpd.GeoDataFrame(
        {
            "name": ["Westtown", "Easttown", "Steppetown"],
            "side": ["home", "home", "neighbour"],
            "region_id": ["UP-W", "UP-E", None],
            "population": [1e6, 5e5, 3e5],
            "node": [0, 1, -1],
            "access_h": [0.1, 0.2, np.nan],
            "hours_to_checkpoint": [1.2, 2.5, np.inf],
            "border_effect": [0.25, 0.1, np.nan],
        },
        index=pd.Index(["p1", "p2", "p3"], name="place_id"),
        geometry=gpd.points_from_xy([60.5, 61.5, 60.5], [50.5, 50.5, 49.5]),
        crs=4326,
    )
    return {"crossings": crossings, "places": places}


def _judgement() -> dict[str, pd.DataFrame]:
    home = pd.Index(["UP-W", "UP-E"], name="region_id")
    levels = pd.DataFrame(
        {
            "transport_communication": [80.0, 30.0],
            "joint_projects": [50.0, np.nan],
            "social_services": [20.0, 90.0],
            "potential": [70.0, 10.0],
            "dynamics": [55.0, 45.0],
            "index": [50.0, 60.0],
            "index_rank": [2.0, 1.0],
            "rank_low": [1.0, 1.0],
            "rank_high": [2.0, 2.0],
        },
        index=home,
    )
    typology = pd.DataFrame(
        {
            "type": ["Gateway", "Neighbour"],
            "probability": [0.9, 0.6],
            "reasons": ["transport 80 (high)", "social services 90 (high)"],
            "would_change": ["a wait 2 h longer at Hill", ""],
            "growth_point": ["Westtown", None],
            "bottleneck": ["social services", "transport"],
            "readiness": ["ready", "not ready"],
        },
        index=home,
    )
    registry = pd.DataFrame(
        {
            "indicator_id": ["roads", "schools"],
            "name": ["Road density", "Schools"],
            "level": ["transport_communication", "social_services"],
            "role": ["index", "context"],
            "unit": ["km per 1,000 km²", "per 1,000"],
            "direction": [1.0, -1.0],
            "definition": ["Paved roads over area", "Schools over people"],
            "source": ["Yearbook", "Yearbook"],
            "licence": ["facts", "facts"],
        }
    )
    indicators = pd.DataFrame(
        {
            "region_id": ["UP-W", "UP-E", "UP-W"],
            "indicator_id": ["roads", "roads", "schools"],
            "year": [2020, 2021, 2021],
            "value": [123.456, -0.5, 7.0],
            "source": ["Yearbook"] * 3,
            "unit": ["km per 1,000 km²", "km per 1,000 km²", "per 1,000"],
        }
    )
    return {
        "levels": levels,
        "typology": typology,
        "registry": registry,
        "indicators": indicators,
    }


def _rest(regions: gpd.GeoDataFrame) -> dict[str, pd.DataFrame]:
    pairs = [(a, b) for a in regions.index for b in regions.index if a != b]
    times = pd.DataFrame(pairs, columns=["from_id", "to_id"])
    times = times.assign(km=np.arange(len(times)) + 100.04, hours=2.0, via="hill-dale")
    diversions = pd.DataFrame(
        {"closed_id": ["hill-dale"], "class": ["car"], "to_id": ["ford-mill"], "share": [0.98]}
    )
    quality = pd.DataFrame(
        {
            "topic": ["border", "places"],
            "item": ["length", "settlements"],
            "value": [143.04, 3.0],
            "unit": ["km", ""],
            "note": ["", "all of them"],
        }
    )
    mismatch = gpd.GeoDataFrame(
        {"kind": ["gap"], "home_id": ["UP-W"], "area_km2": [1.25]},
        geometry=[shapely.box(60.1, 50, 60.2, 50.01)],
        crs=4326,
    )
    cards = pd.DataFrame(
        [
            ("region", "UP-W", "West Oblast", "Two hours from anywhere."),
            ("dyad", "UP-W|LO-S", "West and Steppe", "One checkpoint on 71.5 km."),
            ("checkpoint", "hill-dale", "Hill - Dale", "Carries three quarters."),
        ],
        columns=["kind", "id", "title", "line"],
    )
    return {
        "travel_times": times,
        "diversions": diversions,
        "quality": quality,
        "mismatch": mismatch,
        "cards": cards,
    }


def _network() -> Network:
    none = np.zeros(0)
    return Network(
        lon=none,
        lat=none,
        side=none.astype(np.int8),
        region=none.astype(np.int32),
        indptr=np.zeros(1, np.int64),
        indices=none.astype(np.int32),
        length_m=none,
        hours=none,
        mode=none.astype(np.int8),
        road_class=none.astype(np.int16),
        link=none.astype(np.int32),
        lines=none.astype(object),
        regions=(),
        classes=(),
    )


@pytest.fixture(scope="session")
def results() -> Results:
    regions = _regions()
    outer = gpd.GeoDataFrame(
        {"region_id": [None], "side": ["home"]}, geometry=[_square(62, 50)], crs=4326
    )
    studied = regions.reset_index()[["region_id", "side", "geometry"]]
    return Results(
        settings=_settings(),
        regions=regions,
        territory=pd.concat([studied, outer], ignore_index=True),
        checkpoints=_checkpoints(),
        **_lines(),
        **_points(),
        **_judgement(),
        **_rest(regions),
        more={"zones": pd.DataFrame({"zone": ["=30", "60"], "share": [0.123456, 0.9]})},
        manifest={"geo_border": "0.1.0", "inputs": {"home.geojson": "ab" * 32}},
        network=_network(),
    )


@pytest.fixture(scope="session")
def hostile(results: Results) -> Results:
    """The same border, described by someone who wants to run a script in the page."""

    def poison(frame: pd.DataFrame, keep: tuple[str, ...] = ()) -> pd.DataFrame:
        frame = frame.copy()
        for column in frame.columns.difference(keep):
            if frame[column].map(lambda value: isinstance(value, str)).any():
                frame[column] = [f"{HOSTILE}{n % 2}" for n in range(len(frame))]
        return frame

    ids = ("region_id", "home_id", "neighbour_id", "side", "mode", "checkpoint_id", "from_id",
           "to_id", "closed_id", "kind", "id", "indicator_id", "via")  # fmt: skip
    settings = results.settings
    about = settings.study.model_copy(
        update=dict.fromkeys(("title", "home", "neighbour", "as_of", "licence"), HOSTILE)
    )
    network = settings.network.model_copy(update={"good_for": [HOSTILE]})
    changed: dict[str, object] = {
        name: poison(getattr(results, name), ids)
        for name in (
            "regions", "checkpoints", "crossings", "places", "typology", "registry", "indicators",
            "quality", "cards", "edges",
        )
    }  # fmt: skip
    return replace(
        results,
        settings=settings.model_copy(update={"study": about, "network": network}),
        manifest={HOSTILE: {HOSTILE: HOSTILE}},
        **changed,  # type: ignore[arg-type]
    )
