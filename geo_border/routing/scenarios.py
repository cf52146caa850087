"""Scenarios at the border, and the fastest ways between gates that follow from each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.border.hours import Opening, read_hours
from geo_border.errors import CheckpointError, ParameterError
from geo_border.routing.named import check_names
from geo_border.routing.passage_kernels import fill_passages, tree_from
from geo_border.routing.tables import GateTables
from geo_border.shown import shown
from geo_border.terms import CAR, DIRECTIONS, USERS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from geo_border.routing.travel import Travel


Hours = float | Sequence[float | None]
"""Of both directions, or home to neighbour and back; None leaves a direction as it is."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is different at the border; everything else stays as it is.

    Parameters
    ----------
    close
        Checkpoints that nobody may pass.
    open
        Checkpoints, or crossings without one, that are passed although they are not open;
        `close` wins.
    delay
        Hours that a passage of some checkpoints takes, the wait for the opening included: of both
        directions, or as (home to neighbour, neighbour to home), None where it stays as it is.
    added
        Hours that come to the passage of some checkpoints as it is, or to those of `delay`.
    hours
        Other opening hours of some checkpoints in OSM syntax, or what was read of them: their
        expected wait takes the place of that of the hours as they are, or is added to a delay
        given in `delay`.
    one_way
        Checkpoints passed in one direction alone, ``"out"`` (home to neighbour) or ``"in"``.
    modes
        Modes of the checkpoints that may be passed; all if empty.
    users
        Who travels: ``"multilateral"`` (citizens of any state), ``"bilateral"`` (of the two
        states) or ``"local"`` (border residents, whom every checkpoint lets pass). A
        checkpoint in service is open to them if its own group is theirs or a wider one or
        unknown; as the gates say if not given.
    factor
        Multiplies every delay, those of `delay` too; 0 is the open border. An infinite
        delay stays infinite whatever the factor.
    classes
        What is different for a class of traffic alone, by its name, as a scenario without classes.
        What it says of a checkpoint holds for the class in place of what is said for all, so what
        is closed here may be open to a class; factors are multiplied.

    Raises
    ------
    ParameterError
        If what is said of a class speaks of classes again.

    Examples
    --------
    A closure:

    >>> import geo_border as gb
    >>> trips = gb.travel(gb.example_network())
    >>> shut = gb.Scenario(close=["orsk-alimbet"])
    >>> lost = gb.potential(trips)["across"] - gb.potential(trips, scenario=shut)["across"]
    >>> trips.places["name"][lost.idxmax()]
    'Badamsha'

    One checkpoint shuts, at another a passage takes an hour and a half, at a third an hour more
    for those who come home:

    >>> import geo_border as gb
    >>> plan = gb.Scenario(close=["ilek"], delay={"syrym": 1.5}, added={"orda": (None, 1)})
    >>> sorted(plan.named)
    ['ilek', 'orda', 'syrym']

    A checkpoint that trucks alone may pass, and pass an hour slower:

    >>> import geo_border as gb
    >>> trucks = gb.Scenario(open=["ilek"], added={"ilek": 1})
    >>> plan = gb.Scenario(close=["ilek"], classes={"truck": trucks})
    >>> sorted(plan.of_class("car").close), sorted(plan.of_class("truck").close)
    (['ilek'], [])
    """

    close: Collection[str] = frozenset()
    open: Collection[str] = frozenset()
    delay: Mapping[str, Hours] = field(default_factory=dict)
    added: Mapping[str, Hours] = field(default_factory=dict)
    hours: Mapping[str, str | Opening] = field(default_factory=dict)
    one_way: Mapping[str, str] = field(default_factory=dict)
    modes: Collection[str] = frozenset()
    users: str | None = None
    factor: float = 1.0
    classes: Mapping[str, Scenario] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Take lists and single hours too."""
        for name in ("close", "open", "modes"):
            object.__setattr__(self, name, frozenset(getattr(self, name)))
        for name in ("delay", "added"):
            pairs = {key: by_direction(value) for key, value in getattr(self, name).items()}
            object.__setattr__(self, name, pairs)
        for name, own in self.classes.items():
            if own.classes:
                raise ParameterError(
                    f"the scenario of the class {name!r} speaks of classes again",
                    remedy="Give each class a scenario of its own, beside the others",
                )

    @property
    def named(self) -> frozenset[str]:
        """Checkpoints that the scenario names, for all or for a class."""
        tables = self.open, self.delay, self.added, self.hours, self.one_way
        of_classes = [own.named for own in self.classes.values()]
        return frozenset(self.close).union(*tables, *of_classes)

    def of_class(self, name: str) -> Scenario:
        """Say what is different for a class.

        Parameters
        ----------
        name
            The class.

        Returns
        -------
        Scenario
            One that speaks of no class.
        """
        own = self.classes.get(name)
        if own is None:
            return replace(self, classes={}) if self.classes else self
        # A delay of the class stands for the whole of a passage: nothing of all comes to it.
        whole: dict[str, Hours] = {
            gate: [None if hours is None else 0.0 for hours in by_direction(both)]
            for gate, both in own.delay.items()
        }
        return Scenario(
            close=(frozenset(self.close) - frozenset(own.open)) | frozenset(own.close),
            open=(frozenset(self.open) - frozenset(own.close)) | frozenset(own.open),
            delay=_over(self.delay, own.delay),
            added=_over(_over(self.added, whole), own.added),
            hours={**self.hours, **own.hours},
            one_way={**self.one_way, **own.one_way},
            modes=own.modes or self.modes,
            users=own.users or self.users,
            factor=self.factor * own.factor,
        )


