"""What the stage of the border counts."""

import pandas as pd
import pytest

from geo_border.pipeline.stages.border import border_stage, with_passages
from geo_border.pipeline.stages.network import network_stage
from geo_border.study import open_study


@pytest.fixture
def counted(mini):
    """Regions and dyads of the study with further rows of its register."""

    def count(*rows):
        file = mini / "checkpoints.csv"
        register = pd.read_csv(file)
        more = [
            register.iloc[0].to_dict() | {"checkpoint_id": name, "name": name, **values}
            for name, values in rows
        ]
        pd.concat([register, pd.DataFrame(more)]).to_csv(file, index=False)
        study = open_study(mini)
        inputs = study.read()
        border = border_stage(study.settings, inputs)
        built = network_stage(study.settings, inputs, border)
        return with_passages(border, built.controls), built

    return count


def test_the_controls_of_both_states_are_one_passage_of_a_region(counted):
    """West post near the line, ours a kilometre before it, theirs behind it, all on one street."""
    at = {"lon": 0.25, "accuracy_km": 0.1}
    border, built = counted(("ours", {**at, "lat": 49.99}), ("theirs", {**at, "lat": 50.013}))
    assert built.controls.loc[["west", "ours", "theirs"], "part"].tolist() == [
        *("gate", "in series", "in series"),
    ]
    assert border.regions.loc["A", "checkpoints_open"] == 1
    dyad = border.dyads.set_index(["home_id", "neighbour_id"]).loc[("A", "X")]
    assert dyad["road"] == 1
    assert built.gates.loc["west", "delay_out_h"] == 0.5 + 0.5 + 0.5
    assert not {"ours", "theirs"} & set(built.gates.index)


def test_a_control_off_all_roads_counts_as_the_register_says(counted):
    """Nobody can pass it by these roads, which is told; it is open all the same."""
    border, built = counted(("lost", {"lon": 0.6, "lat": 50.0015}))
    assert built.controls.loc["lost", "part"] == "off the road"
    assert border.regions.loc["A", "checkpoints_open"] == 2
