import extracts
import numpy as np
import pytest

from geo_border.osm.settlements import settlements_from_extract


def test_named_settlements_with_what_is_known_of_them(make_extract):
    extract = make_extract(
        {
            1: (0.5, 1.5, {"place": "city", "name": "A", "population": "12 345", "name:en": "Ay"}),
            2: (1.0, 2.0, {"place": "hamlet", "name": "B"}),
            3: (1.0, 3.0, {"place": "suburb", "name": "C", "population": "10"}),
            4: (1.0, 4.0, {"place": "town", "population": "10"}),
            5: (1.0, 5.0, {"place": "village", "name": "E", "population": "about 300"}),
        }
    )
    found = settlements_from_extract(extract)
    assert found.index.tolist() == ["osm-n1", "osm-n2", "osm-n5"]
    assert found["kind"].tolist() == ["city", "hamlet", "village"]
    np.testing.assert_array_equal(found["population"], [12345, np.nan, np.nan])
    assert found.loc["osm-n1", ["name", "name_en", "lon", "lat"]].tolist() == ["A", "Ay", 0.5, 1.5]
    assert found.geometry.iloc[0].coords[0] == (0.5, 1.5)


@pytest.mark.parametrize(
    ("key", "capital", "people"),
    extracts.each({"andorra": ("Andorra la Vella", 24678), "liechtenstein": ("Vaduz", 5229)}),
)
def test_the_capitals_of_the_small_countries(key, capital, people, extract_of):
    found = settlements_from_extract(extract_of(key)).set_index("name")
    assert found.loc[capital, "population"] == people
    assert found["population"].isna().sum() > len(found) / 3