def _over(hours: Mapping[str, Hours], own: Mapping[str, Hours]) -> dict[str, Hours]:
    """Hours, and in their place those of one's own, by direction."""
    found = dict(hours)
    for name, given in own.items():
        pairs = zip(by_direction(given), by_direction(found.get(name, (None, None))), strict=True)
        found[name] = [before if hours is None else hours for hours, before in pairs]
    return found


def by_direction(hours: Hours) -> tuple[float | None, float | None]:
    """Hours of each direction.

    Parameters
    ----------
    hours
        As a scenario takes them.

    Returns
    -------
    tuple
        Home to neighbour and back, None where a direction stays as it is.
    """
    if isinstance(hours, int | float):
        return hours, hours
    out, back = hours
    return out, back


AS_IS: Scenario = Scenario()
"""Delays and open gates as the tables have them."""

OPEN_BORDER = Scenario(factor=0.0)
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
    within
        Drives between the gate nodes inside each side, hours, infinite at gates that are
        closed, shape (2, K, K).
    hours
        Between all gate nodes, hours, shape (2K, 2K).
    across
        By side of the origin: from the gate node on that side before passage k to the
        gate node on the other side after passage l, hours, shape (2, K, K).
    transit
        By side of origin and destination: from the gate node before passage k out to the
        gate node after passage l back, hours, shape (2, K, K).
    """

    __repr__ = shown

    delay: NDArray[np.float64]
    within: NDArray[np.float64]
    hours: NDArray[np.float64]
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
        # Sides are small integers, in which a product with many gates does not fit.
        k, side = self.delay.shape[1], int(side)
        start = [(side, first), (1 - side, first)]
        if first == last and not back:
            return start
        end_side = 1 - side if back else side
        nodes = []
        node, root = end_side * k + last, (1 - side) * k + first
        previous = np.empty(2 * k, np.int64)
        tree_from(self.delay, self.within, root, previous)
        while node != root:
            nodes.append(divmod(node, k))
            node = int(previous[node])
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
    return GateDelays.of(tables).under(scenario)


@dataclass(frozen=True, slots=True, eq=False)
class GateDelays:
    """What delays follow from, taken out of the gates once for many scenarios.

    Parameters
    ----------
    gates
        As in the tables.
    position
        Of each gate.
    hours
        Delays as they are, whether the gates are open or not, shape (2, K).
    wait
        Part of them that is the wait for the opening, if that is known, shape (K,).
    of_class
        Class whose delays they are.
    queue
        What `without` took out of delays that are stated with their queue, hours, shape (2, K);
        none if not given.
    least
        Least delays without it, hours, shape (2, K).
    """

    gates: pd.DataFrame
    position: dict[str, int]
    hours: NDArray[np.float64]
    wait: NDArray[np.float64] | None
    of_class: str = CAR
    queue: NDArray[np.float64] | None = None
    least: NDArray[np.float64] | None = None

    @classmethod
    def of(cls, tables: GateTables, of_class: str = CAR) -> GateDelays:
        """Take them from checkpoint tables.

        Parameters
        ----------
        tables
            Checkpoint tables.
        of_class
            Class whose tables they are.

        Returns
        -------
        GateDelays
            For scenarios of these gates.
        """
        gates = tables.gates
        return cls(
            gates=gates,
            position={str(name): at for at, name in enumerate(gates.index)},
            hours=gates[["delay_out_h", "delay_in_h"]].to_numpy(float).T,
            wait=gates["wait_h"].to_numpy(float) if "wait_h" in gates else None,
            of_class=of_class,
        )

    def without(self, queue: NDArray[np.float64], least: NDArray[np.float64]) -> GateDelays:
        """Take a queue out of the delays, and out of those that scenarios state.

        Parameters
        ----------
        queue
            Part of stated delays that is a queue, hours, shape (2, K).
        least
            What is left at least where there is one, but no more than was stated, hours,
            shape (2, K).

        Returns
        -------
        GateDelays
            Free ones: whoever states the present delay of a checkpoint changes nothing.
        """
        free = free_of_queue(self.hours, queue, least)
        return replace(self, hours=free, queue=queue, least=least)

    def under(self, scenario: Scenario) -> NDArray[np.float64]:
        """Hours that each passage takes under a scenario.

        Parameters
        ----------
        scenario
            What is different at the border.

        Returns
        -------
        ndarray
            As `delays` gives them.

        Raises
        ------
        CheckpointError
            As in `delays`.
        """
        if not scenario.named <= self.position.keys():
            check_names(scenario.named, self.gates.index)
        at = self.position
        scenario = scenario.of_class(self.of_class)
        hours = self._of_passages(scenario)
        if not (scenario.factor >= 0 and (hours >= 0).all()):
            raise CheckpointError(
                "a delay or the delay factor is negative or missing",
                remedy="Give hours, 0 or more, also where a checkpoint never opens as it is",
            )
        hours[np.isfinite(hours)] *= scenario.factor
        passable = _let_pass(self.gates, scenario.users)
        passable[[at[name] for name in scenario.open]] = True
        passable[[at[name] for name in scenario.close]] = False
        if scenario.modes:
            passable &= self.gates["mode"].isin(list(scenario.modes)).to_numpy()
        hours[:, ~passable] = np.inf
        for name, direction in scenario.one_way.items():
            if direction not in DIRECTIONS:
                raise CheckpointError(
                    f"the direction of checkpoint {name!r} is {direction!r}",
                    remedy=f"Write {' (home to neighbour) or '.join(DIRECTIONS)}",
                )
            hours[1 - DIRECTIONS.index(direction), at[name]] = np.inf
        return hours

    def _of_passages(self, scenario: Scenario) -> NDArray[np.float64]:
        """Hours of passages under a scenario, whoever may pass."""
        at = self.position
        hours = self.hours.copy()
        given = np.zeros(hours.shape, bool)
        for name, pair in scenario.delay.items():
            for direction, value in enumerate(by_direction(pair)):
                if value is not None:
                    hours[direction, at[name]], given[direction, at[name]] = value, True
        if self.queue is not None and self.least is not None:
            free = free_of_queue(hours, self.queue, self.least)
            hours[given] = free[given]
        for name, opening in scenario.hours.items():
            gate, opened = at[name], opening
            before = 0.0 if self.wait is None else self.wait[gate]
            hours[~given[:, gate], gate] -= before if before < np.inf else np.nan
            if isinstance(opened, str):
                opened = read_hours(opened)
            hours[:, gate] += opened.wait_h
        for name, added in scenario.added.items():
            both = by_direction(added)
            more = np.array([of_one or 0.0 for of_one in both])
            if np.isinf(hours[more > 0, at[name]]).any():
                entry = "/".join(
                    f"+{value:g}" for value in dict.fromkeys(both) if value is not None
                )
                raise CheckpointError(
                    f"'{name}={entry}' adds to a passage that takes no finite time as it is",
                    remedy="Write the whole of the passage, for example my-post=1.5",
                )
            hours[:, at[name]] += more
        return hours


def free_of_queue(
    hours: NDArray[np.float64], queue: NDArray[np.float64], least: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Delays without a queue that they were stated with.

    Parameters
    ----------
    hours
        Delays, shape (2, K).
    queue, least
        As `GateDelays.without` takes them.

    Returns
    -------
    ndarray
        Hours, shape (2, K); as they are where there is no queue.
    """
    free = np.maximum(hours - queue, np.minimum(least, hours))
    found: NDArray[np.float64] = np.where(queue > 0, free, hours)
    return found


