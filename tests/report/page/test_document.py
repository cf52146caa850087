from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest

from geo_border.report import settlements
from geo_border.report.page.document import page, write_report
from geo_border.report.page.layers import drawn_flaws
from geo_border.report.style import NEIGHBOUR

if TYPE_CHECKING:
    from pathlib import Path

    from geo_border.pipeline.results import Results

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


class Outline(HTMLParser):
    """Elements, addresses and texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.handlers: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self._inside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "link", "img", "input", "br"):
            self._inside.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "action", "data", "poster", "srcset", "xlink:href"):
                self.addresses.append(value or "")
            if name == "id":
                self.ids.append(value or "")
            if name.startswith("on"):
                self.handlers.append(name)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            while self._inside.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self._inside[-1] if self._inside else "", []).append(data)


@pytest.fixture(scope="module")
def html(results: Results) -> str:
    return page(results)


@pytest.fixture(scope="module")
def hostile_html(hostile: Results) -> str:
    return page(hostile)


def _without_bokeh(html: str) -> str:
    """The page without the library's own script and the styles that use no address."""
    longest = max(re.findall(r"<script>.*?</script>", html, re.DOTALL), key=len)
    assert "Bokeh" in longest
    return html.replace(longest, "<script></script>")


def test_nothing_is_fetched(html: str):
    outline = Outline(_without_bokeh(html))
    assert all(address.startswith("#") for address in outline.addresses)
    assert not {"link", "iframe", "object", "embed", "base", "img"} & set(outline.tags)
    assert not re.search(r"url\(|@import|https?://", _without_bokeh(html))


def test_the_policy_forbids_every_request(html: str):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy is not None
    rules = dict(rule.split(None, 1) for rule in policy[1].split("; "))
    assert rules.pop("default-src") == "'none'"
    assert not any("http" in rule or "*" in rule for rule in rules.values())
    assert html.index("Content-Security-Policy") < html.index("<script")


def test_every_link_leads_to_a_section(html: str):
    outline = Outline(_without_bokeh(html))
    targets = {address.removeprefix("#") for address in outline.addresses}
    assert targets <= set(outline.ids)
    assert len(set(outline.ids)) == len(outline.ids)


def test_sections_and_headings(html: str):
    outline = Outline(_without_bokeh(html))
    assert outline.tags.count("h1") == 1
    wanted = ["Map", "Regions", "Cards of the regions", "Along the border", "Checkpoints"]
    wanted += ["Travel times", "Indicators", "Data quality", "Method", "Provenance"]
    assert [text.strip() for text in outline.texts["h2"]] == wanted
    assert outline.tags.count("table") == outline.tags.count("caption")


def test_figures_reach_the_page(html: str):
    for words in (
        "Two regions of Upland",
        "West Oblast",
        "Gateway",
        "a wait 2 h longer at Hill",
        "Hill–Dale",
        "Ford–Mill 98\u00a0%",
        "Road density",
        "© OpenStreetMap contributors, ODbL",
        "143 km",
        "Villages",
        "ab" * 32,
        "Two hours from anywhere.",
    ):
        assert words in html, words


def test_what_is_missing_is_said_not_shown(html: str):
    visible = _without_bokeh(re.sub(r'<script type="application/json".*?</script>', "", html))
    assert not re.search(r">\s*(nan|NaN|None|inf|<NA>)\s*<", visible)
    assert "no data" in visible


def test_hostile_words_stay_words(html: str, hostile_html: str):
    calm, odd = Outline(_without_bokeh(html)), Outline(_without_bokeh(hostile_html))
    assert odd.tags.count("script") == calm.tags.count("script")
    assert odd.tags.count("img") == 0
    assert odd.handlers == []
    assert "</script><script>" not in _without_bokeh(hostile_html).replace(
        "</script>\n<script>", ""
    )
    assert "&lt;/script&gt;&lt;script&gt;" in hostile_html
    assert "{{7*7}}" in hostile_html


