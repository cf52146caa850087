"""The data set of the world: lengths of borders, shared edges, and what its tables say."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from geo_border.world import borders
from geo_border.world.regions import region_area

WORLD = Path(__file__).parents[2] / "data" / "world"
NOT_DRAWN = {"CAN|GRL"}
"""Hans Island was parted in 2022; the outlines are older."""
WITHOUT_LAND = {"TKL"}


@pytest.fixture(scope="module")
def lengths():
    table = pd.read_csv(WORLD / "border_lengths.csv")
    pair = [f"{one}|{other}" for one, other in zip(table["one"], table["other"], strict=True)]
    known = table.set_index(pd.Index(pair))["km"]
    ours = borders.pairs().set_index("pair")["length_km"]
    return pd.DataFrame({"ours": ours.reindex(known.index), "known": known})


def test_published_borders_are_there(lengths):
    assert set(lengths.index[lengths["ours"].isna()]) <= NOT_DRAWN


def test_three_in_four_lengths_are_within_a_tenth_of_the_published(lengths):
    off = (lengths["ours"] / lengths["known"] - 1).abs()
    assert (off <= 0.1).mean() >= 0.75


def test_the_total_is_within_a_hundredth_of_the_published(lengths):
    total = lengths.dropna().sum()
    assert total["ours"] == pytest.approx(total["known"], rel=0.01)


def test_each_length_that_is_far_off_is_explained(lengths):
    off = (lengths["ours"] / lengths["known"] - 1).abs().fillna(1)
    explained = set(re.findall(r"[A-Z]{3}\|[A-Z]{3}", (WORLD / "SOURCES.md").read_text("utf-8")))
    assert set(lengths.index[off > 0.1]) <= explained


def test_lengths_of_pairs_are_those_of_their_lines():
    for pair in ("DEU|POL", "CAN|USA", "LSO|ZAF", "BEL|NLD", "AND|FRA"):
        row = borders.pairs().set_index("pair").loc[pair]
        line = borders.line_between(*pair.split("|"))
        kinds = line.groupby("kind")["length_km"].sum()
        for kind in ("land", "river", "lake", "sea"):
            assert kinds.get(kind, 0.0) == pytest.approx(row[f"{kind}_km"], abs=0.02)


@pytest.mark.parametrize(
    "pair",
    [
        "DEU|POL",
        "LSO|ZAF",
        "BEL|NLD",
        "ARM|AZE",
        "ESP|MAR",
        "ITA|VAT",
        "POL|RUS",
        "CAN|USA",
        "AND|FRA",
    ],
)
def test_both_outlines_have_every_segment_of_the_line(pair):
    one, other = pair.split("|")
    line = borders.line_between(one, other)
    dry = line[line["kind"] != "sea"].geometry
    wanted = segments(dry)
    assert wanted
    assert wanted <= segments([borders.outline(one)])
    assert wanted <= segments([borders.outline(other)])


def segments(shapes):
    """Pairs of vertices, whichever way they run."""
    found = set()
    for part in shapely.get_parts(np.asarray(shapes, object)):
        rings = shapely.get_rings(part) if part.geom_type == "Polygon" else [part]
        for ring in rings:
            at = [tuple(point) for point in shapely.get_coordinates(ring).tolist()]
            found |= {(min(a, b), max(a, b)) for a, b in pairwise(at)}
    return found


@pytest.mark.parametrize("country", ["DEU", "LSO", "ZAF", "BEL", "AZE", "FIN", "UGA", "MCO"])
def test_regions_tile_the_outline(country):
    outline = borders.outline(country)
    mine = np.flatnonzero(borders.units()["country"] == country)
    areas = [region_area(int(number)) for number in mine]
    assert shapely.is_valid(areas).all()
    assert shapely.is_valid(outline)
    assert shapely.area(areas).sum() == pytest.approx(outline.area, rel=1e-9)
    assert shapely.coverage_is_valid(areas)
    assert shapely.symmetric_difference(shapely.union_all(areas), outline).area < 1e-9


def test_lines_meet_in_their_ends_alone():
    lines = borders.arcs().geometry.to_numpy()
    at, line = shapely.get_coordinates(lines, return_index=True)
    packed = pd.Series(list(zip(*at.T.tolist(), strict=True)))
    first = np.r_[True, np.diff(line) > 0]
    is_end = first | np.r_[first[1:], True]
    assert not packed[~is_end].isin(set(packed[is_end])).any()
    assert not packed[~is_end].duplicated().any()


@pytest.mark.slow
def test_every_unit_has_land():
    numbers = borders.units().index
    areas = np.array([region_area(int(number)) for number in numbers], object)
    assert shapely.is_valid(areas).all()
    assert not shapely.is_empty(areas).any()


def test_all_countries_but_the_smallest_islands_have_land_and_every_unit_is_of_one():
    codes = pd.read_csv(WORLD / "countries.csv", keep_default_na=False)
    assert codes["country"].is_unique
    assert codes["alpha2"].is_unique
    assert codes["country"].str.fullmatch("[A-Z]{3}").all()
    assert codes["alpha2"].str.fullmatch("[A-Z]{2}").all()
    assert len(codes) == 249
    without = set(codes["country"]) - set(borders.units()["country"])
    assert without == WITHOUT_LAND
    assert set(borders.units()["country"]) <= set(codes["country"])
    assert borders.units()["region_id"].is_unique
    assert (borders.units()["name"] != "").all()


def test_disputes_are_of_pairs_that_are_there():
    assert set(borders.disputes()["pair"]) <= set(borders.pairs()["pair"])
    assert borders.disputes().notna().all(axis=None)


def test_the_data_set_is_light_and_says_its_version():
    files = [path for path in WORLD.iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 25e6
    manifest = json.loads((WORLD / "manifest.json").read_text("utf-8"))
    assert manifest["version"]
    sources = (WORLD / "SOURCES.md").read_text("utf-8")
    for package, version in manifest["sources"].items():
        assert f"{package} {version}" in sources
