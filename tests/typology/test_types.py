"""The typology of a small made-up border: types, texts and what is left out of them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from geo_border.errors import IndicatorError
from geo_border.index.registry import SCORES
from geo_border.typology.cards import SAID, in_words, names_of
from geo_border.typology.clusters import clusters
from geo_border.typology.evidence import Evidence
from geo_border.typology.findings import find
from geo_border.typology.points import growth_conditions, largest_gap, readiness
from geo_border.typology.rules import UNDETERMINED, Thresholds, classes
from geo_border.typology.sentences import region_sentences
from geo_border.typology.types import moves, region_types

REGIONS = ["N-1", "N-2", "N-3"]


def plain(text):
    """Words without the spaces that hold a number and its unit together."""
    return text.replace("\N{NO-BREAK SPACE}", " ")


def said(levels, evidence=None, **thresholds):
    """What is said of each region."""
    evidence = evidence or Evidence()
    found = find(levels, evidence=evidence, thresholds=Thresholds(**thresholds))
    return region_sentences(found, names_in(evidence))


def names_in(evidence):
    """Names of what evidence is of."""
    registry = pd.DataFrame({"name": ["Doctors per 10,000 persons"]}, index=["doctors"])
    return names_of(evidence.regions, evidence.checkpoints, evidence.places, registry)


@pytest.fixture
def levels():
    rows = [[70, 45, 30, 65, 55, 48.3], [35, 65, 50, 50, 30, 50], [np.nan, 30, 30, 20, 50, np.nan]]
    table = pd.DataFrame(
        rows, index=pd.Index(REGIONS, name="region_id"), columns=list(SCORES), dtype=float
    )
    table["rank"] = table["index"].rank(ascending=False)
    for score in SCORES[:-1]:
        table[f"{score}_share"] = table[score].notna().astype(float)
    return table


@pytest.fixture
def evidence():
    regions = pd.DataFrame(
        {
            "name": ["North", "East", "South", "Across"],
            "capital": ["Nord", "Ost", None, "Jenseits"],
            "population": [1_234_567, 500_000, 80_000, 900_000],
            "border_km": [120.4, 50, 0, 170.4],
            "checkpoints_open": [2, 1, 0, 3],
            "km_per_checkpoint": [60.2, 50, np.nan, 56.8],
            "hours_to_checkpoint": [0.5, 2.25, np.nan, 1.0],
            "population_60min_across": [43_210.0, 0.0, 0.0, 1.0],
            "potential_across": [200_000.0, 10_000.0, 0.0, 1.0],
            "border_effect": [0.25, 0.004, np.nan, 0.1],
        },
        index=pd.Index([*REGIONS, "A-1"], name="region_id"),
    )
    checkpoints = pd.DataFrame(
        {
            "name": ["First", "Second", "Third"],
            "mode": ["road", "road", "rail"],
            "status": ["open", "open", "closed"],
            "home_id": ["N-1", "N-1", "N-2"],
            "neighbour_id": "A-1",
            "delay_out_h": [2.0, 0.5, 1.0],
            "delay_in_h": [2.0, 1.5, np.nan],
            "capacity_day": [250.0, np.nan, np.nan],
            "load_share": [0.6, 0.3, 0.0],
            "closure_extra_hours": [1.5, 0.25, np.nan],
            "closure_unserved": [0.0, 0.0, np.nan],
            "diverted_to": ["k2", "k1", None],
            "diverted_to_share": [0.9, 1.0, np.nan],
        },
        index=pd.Index(["k1", "k2", "k3"], name="checkpoint_id"),
    )
    gains = pd.DataFrame(
        {
            "checkpoint_id": ["k1", "k2", "k1"],
            "region_id": ["N-1", "N-1", "N-2"],
            "delay_cut_h": [1.0, 0.5, 1.0],
            "potential_across_gain": [20_000.0, 5_000.0, 0.0],
        }
    )
    losses = pd.DataFrame(
        [[0.8, 0.2, 0.0], [np.nan] * 3], index=["N-1", "N-2"], columns=["k1", "k2", "k3"]
    )
    places = pd.DataFrame(
        {
            "name": ["Nord", "Klein", "Ost"],
            "region_id": ["N-1", "N-1", "N-2"],
            "population": [600_000, 20_000, 300_000],
            "potential_across": [150_000.0, 400_000.0, np.nan],
        },
        index=["p1", "p2", "p3"],
    )
    sensitivity = pd.DataFrame(
        {
            "region_id": ["N-1", "N-1"],
            "checkpoint_id": ["k1", "k2"],
            "delay_cut_h": [1.0, 0.5],
            **dict.fromkeys(SCORES, 0.0),
            "transport_communication": [4.0, 1.0],
            "index": [1.3, 0.3],
        }
    )
    return Evidence(regions, checkpoints, gains, losses, places, sensitivity)


def test_what_all_regions_share_is_no_finding_of_any(levels, evidence):
    regions = evidence.regions.assign(
        population_60min_across=0.0,
        hours_lost_to_delays=2.4,
        hours_lost_to_detours=[0.25, 0.0, np.nan, 1.0],
    )
    found = find(levels, evidence=replace(evidence, regions=regions))
    assert found.regions["reach_persons"].isna().all()
    assert found.regions["hours_lost_to_delays"].isna().all()
    said = in_words(found, names_in(evidence)).cards.to_json(force_ascii=False)
    assert "within an hour" not in said
    assert "a trip across takes longer: 15\u00a0min for detours to open checkpoints" in said
    farther = regions.assign(population_240min_across=[9_000.0, 20.0, 0.0, 1.0])
    found = find(levels, evidence=replace(evidence, regions=farther))
    said = in_words(found, names_in(evidence)).cards.to_json(force_ascii=False)
    assert "reach 9,000 persons on the other side within 4\u00a0h" in said


def test_types_and_columns(levels, evidence):
    found = find(levels, evidence=evidence)
    found = in_words(found, names_in(evidence)).typology
    assert list(found.columns) == [
        "type",
        "probability",
        "reasons",
        "growth_point",
        "bottleneck",
        "would_change",
        "code",
        "readiness",
        "is_growth_point",
        "gap",
    ]
    assert found["type"].tolist() == ["transit corridor", "partner behind a barrier", UNDETERMINED]
    assert found["code"].tolist() == ["HML", "LHM", "?LL"]
    assert found["probability"].isna().all()
    assert found["is_growth_point"].tolist() == [True, False, False]
    np.testing.assert_allclose(found["readiness"][:2], [(48.3 + 65 + 55) / 3, (50 + 50 + 30) / 3])
    assert np.isnan(found.loc["N-3", "readiness"])
    np.testing.assert_allclose(found["gap"][:2], [35, 15])
    assert found[list(SAID)].map(len).gt(0).all(axis=None)


def test_reasons(levels):
    found = said(levels)["reasons"]
    assert found["N-1"].startswith(
        "Transport is high and joint projects or services are low: a way through rather than to "
        "it. Transport communication 70.0 (high, from 60 on), joint projects 45.0 (medium, "
        "40 to 60) and social services 30.0 (low, below 40)."
    )
    assert "transport communication cannot be scored (it has 0 % of" in plain(found["N-3"].lower())
    assert "draws" not in found["N-1"]


def test_moves_are_sorted_and_lead_where_they_say(levels):
    found = moves(levels)
    assert found["region_id"].unique().tolist() == ["N-1", "N-2"]
    for region, mine in found.groupby("region_id"):
        assert mine["points"].abs().is_monotonic_increasing
        for move in mine.itertuples():
            assert np.sign(move.points) == move.step
            moved = levels.copy()
            moved.loc[region, move.level] += move.points - (1e-6 if move.step < 0 else 0)
            assert region_types(moved).loc[region, "type"] == move.type


def test_less_of_a_level_at_a_cut_is_less(levels):
    levels.loc["N-1", "transport_communication"] = 60 - 1e-12
    found = find(levels).regions.loc["N-1"]
    assert found["transport_communication_class"] == "high"
    assert found["less_level"] == "transport_communication"
    assert found["less_points"] == pytest.approx(0, abs=1e-9)
    assert found["more_points"] == pytest.approx(10)


def test_would_change(levels, evidence):
    texts = said(levels, evidence)["would_change"]
    # 15 points more of joint projects: HHL is a gateway; 10 more of services: HMM too, nearer.
    assert "10.0 points more of social services would make it a gateway" in texts["N-1"]
    assert "10.0 points less of transport communication would make it" in texts["N-1"]
    less = "1 h less at First would add 4.0 points of transport communication."
    assert less in plain(texts["N-1"])
    # East needs 5 points of transport: MHM.
    needed = "5.0 points more of transport communication would make it an economic partner"
    assert needed in texts["N-2"]
    assert texts["N-3"] == "Figures for transport communication would give it a type."
    for points, ends in ((5.5, "enough for an economic partner."), (4.5, "communication.")):
        step = {"checkpoint_id": "k1", "delay_cut_h": 2.0, "region_id": "N-2"}
        table = pd.DataFrame([{**step, "transport_communication": points}])
        assert said(levels, Evidence(sensitivity=table))["would_change"]["N-2"].endswith(ends)


def test_a_region_alone_cannot_be_compared(levels):
    alone = levels.loc[["N-1"]].assign(**dict.fromkeys(SCORES, np.nan))
    kind = region_types(alone).loc["N-1"]
    assert kind["type"] == UNDETERMINED
    assert np.isnan(kind["probability"])
    found = said(alone).loc["N-1"]
    assert found["reasons"].count("(there is no other region to compare with)") == 3
    assert found["would_change"] == "Other regions to compare it with would give it a type."


def test_growth_point(levels, evidence):
    met = growth_conditions(classes(levels))
    assert met.loc["N-1"].all()
    assert met.loc["N-2"].tolist() == [False, False, False, False]
    texts = said(levels, evidence)["growth_point"]
    text = plain(texts["N-1"])
    assert text.startswith(
        "A growth point: economic potential 65.0 (high), dynamics of the potential 55.0 (medium) "
        "and transport communication 70.0 (high)."
    )
    assert (
        "1 h less delay at First would bring most: 20,000 persons more within reach across the "
        "border, distance discounted (10 % more), 1.3 points of the index, the largest gain of "
        "all regions."
    ) in text
    # 600,000 * 150,000 of 98,000 million contacts.
    assert "across the border is Nord (600,000 inhabitants), with 92 %" in text
    assert texts["N-2"].startswith("Not a growth point now: ")
    assert "unknown" in texts["N-3"]
    levels.loc["N-2", ["dynamics", "transport_communication"]] = 50
    levels.loc["N-3", "potential"] = np.nan
    texts = said(levels)["growth_point"]
    assert texts["N-2"].startswith("Close to a growth point: ")
    assert texts["N-3"].startswith("Cannot be judged as a growth point: ")


def test_bottleneck(levels, evidence):
    texts = said(levels, evidence)["bottleneck"]
    assert plain(texts["N-1"]) == (
        "The lowest level is social services (30.0, low), 35.0 points behind the economic "
        "potential (65.0, high). Delays at the border take 25 % of what its people could reach on "
        "both sides, 80 % of it at First. Its checkpoint that is hardest to replace is First (60 % "
        "of the demand across the whole border): closed, it would cost each trip that passes it "
        "1.5 h."
    )
    assert "no lower than the economic potential" in texts["N-3"]
    assert "0.4 %" in plain(texts["N-2"])
    levels.loc["N-1", ["transport_communication", "joint_projects", "social_services"]] = np.nan
    assert said(levels)["bottleneck"]["N-1"] == "No level can be scored."


def test_what_nothing_can_replace_is_the_narrowest(levels, evidence):
    evidence.checkpoints["closure_unserved"] = [0.0, 0.2, np.nan]
    evidence.checkpoints["in_min_cut"] = [True, True, False]
    text = plain(said(levels, evidence)["bottleneck"]["N-1"])
    assert "hardest to replace is Second" in text
    assert "leave 20 % of the demand without a way" in text
    assert "least cut" in text


def test_readiness_needs_its_columns(levels):
    with pytest.raises(IndicatorError, match="'dynamics'"):
        readiness(levels.drop(columns="dynamics"))
    assert largest_gap(levels).isna().tolist() == [False, False, True]


def test_other_thresholds(levels):
    cuts = {"low": 20, "high": 80}
    assert region_types(levels, thresholds=Thresholds(**cuts)).loc["N-1", "code"] == "MMM"
    assert "(medium, 20 to 80)" in said(levels, **cuts).loc["N-1", "reasons"]


def test_cards(levels, evidence):
    dyads = pd.DataFrame(
        {
            "home_id": ["N-1", "N-2"],
            "neighbour_id": "A-1",
            "length_km": [120.4, 50.0],
            "road": [2, 0],
            "rail": [1, 0],
        }
    )
    times = pd.DataFrame(
        {
            "from_id": ["N-1", "N-2"],
            "to_id": "A-1",
            "km": [321.0, np.nan],
            "hours": [5.25, np.inf],
            "via": ["k1;k2", ""],
        }
    )
    gradients = pd.DataFrame({"doctors": [1.25, np.nan]}, index=dyads.index)
    intervals = pd.DataFrame(
        {"rank_low": [1.0, 1, np.nan], "rank_high": [2.0, 1, np.nan]}, index=levels.index
    )
    found = find(
        levels.join(intervals),
        evidence=evidence,
        dyads=dyads,
        travel_times=times,
        gradients=gradients,
    )
    table = in_words(found, names_in(evidence)).cards
    assert list(table.columns) == ["kind", "id", "title", "line"]
    assert table.groupby("kind")["id"].nunique().to_dict() == {
        "region": 3,
        "dyad": 2,
        "checkpoint": 3,
    }
    assert table["line"].str.len().gt(0).all()
    assert not table["line"].str.contains("nan|None|inf |NaN|<NA>").any()

    def lines(kind, key):
        return plain(" ".join(table[(table["kind"] == kind) & (table["id"] == key)]["line"]))

    north = lines("region", "N-1")
    assert "Index 48.3, rank 2 of 2 (ranks 1 to 2 in nine of ten draws)" in north
    assert "1,230,000 inhabitants; 120 km of border; 2 open checkpoints, one every 60 km." in north
    assert "30 min from the nearest open checkpoint on average and reach 43,200 persons" in north
    assert "reach no one on the other side" in lines("region", "N-2")
    assert "no open checkpoints" in lines("region", "N-3")
    assert "transport communication (0 %)" in lines("region", "N-3")
    pair = lines("dyad", "N-1/A-1")
    assert "120 km of common border; open checkpoints: 2 by road and 1 by railway." in pair
    assert "90 % of the demand across the whole border passes here, most of it at First" in pair
    assert "From Nord to Jenseits 5.2 h and 321 km by road, through First and Second." in pair
    assert "In North, Doctors per 10,000 persons is 1.25 times that of Across." in pair
    assert lines("dyad", "N-2/A-1") == "50 km of common border; no open checkpoint."
    first = lines("checkpoint", "k1")
    assert first.startswith("Road checkpoint between North and Across, open.")
    assert "A passage takes 2 h; its capacity in the register is 250 a day." in first
    assert "It carries 60 % of the modelled demand, rank 1 of 2." in first
    assert (
        "1.5 h lost by each trip that passed; most of its traffic would go to Second (90 %)"
        in first
    )
    assert "1 h less delay would bring most to North: 20,000 persons" in first
    assert "30 min out and 1.5 h back" in lines("checkpoint", "k2")
    assert "none of the modelled demand" in lines("checkpoint", "k3")


def test_cards_from_levels_alone(levels):
    table = in_words(find(levels), names_in(Evidence())).cards
    assert set(table["kind"]) == {"region"}
    assert set(table["title"]) == set(REGIONS)


def test_levels_have_their_ids_in_a_column_as_well(levels):
    expected = region_types(levels)
    pd.testing.assert_frame_equal(
        region_types(levels.rename_axis("region_id").reset_index()),
        expected.rename_axis("region_id"),
    )
    for function in (region_types, clusters):
        with pytest.raises(IndicatorError, match="lack the column 'social_services'"):
            function(levels.drop(columns="social_services"))