def test_hostile_words_survive_as_data(hostile_html: str):
    blocks = re.findall(
        r'<script type="application/json" id="([^"]*)">(.*?)</script>', hostile_html, re.DOTALL
    )
    assert [name for name, _ in blocks] == ["legends", "map-item", "profile-item"]
    for _, text in blocks:
        assert "<" not in text
        assert "</script><script>" in json.dumps(json.loads(text))


def test_hover_templates_hold_no_data(hostile_html: str):
    block = re.search(r'id="map-item">(.*?)</script>', hostile_html, re.DOTALL)
    assert block is not None
    templates = re.findall(r'"tooltips": "((?:[^"\\]|\\.)*)"', block[1])
    assert len(templates) == 4
    assert not any("broken" in template or "{safe}" in template for template in templates)


def test_a_page_without_judgement(results: Results):
    """A study whose indicators allow no level still has a page."""
    nothing = page(
        replace(
            results,
            typology=results.typology.iloc[:0],
            levels=results.levels.assign(**dict.fromkeys(results.levels.columns, float("nan"))),
            cards=results.cards.iloc[:0],
            indicators=results.indicators.iloc[:0],
            crossings=results.crossings.iloc[:0],
            mismatch=results.mismatch.iloc[:0],
            diversions=results.diversions.iloc[:0],
        )
    )
    assert "not typed" in nothing
    assert "stands first" not in nothing


def test_the_file_is_small_and_in_utf_8(results: Results, tmp_path: Path):
    path = write_report(results, tmp_path / "new")
    assert path.name == "report.html"
    assert path.stat().st_size < 3_000_000
    assert "km²" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("as_of", "timestamps", "stated"),
    [
        ("spring of 2024", ["2025-01-19T21:20:00"], "data: spring of 2024"),
        ("", ["2025-01-19T21:20:00", "2025-03-02T00:00:00", None], "data: 2025-03-02"),
        ("", [None], None),
    ],
)
def test_the_head_says_of_when_the_data_are(
    results: Results, as_of: str, timestamps: list[str | None], stated: str | None
):
    study = results.settings.study.model_copy(update={"as_of": as_of})
    files = [{"timestamp": timestamp} for timestamp in timestamps]
    kicker = page(
        replace(
            results,
            settings=results.settings.model_copy(update={"study": study}),
            manifest={"extracts": {"files": files}},
        )
    ).split('class="kicker">')[1]
    kicker = kicker[: kicker.index("</p>")]
    assert kicker == f"Upland and Lowland{f' &middot; {stated}' if stated else ''}"


def _map_columns(html: str) -> dict[str, list[str]]:
    """Columns of the regions of the map, as the browser gets them."""
    block = re.search(r'id="map-item">(.*?)</script>', html, re.DOTALL)
    assert block is not None
    found: dict[str, list[str]] = {}

    def walk(part: object) -> None:
        if isinstance(part, list):
            for piece in part:
                if isinstance(piece, list) and len(piece) == 2 and str(piece[0])[:5] == "fill_":
                    found[piece[0]] = piece[1]
                walk(piece)
        elif isinstance(part, dict):
            for piece in part.values():
                walk(piece)

    walk(json.loads(block[1]))
    return found


def test_regions_are_drawn_in_the_colours_of_the_legend(results: Results, html: str):
    columns = _map_columns(html)
    block = re.search(r'id="legends">(.*?)</script>', html, re.DOTALL)
    assert block is not None
    legends = json.loads(block[1])
    kinds = {words: colour for colour, words in legends["type"]}
    home = results.regions.index.get_indexer(["UP-W", "UP-E"])
    drawn = columns["fill_type"]
    assert [drawn[at] for at in home] == [kinds["Gateway"], kinds["Neighbour"]]
    # Transport 80, at a cut and so above it, and 30: of five classes the fifth and the second.
    drawn = columns["fill_transport_communication"]
    assert [drawn[at] for at in home] == [legends["transport_communication"][n][0] for n in (4, 1)]
    assert {drawn[at] for at in range(len(drawn)) if at not in home} == {NEIGHBOUR}
    assert ["#dcdcd8", "no data"] in legends["joint_projects"]
    assert ["#dcdcd8", "no data"] not in legends["transport_communication"]


