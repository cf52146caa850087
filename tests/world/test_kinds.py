"""What is controlled at a border at a date, and how long that takes."""

from datetime import date

import pandas as pd
import pytest

from geo_border.world.data import world_file
from geo_border.world.kinds import CONTROLS, border_kind, facts_date, passage_delays


def table(name):
    return pd.read_csv(world_file(name), dtype=str, keep_default_na=False)


@pytest.mark.parametrize(
    ("pair", "on", "control"),
    [
        ("DEU POL", "2000-01-01", "both"),
        ("DEU POL", "2004-05-01", "persons"),
        ("DEU POL", "2007-12-21", "none"),
        ("BGR ROU", "2024-12-31", "persons"),
        ("BGR ROU", "2025-01-01", "none"),
        ("NOR SWE", "1960-01-01", "customs"),
        ("NOR SWE", "2020-01-01", "customs"),
        ("CHE LIE", "1950-01-01", "none"),
        ("KAZ RUS", "2010-01-01", "both"),
        ("KAZ RUS", "2020-01-01", "persons"),
        ("FIN RUS", "2023-01-01", "both"),
        ("FIN RUS", "2024-06-01", "closed"),
        ("GBR IRL", "2019-01-01", "none"),
        ("GBR IRL", "2024-01-01", "none"),
        ("CAN USA", "2024-01-01", "both"),
        ("KEN UGA", "2024-01-01", "both"),
    ],
)
def test_the_kind_of_a_border_hangs_on_its_date_and_not_on_the_order(pair, on, control):
    one, other = pair.split()
    day = date.fromisoformat(on)
    kind = border_kind(one, other, day)
    assert kind == border_kind(other, one, day)
    assert kind.control == control
    assert bool(kind.reasons) or control == "both"


def test_a_border_closed_to_persons_lets_goods_pass():
    kind = border_kind("GEO", "AZE", date(2023, 1, 1))
    assert kind.closed_to_persons
    assert kind.control == "both"


def test_every_row_has_a_source_and_its_dates_in_order():
    for name in ("unions.csv", "union_members.csv", "closures.csv", "border_delays.csv"):
        rows = table(name)
        assert (rows["source"] != "").all()
        if "until" in rows:
            assert ((rows["until"] == "") | (rows["since"] <= rows["until"])).all()
    closures = table("closures.csv")
    assert (closures["one"] < closures["other"]).all()
    assert (closures["since"] <= closures["seen"]).all()
    assert facts_date() == date.fromisoformat(closures["seen"].max())
    assert set(table("union_members.csv")["union"]) == set(table("unions.csv")["union"])


def test_delays_are_ranges_with_sources_that_grow_with_control():
    delays = {control: passage_delays(control) for control in CONTROLS}
    assert delays.pop("closed") == {}
    for by_class in delays.values():
        assert set(by_class) == {"car", "truck", "rail"}
        for delay in by_class.values():
            assert 0 <= delay.lo_h <= delay.mid_h <= delay.hi_h
            assert delay.source
    for name in ("car", "rail"):
        middles = [
            delays[control][name].mid_h for control in ("none", "customs", "persons", "both")
        ]
        assert middles == sorted(middles)
    assert delays["none"]["car"].mid_h == 0
