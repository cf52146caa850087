import pytest

import geo_border as gb
from geo_border.errors import TableError
from geo_border.pipeline.inputs.profiles import read_profile


def test_a_profile_is_of_all_classes_or_of_each(tmp_path):
    file = tmp_path / "profile.csv"
    file.write_text("hour,all\n" + "".join(f"{hour},{hour}\n" for hour in range(24)))
    every = read_profile(file)
    assert every == list(range(24))
    file.write_text("car,truck\n" + "1,2\n" * 168)
    each = read_profile(file)
    assert each == {"car": [1.0] * 168, "truck": [2.0] * 168}
    for profile in (every, each):
        assert gb.border_week({"car": 9}, capacity=99, profile=profile).steady


@pytest.mark.parametrize(
    ("text", "says"),
    [("car\n1\nmany\n", "row 3: car is no number"), ("", "table"), ("car\n", "no")],
)
def test_what_is_no_profile_is_refused(tmp_path, text, says):
    file = tmp_path / "profile.csv"
    with pytest.raises(TableError, match="no such file"):
        read_profile(file)
    file.write_text(text)
    with pytest.raises(TableError, match=says):
        read_profile(file)