def _let_pass(gates: pd.DataFrame, users: str | None) -> NDArray[np.bool_]:
    """Gates that a group of users may pass as they are."""
    if users is None:
        return gates["is_open"].to_numpy(bool, copy=True)
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


def passages(tables: GateTables | Travel, scenario: Scenario = AS_IS) -> Passages:
    """Fastest ways between all gate nodes under a scenario.

    This is all that a scenario changes: no new search of the network. The cost is that of
    the gates that can be passed, whatever the number of those that are closed.

    Parameters
    ----------
    tables
        Checkpoint tables, or trips that have some.
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

    Examples
    --------
    >>> import numpy as np
    >>> import geo_border as gb
    >>> trips = gb.travel(gb.example_network())
    >>> gb.passages(trips).across.shape
    (2, 30, 30)
    >>> free = gb.passages(trips, gb.Scenario(factor=0.0)).delay
    >>> float(free[np.isfinite(free)].max())
    0.0
    """
    tables = tables if isinstance(tables, GateTables) else tables.tables
    return passages_with(delays(tables, scenario), tables.within)


def passages_with(delay: NDArray[np.float64], within: NDArray[np.float64]) -> Passages:
    """Fastest ways between all gate nodes with given delays.

    Parameters
    ----------
    delay
        Hours of a passage home to neighbour and back, infinite where nobody may pass,
        shape (2, K).
    within
        Drives between the gate nodes, as in the tables, hours, shape (2, K, K).

    Returns
    -------
    Passages
        The ways, closed under (min, +).
    """
    k = delay.shape[1]
    passed = np.flatnonzero(np.isfinite(delay).any(axis=0))
    node = np.r_[passed, passed + k]
    shapes = (2 * k, 2 * k), (2, k, k), (2, k, k), (2, k, k)
    places = np.ix_(node, node), *[np.ix_(np.arange(2), passed, passed)] * 3
    inside = np.ascontiguousarray(within[places[1]])
    found = [np.empty((2 * len(passed), 2 * len(passed))), *np.empty((2, *inside.shape))]
    fill_passages(np.ascontiguousarray(delay[:, passed]), inside, *found)
    hours, across, transit, driving = (np.full(shape, np.inf) for shape in shapes)
    for whole, at, part in zip(
        (hours, across, transit, driving), places, (*found, inside), strict=True
    ):
        whole[at] = part
    return Passages(delay, driving, hours, across, transit)
