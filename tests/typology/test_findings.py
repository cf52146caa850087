"""Findings of all regions at once are those of each, whatever anything is called."""

from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest

from geo_border.index.registry import SCORES
from geo_border.typology.evidence import NO_WAY, Evidence
from geo_border.typology.findings import find


@pytest.fixture(scope="module", params=[0, 1, 2])
def world(request):
    """Levels of many regions and evidence on them, with gaps and ties."""
    rng = np.random.default_rng(request.param)
    homes, across = [f"H{n}" for n in range(30)], [f"N{n}" for n in range(5)]
    controls, towns = [f"k{n}" for n in range(40)], [f"p{n}" for n in range(90)]

    def some(values, size, share=0.15):
        return np.where(rng.random(size) < share, np.nan, values)

    levels = pd.DataFrame(
        {score: some(rng.integers(0, 101, 30), 30) for score in SCORES},
        index=pd.Index(homes, name="region_id"),
    )
    levels["rank"] = levels["index"].rank(ascending=False)
    regions = pd.DataFrame(
        {
            "name": [f"Land {key}" for key in (*homes, *across)],
            "potential_across": some(rng.integers(0, 3, 35) * 1000.0, 35),
            "border_effect": some(rng.random(35), 35),
        },
        index=pd.Index([*homes, *across], name="region_id"),
    )
    checkpoints = pd.DataFrame(
        {
            "name": [f"Post {key}" for key in controls],
            "home_id": rng.choice(homes[:12], 40),
            "neighbour_id": rng.choice(across, 40),
            # Few values, so that some are equal.
            "load_share": some(rng.integers(0, 4, 40) / 40, 40),
            "closure_extra_hours": some(rng.integers(0, 3, 40) / 2, 40),
            "closure_unserved": some(rng.choice([0, NO_WAY / 2, 0.01, 0.1], 40), 40),
        },
        index=pd.Index(controls, name="checkpoint_id"),
    )
    pairs = pd.MultiIndex.from_product([controls, homes], names=["checkpoint_id", "region_id"])
    gains = pd.DataFrame(index=pairs).reset_index()
    gains["delay_cut_h"] = gains["checkpoint_id"].str[1:].astype(int) / 10
    gains["potential_across_gain"] = some(rng.integers(-1, 50, len(gains)), len(gains), 0.5)
    losses = pd.DataFrame(rng.integers(0, 3, (30, 40)) * 0.1, index=homes, columns=controls)
    places = pd.DataFrame(
        {
            "name": [f"Town {key}" for key in towns],
            "region_id": rng.choice([*homes, None], 90),
            "population": some(rng.integers(0, 5, 90), 90),
            "potential_across": some(rng.integers(0, 5, 90), 90),
        },
        index=pd.Index(towns, name="place_id"),
    )
    steps = gains[gains["potential_across_gain"] > 0].drop(columns="potential_across_gain")
    steps = steps.assign(**{score: rng.integers(0, 9, len(steps)) / 20 for score in SCORES})
    evidence = Evidence(regions, checkpoints, gains, losses, places, steps)
    dyads = checkpoints[["home_id", "neighbour_id"]].drop_duplicates(ignore_index=True)
    return levels, evidence, dyads.assign(length_km=10.0)


@pytest.fixture(scope="module")
def found(world):
    levels, evidence, dyads = world
    return find(levels, evidence=evidence, dyads=dyads)


def first_largest(values):
    """Label of the first of the largest, None if there is none."""
    known = {key: value for key, value in values.items() if pd.notna(value)}
    return max(known, key=known.get) if known else None


def same(found, key):
    return key is None if pd.isna(found) else found == key


def test_each_region_has_its_own_checkpoints_and_city(world, found):
    levels, evidence, _ = world
    for region in levels.index:
        row = found.regions.loc[region]
        controls = evidence.checkpoints
        controls = controls[((controls["home_id"] == region) & (controls["load_share"] > 0))]
        unserved = controls["closure_unserved"].fillna(0)
        cost = controls["load_share"] * controls["closure_extra_hours"].fillna(0)
        hard = unserved if (unserved > NO_WAY).any() else cost
        assert same(row["narrowest"], first_largest(hard))

        gains = evidence.gains[evidence.gains["region_id"] == region]
        gains = gains[gains["potential_across_gain"] > 0].set_index("checkpoint_id")
        best = first_largest(gains["potential_across_gain"])
        assert same(row["relief"], best)
        if best is not None:
            assert row["relief_persons"] == gains["potential_across_gain"][best]
            assert row["relief_cut_h"] == gains["delay_cut_h"][best]

        towns = evidence.places[evidence.places["region_id"] == region]
        contacts = towns["population"] * towns["potential_across"]
        city = first_largest(contacts[contacts > 0])
        assert same(row["city"], city)
        if city is not None:
            assert row["city_share"] == pytest.approx(contacts[city] / contacts.sum())

        lost = evidence.losses.loc[region]
        assert same(row["costliest"], first_largest(lost[lost > 0]))


def test_each_dyad_has_its_busiest_checkpoints(world, found):
    controls = world[1].checkpoints
    for row in found.dyads.to_dict("records"):
        mine = controls[controls["home_id"].eq(row["home_id"])]
        mine = mine.loc[mine["neighbour_id"].eq(row["neighbour_id"]), "load_share"]
        mine = mine[mine > 0].sort_values(ascending=False, kind="stable")
        assert row["loaded"] == len(mine)
        assert np.nansum([row["load_share"]]) == pytest.approx(mine.sum())
        named = [row[f"busiest_{place}"] for place in (1, 2, 3)]
        assert [name for name in named if pd.notna(name)] == mine.index[:3].tolist()


def test_names_are_none_of_what_is_found(world, found):
    levels, evidence, dyads = world
    other = {
        part: getattr(evidence, part).assign(name="?")
        for part in ("regions", "checkpoints", "places")
    }
    again = find(levels, evidence=replace(evidence, **other), dyads=dyads)
    for part in fields(found):
        table = getattr(found, part.name)
        pd.testing.assert_frame_equal(table, getattr(again, part.name))
        words = table.select_dtypes(["object", "str"]).map(str)
        assert not words.map(lambda word: word.startswith(("Land ", "Post ", "Town "))).any(
            axis=None
        )


def test_the_order_of_regions_changes_nothing_that_is_found(world, found):
    levels, evidence, dyads = world
    order = np.random.default_rng(1).permutation(len(levels))
    mixed = find(levels.iloc[order], evidence=evidence, dyads=dyads)
    pd.testing.assert_frame_equal(mixed.regions.loc[levels.index], found.regions)
