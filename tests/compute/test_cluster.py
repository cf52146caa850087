"""Blocks of rows on worker processes: the same results to the bit, also when workers die."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread, Timer
from typing import TYPE_CHECKING

import numpy as np
import pytest
from borderland import random_borderland

from geo_border.access.decay import Exponential, codes
from geo_border.cli import main
from geo_border.compute.cluster import cluster, current_cluster
from geo_border.compute.compiled import in_blocks
from geo_border.errors import NetworkError, SchedulerError
from geo_border.report.files.tables import write_tables
from geo_border.routing.engine.searches import search, search_columns, search_graph
from geo_border.routing.inside import own_times
from geo_border.routing.tiles import tile_closures, tile_sums
from tests.routing.engine.test_searches import random_matrix

if TYPE_CHECKING:
    from pathlib import Path

distributed = pytest.importorskip("distributed", reason="the extra [distributed]")

# dask leaves sockets and loops to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore:.*:pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture(scope="module")
def address():
    """Two worker processes on the loopback interface."""
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
    ) as workers:
        yield workers.scheduler_address


def squares(factor: int, marks: Path | None, rows: slice) -> np.ndarray:
    """A block that kills its worker the first time the third one is asked for."""
    if marks is not None and rows.start == 200:
        mark = marks / "killed"
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.1)
    return factor * np.arange(rows.start, rows.stop) ** 2


def slow(rows: slice) -> int:
    time.sleep(0.05)
    return rows.start


def failing(rows: slice) -> None:
    raise NetworkError("no way", row=rows.start, remedy="Find one")


def test_searches_and_sums_are_those_of_one_process(address):
    graph = search_graph(random_matrix(5, 400), *np.random.default_rng(5).random((2, 400)))
    roots, columns = np.arange(0, 400, 3), np.arange(0, 400, 7)
    random = np.random.default_rng(6)
    A, E = random.random((1500, 9)), random.random((9, 600))
    code, weight = codes([Exponential(half_life=0.3)]), random.random(600)

    def everything():
        trees = search(graph, roots)
        return [
            trees.hours,
            trees.next_node,
            search_columns(graph, roots, columns),
            tile_sums(A, E, weight, code),
            *tile_closures(A, E, weight, code),
        ]

    alone = everything()
    with cluster(address):
        assert current_cluster() is not None
        together = everything()
    assert current_cluster() is None
    for mine, theirs in zip(alone, together, strict=True):
        assert mine.dtype == theirs.dtype
        assert np.array_equal(mine, theirs)


def test_sweeps_on_workers_are_those_of_one_process(address, monkeypatch):
    monkeypatch.setattr("geo_border.routing.engine.hierarchy.LOAD_S", -1.0)
    land = random_borderland(2, n=300, n_places=200)
    alone = own_times(land.network, land.places)
    with cluster(address):
        together = own_times(land.network, land.places)
    for mine, theirs in zip(alone.hours, together.hours, strict=True):
        assert np.array_equal(mine, theirs)


def kill_with_work(client, killed):
    """Stop a worker, and kill it when it has been given work; the thread that does so."""
    worker, process = min(client.run(os.getpid).items())
    os.kill(process, signal.SIGSTOP)

    def kill():
        until = time.monotonic() + 60
        while not (given := client.processing().get(worker)) and time.monotonic() < until:
            time.sleep(0.02)
        os.kill(process, signal.SIGKILL)
        killed.append(len(given or ()))

    return Thread(target=kill)


@pytest.mark.slow
def test_a_run_on_a_cluster_that_loses_a_worker_gives_the_same_tables(
    address, mini_run, run_without_outputs, tmp_path, monkeypatch
):
    mini, alone, _, _ = mini_run
    killed = []
    # One origin a block: work for both workers.
    monkeypatch.setattr("geo_border.routing.inside.rows_at_once", lambda _: 1)

    def progress(stage):
        if stage == "searches":
            kill_with_work(current_cluster(), killed).start()

    with cluster(address):
        results = run_without_outputs(mini, tmp_path / "together", progress=progress)
    write_tables(results, tmp_path / "tables")
    # One worker died, and work with it.
    assert len(killed) == 1
    assert killed[0] > 0
    tables = sorted((alone / "tables").glob("*.csv"))
    assert tables
    for table in tables:
        assert table.read_bytes() == (tmp_path / "tables" / table.name).read_bytes()


def test_whatif_on_a_cluster_writes_the_same_bytes(address, mini, tmp_path, monkeypatch):
    plans = tmp_path / "plans.csv"
    rows = "".join(f"wait {n} h,middle={n},\n" for n in range(1, 8))
    plans.write_text(f"name,delay,close\n{rows}shut,,west\n")
    written = []
    for name, spread in (("alone", ()), ("together", ("--scheduler", address))):
        out = str(tmp_path / name)
        command = ("geo-border", "whatif", str(mini), "--scenarios", str(plans), "-o", out, *spread)
        monkeypatch.setattr(sys, "argv", list(command))
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        folder = tmp_path / name / "whatif" / "plans-csv"
        written.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert {"totals.csv", "regions.csv", "places.csv", "whatif.gpkg"} <= written[0].keys()
    assert written[0] == written[1]


def test_blocks_of_a_killed_worker_are_computed_by_another(address, tmp_path):
    with cluster(address):
        parts = list(in_blocks(1000, partial(squares, 3, tmp_path), size=100))
    assert (tmp_path / "killed").exists()
    assert np.array_equal(np.concatenate(parts), 3 * np.arange(1000) ** 2)


def test_an_error_on_a_worker_arrives_with_its_text(address):
    with cluster(address), pytest.raises(NetworkError) as caught:
        list(in_blocks(10, failing))
    assert str(caught.value) == "row 0: no way. Find one."


def test_an_address_without_a_port_is_no_address():
    with (
        pytest.raises(SchedulerError, match=r"'foo' is no address.*such as tcp://"),
        cluster("foo"),
    ):
        pass


@pytest.mark.parametrize("nowhere", ["tcp://127.0.0.1:9", "nonsense://x:1"])
def test_no_scheduler_is_one_clear_error(monkeypatch, nowhere):
    monkeypatch.setattr("geo_border.compute.cluster.ANSWER_S", 0.2)
    stated = f"no dask scheduler answers at {re.escape(nowhere)}"
    with pytest.raises(SchedulerError, match=stated), cluster(nowhere):
        pass


@pytest.mark.parametrize("kind", ["http", "tcp"])
def test_a_server_of_another_kind_is_no_scheduler(monkeypatch, kind):
    monkeypatch.setattr("geo_border.compute.cluster.ANSWER_S", 1)
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"{kind}://127.0.0.1:{server.server_port}"
        with pytest.raises(SchedulerError, match="no dask scheduler answers"), cluster(address):
            pass
        server.shutdown()


@pytest.mark.parametrize(
    ("end", "says", "alone_s"),
    [
        (lambda workers: workers.scale(0), "all workers of the scheduler.*are gone", 1.0),
        # Its workers go first: a moment without any says nothing of the scheduler.
        (lambda workers: workers.close(), "the scheduler at .* does not answer any more", 60.0),
    ],
)
def test_work_ends_when_those_who_do_it_are_gone(monkeypatch, end, says, alone_s):
    monkeypatch.setattr("geo_border.compute.cluster.ALONE_S", alone_s)
    monkeypatch.setattr("geo_border.compute.cluster.LOOK_S", 0.2)
    stated = []
    with (
        distributed.LocalCluster(
            n_workers=1,
            threads_per_worker=1,
            processes=False,
            protocol="tcp",
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
        ) as workers,
        pytest.raises(SchedulerError, match=says),
        cluster(workers.scheduler_address, tell=stated.append),
    ):
        Timer(0.5, end, (workers,)).start()
        list(in_blocks(1000, slow, size=1))
    assert stated or alone_s > 1


def test_a_cluster_without_workers_is_refused():
    with (
        distributed.LocalCluster(
            n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as empty,
        pytest.raises(SchedulerError, match="has no worker"),
        cluster(empty.scheduler_address),
    ):
        pass


def test_a_worker_that_is_halted_holds_nobody_up(address, monkeypatch):
    with cluster(address):
        process = min(current_cluster().run(os.getpid).values())
    monkeypatch.setattr("geo_border.compute.cluster.ANSWER_S", 2)
    os.kill(process, signal.SIGSTOP)
    try:
        with pytest.raises(SchedulerError, match="does not answer any more"), cluster(address):
            pass
    finally:
        os.kill(process, signal.SIGCONT)


def test_workers_of_another_version_are_refused(address, monkeypatch):
    monkeypatch.setattr("geo_border.compute.cluster.__version__", "0.0.0")
    with pytest.raises(SchedulerError, match=r"here it is 0\.0\.0"), cluster(address):
        pass
