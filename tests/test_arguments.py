"""Public functions that are handed something else say so, in an error of the package."""

import inspect
from types import FunctionType

import geopandas as gpd
import pandas as pd
import pytest

import geo_border as gb
from geo_border.arguments import checked, fits

PUBLIC = [name for name in gb.__all__ if inspect.isfunction(getattr(gb, name))]
WRONG = {
    "number": 7,
    "none": None,
    "text": "nonsense",
    "table": pd.DataFrame(),
    "layer": gpd.GeoDataFrame({"a": [1]}, geometry=gpd.points_from_xy([0], [50]), crs=4326),
}
READS = ("embedded_studies", "from_overpass")
"""Take nothing, or ask a server."""


def needed(function):
    """Names of what a function cannot do without."""
    parameters = inspect.signature(function).parameters.values()
    return [each.name for each in parameters if each.default is inspect.Parameter.empty]


@pytest.mark.parametrize("value", WRONG)
@pytest.mark.parametrize("name", [name for name in PUBLIC if name not in READS])
def test_what_is_no_argument_is_an_error_of_the_package(name, value, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    function = getattr(gb, name)
    try:
        function(**dict.fromkeys(needed(function), WRONG[value]))
    except gb.GeoBorderError as error:
        assert str(error)


@pytest.mark.parametrize("value", [value for value in WRONG if value != "number"])
def test_a_first_argument_is_looked_at_whatever_the_second(value):
    trips = gb.travel(gb.example_network())
    for name in PUBLIC:
        function = getattr(gb, name)
        names = needed(function)
        first = inspect.signature(function).parameters
        if len(names) > 1 and "Travel" in str(first[names[0]].annotation):
            rest = dict.fromkeys(names[1:], WRONG[value])
            with pytest.raises(gb.GeoBorderError):
                function(**{names[0]: trips}, **rest)


def test_a_network_where_trips_are_needed_says_what_to_hand_in():
    with pytest.raises(gb.GeoBorderError, match=r"Network, not a Travel\. Give what `gb\.travel"):
        gb.potential(gb.example_network())


def test_a_number_is_no_decay():
    trips = gb.travel(gb.example_network())
    for measure in (gb.border_costs, gb.potential, gb.loss_by_checkpoint, gb.delay_gains):
        with pytest.raises(gb.GeoBorderError, match=r"`decay` is 2, not a Decay.*Exponential"):
            measure(trips, decay=2)
    for measure in (gb.closures, gb.delay_gains, gb.cross_demand):
        with pytest.raises(gb.GeoBorderError, match="2 is no impedance function"):
            measure(trips, gravity=gb.Gravity(decay=2))


def test_a_table_that_lacks_a_column_says_which():
    with pytest.raises(gb.GeoBorderError, match="potentials lack the column 'own'"):
        gb.border_effect(pd.DataFrame({"across": [1.0]}))


def test_what_fits_is_handed_on_as_it_is():
    assert isinstance(vars(gb)["potential"], FunctionType)
    assert inspect.signature(gb.potential).parameters["travel"].annotation == "Travel"
    assert fits([1.0], "Sequence[float]")
    assert not fits("ab", "Sequence[str] | None")
    assert fits(None, "Sequence[str] | None")
    assert fits(1, "float")
    assert fits({"a": 1}, "Mapping[str, Sequence[str]]")
    assert fits(object(), "Something[of, another[kind]]")


def test_an_error_that_is_no_lack_of_a_column_is_its_own_cause_never():
    @checked
    def find(table: pd.DataFrame) -> None:
        raise KeyError(table.columns[0])

    with pytest.raises(KeyError) as caught:
        find(pd.DataFrame({"a": [1]}))
    assert caught.value.__cause__ is None
