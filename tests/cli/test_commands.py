import io
import subprocess
import sys

import pytest
from rich.table import Table
from rich.text import Text

from geo_border import __version__
from geo_border.cli import main
from geo_border.cli.console import err, out
from geo_border.errors import TableError
from geo_border.pipeline.templates import embedded_studies
from geo_border.study import open_study


def in_a_process(*arguments):
    return subprocess.run(
        [sys.executable, "-c", "from geo_border.cli import main; main()", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_help_teaches():
    shown = in_a_process("--help")
    assert shown.returncode == 0
    for word in ("run", "check", "studies", "new", "geo-border run ru-kz"):
        assert word in shown.stdout
    assert "study.toml" in in_a_process("run", "--help").stdout


def test_version(geo_border):
    assert __version__ in geo_border("--version").stdout


def test_studies_lists_the_embedded_one(geo_border):
    assert "ru-kz" in geo_border("studies").stdout


def test_what_reads_no_data_loads_nothing_that_does():
    loads = "; print(*sys.modules)"
    for command in (["--version"], ["studies"], ["--help"]):
        code = f"import sys; from geo_border.cli import app; app({command}, standalone_mode=False)"
        ran = subprocess.run(
            [sys.executable, "-c", code + loads],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        loaded = set(ran.stdout.splitlines()[-1].split())
        assert "geo_border.cli.commands" in loaded
        assert not loaded & {"pandas", "geopandas", "pyogrio", "rasterio", "numba"}


def test_run_prints_a_table_and_the_path_of_the_report(geo_border, mini, tmp_path):
    ran = geo_border("run", mini, "-o", tmp_path / "out")
    assert ran.returncode == 0, ran.stderr
    for name in ("A", "B", "C"):
        assert f"Region {name}" in ran.stdout or f" {name} " in ran.stdout
    assert str(tmp_path / "out" / "report.html") in ran.stdout.replace("\n", "")
    assert (tmp_path / "out" / "report.html").stat().st_size > 100_000


def test_network_writes_the_network_alone_and_says_how_large_it_is(geo_border, mini, tmp_path):
    out = tmp_path / "out"
    ran = geo_border("network", mini, "-o", out, "--format", "gpkg", "--format", "gmns")
    assert ran.returncode == 0, ran.stderr
    names = {path.name for path in out.iterdir()}
    assert names == {".stages", ".written.json", "network.gpkg", "gmns"}
    assert "crossings: " in ran.stdout
    assert "3 open checkpoints on the network" in ran.stdout
    wrong = geo_border("network", mini, "-o", out, "--format", "shp")
    assert wrong.returncode == 2
    assert "cannot be written as shp" in wrong.stderr


def test_isochrones_of_a_place_are_told_and_written(geo_border, mini, tmp_path):
    out = tmp_path / "out"
    begin = ("isochrones", mini, "-o", out, "--hours", 1, "--hours", 3, "--from")
    ran = geo_border(*begin, "Town A")
    assert ran.returncode == 0, ran.stderr
    stated = ran.stdout.splitlines()
    assert [line.split(":")[0] for line in stated[:3]] == [
        "1 h  Homeland",
        "3 h  Homeland",
        "3 h  Neighbourland",
    ]
    assert {path.name for path in out.iterdir()} == {
        ".stages",
        ".written.json",
        "isochrones.gpkg",
    }
    wrong = geo_border(*begin, "Nowhere")
    assert wrong.returncode == 2
    assert "there is no place or checkpoint 'Nowhere'" in wrong.stderr
    assert "Town B" in geo_border(*begin, "Twon B").stderr
    endless = geo_border("isochrones", mini, "--from", "Town A", "--hours", "1e9")
    assert endless.returncode == 2
    assert "an isochrone of 1e+09 hours" in endless.stderr
    assert "0.01 to 100 hours" in endless.stderr


def test_a_calibration_is_printed_and_written_and_its_errors_teach(geo_border, mini, tmp_path):
    of = ("calibrate", mini, "-o", tmp_path / "out")
    assert 'counts = "counts.csv"' in geo_border(*of).stderr
    toml = mini / "study.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + '[traffic]\ncounts = "counts.csv"\n')
    register = mini / "checkpoints.csv"
    register.write_text(register.read_text(encoding="utf-8").replace("closed", "open"))
    rows = [("west", 90), ("middle", 30), ("east", 45), ("west", 80), ("middle", 25), ("east", 40)]
    counts = [f"{gate},car,both,{n},2024" for gate, n in rows]
    header = "checkpoint_id,class,direction,vehicles_day,year"
    (mini / "counts.csv").write_text("\n".join([header, *counts]))
    shown = geo_border(*of, "--fit", "total")
    assert shown.returncode == 0, shown.stderr
    assert "car total" in shown.stdout
    assert "6 counts, fitted to all: " in shown.stdout
    assert "within a factor of 2, rank correlation" in shown.stdout
    assert {path.name for path in (tmp_path / "out" / "calibration").iterdir()} == {
        *("parameters.csv", "counts.csv", "classes.toml")
    }
    assert "total, theta" in geo_border(*of, "--fit", "thetta").stderr


def test_a_week_is_printed_and_written_and_its_errors_teach(geo_border, mini, tmp_path):
    of = ("week", mini, "--vehicles", "car=400,truck=40", "-o", tmp_path / "out")
    given = ("--lanes", "2", "--minutes", "car=1,truck=5", "--hours", "Mo-Fr 08:00-20:00")
    shown = geo_border(*of, "--checkpoint", "west", *given, "--week", "2026-02-10")
    assert shown.returncode == 0, shown.stderr
    assert "West post, week 2026-W07, open Mo-Fr 08:00-20:00" in shown.stdout
    assert "truck to Neighbourland" in shown.stdout
    assert "▁" in shown.stdout
    assert (tmp_path / "out" / "week" / "west" / "hours.csv").exists()
    assert "--capacity 500" in geo_border(*of, "--checkpoint", "west").stderr
    assert "west" in geo_border(*of, "--checkpoint", "wets").stderr
    assert "car=800" in geo_border(*of, "--checkpoint", "west", "--vehicles", "many").stderr


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda mini: (mini / "places.csv").unlink(), "places.csv: there is no such file"),
        (lambda mini: (mini / "study.toml").write_text("[study"), "not valid TOML"),
    ],
)
def test_bad_input_is_one_message_and_exit_code_two(geo_border, mini, tmp_path, spoil, says):
    spoil(mini)
    ran = geo_border("run", mini, "-o", tmp_path / "out")
    assert ran.returncode == 2
    assert says in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not (tmp_path / "out" / "report.html").exists()