@pytest.fixture
def near(results: Results) -> Results:
    """The same border with isochrones of half an hour and an hour around one checkpoint."""
    point = results.checkpoints.geometry["hill-dale"]
    layer = gpd.GeoDataFrame(
        {"from_id": "hill-dale", "side": "home", "hours": [0.5, 1.0]},
        geometry=[point.buffer(0.1), point.buffer(0.2)],
        crs=4326,
    )
    return replace(results, layers={"isochrones": layer})


def test_only_layers_that_are_there_can_be_shown(results: Results, near: Results, html: str):
    named = re.findall(r'<input type="checkbox" data-layer="(\w+)"', html)
    wanted = ["load", "road", "rail", "checkpoints", "unserved", "places", "names"]
    assert named == wanted
    changed = page(
        replace(
            near,
            edges=results.edges[results.edges["mode"] != "rail"],
            crossings=results.crossings[results.crossings["checkpoint_id"].notna()],
        )
    )
    named = re.findall(r'<input type="checkbox" data-layer="(\w+)"', changed)
    assert named == ["load", "road", "checkpoints", "isochrones", "places", "names"]
    assert changed.count('data-with="isochrones" hidden') == 2
    assert "30\u00a0min from an open checkpoint" in changed
    assert '"layer-isochrones"' in changed


