"""What less delay gains, against a run of the study with that delay."""

import pandas as pd
import pytest

from geo_border.index.registry import SCORES
from geo_border.study import open_study


def with_delay(folder, checkpoint, hours):
    controls = pd.read_csv(folder / "checkpoints.csv").set_index("checkpoint_id")
    controls.loc[checkpoint, "delay_h"] = hours
    controls.to_csv(folder / "checkpoints.csv")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    ("checkpoint", "before", "after"), [("west", 0.5, 0.0), ("middle", 2.25, 1.25)]
)
def test_a_gain_is_what_a_run_gives(make_mini, tmp_path, checkpoint, before, after):
    """Of every score of every region, though one checkpoint alone changes."""
    folder = with_delay(make_mini(tmp_path / "mini"), "middle", 2.25)
    as_is = open_study(folder).run()
    anew = open_study(with_delay(folder, checkpoint, after)).run()
    known = as_is.checkpoints.loc[checkpoint, "delay_h"]
    assert known == before
    gained = as_is.more["sensitivity"]
    gained = gained[gained["checkpoint_id"] == checkpoint].set_index("region_id")
    gain = gained[list(SCORES)].reindex(as_is.levels.index)
    true = anew.levels[list(SCORES)] - as_is.levels[list(SCORES)]
    pd.testing.assert_frame_equal(gain, true, check_names=False, atol=1e-9, rtol=0)
    assert true["transport_communication"].abs().max() > 0.1
    # Both of the figures that a delay moves did move.
    moved = [
        run.indicators.pivot_table(index="region_id", columns="indicator_id", values="value")
        for run in (as_is, anew)
    ]
    changed = (moved[0] - moved[1]).abs().max() > 1e-9
    assert set(changed[changed].index) <= {"potential_across", "hours_to_neighbour_capital"}
    assert changed["hours_to_neighbour_capital"]
