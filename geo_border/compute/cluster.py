"""Blocks of rows on the workers of a dask cluster, where one machine is too small."""

from __future__ import annotations

import logging
import pickle
import queue
import re
import threading
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from geo_border.errors import SchedulerError
from geo_border.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

R = TypeVar("R")

ANSWER_S = 10
"""Seconds in which a scheduler must answer."""

ALONE_S = 60.0
"""Seconds for which work waits for a worker when all are gone."""

LOOK_S = 5.0
"""Seconds after which one looks whether there are workers still."""

CLOSE_S = 5

_CLUSTER: ContextVar[_Cluster | None] = ContextVar("cluster", default=None)


def current_cluster() -> Any:
    """Client of the cluster in use.

    Returns
    -------
    distributed.Client or None
        None outside `cluster`.
    """
    cluster = _CLUSTER.get()
    return None if cluster is None else cluster.client


@contextmanager
def cluster(address: str, *, tell: Callable[[str], None] = lambda _: None) -> Iterator[None]:
    """Let blocks of rows run on the workers of a dask scheduler.

    Results are the same to the bit as those of one process: blocks do not depend on who
    computes them. Workers that die are replaced by those that are left.

    Parameters
    ----------
    address
        Of the scheduler, such as ``tcp://10.0.0.5:8786``.
    tell
        Called with what a person may mend while it lasts, such as workers that are gone.

    Yields
    ------
    None
        While the cluster is in use.

    Raises
    ------
    SchedulerError
        If dask.distributed is not installed, the address has no port, no scheduler answers, it
        has no worker, or a worker has another version of the package.
    """
    try:
        import distributed  # noqa: F401, PLC0415  (an extra)
    except ImportError as error:
        raise SchedulerError(
            "--scheduler needs dask.distributed", remedy="pip install 'geo-border[distributed]'"
        ) from error
    if re.search(r":\d+$", address) is None:
        raise SchedulerError(
            f"{address!r} is no address of a scheduler",
            remedy="Write host and port, such as tcp://10.0.0.5:8786",
        )
    with _silent():
        client = _connected(address)
        try:
            with _answering(address):
                _check_workers(client, address)
            token = _CLUSTER.set(_Cluster(client, address, tell))
            try:
                yield
            finally:
                _CLUSTER.reset(token)
        finally:
            with suppress(OSError, RuntimeError):
                client.close(timeout=CLOSE_S)


def _connected(address: str) -> Any:
    """Client of a scheduler that answers in time."""
    from distributed import Client  # noqa: PLC0415  (an extra)

    try:
        return _in_time(lambda: Client(address, timeout=ANSWER_S, set_as_default=False))  # type: ignore[no-untyped-call]
    except Exception as error:  # whatever it is, it is no scheduler
        raise SchedulerError(
            f"no dask scheduler answers at {address}",
            remedy="Start one with `dask scheduler` and workers with `dask worker ADDRESS`",
        ) from error


def _in_time(question: Callable[[], R]) -> R:
    """What dask answers, or a TimeoutError.

    Who answers in another language, or has been halted, lets dask wait for ever, in spite of its
    own timeouts: a thread waits here, and is left behind if that takes too long.
    """
    answers: queue.Queue[tuple[R | None, Exception | None]] = queue.Queue()

    def ask() -> None:
        try:
            answers.put((question(), None))
        except Exception as error:  # noqa: BLE001  (raised again where it is awaited)
            answers.put((None, error))

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer, error = answers.get(timeout=2 * ANSWER_S)
    except queue.Empty:
        raise TimeoutError(f"no answer in {2 * ANSWER_S:g} s") from None
    if error is not None:
        raise error
    return cast("R", answer)


@dataclass(frozen=True, slots=True)
class _Cluster:
    """A cluster in use: its client, where it is, and whom to tell what goes wrong."""

    client: Any
    address: str
    tell: Callable[[str], None]


@contextmanager
def _silent() -> Iterator[None]:
    """Keep what dask logs of a lost connection, with its tracebacks, from the terminal."""
    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


@contextmanager
def _answering(address: str) -> Iterator[None]:
    """Say what it means that dask gives no answer."""
    from distributed import CancelledError, KilledWorker  # noqa: PLC0415  (an extra)
    from distributed.comm.core import CommClosedError  # noqa: PLC0415  (an extra)

    try:
        yield
    except KilledWorker as error:
        raise SchedulerError(
            f"one worker after the other of the scheduler at {address} died over the same work",
            remedy="Give each more memory, for example with fewer workers to a machine",
        ) from error
    except (CancelledError, CommClosedError, TimeoutError) as error:
        raise SchedulerError(
            f"the scheduler at {address} does not answer any more",
            remedy="Start it and its workers again; finished stages are kept",
        ) from error


def on_workers(client: Any, work: Callable[[slice], R], blocks: Sequence[slice]) -> Iterator[R]:
    """Apply `work` to blocks on the workers.

    Parameters
    ----------
    client
        Of the cluster in use.
    work
        A function that can be pickled.
    blocks
        The slices.

    Yields
    ------
    object
        What `work` returned for each block, in their order.

    Raises
    ------
    SchedulerError
        If the scheduler is gone, or all workers are and none comes for `ALONE_S`.
    """
    import dask  # noqa: PLC0415  (an extra)

    cluster = _CLUSTER.get()
    assert cluster is not None
    with _answering(cluster.address):
        # As a task it can be made again wherever the worker that held it has died.
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TiB"}):
            held = client.submit(pickle.loads, pickle.dumps(work), pure=False)
        found = client.map(_done, blocks, work=held, pure=False)
    for future in found:
        with _answering(cluster.address):
            result = _result(cluster, future)
            future.release()
        yield result


def _result(cluster: _Cluster, future: Any) -> Any:
    """Wait for a block as long as there are workers, or until none has come for long."""
    alone = 0.0
    while True:
        try:
            return future.result(timeout=LOOK_S)
        except TimeoutError:
            if future.done():
                raise
        if _in_time(cluster.client.nthreads):
            alone = 0.0
            continue
        if not alone:
            cluster.tell(
                f"all workers of the scheduler at {cluster.address} are gone; "
                f"waiting {ALONE_S:g} s for others"
            )
        alone += LOOK_S
        if alone >= ALONE_S:
            raise SchedulerError(
                f"all workers of the scheduler at {cluster.address} are gone",
                remedy=f"Start some with `dask worker {cluster.address}` and run the same "
                "command again; finished stages are kept",
            )


def _done(block: slice, work: Callable[[slice], R]) -> R:
    """What `work` returns for a block."""
    return work(block)


def _check_workers(client: Any, address: str) -> None:
    """Refuse a cluster without workers, or with workers that would compute something else."""
    found = _in_time(lambda: client.run(_own_version))
    if not found:
        raise SchedulerError(
            f"the scheduler at {address} has no worker",
            remedy=f"Start some with `dask worker {address}`",
        )
    for worker, theirs in found.items():
        if theirs != __version__:
            raise SchedulerError(
                f"the worker {worker} has geo_border {theirs}, here it is {__version__}",
                remedy="Install the same version everywhere",
            )


def _own_version() -> str:
    """Version of the package where this runs."""
    return __version__
