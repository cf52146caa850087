import matplotlib.image
import pandas as pd
import pytest

from geo_border.pipeline.stages.week import checkpoint_week
from geo_border.pipeline.stages.week_service import Operation
from geo_border.report.week import write_week

REGISTER = pd.DataFrame(
    {"name": ["Bridge"], "lon": [9.5], "lat": [47.1]},
    index=pd.Index(["bridge"], name="checkpoint_id"),
)


@pytest.mark.parametrize("lanes", [1, 4])
def test_tables_and_a_figure_are_written(tmp_path, lanes):
    """Whether the queue grows or not."""
    found = checkpoint_week(
        REGISTER,
        "bridge",
        {"car": (900.0, 300.0), "truck": (60.0, 40.0)},
        operation=Operation(lanes=lanes, minutes=2, hours="Mo-Sa 06:30-22:00"),
        informed=0.5,
    )
    write_week(found, tmp_path, ("A", "B"))
    hourly = pd.read_csv(tmp_path / "hours.csv")
    assert hourly.groupby(["direction", "class"]).size().tolist() == [168] * 4
    classes = pd.read_csv(tmp_path / "classes.csv")
    assert classes["growth"].gt(0).tolist() == [lanes == 1, lanes == 1, False, False]
    assert classes["wait_h"].isna().tolist() == [lanes == 1, lanes == 1, False, False]
    pixels = matplotlib.image.imread(tmp_path / "week.png")
    assert pixels[..., :3].min() < 0.3
