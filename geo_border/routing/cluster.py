"""Blocks of rows on the workers of a dask cluster, where one machine is too small."""

from __future__ import annotations

import pickle
import re
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from geo_border import __version__
from geo_border.errors import SchedulerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

R = TypeVar("R")

ANSWER_S = 10
"""Seconds in which a scheduler must answer."""

_CLUSTER: ContextVar[Any] = ContextVar("cluster", default=None)


def current_cluster() -> Any:
    """Client of the cluster in use.

    Returns
    -------
    distributed.Client or None
        None outside `cluster`.
    """
    return _CLUSTER.get()


@contextmanager
def cluster(address: str) -> Iterator[None]:
    """Let blocks of rows run on the workers of a dask scheduler.

    Results are the same to the bit as those of one process: blocks do not depend on who
    computes them. Workers that die are replaced by those that are left.

    Parameters
    ----------
    address
        Of the scheduler, such as ``tcp://10.0.0.5:8786``.

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
        from distributed import Client  # noqa: PLC0415  (an extra)
    except ImportError as error:
        raise SchedulerError(
            "--scheduler needs dask.distributed", remedy="pip install 'geo-border[distributed]'"
        ) from error
    if re.search(r":\d+$", address) is None:
        raise SchedulerError(
            f"{address!r} is no address of a scheduler",
            remedy="Write host and port, such as tcp://10.0.0.5:8786",
        )
    try:
        client: Any = Client(address, timeout=ANSWER_S, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise SchedulerError(
            f"no dask scheduler answers at {address}",
            remedy="Start one with `dask scheduler` and workers with `dask worker ADDRESS`",
        ) from error
    with client:
        _check_workers(client, address)
        token = _CLUSTER.set(client)
        try:
            yield
        finally:
            _CLUSTER.reset(token)


def on_workers(client: Any, work: Callable[[slice], R], blocks: Sequence[slice]) -> Iterator[R]:
    """Apply `work` to blocks on the workers.

    Parameters
    ----------
    client
        Of the cluster.
    work
        A function that can be pickled.
    blocks
        The slices.

    Yields
    ------
    object
        What `work` returned for each block, in their order.
    """
    import dask  # noqa: PLC0415  (an extra)

    # As a task it can be made again wherever the worker that held it has died.
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TiB"}):
        held = client.submit(pickle.loads, pickle.dumps(work), pure=False)
    found = client.map(_done, blocks, work=held, pure=False)
    for future in found:
        yield future.result()
        future.release()


def _done(block: slice, work: Callable[[slice], R]) -> R:
    """What `work` returns for a block."""
    return work(block)


def _check_workers(client: Any, address: str) -> None:
    """Refuse a cluster without workers, or with workers that would compute something else."""
    found = client.run(_own_version)
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
