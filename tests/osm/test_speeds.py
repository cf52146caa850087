import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from geo_border.osm.speeds import (
    FASTEST_KMH,
    KINDS,
    contexts_of,
    countries,
    default_kmh,
    legal_limit,
    parse_maxspeed,
    road_classes,
    speed_table,
    surface_caps,
)


@pytest.mark.parametrize(
    ("tag", "kmh", "kind"),
    [
        ("60", 60, "number"),
        (" 60 ", 60, "number"),
        ("5.5", 5.5, "number"),
        ("60 km/h", 60, "number"),
        ("60kmh", 60, "number"),
        ("40 mph", 40 * 1.609344, "number"),
        ("40mph", 40 * 1.609344, "number"),
        ("10 knots", 18.52, "number"),
        ("RU:urban", 60, "context"),
        ("RU:rural", 90, "context"),
        ("RU:living_street", 20, "context"),
        ("ru:motorway", 110, "context"),
        ("KZ:urban", 60, "context"),
        ("DE:rural", 100, "context"),
        ("AT:motorway", 130, "context"),
        ("FL:rural", 80, "context"),
        ("CH:trunk", 100, "context"),
        ("RU:trunk", 90, "context"),
        ("DE:zone30", 30, "context"),
        ("DE:zone:30", 30, "context"),
        ("AT:30", 30, "context"),
        ("RU:60", 60, "context"),
        ("DE:living_street", 7, "context"),
        ("walk", 7, "walk"),
        ("AT:walk", 7, "walk"),
        ("zone30", 30, "context"),
        ("zone:20", 20, "context"),
        ("IT:urban", 50, "context"),
        ("50;30", 30, "list"),
        ("50; 30 mph;RU:urban", 30 * 1.609344, "list"),
        ("50|70", 50, "list"),
    ],
)
def test_speeds_that_tags_set(tag, kmh, kind):
    speed = parse_maxspeed(tag)
    assert speed.kmh == pytest.approx(kmh)
    assert speed.kind == kind


@pytest.mark.parametrize(
    ("tag", "kind"),
    [
        ("none", "none"),
        ("DE:motorway", "none"),
        ("signals", "signals"),
        ("variable", "signals"),
        ("", "nonsense"),
        ("fast", "nonsense"),
        ("0", "nonsense"),
        ("-30", "nonsense"),
        ("1000", "nonsense"),
        ("300 mph", "nonsense"),
        ("50,5", "nonsense"),
        ("60 @ (22:00-06:00)", "nonsense"),
        ("XX:nowhere", "nonsense"),
        ("RU:zone0", "nonsense"),
        (";", "nonsense"),
        ("none;signals", "nonsense"),
        ("٦٠", "nonsense"),
    ],
)
def test_what_sets_no_speed(tag, kind):
    speed = parse_maxspeed(tag)
    assert math.isnan(speed.kmh)
    assert speed.kind == kind


def test_a_context_alone_is_of_the_country_the_way_is_in():
    assert parse_maxspeed("rural", country="RU").kmh == 90
    assert parse_maxspeed("rural", country="CH").kmh == 80
    assert parse_maxspeed("rural").kmh == legal_limit("", "rural")[0]
    assert parse_maxspeed("RU:rural", country="CH").kmh == 90


@given(st.text(max_size=30), st.sampled_from(["", "RU", "XX"]))
@example("1" * 30, "")
@example("RU:" + "9" * 20, "RU")
@example("aa:" * 9, "")
def test_any_text_gives_a_sensible_speed_or_none(text, country):
    speed = parse_maxspeed(text, country=country)
    assert speed.kind in KINDS
    assert math.isnan(speed.kmh) or 1 <= speed.kmh <= FASTEST_KMH


@given(
    st.lists(
        st.sampled_from(["60", "40 mph", "RU:urban", "none", "walk", "zone", "x", "9e9", "DE:30"]),
        min_size=1,
    ),
    st.sampled_from([";", "|", " ; "]),
)
def test_a_list_is_as_slow_as_its_slowest_part(parts, mark):
    known = [parse_maxspeed(part).kmh for part in parts]
    known = [kmh for kmh in known if not math.isnan(kmh)]
    if len(parts) > 1 and known:
        assert parse_maxspeed(mark.join(parts)).kmh == min(known)


