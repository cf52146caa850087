"""Digests of everything a user gets, to see whether a change of the code changes any of it.

    python tools/freeze.py make FILE [--quick] [--only NAME] [--keep DIR]
    python tools/freeze.py compare FILE [the same]

`make` runs the studies and the commands, and writes the SHA-256 of each output by its name;
`compare` does so again and lists what is other, new or gone, with exit code 1 if anything is.
Both are to be run in one environment: pictures and reports are of the libraries too.

What is run, by the names of `--only` (once for each):

- ``help``: every ``--help`` and ``--version``;
- ``mistakes``: commands that are refused, with their words and exit codes;
- ``mini``, ``full``: the made-up study of tests/conftest.py, bare and with services, corridors,
  a ferry and a raster, run and asked with every command;
- ``liechtenstein``, ``andorra``: the examples, where the tests find their real extracts;
- ``ru-kz``: the embedded study.

``--quick`` leaves out ``andorra`` and ``ru-kz``. ``--keep`` leaves the outputs in a folder, so
that two of them can be laid side by side.

Tables, layers and arrays count by their values, column by column, and pictures by their dots:
what the bytes of their containers hold besides is nobody's. Text counts to the byte, after
`normalised`, the one place where something is left out.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

REPO = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPO), str(REPO / "tests"), str(REPO / "tests" / "helpers")]

import extracts
import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import rasterio
import shapely
from conftest import write_mini_study
from PIL import Image
from rasterio.transform import from_origin

from geo_border.cli import main
from geo_border.study import open_study

if TYPE_CHECKING:
    from collections.abc import Callable
Digests = dict[str, str]
Parts = Iterable[tuple[str, str]]

VOLATILE = ("libraries", "outputs", "python")
"""What the manifest says of the environment, and of files that are digested here themselves."""

COMMANDS = ("run", "whatif", "matrix", "network", "isochrones", "check", "fetch", "studies", "new")

FULL = """
[services]
file = "services.csv"
within_h = 2
[[corridors]]
name = "round"
places = ["h1", "n0", "h0"]
[corridor_costs]
per_km = 0.5
per_passage = 10
currency = "EUR"
[access]
within_h = [0.5, 2]
decay = "gaussian"
[demand]
alpha = 0.8
gamma = 1.2
[surface]
population = "people.tif"
cell_km = 5
belt_km = 40
entry_km = 4
offroad_kmh = 20
modes = ["rail", "both"]
"""

SERVICES = """service_id,name,lon,lat,side,kind,supply
c1,Clinic A,0.5,49.75,home,clinic,10
c2,Clinic X,0.75,50.25,neighbour,clinic,30
u1,College C,2.5,49.5,home,college,500
"""

REFUSED: dict[str, tuple[tuple[str, str, str] | None, str]] = {
    "no command": (None, ""),
    "unknown command": (None, "fly"),
    "unknown option": (None, "run mini --fast"),
    "no such study": (None, "run nowhere"),
    "no study.toml": (None, "run ."),
    "out among inputs": (None, "run mini -o mini"),
    "out below a file": (None, "run mini -o mini/places.csv/out"),
    "new where something is": (None, "new mini"),
    "new of an unknown one": (None, "new fresh --from atlantis"),
    "unknown checkpoint": (None, "whatif mini -o out --close wset"),
    "unknown to open": (None, "whatif mini -o out --open nothing"),
    "delay without a number": (None, "whatif mini -o out --delay west=long"),
    "delay without an id": (None, "whatif mini -o out --delay 2"),
    "delay below nothing": (None, "whatif mini -o out --delay west=-1"),
    "hours of no syntax": (None, "whatif mini -o out --hours west=sometimes"),
    "one way to nowhere": (None, "whatif mini -o out --one-way west=up"),
    "by no such mode": (None, "whatif mini -o out --mode boat"),
    "only no such mode": (None, "whatif mini -o out --only boat"),
    "no such users": (None, "whatif mini -o out --users martians"),
    "no such scenarios": (None, "whatif mini -o out --scenarios none.toml"),
    "nothing asked": (None, "whatif mini -o out"),
    "closed and opened": (None, "whatif mini -o out --close west --open west"),
    "matrix from nowhere": (None, "matrix mini -o m.npy --from Twon"),
    "matrix of no kind": (None, "matrix mini -o m.xlsx"),
    "matrix without a file": (None, "matrix mini"),
    "network of no format": (None, "network mini -o out --format shp"),
    "isochrones from nowhere": (None, "isochrones mini -o out --from Twon"),
    "isochrones of no time": (None, "isochrones mini -o out --from h0 --hours 0"),
    "fetch without extracts": (None, "fetch mini"),
    "unknown key": (("study.toml", "delay_source", "dealy_source"), "run mini -o out"),
    "unknown table": (("study.toml", "[index]", "[indes]"), "run mini -o out"),
    "value of another type": (("study.toml", "draws = 200", 'draws = "many"'), "run mini -o out"),
    "value beyond its limits": (("study.toml", "draws = 200", "draws = 1"), "run mini -o out"),
    "no toml": (("study.toml", "[places]", "[places"), "run mini -o out"),
    "key missing": (("study.toml", 'speeds = "speeds.csv"\n', ""), "run mini -o out"),
    "file missing": (("study.toml", '"places.csv"', '"towns.csv"'), "run mini -o out"),
    "no default delay": (("study.toml", "road = 1.0, ", ""), "run mini -o out"),
    "column missing": (("checkpoints.csv", "status", "state"), "run mini -o out"),
    "no such mode": (("checkpoints.csv", ",rail,", ",tram,"), "run mini -o out"),
    "no number": (("checkpoints.csv", "0.25,", "west,"), "run mini -o out"),
    "far from the border": (("checkpoints.csv", "50.0015", "58.5"), "run mini -o out"),
    "id twice": (("checkpoints.csv", "middle,", "west,"), "run mini -o out"),
    "no such hours": (("checkpoints.csv", ",,,0.5,,", ",,,0.5,always,"), "run mini -o out"),
    "no such side": (("places.csv", ",home,", ",abroad,"), "run mini -o out"),
    "no such region": (("places.csv", ",home,A,", ",home,Q,"), "run mini -o out"),
    "negative people": (("places.csv", ",1000", ",-1000"), "run mini -o out"),
    "speed of no road": (("speeds.csv", "street", "lane"), "run mini -o out"),
    "speed of nothing": (("speeds.csv", "60.0", "0"), "run mini -o out"),
    "no such level": (("registry.csv", "social_services", "services"), "run mini -o out"),
    "indicator unknown": (("indicators.csv", "doctors", "nurses"), "run mini -o out"),
    "no geojson": (("home.geojson", "FeatureCollection", "Nothing"), "run mini -o out"),
    "checked all the same": (("places.csv", ",home,A,", ",home,Q,"), "check mini"),
}
"""Commands that are refused, by what is wrong: a file of the study with words of it and what
stands in their place, and the arguments."""


def normalised(text: str, work: Path) -> str:
    """Text without what differs from run to run: paths of this machine and durations.

    The digests of a manifest are normalised by leaving out `VOLATILE`.

    Parameters
    ----------
    text
        What a command printed, or a text file that it wrote.
    work
        The folder where it ran.

    Returns
    -------
    str
        The rest of it.
    """
    for path, name in ((work, "<work>"), (work.resolve(), "<work>"), (REPO, "<repo>")):
        text = text.replace(str(path), name)
    return re.sub(r"\(\d+(\.\d+)? s\)", "(<n> s)", text)


def digest(data: bytes | str) -> str:
    """SHA-256 of bytes or of text in UTF-8.

    Parameters
    ----------
    data
        The data.

    Returns
    -------
    str
        The first half of the hexadecimal digest.
    """
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()[:32]


def of_frame(frame: pd.DataFrame) -> Parts:
    """Digests of the columns of a table or a layer, their order and their types.

    Parameters
    ----------
    frame
        The table; its index counts where it has a name.

    Yields
    ------
    tuple of str
        ``[column]`` and its digest; ``[]`` for the names of all columns in their order.
    """
    if frame.index.name is not None or frame.index.nlevels > 1:
        frame = frame.reset_index()
    yield "[]", digest(json.dumps([list(map(str, frame.columns)), len(frame)]))
    for position, name in enumerate(frame.columns):
        values = frame.iloc[:, position]
        if isinstance(values, gpd.GeoSeries):
            data = repr((str(values.crs), shapely.to_wkb(values.to_numpy(), hex=True).tolist()))
        else:
            data = repr((str(values.dtype), values.tolist()))
        yield f"[{name}]", digest(data)


def of_gpkg(file: Path) -> Parts:
    """Digests of a GeoPackage, by layer and column."""
    for layer in pyogrio.list_layers(file)[:, 0]:
        for part, value in of_frame(pyogrio.read_dataframe(file, layer=layer)):
            yield f"/{layer}{part}", value


def of_parquet(file: Path) -> Parts:
    """Digests of a table or a layer, by column."""
    try:
        return of_frame(gpd.read_parquet(file))
    except ValueError:
        return of_frame(pd.read_parquet(file))


def of_arrays(file: Path) -> Parts:
    """Digests of arrays, by name."""
    found = np.load(file, allow_pickle=False)
    for name, array in ({"": found} if isinstance(found, np.ndarray) else found).items():
        yield f"/{name}", digest(repr((array.dtype, array.shape)).encode() + array.tobytes())


def of_raster(file: Path) -> Parts:
    """Digest of a raster, by its values and where they lie."""
    with rasterio.open(file) as raster:
        head = repr((raster.crs.to_wkt(), raster.transform, raster.nodata, raster.dtypes))
        yield "", digest(head.encode() + raster.read().tobytes())


def of_picture(file: Path) -> Parts:
    """Digest of a picture, by its dots."""
    with Image.open(file) as image:
        yield "", digest(repr((image.mode, image.size)).encode() + image.tobytes())


READERS = {
    ".gpkg": of_gpkg,
    ".parquet": of_parquet,
    ".npz": of_arrays,
    ".npy": of_arrays,
    ".tif": of_raster,
    ".png": of_picture,
}


def of_file(file: Path, work: Path) -> Parts:
    """Digests of one file of outputs, by its parts.

    Parameters
    ----------
    file
        The file.
    work
        The folder where it was written.

    Yields
    ------
    tuple of str
        Name of a part (empty for the whole), and its digest.
    """
    if file.suffix in READERS:
        yield from READERS[file.suffix](file)
        return
    text = normalised(file.read_text(encoding="utf-8"), work)
    if file.name == "manifest.json":
        manifest = json.loads(text)
        manifest["files"] = sorted(manifest.get("outputs", {}))
        kept = {key: value for key, value in manifest.items() if key not in VOLATILE}
        yield from ((f"[{key}]", digest(json.dumps(value))) for key, value in kept.items())
        return
    yield "", digest(text)
    if file.suffix == ".csv" and text.strip():
        yield from of_frame(pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False))


def of_folder(folder: Path, work: Path) -> Digests:
    """Digests of everything below a folder but what runs remember for themselves.

    Parameters
    ----------
    folder
        Folder of outputs.
    work
        The folder where they were written; names of files are below it.

    Returns
    -------
    dict
        Digest by name of file and part.
    """
    found: Digests = {}
    for file in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in file.relative_to(work).parts)
        if file.is_file() and not hidden:
            name = file.relative_to(work).as_posix()
            found |= {f"{name}{part}": value for part, value in of_file(file, work)}
    return found


def command(arguments: str, work: Path) -> Digests:
    """Digests of what a command prints, and how it ends.

    Parameters
    ----------
    arguments
        Its words, after ``geo-border``.
    work
        Folder where it runs.

    Returns
    -------
    dict
        ``out``, ``err`` and ``exit`` behind the command.
    """
    shown, complained, code, before = io.StringIO(), io.StringIO(), 0, sys.argv
    sys.argv = ["geo-border", *arguments.split()]
    try:
        with chdir(work), redirect_stdout(shown), redirect_stderr(complained):
            main()
    except SystemExit as end:
        code = end.code
    except Exception as error:  # noqa: BLE001  (a command that breaks is a finding too)
        code = f"{type(error).__name__}: {error}"
    finally:
        sys.argv = before
    texts = {"out": shown.getvalue(), "err": complained.getvalue(), "exit": str(code)}
    if log := os.environ.get("FREEZE_LOG"):
        with Path(log).open("a", encoding="utf-8") as file:
            file.write(f"--- {arguments}\n{normalised(json.dumps(texts, indent=1), work)}\n")
    name = f"$ geo-border {arguments}".strip()
    return {f"{name} ({kind})": digest(normalised(text, work)) for kind, text in texts.items()}


def write_full_study(folder: Path) -> None:
    """Write the made-up study with services, a corridor, a ferry and a raster.

    Parameters
    ----------
    folder
        Where it goes.
    """
    write_mini_study(folder)
    toml = folder / "study.toml"
    layer = '{ file = "rails.geojson", mode = "rail" }'
    text = toml.read_text(encoding="utf-8")
    text = text.replace(layer, f'{layer}, {{ file = "ferries.geojson", mode = "ferry" }}')
    text = text.replace("rail = 0.5 }", "rail = 0.5, ferry = 0.25 }")
    toml.write_text(text + FULL, encoding="utf-8")
    (folder / "services.csv").write_text(SERVICES, encoding="utf-8")
    line = shapely.LineString([(1.75, 49.9), (1.76, 50.0015), (1.75, 50.1)])
    ferry = gpd.GeoDataFrame({"class": ["ferry"]}, geometry=[line], crs=4326)
    ferry.to_file(folder / "ferries.geojson")
    with (folder / "checkpoints.csv").open("a", encoding="utf-8") as file:
        file.write("boat,Landing,ferry,open,1.76,50.0015,,,,,0.5,Mo-Fr 08:00-18:00,\n")
    with (folder / "speeds.csv").open("a", encoding="utf-8") as file:
        file.writelines(f"{side},ferry,ferry,20,made up\n" for side in ("home", "neighbour"))
    people = np.full((300, 400), 10, np.float32)
    people[::40, ::25] = 100
    people[5:9, 200:204] = -99
    form = {"driver": "GTiff", "width": 400, "height": 300, "count": 1, "dtype": "float32"}
    where = {"crs": "EPSG:4326", "transform": from_origin(-0.5, 51.5, 0.01, 0.01), "nodata": -99}
    with rasterio.open(folder / "people.tif", "w", **form, **where) as raster:
        raster.write(people, 1)


def helps(work: Path) -> Digests:
    """Every ``--help``."""
    found = command("--help", work) | command("--version", work) | command("studies", work)
    for name in COMMANDS:
        found |= command(f"{name} --help", work)
    return found


def mistakes(work: Path) -> Digests:
    """Commands that are refused."""
    found: Digests = {}
    for what, (edit, arguments) in REFUSED.items():
        shutil.rmtree(work / "mini", ignore_errors=True)
        write_mini_study(work / "mini")
        if edit is not None:
            file, old, new = work / "mini" / edit[0], *edit[1:]
            text = file.read_text(encoding="utf-8")
            assert old in text, what
            file.write_text(text.replace(old, new), encoding="utf-8")
        found |= {f"{what}: {key}": value for key, value in command(arguments, work).items()}
    return found


def all_commands(work: Path, study: str, *, checkpoint: str, place: str) -> Digests:
    """Everything that can be asked of a study."""
    found: Digests = {}
    for arguments in (
        f"run {study} -o out",
        f"check {study}",
        f"whatif {study} -o out --close {checkpoint} --name closed",
        f"whatif {study} -o out --delay {checkpoint}=+1 --mode both --delay-factor 0.5",
        f"matrix {study} -o matrix.npy --run out",
        f"matrix {study} -o block.parquet --run out --from {place} --border no-delay --mode both",
        f"isochrones {study} -o reach --from {place} --hours 1 --hours 2",
        f"isochrones {study} -o gate --from {checkpoint} --border closed",
        f"network {study} -o net --format parquet --format gpkg --format graphml --format gmns",
    ):
        found |= command(arguments, work)
    for name in ("out", "reach", "gate", "net"):
        found |= of_folder(work / name, work)
    for file in sorted([*work.glob("matrix*"), *work.glob("block*")]):
        found |= {f"{file.name}{part}": value for part, value in of_file(file, work)}
    return found


def mini(work: Path) -> Digests:
    """The made-up study."""
    write_mini_study(work / "mini")
    return all_commands(work, "mini", checkpoint="west", place="h0")


def full(work: Path) -> Digests:
    """The made-up study with all that can be added."""
    write_full_study(work / "full")
    return all_commands(work, "full", checkpoint="boat", place="h1")


def example(name: str) -> Callable[[Path], Digests]:
    """An example, run on its extract."""

    def run(work: Path) -> Digests:
        extract = extracts.real(name)
        if extract is None:
            print(f"{name}: left out, there is no extract of it in {extracts.FOLDER}")
            return {}
        found = command(f"new {name} --from {name}", work)
        osm = open_study(work / name).settings.osm
        assert osm is not None
        (work / name / osm.extracts[0].file).symlink_to(extract)
        found |= command(f"run ./{name} -o out", work) | command(f"check ./{name}", work)
        return found | of_folder(work / "out", work)

    return run


def embedded(work: Path) -> Digests:
    """The embedded study."""
    found = command("run ru-kz -o out", work) | command("check ru-kz", work)
    found |= command("whatif ru-kz -o out --close sagarchin-zhaisan", work)
    return found | of_folder(work / "out", work)


PARTS: dict[str, Callable[[Path], Digests]] = {
    "help": helps,
    "mistakes": mistakes,
    "mini": mini,
    "full": full,
    "liechtenstein": example("liechtenstein"),
    "andorra": example("andorra"),
    "ru-kz": embedded,
}
SLOW = {"andorra", "ru-kz"}


def freeze(only: list[str], keep: Path | None) -> dict[str, Digests]:
    """Run the parts, and digest what they give.

    Parameters
    ----------
    only
        Names of the parts.
    keep
        Folder for the outputs; a temporary one if not given.

    Returns
    -------
    dict
        Digests by part.
    """
    found = {}
    # Whatever the terminal is.
    os.environ |= {"COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1"}
    with tempfile.TemporaryDirectory() as temporary:
        for name in only:
            work = (keep or Path(temporary)).resolve() / name
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir(parents=True)
            found[name] = PARTS[name](work)
            print(f"{name}: {len(found[name])} digests", flush=True)
    return found


def differences(before: Digests, now: Digests) -> list[str]:
    """What is other in one part, in words.

    Parameters
    ----------
    before, now
        Digests by name.

    Returns
    -------
    list of str
        A line each.
    """
    return [
        *(f"gone   {name}" for name in before if name not in now),
        *(f"new    {name}" for name in now if name not in before),
        *(f"other  {name}" for name in before if now.get(name, before[name]) != before[name]),
    ]


def arguments() -> Any:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=["make", "compare"])
    parser.add_argument("file", type=Path)
    parser.add_argument("--quick", action="store_true", help=f"without {', '.join(sorted(SLOW))}")
    parser.add_argument("--only", action="append", choices=list(PARTS), help="one part")
    parser.add_argument("--keep", type=Path, help="leave the outputs in this folder")
    return parser.parse_args()


def run() -> int:
    """Make or compare a freeze.

    Returns
    -------
    int
        Exit code.
    """
    given = arguments()
    only = given.only or [name for name in PARTS if not (given.quick and name in SLOW)]
    found = freeze(only, given.keep)
    if given.what == "make":
        given.file.write_text(json.dumps(found, indent=0), encoding="utf-8")
        return 0
    before = json.loads(given.file.read_text(encoding="utf-8"))
    lines = []
    for name in only:
        if found[name] and name in before:
            lines += [f"{name}: {line}" for line in differences(before[name], found[name])]
    print(*(lines or ["nothing is other"]), sep="\n")
    return bool(lines)


if __name__ == "__main__":
    sys.exit(run())
