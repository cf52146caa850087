from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import matplotlib as mpl
import matplotlib.image
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex

from geo_border.report import settlements
from geo_border.report.ground import ground_of
from geo_border.report.print.cartography import (
    DPI,
    map_axes,
    new_figure,
    save,
    scale_bar,
    source_lines,
)
from geo_border.report.print.figures import border_profile
from geo_border.report.print.letters import _letters, families, lettering, literal
from geo_border.report.print.maps import access_map, levels_map, types_map, write_maps
from geo_border.report.print.network import network_map
from geo_border.report.style import SEA_BORDER

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

    from geo_border.pipeline.results import Results

NAMES = ["types", "levels", "network", "access", "border_profile"]


@pytest.fixture(scope="module")
def folder(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("maps")
    assert [path.stem for path in write_maps(results, folder / "maps")] == NAMES
    return folder / "maps"


@pytest.mark.parametrize("name", NAMES)
def test_a_map_is_drawn_at_print_resolution(folder: Path, name: str):
    pixels = matplotlib.image.imread(folder / f"{name}.png")[..., :3]
    assert DPI >= 200
    assert pixels.shape[1] in (int(4.72 * DPI), int(7.09 * DPI))
    assert pixels.shape[0] > 0.3 * pixels.shape[1]
    packed = (pixels * 255).astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    colours = np.unique(packed)
    assert len(colours) > 20
    assert 0.02 < (pixels.min(axis=2) < 0.95).mean() < 0.98


def test_no_state_of_pyplot_is_left(results: Results):
    before = plt.get_fignums()
    _draw(results)
    assert plt.get_fignums() == before


def test_the_same_results_make_the_same_picture(results: Results, folder: Path, tmp_path: Path):
    again = save(network_map(results, ground_of(results)), tmp_path / "again.png")
    assert again.read_bytes() == (folder / "network.png").read_bytes()


def _draw(results: Results) -> None:
    """Lay every figure out without the cost of its pixels."""
    ground = ground_of(results)
    for make in (types_map, levels_map, network_map, access_map):
        make(results, ground).draw_without_rendering()
    border_profile(results).draw_without_rendering()


def test_of_many_settlements_a_map_draws_the_most_populous_and_says_so(
    results: Results, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(settlements, "MOST_DRAWN", 2)
    axes = access_map(results, ground_of(results)).axes[0]
    assert f"the 2 most populous of {len(results.places)}" in axes.get_title(loc="left")
    assert len(axes.collections[-1].get_offsets()) == 2


def test_odd_words_are_drawn_as_they_are(hostile: Results):
    _draw(hostile)


def test_nothing_known_is_still_a_map(results: Results):
    unknown = dict.fromkeys(("load_share", "closure_extra_hours", "closure_unserved"), np.nan)
    _draw(
        replace(
            results,
            checkpoints=results.checkpoints.assign(**unknown),
            edges=results.edges.assign(load_share=0.0),
            levels=results.levels.assign(**dict.fromkeys(results.levels.columns, np.nan)),
            typology=results.typology.iloc[:0],
            places=results.places.assign(border_effect=np.nan, hours_to_checkpoint=np.inf),
            crossings=results.crossings.iloc[:0],
        )
    )


@pytest.mark.parametrize(("width_km", "stated"), [(3000, "500 km"), (100, "20 km"), (12, "2 km")])
def test_the_scale_bar_is_round_and_true(results: Results, width_km: float, stated: str):
    ground = replace(ground_of(results), extent=(0, 1000 * width_km, 0, 500 * width_km))
    figure = new_figure(5, 4)
    axes = map_axes(figure, ground, left=0.5, top=0.2, width=4)
    scale_bar(figure, axes, right=4.5, bottom=0.3)
    bar = figure.axes[-1]
    assert [text.get_text() for text in bar.texts] == ["0", stated]
    length_in = bar.get_position().width * 5
    assert length_in / 4 * width_km == pytest.approx(float(stated.split(maxsplit=1)[0]))


def test_dollars_are_money_not_mathematics():
    figure = new_figure(1, 1)
    text = figure.text(0, 0, literal("$10 to $20"))
    figure.draw_without_rendering()
    assert text.get_text() == r"\$10 to \$20"
    assert source_lines("", 4) == []
    assert len(source_lines("word " * 60, 2)) > 2


def test_letters_that_no_font_has_are_boxes_without_a_warning(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("geo_border.report.print.letters.FURTHER", ())
    families.cache_clear()
    _letters.cache_clear()
    strange = "\N{CRAB}\t\x1b\N{CJK UNIFIED IDEOGRAPH-5317}\ue000 Š"
    assert literal(strange) == "\N{WHITE SQUARE}  \N{WHITE SQUARE}  Š"  # a private letter is none
    stated = {
        name: getattr(results, name).assign(name=strange)
        for name in ("regions", "checkpoints", "places")
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_maps(replace(results, **stated), tmp_path)
    families.cache_clear()
    _letters.cache_clear()


def test_letters_are_taken_from_the_fonts_that_are_there():
    assert families()[0] == "DejaVu Sans"
    with lettering():
        assert mpl.rcParams["font.family"] == list(families())


def test_the_border_at_sea_is_dashed_and_in_the_legend(results: Results):
    assert "border at sea" not in legend_of(network_map(results, ground_of(results)))
    wet = replace(results, border=results.border.assign(at_sea=[False, True]))
    figure = network_map(wet, ground_of(wet))
    assert "border at sea" in legend_of(figure)
    foot = " ".join(text.get_text() for text in figure.texts)
    assert "Dashed: border at sea." in " ".join(foot.split())
    dashed = [
        drawn
        for drawn in figure.axes[0].collections
        if isinstance(drawn, LineCollection)
        and to_hex(drawn.get_edgecolor()[0]) == SEA_BORDER
        and drawn.get_linestyle()[0][1] is not None
    ]
    assert len(dashed) == 1
    assert len(dashed[0].get_paths()) == 1


def legend_of(figure: Figure) -> list[str]:
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]