def test_the_laws_of_the_countries():
    assert {"AD", "AT", "CH", "DE", "ES", "FR", "KZ", "LI", "RU", "ZA"} < set(countries())
    assert all(code.isupper() and len(code) == 2 for code in countries())
    limits = {
        ("RU", "urban"): 60,
        ("RU", "rural"): 90,
        ("RU", "motorway"): 110,
        ("KZ", "urban"): 60,
        ("KZ", "rural"): 100,
        ("KZ", "motorway"): 140,
        ("AD", "main"): 90,
        ("AD", "rural"): 60,
        ("ES", "urban"): 30,
        ("ES", "urban_main"): 50,
        ("FR", "rural"): 80,
        ("LI", "rural"): 80,
        ("CH", "motorway"): 120,
        ("AT", "rural"): 100,
        ("DE", "motorway"): np.inf,
    }
    for (country, context), kmh in limits.items():
        value, source = legal_limit(country, context)
        assert value == kmh
        assert source


def test_the_fallback_is_the_median_of_the_table():
    for context in ("urban", "rural", "motorway"):
        own = [legal_limit(country, context) for country in countries()]
        known = [kmh for kmh, source in own if not source.startswith("assumption")]
        kmh, source = legal_limit("XX", context)
        assert kmh == np.median(known)
        assert source.startswith("assumption")


def test_the_first_context_that_the_law_knows_counts():
    assert contexts_of("trunk", urban=False, apart=True) == ("dual", "main", "rural")
    assert contexts_of("residential", urban=False) == ("rural",)
    assert contexts_of("motorway_link", urban=True) == ("motorway",)
    assert contexts_of("primary", urban=True) == ("urban_main", "urban")
    assert default_kmh("KZ", "trunk", urban=False) == 100
    assert default_kmh("KZ", "trunk", urban=False, apart=True) == 110
    assert default_kmh("RU", "trunk", urban=False, apart=True) == 90
    assert default_kmh("AD", "trunk", urban=False) == 90
    assert default_kmh("AD", "secondary", urban=False) == 60
    assert default_kmh("ES", "primary", urban=True) == pytest.approx(0.8 * 50)
    assert default_kmh("ES", "tertiary", urban=True) == pytest.approx(0.8 * 30)
    assert default_kmh("CH", "trunk", urban=False, motorroad=True) == 100
    assert default_kmh("DE", "motorway", urban=False) == 130  # the class's cap: no limit
    assert default_kmh("RU", "ferry", urban=False) == 20


def test_no_law_makes_a_class_faster_than_it_is():
    caps = road_classes()["cap_kmh"]
    for country in (*countries(), "XX"):
        table = speed_table(country).set_index("class")
        assert (table["kmh"] <= caps[table.index]).all()
        assert (table["kmh"] > 0).all()
        assert (table["urban_kmh"] <= table["rural_kmh"]).all()
        by_law = ~table["assumption"]
        outside = table.loc[by_law].drop(index="residential", errors="ignore")
        assert (outside["rural_kmh"] == outside["limit_kmh"]).all()
        assert (table.loc[by_law, "source"] != "").all()
        assert table.loc[~by_law, "note"].str.startswith("assumption").all()
    assert speed_table("XX")["assumption"].all()


def test_the_same_class_without_a_law_is_the_same_everywhere():
    # A table must not make a border effect of its own: what the laws do not set is common.
    ramps = [
        speed_table(country).set_index("class")["kmh"]["trunk_link"] for country in countries()
    ]
    assert set(ramps) == {50.0}


def test_every_row_of_the_table_names_its_source():
    table = pd.concat([speed_table(country) for country in countries()])
    assert table["mode"].isin(["road", "rail", "ferry"]).all()
    roads = table[table["mode"] == "road"]
    assert (roads["source"] != "")[roads["limit_kmh"].notna()].all()


def test_bad_surfaces_are_slow():
    caps = surface_caps()
    assert set(caps) == {"surface", "tracktype", "smoothness"}
    assert caps["surface"]["gravel"] == 40
    assert "asphalt" not in caps["surface"]
    assert caps["smoothness"]["bad"] > caps["smoothness"]["very_bad"]
