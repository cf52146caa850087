import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo_border.errors import (
    CheckpointError,
    GeoBorderError,
    GeometryError,
    IndicatorError,
    TableError,
)
from geo_border.pipeline.inputs.read import read_inputs
from geo_border.pipeline.settings import read_settings


def read(folder):
    return read_inputs(read_settings(folder / "study.toml"), folder)


def spoil(folder, table, change):
    file = folder / table
    frame = pd.read_csv(file, dtype=str, keep_default_na=False)
    change(frame).to_csv(file, index=False)


def spoil_layer(folder, layer, change):
    file = folder / layer
    changed = change(gpd.read_file(file))
    file.unlink()
    changed.to_file(file)


def set_cell(row, column, value):
    def change(frame):
        frame.loc[row, column] = value
        return frame

    return change


def test_a_sound_study_is_read_whole(mini):
    inputs = read(mini)
    assert inputs.regions["side"].value_counts().to_dict() == {"home": 3, "neighbour": 2}
    assert inputs.lines["mode"].value_counts().to_dict() == {"road": 60, "rail": 5}
    assert inputs.checkpoints["delay_h"].isna().sum() == 3
    assert len(inputs.places) == 6
    assert inputs.territory["region_id"].notna().all()


@pytest.mark.parametrize(
    ("table", "change", "kind", "says"),
    [
        (
            "places.csv",
            set_cell(1, "population", "many"),
            TableError,
            ["places.csv, row 3", "population should be a number, not 'many'", "Write digits"],
        ),
        (
            "places.csv",
            set_cell(1, "population", "-5"),
            TableError,
            ["places.csv, row 3", "population is '-5'", "it must not be negative"],
        ),
        ("places.csv", set_cell(2, "place_id", "h0"), TableError, ["'h0' stands twice"]),
        ("places.csv", set_cell(0, "lat", ""), TableError, ["row 2", "lat is empty"]),
        ("places.csv", set_cell(0, "side", "left"), TableError, ["row 2", "side is 'left'"]),
        (
            "places.csv",
            set_cell(0, "region_id", "Q"),
            TableError,
            ["row 2", "unknown region 'Q'", "Known are A, B"],
        ),
        (
            "places.csv",
            lambda t: t.drop(columns="lon"),
            TableError,
            ["places.csv: lacks the column lon", "It has place_id"],
        ),
        ("checkpoints.csv", set_cell(0, "lat", "95"), TableError, ["row 2", "lat is '95'"]),
        (
            "checkpoints.csv",
            set_cell(3, "home_id", "Z"),
            CheckpointError,
            ["row 5", "unknown region 'Z'"],
        ),
        ("checkpoints.csv", set_cell(1, "status", "ajar"), TableError, ["row 3", "'ajar'"]),
        (
            "indicators.csv",
            set_cell(4, "region_id", "Q"),
            IndicatorError,
            ["indicators.csv, row 6", "unknown region 'Q'"],
        ),
        (
            "indicators.csv",
            set_cell(0, "indicator_id", "luck"),
            IndicatorError,
            ["row 2", "unknown indicator 'luck'"],
        ),
        (
            "indicators.csv",
            set_cell(7, "value", "12,5"),
            TableError,
            ["row 9", "value should be a number, not '12,5'"],
        ),
        ("indicators.csv", set_cell(7, "value", ""), TableError, ["row 9", "value is empty"]),
        (
            "indicators.csv",
            set_cell(1, "year", "2020"),
            TableError,
            ["indicators.csv, row 3", "the same region_id, indicator_id, year stand twice"],
        ),
        ("registry.csv", set_cell(0, "direction", "2"), TableError, ["row 2", "direction is '2'"]),
        ("registry.csv", set_cell(0, "level", "mood"), TableError, ["row 2", "level is 'mood'"]),
        ("speeds.csv", set_cell(0, "kmh", "0"), TableError, ["row 2", "it must lie between 1 and"]),
        (
            "places.csv",
            set_cell(1, "population", "inf"),
            TableError,
            ["row 3", "population is 'inf'", "finite"],
        ),
        ("checkpoints.csv", set_cell(0, "delay_h", "inf"), TableError, ["row 2", "finite"]),
        ("checkpoints.csv", set_cell(0, "mode", "tram"), TableError, ["it may be road, rail"]),
        ("places.csv", lambda t: t.iloc[:0], TableError, ["places.csv: has no rows"]),
        ("indicators.csv", lambda t: t.iloc[:0], TableError, ["has no rows"]),
    ],
)
def test_bad_tables_name_file_row_and_remedy(mini, table, change, kind, says):
    spoil(mini, table, change)
    with pytest.raises(kind) as caught:
        read(mini)
    assert all(part in str(caught.value) for part in says), str(caught.value)


def no_crs(layer):
    return layer.set_crs(None, allow_override=True)


def test_missing_files_are_named(mini):
    for name in ("places.csv", "roads.geojson", "home.geojson", "registry.csv"):
        file = mini / name
        content = file.read_bytes()
        file.unlink()
        with pytest.raises(GeoBorderError, match=f"{name}: there is no such file"):
            read(mini)
        file.write_bytes(content)


def test_layers_that_are_no_layers(mini):
    (mini / "home.geojson").write_text("not json")
    with pytest.raises(GeometryError, match="cannot be read as a vector layer"):
        read(mini)