def test_of_many_settlements_the_page_carries_the_most_populous_and_says_so(
    results: Results, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(settlements, "MOST_DRAWN", 2)
    names = [f"Hamlet {number}" for number in range(len(results.places))]
    html = page(replace(results, places=results.places.assign(name=names)))
    assert f"Settlements, the 2 most populous of {len(names)}" in html
    largest = results.places["population"].argsort()[::-1][:2]
    assert {name for name in names if name in html} == {names[number] for number in largest}


@pytest.fixture
def flawed(results: Results) -> Results:
    """The same border with doubtful data of three kinds, one of them more than the page takes."""
    kinds = ["crossing without a checkpoint", "settlement out of reach", *["speed imputed"] * 600]
    points = results.checkpoints.geometry.iloc[[0] * len(kinds)]
    flaws = gpd.GeoDataFrame(
        {"kind": kinds, "name": ["x", "</script><b>Far</b>", *["80 %"] * 600],
         "value": [np.nan, 1234.0, *range(600)], "unit": ["", "persons", *["km"] * 600]},
        geometry=points.to_numpy(),
        crs=4326,
    )  # fmt: skip
    return replace(results, flaws=flaws)


def test_doubtful_data_are_a_layer_that_is_off_at_first(results: Results, flawed: Results):
    html = page(flawed)
    assert '<input type="checkbox" data-layer="flaws"> Doubtful data' in html
    assert html.count('"layer-flaws"') == 1
    assert "</script><b>Far" not in html
    assert "Settlement out of reach" in html
    drawn = drawn_flaws(flawed)
    assert drawn is not None
    # The greatest of each kind; unserved crossings have their own layer.
    assert drawn["kind"].value_counts().to_dict() == {
        "speed imputed": 500,
        "settlement out of reach": 1,
    }
    assert drawn.loc[drawn["kind"] == "speed imputed", "value"].min() == 100
    assert drawn_flaws(results) is None
    assert 'data-layer="flaws"' not in page(results)


def test_a_note_on_speeds_stands_wherever_there_are_times(results: Results):
    network = results.settings.network.model_copy(update={"speeds_note": "At a walk."})
    stated = page(
        replace(results, settings=results.settings.model_copy(update={"network": network}))
    )
    head, rest = stated.split("<nav", 1)
    assert "At a walk." in head
    assert "At a walk." in rest[rest.index('id="capitals"') : rest.index('id="indicators"')]


def browsed(path: Path, script: str, *options: str) -> dict[str, Any]:
    """What a script finds on a page once it is drawn: its ``state``, and what went wrong."""
    probe = """<script>addEventListener("load", () => setTimeout(() => {
      SCRIPT
      state.errors = window.problems;
      state.asked = performance.getEntriesByType("resource").map((entry) => entry.name);
      const told = document.createElement("pre");
      told.id = "told";
      told.textContent = JSON.stringify(state);
      document.body.append(told);
    }, 1500));
    window.problems = [];
    addEventListener("error", (event) => problems.push(event.message));
    addEventListener("unhandledrejection", (event) => problems.push(String(event.reason)));
    addEventListener("securitypolicyviolation", (event) => problems.push(event.blockedURI));
    </script>""".replace("SCRIPT", script)
    html = path.read_text(encoding="utf-8")
    path.write_text(
        html.replace('<script type="application', f'{probe}<script type="application', 1)
    )
    profile = path.parent / "profile"
    done = subprocess.run(
        [
            str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-sync",
            "--disable-background-networking", "--disable-component-update",
            "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={profile}",
            "--virtual-time-budget=10000", *options, "--dump-dom", path.as_uri(),
        ],
        capture_output=True, text=True, timeout=90, check=True,
    )  # fmt: skip
    stated = re.search(r'<pre id="told">(.*?)</pre>', done.stdout, re.DOTALL)
    assert stated is not None
    unescaped = stated[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    state: dict[str, Any] = json.loads(unescaped)
    return state


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
@pytest.mark.parametrize(
    "who",
    [
        "hostile",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("results", "near", "flawed")),
    ],
)
def test_it_works_in_a_browser_without_network(
    who: str, request: pytest.FixtureRequest, tmp_path: Path
):
    path = write_report(request.getfixturevalue(who), tmp_path)
    state = browsed(
        path,
        """
      const state = {
        canvases: [], titles: document.title,
      };
      const walk = (root) => {
        for (const node of root.querySelectorAll("*")) {
          if (node.tagName === "CANVAS") state.canvases.push(node.width);
          if (node.shadowRoot) walk(node.shadowRoot);
        }
      };
      walk(document);
      const choice = document.getElementById("choice");
      choice.value = "index";
      choice.dispatchEvent(new Event("change"));
      state.legend = document.getElementById("legend").textContent;
      document.querySelector("#regions th button").click();
      state.told = [];
      for (const box of document.querySelectorAll('[data-layer="isochrones"]')) {
        box.click();
        state.told = [...document.querySelectorAll("[data-with]")].map((line) => line.hidden);
      }
      state.first = document.querySelector("#regions tbody th").textContent;
        """,
    )
    assert state["errors"] == []
    assert state["asked"] == []
    assert len(state["canvases"]) >= 5
    assert state["titles"] != "broken"
    assert "up to 20" in state["legend"]
    assert state["told"] == ([False, False] if who == "near" else [])
    if who == "results":
        assert state["first"] == "East Oblast"


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_on_paper_drawings_are_images_as_wide_as_the_page(results: Results, tmp_path: Path):
    state = browsed(
        write_report(results, tmp_path),
        """
        dispatchEvent(new Event("beforeprint"));
        const images = [...document.querySelectorAll("img.still")];
        const state = {
          sources: images.map((image) => image.src.slice(0, 15)),
          words: images.map((image) => image.alt),
          hidden: document.querySelectorAll(".view.moving").length,
        };
        dispatchEvent(new Event("afterprint"));
        state.left = document.querySelectorAll("img.still, .view.moving").length;
        """,
    )
    assert state["errors"] == []
    assert state["sources"] == ["data:image/png;", "data:image/png;"]
    assert state["words"][0].startswith("Map of the regions")
    assert (state["hidden"], state["left"]) == (2, 0)


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
@pytest.mark.parametrize("width", [1280, pytest.param(700, marks=pytest.mark.slow)])
def test_an_unbroken_name_does_not_widen_the_page(results: Results, tmp_path: Path, width: int):
    long = "W" * 250
    frames = {
        name: getattr(results, name).assign(name=long)
        for name in ("regions", "checkpoints", "places", "crossings")
    }
    about = results.settings.study.model_copy(
        update={"title": long, "home": long, "neighbour": long, "as_of": long}
    )
    settings = results.settings.model_copy(update={"study": about})
    state = browsed(
        write_report(replace(results, settings=settings, **frames), tmp_path),
        "const state = { width: document.documentElement.scrollWidth };",
        f"--window-size={width},900",
    )
    assert state["errors"] == []
    assert state["width"] <= width