@pytest.mark.parametrize("within_a_command", [True, False])
def test_an_interrupt_says_what_is_kept(monkeypatch, capsys, within_a_command):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    at = "geo_border.study.open_study" if within_a_command else "geo_border.cli.commands.app"
    monkeypatch.setattr(at, interrupt)
    monkeypatch.setattr(sys, "argv", ["geo-border", "run", "ru-kz"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130
    assert "finished stages are kept" in capsys.readouterr().err


def test_debug_shows_the_traceback(geo_border, mini):
    (mini / "places.csv").unlink()
    with pytest.raises(TableError, match=r"places\.csv"):
        geo_border("--debug", "run", mini)


def test_check_passes_a_sound_study_and_fails_one_with_errors(geo_border, mini):
    sound = geo_border("check", mini)
    assert sound.returncode == 0, sound.stdout
    assert "0 errors" in sound.stdout
    places = mini / "places.csv"
    kept = [line for line in places.read_text().splitlines() if ",B," not in line]
    places.write_text("\n".join(kept) + "\n")
    spoilt = geo_border("check", mini)
    assert spoilt.returncode == 1
    assert "has no settlement" in spoilt.stdout


def test_unknown_study(geo_border):
    ran = geo_border("run", "atlantis")
    assert ran.returncode == 2
    assert "there is no study 'atlantis'" in ran.stderr


def test_new_makes_a_study_that_can_be_checked(geo_border, tmp_path):
    made = geo_border("new", tmp_path / "mine")
    assert made.returncode == 0
    assert "geo-border check" in made.stdout
    assert (tmp_path / "mine" / "study.toml").exists()
    again = geo_border("new", tmp_path / "mine")
    assert again.returncode == 2
    assert "not empty" in again.stderr


def test_an_output_folder_that_is_a_file(geo_border, mini, tmp_path):
    file = tmp_path / "out"
    file.write_text("mine")
    ran = geo_border("run", mini, "-o", file)
    assert ran.returncode == 2
    assert "the output folder is a file" in ran.stderr.replace("\n", " ")
    assert file.read_text() == "mine"


def test_a_full_disk_is_one_message(mini, tmp_path, no_room):
    ran = no_room(3000, in_a_process, "run", mini, "-o", tmp_path / "out")
    assert ran.returncode == 2
    assert "Traceback" not in ran.stderr
    said = " ".join(line for line in ran.stderr.splitlines() if not line.startswith("machine code"))
    assert f"error: {tmp_path / 'out' / '.stages'}: cannot be written" in said
    assert "Check its rights and the space" in said


def test_a_folder_of_the_name_of_an_embedded_study_does_not_shadow_it(geo_border, mini, tmp_path):
    (tmp_path / "ru-kz").symlink_to(mini)
    named = geo_border("isochrones", "ru-kz", "--from", "x", "--hours", "-1", cwd=tmp_path)
    assert "ru-kz is the study that comes with the package; ./ru-kz is the folder" in named.stderr
    assert open_study("ru-kz").folder == embedded_studies()["ru-kz"]
    own = geo_border("check", "./ru-kz", cwd=tmp_path)
    assert own.returncode == 0, own.stderr
    assert "comes with the package" not in own.stderr


def test_a_new_study_of_an_embedded_name_is_told_how_it_is_opened(geo_border, tmp_path):
    made = geo_border("new", "ru-kz", cwd=tmp_path)
    assert "geo-border run ./ru-kz" in made.stdout
    assert "geo-border run mine" in geo_border("new", "mine", cwd=tmp_path).stdout


HOSTILE = "\x1b[31mred\x1b]0;title\x07\x9b2J\u202egnp.exe\udcff"


@pytest.mark.parametrize("wrap", [str, Text, lambda text: f"[bold]{text}[/bold]"])
def test_no_name_commands_the_terminal(wrap, monkeypatch):
    for console in (out, err):
        monkeypatch.setattr(console, "_file", io.StringIO())
        table = Table(title=Text(HOSTILE))
        table.add_column(Text(HOSTILE))
        table.add_row(Text(HOSTILE))
        console.print(wrap(HOSTILE))
        console.print(table)
        written = console.file.getvalue()
        assert "red" in written
        assert written.encode("utf-8")
        assert not set(written) & set("\x1b\x07\x9b\u202e")


def test_names_in_errors_command_nothing_either(geo_border, tmp_path):
    ran = geo_border("run", tmp_path / "a\x1b]0;title\x07b")
    assert ran.returncode == 2
    assert "\x1b" not in ran.stderr