@pytest.mark.filterwarnings("ignore:.*crs.* was not provided")
def test_a_layer_without_crs(mini):
    file = mini / "home.gpkg"
    no_crs(gpd.read_file(mini / "home.geojson")).to_file(file)
    toml = mini / "study.toml"
    toml.write_text(toml.read_text().replace("home.geojson", "home.gpkg"))
    with pytest.raises(GeometryError, match=r"home\.gpkg: .*coordinate reference system"):
        read(mini)


def test_a_region_twice_on_one_side_and_on_both(mini):
    spoil_layer(mini, "home.geojson", lambda t: t.assign(region_id=["A", "B", "A"]))
    with pytest.raises(
        TableError, match=r"home\.geojson, row 3: region_id 'A' stands twice, first"
    ):
        read(mini)
    spoil_layer(mini, "home.geojson", lambda t: t.assign(region_id=["A", "B", "X"]))
    with pytest.raises(TableError, match="region X stands on both sides"):
        read(mini)


def test_an_invalid_polygon(mini):
    bow = shapely.Polygon([(0, 49), (1, 50), (1, 49), (0, 50)])
    spoil_layer(mini, "home.geojson", lambda t: t.set_geometry([bow, *t.geometry[1:]], crs=4326))
    with pytest.raises(GeometryError, match=r"row 1 \(A\): polygon is not valid"):
        read(mini)


def test_lines_that_are_points_or_have_no_length(mini):
    spoil_layer(mini, "roads.geojson", lambda t: t.assign(length_km=[-1.0] + [1.0] * (len(t) - 1)))
    with pytest.raises(
        TableError, match=r"roads\.geojson, row 1: length_km is -1; it should be a pos"
    ):
        read(mini)
    spoil_layer(mini, "roads.geojson", lambda t: t.set_geometry(t.representative_point()))
    with pytest.raises(GeometryError, match="expected lines, found Point"):
        read(mini)


def nothing_at(row):
    return lambda t: t.set_geometry([*t.geometry[:row], None, *t.geometry[row + 1 :]], crs=4326)


@pytest.mark.parametrize(
    ("layer", "change", "says"),
    [
        ("home.geojson", set_cell(1, "region_id", None), "row 2: region_id is empty"),
        ("home.geojson", set_cell(2, "name", None), "row 3: name is empty"),
        ("roads.geojson", set_cell(3, "class", None), "row 4: class is empty"),
        ("roads.geojson", nothing_at(3), "row 4: expected lines, found nothing"),
        (
            "roads.geojson",
            lambda t: t.assign(oneway=["yes"] + ["no"] * (len(t) - 1)),
            "row 1: oneway is 'yes'; it may be 1, -1 or 0",
        ),
        (
            "roads.geojson",
            lambda t: t.assign(length_km="inf"),
            "length_km is 'inf'; it must be a fin",
        ),
        (
            "home.geojson",
            lambda t: t.set_geometry(shapely.transform(t.geometry, lambda xy: 1000 * xy), crs=4326),
            "home.geojson: its coordinates reach 50,000, which is no place in the CRS",
        ),
    ],
)
def test_bad_layers_name_file_row_and_remedy(mini, layer, change, says):
    spoil_layer(mini, layer, change)
    with pytest.raises(GeoBorderError) as caught:
        read(mini)
    assert says in str(caught.value)


def test_ids_that_are_numbers_are_the_same_in_layers_and_tables(mini):
    number = {"A": 1, "B": 2, "C": 3}
    spoil_layer(mini, "home.geojson", lambda t: t.assign(region_id=t["region_id"].map(number)))
    for table in ("places.csv", "indicators.csv"):
        spoil(mini, table, lambda t: t.assign(region_id=t["region_id"].replace(number)))
    assert set(read(mini).regions.index) == {"1", "2", "3", "X", "Y"}


def test_places_with_latitude_and_longitude_swapped(mini):
    spoil(mini, "places.csv", lambda t: t.rename(columns={"lon": "lat", "lat": "lon"}))
    says = (
        r"row 2: Town A at lon 49\.5, lat 0\.5 is not in region A, .* \(and 4 more rows like it\)"
    )
    with pytest.raises(TableError, match=says):
        read(mini)


def test_a_shapefile_in_part_and_files_without_content(mini):
    regions = gpd.read_file(mini / "home.geojson")
    regions.drop(columns=["capital_lon", "capital_lat"]).to_file(mini / "home.shp")
    toml = mini / "study.toml"
    toml.write_text(toml.read_text().replace("home.geojson", "home.shp"))
    assert len(read(mini).regions) == 5
    (mini / "home.dbf").unlink()
    with pytest.raises(GeometryError, match=r"home\.shp: the Shapefile lacks its \.dbf\. Put all"):
        read(mini)
    (mini / "home.shp").write_bytes(b"")
    with pytest.raises(GeometryError, match=r"home\.shp: it is empty"):
        read(mini)


def test_what_libraries_advise_programmers_is_not_for_users(mini):
    (mini / "home.geojson").write_text("<html>404</html>")
    with pytest.raises(GeometryError, match=r"supported file format\)\. Open it in QGIS"):
        read(mini)
