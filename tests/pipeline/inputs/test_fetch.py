"""Downloads from a server on the loopback that behaves, and from ones that do not."""

import gzip
import hashlib
import json
import shutil
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from typer.testing import CliRunner

from geo_border import cli
from geo_border.errors import DownloadError
from geo_border.pipeline.inputs.download import CHUNK_BYTES
from geo_border.pipeline.inputs.fetch import check_place, fetch, fetch_extracts
from geo_border.pipeline.settings import read_settings

BEGIN = b"\0\0\0\x0e\n\tOSMHeader"
BODY = BEGIN + np.random.default_rng(5).bytes(3_000_000 - len(BEGIN))
NEWER = BEGIN + BODY[:14:-1]
MD5 = hashlib.md5(BODY).hexdigest()
QUICK = {"timeout_s": 5.0, "pause_s": 0.0}


class Handler(BaseHTTPRequestHandler):
    """Serves one file as its server is set to."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        server = self.server
        server.requested.append(
            (self.path, self.headers.get("Range"), self.headers.get("If-Range"))
        )
        if self.path.endswith(".md5"):
            return self.answer_md5()
        if server.raw is not None:
            return self.answer_raw()
        if self.path != "/x.osm.pbf":
            return self.send_error(404)
        body, begin = server.body, 0
        requested = self.headers.get("Range")
        fits = self.headers.get("If-Range") in {None, server.mark}
        if requested and server.ranges and fits:
            begin = int(requested.removeprefix("bytes=").removesuffix("-"))
            if begin >= len(body):
                return self.send_error(416)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {begin}-{len(body) - 1}/{len(body)}")
        else:
            self.send_response(200)
        self.send_header("ETag", server.mark)
        self.send_header("Content-Length", str(len(body) - begin))
        self.end_headers()
        end = len(body)
        if server.cuts:
            end = min(end, begin + server.cuts.pop(0))
        self.wfile.write(body[begin:end])
        return None

    def answer_raw(self):
        """Bytes as they are, with a pause after each piece if the server drips."""
        self.close_connection = True
        try:
            for piece in self.server.raw:
                self.wfile.write(piece)
                self.wfile.flush()
                if self.server.stopped.wait(self.server.drip_s):
                    break
        except OSError:
            pass  # who asked has gone

    def answer_md5(self):
        if self.server.md5 is None:
            return self.send_error(404)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.server.md5.encode())
        return None


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    serving = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving.body, serving.md5, serving.mark = BODY, f"{MD5}  x.osm.pbf\n", '"first"'
    serving.ranges, serving.cuts, serving.requested = True, [], []
    serving.raw, serving.drip_s, serving.stopped = None, 0.0, threading.Event()
    serving.daemon_threads, serving.block_on_close = True, False
    serving.url = f"http://127.0.0.1:{serving.server_address[1]}/x.osm.pbf"
    thread = threading.Thread(target=serving.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield serving
    serving.stopped.set()
    serving.shutdown()
    serving.server_close()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_fetched_whole_and_its_checksum_kept(server, tmp_path):
    stated = []
    done = fetch(
        server.url, tmp_path / "a.osm.pbf", progress=lambda *at: stated.append(at), **QUICK
    )
    assert (tmp_path / "a.osm.pbf").read_bytes() == BODY
    assert (done.was_there, done.checked) == (False, "md5")
    assert names(tmp_path) == ["a.osm.pbf", "a.osm.pbf.md5"]
    assert stated[-1] == (len(BODY), len(BODY))
    assert (tmp_path / "a.osm.pbf.md5").read_text() == f"{MD5}  a.osm.pbf\n"


def test_a_verified_file_is_not_fetched_again_and_no_one_is_asked(server, tmp_path):
    fetch(server.url, tmp_path / "a.osm.pbf", **QUICK)
    requested = len(server.requested)
    assert fetch(server.url, tmp_path / "a.osm.pbf", **QUICK).was_there
    assert len(server.requested) == requested


def test_with_update_only_a_newer_version_is_fetched(server, tmp_path):
    file = tmp_path / "a.osm.pbf"
    fetch(server.url, file, **QUICK)
    assert fetch(server.url, file, update=True, **QUICK).was_there
    server.body, server.mark = NEWER, '"second"'
    server.md5 = hashlib.md5(server.body).hexdigest()
    assert not fetch(server.url, file, update=True, **QUICK).was_there
    assert file.read_bytes() == NEWER


def test_connections_that_break_are_taken_up_where_they_broke(server, tmp_path):
    server.cuts = [16 * CHUNK_BYTES, 8 * CHUNK_BYTES, 11 * CHUNK_BYTES]
    fetch(server.url, tmp_path / "a.osm.pbf", **QUICK)
    assert (tmp_path / "a.osm.pbf").read_bytes() == BODY
    ranges = [requested for path, requested, _ in server.requested if not path.endswith(".md5")]
    assert ranges == [None, *(f"bytes={n * CHUNK_BYTES}-" for n in (16, 24, 35))]


def test_an_interrupted_command_goes_on_in_the_next(server, tmp_path):
    server.cuts = [16 * CHUNK_BYTES, *[0] * 20]
    with pytest.raises(DownloadError, match=r"gone.*1,048,576 bytes.*goes on from there"):
        fetch(server.url, tmp_path / "a.osm.pbf", attempts=2, **QUICK)
    assert not (tmp_path / "a.osm.pbf").exists()
    server.cuts, server.requested = [], []
    fetch(server.url, tmp_path / "a.osm.pbf", **QUICK)
    assert server.requested[-1] == ("/x.osm.pbf", "bytes=1048576-", '"first"')
    assert (tmp_path / "a.osm.pbf").read_bytes() == BODY
    assert names(tmp_path) == ["a.osm.pbf", "a.osm.pbf.md5"]


def test_parts_of_two_versions_are_never_joined(server, tmp_path):
    server.cuts = [16 * CHUNK_BYTES, *[0] * 20]
    with pytest.raises(DownloadError):
        fetch(server.url, tmp_path / "a.osm.pbf", attempts=2, **QUICK)
    server.cuts, server.body, server.mark = [], NEWER, '"second"'
    server.md5 = hashlib.md5(server.body).hexdigest()
    fetch(server.url, tmp_path / "a.osm.pbf", **QUICK)
    assert (tmp_path / "a.osm.pbf").read_bytes() == NEWER


def test_a_server_that_cannot_resume_is_asked_for_all_of_it(server, tmp_path):
    server.ranges, server.cuts = False, [1_000_000]
    fetch(server.url, tmp_path / "a.osm.pbf", **QUICK)
    assert (tmp_path / "a.osm.pbf").read_bytes() == BODY


def test_a_part_that_is_longer_than_the_file_is_thrown_away(server, tmp_path):
    part = tmp_path / ".a.osm.pbf.part"
    part.write_bytes(BODY + b"more")
    kept = {"url": server.url, "mark": server.mark}
    part.with_name(f"{part.name}.json").write_text(json.dumps(kept))
    fetch(server.url, tmp_path / "a.osm.pbf", **QUICK)
    assert (tmp_path / "a.osm.pbf").read_bytes() == BODY


@pytest.mark.parametrize("there", [False, True])
def test_what_is_not_what_the_checksum_says_never_appears(server, tmp_path, there):
    file = tmp_path / "a.osm.pbf"
    if there:
        file.write_bytes(b"of old")
    server.md5 = "0" * 32
    with pytest.raises(DownloadError, match=r"not what the server.s \.md5 says"):
        fetch(server.url, file, update=True, **QUICK)
    assert names(tmp_path) == (["a.osm.pbf"] if there else [])
    assert not there or file.read_bytes() == b"of old"


def test_a_page_in_place_of_a_checksum(server, tmp_path):
    server.md5 = "<!doctype html><p>Not here"
    with pytest.raises(DownloadError, match="no checksum"):
        fetch(server.url, tmp_path / "a.osm.pbf", **QUICK)
    assert names(tmp_path) == []


def test_without_a_checksum_the_length_is_what_is_verified(server, tmp_path):
    server.md5 = None
    done = fetch(server.url, tmp_path / "a.osm.pbf", **QUICK)
    assert done.checked == "length"
    assert (tmp_path / "a.osm.pbf").read_bytes() == BODY


def test_a_file_of_the_users_own_is_never_overwritten_unasked(server, tmp_path):
    file = tmp_path / "a.osm.pbf"
    file.write_bytes(b"my own")
    with pytest.raises(DownloadError, match=r"not the file that the server has.*--update"):
        fetch(server.url, file, **QUICK)
    assert file.read_bytes() == b"my own"
    file.write_bytes(BODY)
    assert fetch(server.url, file, **QUICK).was_there


def test_a_file_that_was_damaged_since_is_noticed(server, tmp_path):
    file = tmp_path / "a.osm.pbf"
    fetch(server.url, file, **QUICK)
    file.write_bytes(BODY[:-1])
    with pytest.raises(DownloadError, match=r"checksum is in a\.osm\.pbf\.md5"):
        fetch(server.url, file, **QUICK)


def test_no_such_file_on_the_server(server, tmp_path):
    with pytest.raises(DownloadError, match=r"404.*geofabrik"):
        fetch(server.url.replace("/x.", "/y."), tmp_path / "a.osm.pbf", **QUICK)
    assert [name for name in names(tmp_path) if not name.startswith(".")] == []


def test_no_server_at_all(server, tmp_path):
    server.shutdown()
    server.server_close()
    with pytest.raises(DownloadError, match="does not answer"):
        fetch(server.url, tmp_path / "a.osm.pbf", **QUICK)


def test_no_space_left_says_so_and_keeps_the_old_file(server, tmp_path, monkeypatch):
    file = tmp_path / "a.osm.pbf"
    file.write_bytes(b"of old")

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("geo_border.pipeline.inputs.fetch.Resuming._go_on", full)
    with pytest.raises(DownloadError, match="no space left"):
        fetch(server.url, file, update=True, **QUICK)
    assert file.read_bytes() == b"of old"


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/x",
        "x.osm.pbf",
        "http://[::1/x",
        "http://",
        "http:///x",
        "http://host:99999/x",
        "http://host:port/x",
        "http://ho\x1b]0;st/x",
    ],
)
def test_only_the_web_is_fetched_from(tmp_path, url):
    with pytest.raises(DownloadError, match="no address on the web"):
        fetch(url, tmp_path / "a.osm.pbf")


def study(folder, osm):
    folder.mkdir(parents=True, exist_ok=True)
    text = '[study]\nid = "s"\ntitle = "S"\nhome = "H"\nneighbour = "N"\n'
    text += f"[osm]\nextracts = [{osm}]\n"
    text += '[regions]\nhome = { country = "LI" }\nneighbour = { everything_else = true }\n'
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return folder


def test_the_url_never_decides_where_a_file_goes(server, tmp_path):
    url = server.url.replace("/x.", "/../../../x.")
    folder = study(tmp_path / "s", f'{{ file = "data/a.osm.pbf", url = "{url}" }}')
    settings = read_settings(folder / "study.toml")
    with pytest.raises(DownloadError):  # requests itself straightens the path; or it is 404
        fetch_extracts(settings, folder, attempts=1, **QUICK)
        raise DownloadError("fetched")
    written = {path.relative_to(tmp_path).parts[:2] for path in tmp_path.rglob("*.osm.pbf*")}
    assert written <= {("s", "data")}


def test_the_command_fetches_all_and_says_what_it_did(server, tmp_path):
    folder = study(tmp_path / "s", f'{{ file = "a.osm.pbf", url = "{server.url}" }}')
    answer = CliRunner().invoke(cli.app, ["fetch", str(folder)])
    assert answer.exit_code == 0, answer.output
    assert "3.0 MB, fetched, verified" in answer.output
    answer = CliRunner().invoke(cli.app, ["fetch", str(folder)])
    assert "was there, verified" in answer.output


def test_an_extract_without_a_url_must_be_there(tmp_path):
    folder = study(tmp_path / "s", '{ file = "a.osm.pbf" }')
    settings = read_settings(folder / "study.toml")
    with pytest.raises(DownloadError, match=r"no url to fetch it from.*geofabrik"):
        fetch_extracts(settings, folder)
    (folder / "a.osm.pbf").write_bytes(b"x")
    assert fetch_extracts(settings, folder) == []


def test_a_study_without_extracts_has_nothing_to_fetch(mini):
    with pytest.raises(DownloadError, match="names no extracts"):
        fetch_extracts(read_settings(mini / "study.toml"), mini)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("../x.osm.pbf", "outside the folder"),
        ("../../x.osm.pbf", "outside the folder"),
        ("/{root}/x.osm.pbf", "outside the folder"),
        ("link/x.osm.pbf", "outside the folder"),
        ("marked.osm.pbf", "outside the folder"),
        ("study.toml", "name of an extract"),
        ("data/x.txt", "name of an extract"),
        ("mine.osm.pbf", "not replaced"),
        ("data", "name of an extract"),
    ],
)
def test_a_study_cannot_have_other_files_written(server, tmp_path, name, says):
    name = name.replace("/{root}", str(tmp_path))
    folder = study(tmp_path / "r" / "s", f'{{ file = "{name}", url = "{server.url}" }}')
    (folder / "data").mkdir()
    (folder / "link").symlink_to(tmp_path)
    (folder / "mine.osm.pbf").write_bytes(b"my own notes")
    (tmp_path / "victim").write_text("mine", encoding="utf-8")
    (folder / "marked.osm.pbf.md5").symlink_to(tmp_path / "victim")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(DownloadError, match=says):
        fetch_extracts(read_settings(folder / "study.toml"), folder, update=True, **QUICK)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert server.requested == []


@pytest.mark.parametrize("begin", [BEGIN, b"<?xml version='1.0'?>\n<osm "])
def test_an_extract_that_was_put_there_by_hand_is_updated(server, tmp_path, begin):
    folder = study(tmp_path / "s", f'{{ file = "a.osm.pbf", url = "{server.url}" }}')
    (folder / "a.osm.pbf").write_bytes(begin)
    settings = read_settings(folder / "study.toml")
    for _ in range(2):  # the second time it is what was fetched
        fetch_extracts(settings, folder, update=True, **QUICK)
        assert (folder / "a.osm.pbf").read_bytes() == BODY


PAGE = b"<!doctype html><title>Log in</title>"


def answer(body, *headers, status="200 OK"):
    lines = [f"HTTP/1.1 {status}", *headers, "", ""]
    return ["\r\n".join(lines).encode("latin-1"), body]


def endless(*begin):
    yield from begin
    while True:
        yield bytes(1 << 20)


@pytest.mark.parametrize(
    ("name", "raw", "says"),
    [
        ("a.osm.pbf", answer(PAGE, f"Content-Length: {len(PAGE)}"), "no extract.*doctype"),
        ("a.osm", answer(PAGE, f"Content-Length: {len(PAGE)}"), "no extract"),
        ("a.osm.bz2", answer(BODY[:99], "Content-Length: 99"), "no extract"),
        ("a.osm.gz", answer(gzip.compress(PAGE)[:40], "Content-Length: 40"), "no extract"),
        ("a.osm.pbf", answer(b"", "Content-Length: 0"), "begins with nothing"),
        ("a.osm.pbf", answer(b"", status="204 No Content"), "answers 204"),
        ("a.osm.pbf", answer(b"", "Content-Length: 0", status="416 Range"), "answers 416"),
        ("a.osm.pbf", answer(BODY[:99], "Content-Length: 99", status="206 Part"), "answers 206"),
        ("a.osm.pbf", answer(BODY), "does not say how long"),
        ("a.osm.pbf", answer(BODY, "Content-Length: abc"), "'abc' bytes"),
        ("a.osm.pbf", answer(BODY, "Content-Length: -1"), "'-1' bytes"),
        ("a.osm.pbf", answer(BODY, "Content-Length: 10000000000000"), "10,000.0 GB"),
        ("a.osm.pbf", answer(BODY[:999], "Content-Length: 1000"), "gone"),
        (
            "a.osm.pbf",
            answer(gzip.compress(BODY)[:5000], "Content-Encoding: gzip", "Content-Length: 5000"),
            "no extract",
        ),
        (
            "a.osm.pbf",
            answer(b"", "Location: /x.osm.pbf", status="302 Found"),
            "address to address",
        ),
        ("a.osm.pbf", answer(b"", "Location: file:///etc/passwd", status="302 F"), "to address"),
        ("a.osm.pbf", answer(b"", "Location: http://[::1/", status="302 F"), "cannot be fetched"),
        ("a.osm.pbf", [b"SSH-2.0-OpenSSH_9.2\r\n"], "gone"),
    ],
)
@pytest.mark.parametrize("there", [False, True])
def test_what_is_no_extract_or_not_whole_never_appears(server, tmp_path, name, raw, says, there):
    file = tmp_path / name
    if there:
        file.write_bytes(b"of old")
    server.raw, server.md5 = raw, None
    with pytest.raises(DownloadError, match=says):
        fetch(server.url, file, update=True, attempts=2, **QUICK)
    assert [each for each in names(tmp_path) if not each.startswith(".")] == [name] * there
    assert not there or file.read_bytes() == b"of old"


def test_a_redirecting_answer_is_not_read(server, tmp_path):
    head = answer(b"", "Location: file:///x", status="302 Found")[0]
    server.raw, server.md5 = endless(head), None
    with pytest.raises(DownloadError, match="address to address"):
        fetch(server.url, tmp_path / "a.osm.pbf", **QUICK)


def test_a_body_without_end_is_given_up(server, tmp_path, monkeypatch):
    monkeypatch.setattr("geo_border.pipeline.inputs.download.MOST_UNTOLD_BYTES", 5_000_000)
    server.raw = endless(answer(b"")[0], BODY)
    with pytest.raises(DownloadError, match=r"more than 0\.0 GB, which no extract has"):
        fetch(server.url, tmp_path / "a.osm.pbf", **QUICK)
    assert names(tmp_path) == []


def test_what_does_not_fit_on_the_disk_is_not_begun(server, tmp_path):
    free = shutil.disk_usage(tmp_path).free
    server.raw, server.md5 = answer(BODY, f"Content-Length: {free}"), None
    with pytest.raises(DownloadError, match=r"no space left: .* MB are free.*Make room"):
        fetch(server.url, tmp_path / "a.osm.pbf", **QUICK)
    assert names(tmp_path) == []


@pytest.mark.parametrize("stated", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n"])
def test_a_server_that_drips_is_given_up(server, tmp_path, stated):
    drops = BODY[:200] if stated else b"X: y\r\n" * 50
    server.raw = [stated or b"HTTP/1.1 200 OK\r\n", *(bytes([byte]) for byte in drops)]
    server.drip_s = 0.05
    server.md5 = None
    started = time.monotonic()
    with pytest.raises(DownloadError, match=r"gone \(too little has come in 0\.5 s"):
        fetch(server.url, tmp_path / "a.osm.pbf", attempts=2, timeout_s=0.5, pause_s=0.0)
    assert time.monotonic() - started < 5


def test_a_part_that_goes_on_in_another_version_is_thrown_away(server, tmp_path):
    server.cuts = [16 * CHUNK_BYTES, *[0] * 20]
    with pytest.raises(DownloadError):
        fetch(server.url, tmp_path / "a.osm.pbf", attempts=2, **QUICK)
    rest = NEWER[16 * CHUNK_BYTES :]
    about = f"bytes {16 * CHUNK_BYTES}-{len(BODY) - 1}/{len(BODY)}"
    headers = (f"Content-Range: {about}", 'ETag: "second"', f"Content-Length: {len(rest)}")
    server.raw, server.md5 = answer(rest, *headers, status="206 Partial Content"), None
    with pytest.raises(DownloadError):
        fetch(server.url, tmp_path / "a.osm.pbf", attempts=1, **QUICK)
    server.raw, server.cuts = None, []
    fetch(server.url, tmp_path / "a.osm.pbf", **QUICK)
    assert (tmp_path / "a.osm.pbf").read_bytes() == BODY


def test_what_no_server_vouches_for_is_never_called_verified(server, tmp_path):
    server.md5 = None
    folder = study(tmp_path / "s", f'{{ file = "a.osm.pbf", url = "{server.url}" }}')
    for what in ("fetched", "was there"):
        done = CliRunner().invoke(cli.app, ["fetch", str(folder)])
        assert f"{what}, the server has no checksum to verify it by" in done.output
    assert names(folder) == ["a.osm.pbf", "study.toml"]


@pytest.mark.parametrize("raw", [answer(b"", status="403 No"), answer(b"", "Location: /x.osm.pbf")])
def test_passwords_are_not_in_messages(server, tmp_path, raw):
    server.raw, server.md5 = raw, None
    url = server.url.replace("//", "//me:s3cr@t@") + "?token=s3cr-too"
    with pytest.raises(DownloadError) as caught:
        fetch(url, tmp_path / "a.osm.pbf", attempts=1, **QUICK)
    assert "s3cr" not in str(caught.value)
    assert "x.osm.pbf" in str(caught.value)


def test_a_name_with_a_nul_byte(tmp_path):
    with pytest.raises(DownloadError, match="no file has such a name"):
        check_place(tmp_path / "a\0.osm.pbf", tmp_path)
