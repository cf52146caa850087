"""Countries by any of their names, and facts with their sources."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_border.errors import WorldError
from geo_border.world import countries
from geo_border.world.countries import (
    CountryFacts,
    every_name,
    find_country,
    official_border_km,
    trunk_speed,
)

NAMES = every_name()
ROWS = list(NAMES.itertuples(index=False, name=None))


def found(name: str) -> CountryFacts | WorldError:
    try:
        return find_country(name)
    except WorldError as error:
        return error


@given(st.sampled_from(ROWS), st.sampled_from([str, str.lower, str.upper, str.title]))
def test_every_name_finds_its_country_or_says_whose_it_is(row, written):
    code, name = row
    # A name that is a code finds the country of the code.
    answer = found(written(name))
    if isinstance(answer, WorldError):
        assert f"({code})" in str(answer)
    elif answer.alpha3 != code:
        assert len(name.strip()) <= 3 or countries._plain(name) == countries._plain(answer.name)


@given(st.sampled_from(ROWS))
def test_accents_and_commas_do_not_count(row):
    name = row[1]
    bare = "".join(x for x in unicodedata.normalize("NFKD", name) if not unicodedata.combining(x))
    if name.isascii() or any(ord(letter) > 0x24F for letter in name):
        return  # signs that are letters of a script stay
    assert str(found(name)) == str(found(bare.replace("-", " ")))


def test_few_names_are_shared():
    shared = [name for name, codes in countries._by_name().items() if len(codes) > 1]
    assert len(shared) < 15


@pytest.mark.parametrize(
    ("name", "code"),
    [
        *[("US", "USA"), ("usa", "USA"), ("UK", "GBR"), ("America", "USA"), ("Türkiye", "TUR")],
        *[("Казахстан", "KAZ"), ("哈萨克斯坦", "KAZ"), ("인도", "IND"), ("ZZ Top", None)],
        *[("the Gambia", "GMB"), ("Korea, South", "KOR"), ("COTE D IVOIRE", "CIV")],
    ],
)
def test_names_that_people_write(name, code):
    answer = found(name)
    assert (answer.alpha3 if isinstance(answer, CountryFacts) else None) == code


def test_an_unknown_name_gives_near_matches():
    with pytest.raises(WorldError, match=r"Germny.*Did you mean Germany \(DEU\)"):
        find_country("Germny")
    with pytest.raises(WorldError, match="two or three letters"):
        find_country("?")


def test_a_shared_name_lists_whose_it_is():
    with pytest.raises(WorldError, match=r"COD.*COG.*Give the code of one"):
        find_country("Congo")


def test_facts_have_sources_and_sensible_figures():
    for code in sorted(set(NAMES["country"])):
        facts = find_country(code)
        assert (facts.population is None) or facts.source
        assert facts.income_ppp_usd is None or 100 < facts.income_ppp_usd < 300_000
        assert facts.gauge_mm is None or 600 <= facts.gauge_mm <= 1676
        assert facts.drives_on in ("left", "right")
        kmh, source, imputed = trunk_speed(facts.alpha2)
        assert 50 <= kmh <= 110
        assert source
        assert imputed == source.startswith("assumption")


def test_the_published_length_does_not_hang_on_the_order():
    kaz_rus = official_border_km("RUS", "KAZ")
    assert kaz_rus is not None
    assert kaz_rus == official_border_km("KAZ", "RUS")
    assert kaz_rus[0] == pytest.approx(7644, abs=200)
    assert official_border_km("AUS", "NZL") is None
