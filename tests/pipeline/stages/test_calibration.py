"""Parameters of a study's traffic from its counts."""

import tomllib

import numpy as np
import pandas as pd
import pytest

import geo_border as gb
from geo_border.errors import StudyError
from geo_border.pipeline.settings import Settings
from geo_border.pipeline.stages.calibration import counts_of_passages
from geo_border.pipeline.stages.class_trips import class_trips
from geo_border.report.calibration import classes_toml, write_calibration
from geo_border.study import open_study

TRUE = gb.TrafficClass("car", (gb.Segment(theta=0.9),), total_year=80_000)


def with_counts(folder, counts):
    counts.to_csv(folder / "counts.csv", index=False)
    toml = folder / "study.toml"
    toml.write_text(
        toml.read_text(encoding="utf-8")
        + '\n[traffic]\ncounts = "counts.csv"\n[traffic.classes.car]\ntotal_year = 80_000\n',
        encoding="utf-8",
    )
    return open_study(folder)


def passages_of(folder, traffic_class):
    """What would be counted if traffic were as a class says."""
    study = open_study(folder)
    run = study._run()
    inputs, border, net = run.network()
    everyone = run.everyone(inputs, net)
    trips = class_trips(study.settings, border.checkpoints, net.controls, everyone)
    travels = {"car": gb.class_travel(trips.travels["car"], traffic_class)}
    made = gb.checkpoint_traffic(gb.equilibrium(gb.traffic_model(travels, [traffic_class])))
    made = made.reset_index().query("vehicles > 0")
    parts = {"both": "vehicles", "out": "vehicles_out", "in": "vehicles_in"}
    rows = [
        made[["checkpoint_id", "class"]].assign(direction=direction, vehicles_day=made[column])
        for direction, column in parts.items()
    ]
    return pd.concat(rows, ignore_index=True).assign(year=2024)


@pytest.fixture(scope="module")
def calibrated(make_mini, tmp_path_factory):
    folder = make_mini(tmp_path_factory.mktemp("calibrated") / "mini")
    register = pd.read_csv(folder / "checkpoints.csv")
    register["status"] = "open"
    register["users"] = "multilateral"
    register.to_csv(folder / "checkpoints.csv", index=False)
    counts = passages_of(folder, TRUE).assign(kind="actual")
    bound = counts.iloc[[0]].assign(vehicles_day=1e5, kind="at least")
    nowhere = counts.iloc[[0]].assign(checkpoint_id="track")
    study = with_counts(folder, pd.concat([counts, bound, nowhere]))
    return counts, study, study.calibrate(fit=["theta"])


def test_what_made_the_counts_is_found_again(calibrated):
    counts, _, found = calibrated
    assert len(found.counts) == len(counts)
    values = found.parameters["value"]
    assert found.counts["checkpoint_id"].nunique() == 3
    assert values["car", "theta_1"] == pytest.approx(0.9, rel=1e-4)
    assert np.allclose(found.counts["modelled"], counts["vehicles_day"], rtol=1e-4)


def test_the_written_sections_state_the_fitted_classes(calibrated, tmp_path):
    _, study, found = calibrated
    write_calibration(found, tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {
        *("parameters.csv", "counts.csv", "classes.toml")
    }
    sections = tomllib.loads((tmp_path / "classes.toml").read_text(encoding="utf-8"))
    given = study.settings.model_dump(exclude_none=True, exclude_defaults=True)
    settings = Settings.model_validate({**given, **sections})
    car = settings.traffic.classes["car"]
    assert car.total_year == pytest.approx(80_000, rel=1e-3)
    assert car.segments[0].theta == pytest.approx(0.9, rel=1e-3)


def test_shares_of_segments_that_are_written_add_up_to_one():
    shares = [1 / 3, 1 / 3, 1 / 3]
    segments = tuple(gb.Segment(share, theta=0.1 * n) for n, share in enumerate(shares, 1))
    written = tomllib.loads(classes_toml([gb.TrafficClass("car", segments)]))
    parts = written["traffic"]["classes"]["car"]["segments"]
    assert sum(part["share"] for part in parts) == pytest.approx(1, abs=1e-9)
    assert [part["theta"] for part in parts] == [0.1, 0.2, 0.3]
    assert "total_year" not in written["traffic"]["classes"]["car"]


def test_a_stated_total_stays_where_another_class_has_none(mini):
    toml = mini / "study.toml"
    toml.write_text(
        toml.read_text() + '\n[traffic]\ncounts = "counts.csv"\n[traffic.classes.car]\n'
        "total_year = 80_000\n[traffic.classes.truck]\n"
    )
    counts = [("west", name, "both", 50, 2024) for name in ("car", "truck")]
    names = ["checkpoint_id", "class", "direction", "vehicles_day", "year"]
    pd.DataFrame(counts, columns=names).to_csv(mini / "counts.csv", index=False)
    found = open_study(mini).calibrate(leave_one_out=False)
    assert ("truck", "total") in found.parameters.index
    assert ("car", "total") not in found.parameters.index
    assert found.classes[0].total_year == 80_000


def test_bounds_and_plans_are_no_counts():
    counts = pd.DataFrame(
        {
            "checkpoint_id": ["a", "a", "a", "b"],
            "kind": ["actual", "at least", None, "actual"],
        }
    )
    assert counts_of_passages(counts, pd.Index(["a"]))["kind"].tolist()[0] == "actual"
    assert len(counts_of_passages(counts, pd.Index(["a"]))) == 2
    assert len(counts_of_passages(counts.drop(columns="kind"), pd.Index(["a", "b"]))) == 4


def test_a_study_without_counts_is_told_where_they_go(mini):
    with pytest.raises(StudyError, match="no counts"):
        open_study(mini).calibrate()
