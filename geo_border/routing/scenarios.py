"""Scenarios at the border, and the fastest ways between gates that follow from each."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.border.checkpoints import USERS, expected_wait
from geo_border.errors import CheckpointError
from geo_border.routing.compiled import kernel

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from geo_border.routing.tables import GateTables

ROUNDING = 1e-12
"""A way that passes the border more often must be faster by more than this fraction."""


DIRECTIONS = ("out", "in")
"""Home to neighbour, and back: the order of everything that has a direction."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is different at the border; everything else stays as it is.

    Parameters
    ----------
    closed
        Checkpoints that nobody may pass.
    opened
        Checkpoints, or candidates, that are passed although their gate is not open;
        `closed` wins.
    delay_h
        Delays of some checkpoints, hours, as (home to neighbour, neighbour to home), the
        wait for the opening included.
    opening_hours
        Other opening hours of some checkpoints in OSM syntax: their expected wait takes the
        place of that of the hours as they are, or is added to a delay given in `delay_h`.
    one_way
        Checkpoints passed in one direction alone, ``"out"`` or ``"in"``.
    modes
        Modes of the checkpoints that may be passed; all if empty.
    users
        Who travels: ``"multilateral"`` (citizens of any state), ``"bilateral"`` (of the two
        states) or ``"local"`` (border residents, whom every checkpoint lets pass). A
        checkpoint in service is open to them if its own group is theirs or a wider one or
        unknown; as the gates say if not given.
    delay_factor
        Multiplies every delay, those of `delay_h` too; 0 is the open border. An infinite
        delay stays infinite whatever the factor.
    """

    closed: frozenset[str] = frozenset()
    opened: frozenset[str] = frozenset()
    delay_h: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    opening_hours: Mapping[str, str] = field(default_factory=dict)
    one_way: Mapping[str, str] = field(default_factory=dict)
    modes: frozenset[str] = frozenset()
    users: str | None = None
    delay_factor: float = 1.0

    @property
    def named(self) -> frozenset[str]:
        """Checkpoints that the scenario names."""
        return self.closed.union(self.opened, self.delay_h, self.opening_hours, self.one_way)


AS_IS = Scenario()
"""Delays and open gates as the tables have them."""

OPEN_BORDER = Scenario(delay_factor=0.0)
"""The same open gates without delays."""


@dataclass(frozen=True, slots=True, eq=False)
class Passages:
    """Fastest ways between gate nodes with any number of passages of the border.

    Gate nodes are numbered as in `GateTrees`: home nodes, then neighbour nodes; no way leads
    over those of gates that nobody may pass. Ways are known by their first and last
    passage. A way is left out (infinite) where another with fewer passages is no slower: no
    fastest trip needs it.

    Parameters
    ----------
    delay
        Hours of a passage home to neighbour and back, infinite where closed,
        shape (2, K).
    hours
        Between all gate nodes, hours, shape (2K, 2K).
    previous
        Gate node before each on the fastest way from the row's node, -1 at the start and
        where there is none, shape (2K, 2K).
    across
        By side of the origin: from the gate node on that side before passage k to the
        gate node on the other side after passage l, hours, shape (2, K, K).
    transit
        By side of origin and destination: from the gate node before passage k out to the
        gate node after passage l back, hours, shape (2, K, K).
    """

    delay: NDArray[np.float64]
    hours: NDArray[np.float64]
    previous: NDArray[np.int32]
    across: NDArray[np.float64]
    transit: NDArray[np.float64]

    def hops(self, side: int, first: int, last: int, *, back: bool) -> list[tuple[int, int]]:
        """Gate nodes of a way in order, as (side, gate).

        Parameters
        ----------
        side
            Side of the origin.
        first, last
            Gates of the first and the last passage.
        back
            Whether the way ends on the side where it began (`transit`).

        Returns
        -------
        list of tuple
            From the node before the first passage to the node after the last. Two
            neighbours in the list with the same gate are a passage, two with the same
            side a drive.
        """
        k = self.delay.shape[1]
        start = [(side, first), (1 - side, first)]
        if first == last and not back:
            return start
        end_side = 1 - side if back else side
        nodes = []
        node, root = end_side * k + last, (1 - side) * k + first
        while node != root:
            nodes.append(divmod(node, k))
            node = self.previous[root, node]
        return [*start, *((int(s), int(g)) for s, g in reversed(nodes)), (1 - end_side, last)]

    def counts(self, side: int, *, back: bool) -> NDArray[np.float64]:
        """How often each way passes each gate.

        Parameters
        ----------
        side
            Side of the origin.
        back
            Whether to count the ways of `transit` instead of `across`.

        Returns
        -------
        ndarray
            Passages by first gate, last gate, direction (home to neighbour, back) and
            gate; 0 for ways left out, shape (K, K, 2, K).
        """
        k = self.delay.shape[1]
        counts = np.zeros((k, k, 2, k))
        table = self.transit if back else self.across
        for first, last in np.argwhere(np.isfinite(table[side])):
            hops = self.hops(side, first, last, back=back)
            for (from_side, gate), (_, after) in pairwise(hops):
                if gate == after:
                    counts[first, last, from_side, gate] += 1
        return counts


def delays(tables: GateTables, scenario: Scenario = AS_IS) -> NDArray[np.float64]:
    """Hours that each passage takes under a scenario.

    Parameters
    ----------
    tables
        Checkpoint tables.
    scenario
        What is different at the border.

    Returns
    -------
    ndarray
        Home to neighbour and back, infinite where nobody may pass, shape (2, K).

    Raises
    ------
    CheckpointError
        If the scenario names a checkpoint that the tables do not have, or a delay or the
        factor is missing or negative.
    """
    gates = tables.gates
    check_names(scenario.named, gates.index)
    hours = gates[["delay_out_h", "delay_in_h"]].to_numpy(float).T.copy()
    for name, pair in scenario.delay_h.items():
        hours[:, gates.index.get_loc(name)] = pair
    for name, text in scenario.opening_hours.items():
        if name not in scenario.delay_h and "wait_h" in gates:
            before = float(gates["wait_h"].loc[name])
            hours[:, gates.index.get_loc(name)] -= before if before < np.inf else np.nan
        hours[:, gates.index.get_loc(name)] += _wait(text)
    if not (scenario.delay_factor >= 0 and (hours >= 0).all()):
        raise CheckpointError(
            "a delay or the delay factor is negative or missing",
            remedy="Give hours, 0 or more, also where a checkpoint never opens as it is",
        )
    finite = np.isfinite(hours)
    hours[finite] *= scenario.delay_factor
    passable = _let_pass(gates, scenario.users) | gates.index.isin(list(scenario.opened))
    passable &= ~gates.index.isin(list(scenario.closed))
    if scenario.modes:
        passable &= gates["mode"].isin(list(scenario.modes)).to_numpy()
    hours[:, ~passable] = np.inf
    for name, direction in scenario.one_way.items():
        if direction not in DIRECTIONS:
            raise CheckpointError(
                f"the direction of checkpoint {name!r} is {direction!r}",
                remedy=f"Write {' (home to neighbour) or '.join(DIRECTIONS)}",
            )
        hours[1 - DIRECTIONS.index(direction), gates.index.get_loc(name)] = np.inf
    return hours


_wait = cache(expected_wait)


def check_names(names: Collection[str], known: pd.Index[str]) -> None:
    """Refuse names that the tables do not have.

    Parameters
    ----------
    names
        What is asked for.
    known
        What there is.

    Raises
    ------
    CheckpointError
        For the first of them in the alphabet, with those that read most like it.
    """
    unknown = sorted(set(names) - set(known))
    if unknown:
        like = get_close_matches(unknown[0], list(known), n=3, cutoff=0.4) or list(known[:5])
        raise CheckpointError(
            f"the scenario names checkpoint {unknown[0]!r}, which the tables do not have",
            remedy=f"They have {', '.join(map(str, like))} …",
        )


def _let_pass(gates: pd.DataFrame, users: str | None) -> NDArray[np.bool_]:
    """Gates that a group of users may pass as they are."""
    if users is None:
        return gates["is_open"].to_numpy(bool)
    if users not in USERS:
        raise CheckpointError(
            f"there is no group of users {users!r}", remedy=f"Write one of {', '.join(USERS)}"
        )
    if not {"users", "in_service"} <= set(gates.columns):
        raise CheckpointError("the gates do not say who may pass them")
    # Unknown users are -1: anybody.
    widest = pd.Index(USERS).get_indexer(pd.Index(gates["users"]))
    let: NDArray[np.bool_] = gates["in_service"].to_numpy(bool) & (widest <= USERS.index(users))
    return let


def passages(tables: GateTables, scenario: Scenario = AS_IS) -> Passages:
    """Fastest ways between all gate nodes under a scenario.

    This is all that a scenario changes: no new search of the network. The cost is that of
    the gates that can be passed, whatever the number of those that are closed.

    Parameters
    ----------
    tables
        Checkpoint tables.
    scenario
        What is different at the border.

    Returns
    -------
    Passages
        The ways, closed under (min, +).

    Raises
    ------
    CheckpointError
        If the scenario does not fit the tables.
    """
    delay = delays(tables, scenario)
    k = tables.n_gates
    passed = np.flatnonzero(np.isfinite(delay).any(axis=0))
    ways = _passages(delay[:, passed], tables.within[:, passed[:, None], passed])
    if len(passed) == k:
        return ways
    node = np.r_[passed, passed + k]
    hours, previous = np.full((2 * k, 2 * k), np.inf), np.full((2 * k, 2 * k), -1, np.int32)
    hours[node[:, None], node] = ways.hours
    previous[node[:, None], node] = np.where(
        ways.previous < 0, -1, node.astype(np.int32)[ways.previous]
    )
    across, transit = np.full((2, 2, k, k), np.inf)
    across[:, passed[:, None], passed] = ways.across
    transit[:, passed[:, None], passed] = ways.transit
    return Passages(delay, hours, previous, across, transit)


def _passages(delay: NDArray[np.float64], within: NDArray[np.float64]) -> Passages:
    """Ways between gates that can be passed, as `passages` gives them."""
    k = delay.shape[1]
    arcs = np.full((2 * k, 2 * k), np.inf)
    arcs[:k, :k], arcs[k:, k:] = within
    gate = np.arange(k)
    arcs[gate, gate + k], arcs[gate + k, gate] = delay
    hours, previous = _close(arcs)

    returns = _returns(previous)
    across = np.empty((2, k, k))
    transit = np.empty((2, k, k))
    for side in range(2):
        here, there = slice(side * k, (side + 1) * k), slice((1 - side) * k, (2 - side) * k)
        out, back = delay[side], delay[1 - side]
        ways = out[:, None] + hours[there, here] + out
        shorter = np.minimum(within[side] + out, out[:, None] + within[1 - side])
        pays = (ways < shorter * (1 - ROUNDING)) & ~returns[there, here]
        across[side] = np.where(pays, ways, np.inf)
        across[side, gate, gate] = out
        ways = out[:, None] + hours[there, there] + back
        pays = (ways < within[side] * (1 - ROUNDING)) & ~returns[there, there]
        transit[side] = np.where(pays, ways, np.inf)
    return Passages(delay, hours, previous, across, transit)


@kernel
def _returns(previous: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether a way passes the other node of the gate where it begins or ends.

    Before and after the passages at its ends it would come twice through one node, so a
    shorter way is in it.
    """
    n = len(previous)
    returns = np.zeros((n, n), np.bool_)
    for root in range(n):
        for end in range(n):
            node = end
            while node >= 0:
                if node in ((root + n // 2) % n, (end + n // 2) % n):
                    returns[root, end] = True
                node = previous[root, node]
    return returns


@kernel
def _close(arcs: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """All fastest ways of a dense graph: Dijkstra's algorithm from every node.

    Its trees have no cycles even where arcs take no time; of equally fast ways the one
    with fewer arcs is taken.
    """
    n = len(arcs)
    hours = np.full((n, n), np.inf)
    previous = np.full((n, n), -1, np.int32)
    for root in range(n):
        open_ = np.ones(n, np.bool_)
        steps = np.zeros(n, np.int32)
        hours[root, root] = 0.0
        for _ in range(n):
            best = -1
            for node in range(n):
                if (
                    open_[node]
                    and hours[root, node] < np.inf
                    and (
                        best < 0
                        or hours[root, node] < hours[root, best]
                        or (hours[root, node] == hours[root, best] and steps[node] < steps[best])
                    )
                ):
                    best = node
            if best < 0:
                break
            open_[best] = False
            for node in range(n):
                value = hours[root, best] + arcs[best, node]
                if open_[node] and (
                    value < hours[root, node]
                    or (
                        value == hours[root, node]
                        and value < np.inf
                        and steps[best] + 1 < steps[node]
                    )
                ):
                    hours[root, node] = value
                    steps[node] = steps[best] + 1
                    previous[root, node] = best
    return hours, previous
