"""What the page says of traffic."""

from dataclasses import replace

import numpy as np
import pandas as pd

from geo_border.pipeline.results import Results
from geo_border.pipeline.stages.traffic_tables import DAY, SHARE
from geo_border.pipeline.traffic_settings import ClassSection, SegmentSection, TrafficSection
from geo_border.report.page.traffic import (
    by_default,
    drawn_between,
    shut_out,
    traffic_tables,
    trips_by_region,
)


def with_classes(results: Results, classes: dict[str, ClassSection]) -> Results:
    traffic = TrafficSection(classes=classes)
    return replace(results, settings=results.settings.model_copy(update={"traffic": traffic}))


def test_parameters_that_nobody_fitted_are_said_to_be_defaults(results: Results):
    own = ClassSection(segments=[SegmentSection(theta=0.3, outside=0.2)])
    said = by_default(with_classes(results, {"car": own, "truck": ClassSection()}))
    assert said.startswith("How trips weigh hours is a default, fitted to nothing, for truck:")
    assert "exp(\N{MINUS SIGN}0.5)" in said
    assert by_default(with_classes(results, {"car": own})) == ""


def test_ends_that_no_study_states_are_said_to_be_assumptions(results: Results):
    said = drawn_between(results)
    assert "theta (0.5 to 2 times)" in said
    assert said.endswith("and the speed of the network are assumptions, from no source.")
    traffic = results.settings.traffic.model_copy(update={"theta_range": (0.7, 1.4)})
    settings = results.settings.model_copy(update={"traffic": traffic})
    stated = drawn_between(replace(results, settings=settings))
    assert "theta (0.7 to 1.4 times)" in stated
    assert "The ends of the exponents of masses" in stated


def rows_of(classes):
    """Rows of traffic at two checkpoints, those of trucks as shares where no total is known."""
    rows = []
    for name, unit in classes.items():
        for number, checkpoint in enumerate(("west", "east")):
            flow = 120.0 - number if unit == DAY else 0.6 - 0.2 * number
            rows.append({"checkpoint_id": checkpoint, "class": name, "unit": unit, "vehicles": flow,
                         "share": 0.6 - 0.2 * number, "delay_out_h": 1.0, "delay_in_h": 1.0,
                         "rank_low": 1.0, "rank_high": 1.0 + number, "closure_hours_lost": 9.0,
                         "closure_detour_h": 0.5 + number, "closure_diverted": 0.3,
                         "closure_suppressed": 0.3 - 0.2 * number, "closure_cut": 0.0,
                         "vehicles_low": 50.0, "vehicles_high": 200.0, "hour_out": 1.0,
                         "hour_in": 2.0})  # fmt: skip
    used = dict.fromkeys(["utilisation_out", "utilisation_in"], np.nan)
    return pd.DataFrame(rows).assign(**used)


def titles(table):
    return [title.replace("\N{SOFT HYPHEN}", "") for title, _ in table["head"]]


def test_each_table_of_traffic_has_one_unit(results):
    mixed = rows_of({"car": DAY, "truck": SHARE})
    with_rows = replace(results, more={**results.more, "traffic": mixed})
    cars, trucks = traffic_tables(with_rows)
    assert "Vehicles" in titles(cars)
    assert "Share" in titles(trucks)
    assert "Vehicles" not in titles(trucks)
    for table, unit in ((cars, "h a day"), (trucks, "h a trip")):
        told = {title: of for title, of, *_ in (*table["head"], *table["alike"])}
        assert told["If closed: hours lost"] == unit


def test_what_all_rows_have_alike_is_no_column(results):
    rows = rows_of({"car": DAY})
    (table,) = traffic_tables(replace(results, more={**results.more, "traffic": rows}))
    assert {"Delay", "If closed: cut", "Class of traffic"} <= {name for name, *_ in table["alike"]}
    assert not {"Delay", "If closed: cut"} & set(titles(table))
    assert titles(table)[:2] == ["Checkpoint", "Vehicles"]


def test_tables_of_traffic_have_no_more_columns_than_a_page_is_wide(results):
    rows = rows_of({"car": DAY, "truck": DAY}).assign(delay_in_h=range(4), closure_cut=range(4))
    (table,) = traffic_tables(replace(results, more={**results.more, "traffic": rows}))
    assert len(table["head"]) <= 10


def test_how_full_lanes_are_stands_beside_their_delay(results):
    rows = rows_of({"car": DAY}).assign(utilisation_in=[1.28, np.nan])
    (table,) = traffic_tables(replace(results, more={**results.more, "traffic": rows}))
    delays = [row[titles(table).index("Delay")]["text"] for row in table["rows"]]
    assert delays[0].replace("\N{NO-BREAK SPACE}", " ") == "1 h; 128 % of capacity"


def test_a_class_that_no_checkpoint_lets_pass_is_named(results):
    rows = rows_of({"car": DAY, "truck": DAY})
    rows.loc[rows["class"] == "truck", "vehicles"] = 0.0
    told = replace(results, more={**results.more, "traffic": rows})
    assert "No checkpoint is open to truck" in shut_out(told)
    assert shut_out(replace(results, more={**results.more, "traffic": rows_of({"car": DAY})})) == ""


def test_trips_in_proportion_to_people_are_no_finding(results):
    rows = pd.DataFrame(
        {"region_id": ["A", "B", "outside"], "class": "car", "trips_made_share": [0.97, 0.9, 0.4]}
    )

    def told(table):
        return trips_by_region(replace(results, more={**results.more, "traffic_regions": table}))

    assert (
        "90\N{NO-BREAK SPACE}% to 97\N{NO-BREAK SPACE}%, places outside 40\N{NO-BREAK SPACE}%"
        in told(rows)
    )
    assert "no finding" in told(rows)
    assert "no finding" not in told(rows.assign(trips_made_share=[0.97, 0.3, 0.1]))
    assert trips_by_region(results) == ""
