import numpy as np
import pandas as pd

from geo_border.index.measured import measured_indicators, measured_registry


def test_the_nearest_capital_across_the_border_counts():
    measures = pd.DataFrame(
        {"hours_to_checkpoint": [1.0, np.inf], "potential_across": [5.0, 6.0]}, index=["A", "B"]
    )
    times = pd.DataFrame(
        {
            "from_id": ["A", "A", "A", "B", "X"],
            "to_id": ["B", "X", "Y", "X", "A"],
            "hours": [0.5, 4.0, 3.0, np.inf, 1.0],
        }
    )
    values = measured_indicators(measures, times)
    assert values.loc["A", "hours_to_neighbour_capital"] == 3
    assert values.loc["B"].isna().tolist() == [True, True, True, False, True]
    assert values["hours_to_rail_checkpoint"].isna().all()


def test_a_study_may_overrule_a_measured_indicator():
    given = pd.DataFrame(
        {"name": ["Mine"], "role": ["context"], "direction": [1.0]},
        index=pd.Index(["potential_across"], name="indicator_id"),
    )
    registry = measured_registry(given)
    assert registry.loc["potential_across", ["name", "role"]].tolist() == ["Mine", "context"]
    assert registry.loc["hours_to_checkpoint", "direction"] == -1
    assert registry.index.is_unique
    assert set(
        measured_indicators(
            pd.DataFrame(index=["A"]), pd.DataFrame({"from_id": [], "to_id": [], "hours": []})
        ).columns
    ) <= set(registry.index)
