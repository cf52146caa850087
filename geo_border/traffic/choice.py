"""Joint choice of destination and checkpoint, factorised through the gates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from geo_border.compute.compiled import in_blocks
from geo_border.shown import shown
from geo_border.traffic.choice_kernels import answer_rows, share_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.traffic.border_routes import BorderRoutes

BLOCK = 4096
"""Origins looked at together: their shares of the gates stay near the processor."""


@dataclass(frozen=True, slots=True, eq=False)
class Leg:
    """What the way out of some origins is chosen from, or the way home.

    Parameters
    ----------
    hours
        Between each point and the gates of its side, shape (N, K).
    pull
        Logarithm of ``s_k = Σ_j Q_j exp(-θ B_kj)``, shape (K,).
    outward
        Whether it leads away from the origins; the other way leads home to them.
    """

    __repr__ = shown

    hours: NDArray[np.float64]
    pull: NDArray[np.float64]
    outward: bool


@dataclass(frozen=True, slots=True, eq=False)
class Origins:
    """Places of one side with trips of one segment, which choose alike.

    Parameters
    ----------
    side
        Their side.
    positions
        Among all places, shape (P,).
    point
        Point of each place: places from which it is as far to every gate are one, shape (P,).
    part
        Part of its point's trips that each place has, shape (P,).
    potential
        Vehicles a day from each point that would travel if nothing else were as good, out and
        back counted apart, shape (N,).
    theta
        ``θ`` of the segment, per hour.
    log_outside
        Logarithm of ``U_0``, minus infinity where the number of trips is fixed.
    there, home
        Ways out and ways home.
    """

    __repr__ = shown

    side: int
    positions: NDArray[np.int64]
    point: NDArray[np.int64]
    part: NDArray[np.float64]
    potential: NDArray[np.float64]
    theta: float
    log_outside: float
    there: Leg
    home: Leg


@dataclass(frozen=True, slots=True, eq=False)
class GateShares:
    """What a leg is worth from each gate at the origins' side, and what it passes.

    Parameters
    ----------
    near, far
        Gate of each route at the side of the origins and at the other, shape (R,).
    worth
        Logarithm of what all routes from each gate lead to, shape (K,).
    share
        Share of each route among those from its near gate, shape (R,).
    passages, drive
        As in `BorderRoutes`, shape (R, 3) and (R,).
    """

    near: NDArray[np.int64]
    far: NDArray[np.int64]
    worth: NDArray[np.float64]
    share: NDArray[np.float64]
    passages: NDArray[np.int64]
    drive: NDArray[np.float64]

    def expected(self) -> NDArray[np.float64]:
        """Passages by direction and gate that a trip makes from each near gate.

        Returns
        -------
        ndarray
            Shape (K, 2K).
        """
        k = len(self.worth)
        passed = np.zeros((k, 2 * k + 1))
        for step in range(self.passages.shape[1]):
            np.add.at(passed, (self.near, self.passages[:, step]), self.share)
        return passed[:, :-1]

    def together(self, flow: NDArray[np.float64]) -> NDArray[np.float64]:
        """Flow that makes each two passages on one route.

        Parameters
        ----------
        flow
            Trips by near gate, shape (K,).

        Returns
        -------
        ndarray
            Shape (2K, 2K); on the diagonal the flow of each passage.
        """
        k = len(self.worth)
        both = np.zeros((2 * k + 1, 2 * k + 1))
        of_route = flow[self.near] * self.share
        for first in range(self.passages.shape[1]):
            for second in range(self.passages.shape[1]):
                pair = self.passages[:, first], self.passages[:, second]
                np.add.at(both, pair, of_route)
        return both[:-1, :-1]


@dataclass(frozen=True, slots=True, eq=False)
class Response:
    """What the origins of a segment do at given delays.

    Parameters
    ----------
    made
        Share of the potential of each point that travels, shape (N,).
    worth
        Logarithm of what a point reaches, the mean of the way out and the way home, minus
        infinity where it cannot go or not come back, shape (N,).
    near
        Trips by leg (out, home) and gate at the side of the origins, vehicles a day,
        shape (2, K).
    legs
        Routes of both legs and their shares.
    passed
        Vehicles a day by direction and gate, shape (2, K).
    slope
        ``-∂passed/∂delay``, both numbered ``direction * K + gate``, shape (2K, 2K), if it was
        wanted.
    """

    made: NDArray[np.float64]
    worth: NDArray[np.float64]
    near: NDArray[np.float64]
    legs: tuple[GateShares, GateShares]
    passed: NDArray[np.float64]
    slope: NDArray[np.float64] | None


def gate_shares(
    leg: Leg, routes: BorderRoutes, delay: NDArray[np.float64], theta: float
) -> GateShares:
    """What routes are worth at given delays.

    Parameters
    ----------
    leg
        The leg.
    routes
        Those that lead its way over the border.
    delay
        Hours of a passage, infinite where closed, shape (2, K).
    theta
        ``θ``, per hour.

    Returns
    -------
    GateShares
        By route and near gate.
    """
    near, far = (routes.first, routes.last) if leg.outward else (routes.last, routes.first)
    log_weight = leg.pull[far] - theta * routes.hours(delay)
    most = np.full(routes.n_gates, -np.inf)
    np.maximum.at(most, near, log_weight)
    floor = np.where(np.isfinite(most), most, 0.0)
    weight = np.exp(log_weight - floor[near])
    total = np.bincount(near, weight, minlength=routes.n_gates)
    share = np.divide(weight, total[near], out=np.zeros_like(weight), where=total[near] > 0)
    with np.errstate(divide="ignore"):
        worth = floor + np.log(total)
    return GateShares(near, far, worth, share, routes.passages, routes.drive)


def near_shares(
    leg: Leg,
    worth: NDArray[np.float64],
    theta: float,
    rows: slice | NDArray[np.int64] = slice(None),
) -> NDArray[np.float64]:
    """Shares of the gates in what some origins choose.

    Parameters
    ----------
    leg
        The leg.
    worth
        Of each gate, as `gate_shares` gives it.
    theta
        ``θ``, per hour.
    rows
        Which of the points.

    Returns
    -------
    ndarray
        0 where there is no way, shape (rows, K).
    """
    hours = leg.hours[rows]
    shares = np.empty(hours.shape)
    share_rows(hours, worth, theta, shares)
    return shares


def made_share(worth: NDArray[np.float64], log_outside: float) -> NDArray[np.float64]:
    """Share of trips that are made, ``W / (U_0 + W)``.

    Parameters
    ----------
    worth
        ``ln W``.
    log_outside
        ``ln U_0``.

    Returns
    -------
    ndarray
        0 where there is no way.
    """
    reached = np.isfinite(worth)
    return np.where(reached, expit(np.where(reached, worth, 0.0) - log_outside), 0.0)


def respond(
    origins: Origins,
    routes: tuple[BorderRoutes, BorderRoutes],
    delay: NDArray[np.float64],
    *,
    slope: bool = False,
) -> Response:
    """Trips of some origins at given delays.

    A trip leads out and home again, each way by the gates that suit it. It is made if both ways
    together are worth it: in ``U_0 + W`` stands the geometric mean of what the way out and the
    way home are worth, so that as many come home as go out. Costs N K, and N K² with the slope.

    Parameters
    ----------
    origins
        The origins.
    routes
        By the side that they leave.
    delay
        Hours of a passage by direction and gate, infinite where closed, shape (2, K).
    slope
        Whether to compute how flows answer to delays.

    Returns
    -------
    Response
        Its flows are minus the derivatives of the consumer surplus by the delays.

    References
    ----------
    Wilson (1970), Entropy in urban and regional modelling. Evans (1976), Transp. Res. 10(1)
    37-57. McFadden (1978), Modelling the choice of residential location.
    """
    k = delay.shape[1]
    theta = origins.theta
    there = gate_shares(origins.there, routes[origins.side], delay, theta)
    home = gate_shares(origins.home, routes[1 - origins.side], delay, theta)
    work = partial(_answers, origins, there.worth, home.worth, slope=slope)
    count = len(origins.potential)
    # Threads cost more than a few rows do.
    parts = list(in_blocks(count, work, size=BLOCK)) if count > BLOCK else [work(slice(count))]
    made, worth = (np.concatenate([part[i] for part in parts]) for i in range(2))
    near: NDArray[np.float64] = np.sum([part[2] for part in parts], axis=0)
    passed = near[0] @ there.expected() + near[1] @ home.expected()
    slopes = None
    if slope:
        moments: NDArray[np.float64] = np.sum([part[3] for part in parts], axis=0)
        slopes = theta * _slopes((there, home), near, moments)
    return Response(made, worth, near, (there, home), passed.reshape(2, k), slopes)


def _answers(
    origins: Origins,
    out_worth: NDArray[np.float64],
    home_worth: NDArray[np.float64],
    rows: slice,
    *,
    slope: bool,
) -> tuple[NDArray[np.float64], ...]:
    """Shares made, worth, trips by near gate and moments of some origins."""
    k = len(out_worth)
    potential = origins.potential[rows]
    made, worth = np.empty((2, len(potential)))
    near, moments = np.zeros((2, k)), np.zeros((3 if slope else 0, k, k))
    answer_rows(
        origins.there.hours[rows],
        origins.home.hours[rows],
        out_worth,
        home_worth,
        origins.theta,
        origins.log_outside,
        potential,
        made,
        worth,
        near,
        moments,
    )
    return made, worth, near, moments


def _slopes(
    legs: tuple[GateShares, GateShares],
    near: NDArray[np.float64],
    moments: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Slopes over theta, from the moments of the shares of near gates in both legs."""
    out, home = (leg.expected() for leg in legs)
    cross = out.T @ moments[2] @ home
    slopes: NDArray[np.float64] = cross + cross.T
    for leg, flow, moment, means in zip(legs, near, moments, (out, home), strict=False):
        slopes += leg.together(flow) - means.T @ moment @ means
    return slopes


def pull_of(
    mass: NDArray[np.float64], hours: NDArray[np.float64], theta: float
) -> NDArray[np.float64]:
    """Logarithm of ``s_k = Σ_j Q_j exp(-θ B_kj)``.

    Parameters
    ----------
    mass
        ``Q^γ`` of the destinations, positive, shape (M,).
    hours
        Between each gate and the destinations, shape (K, M).
    theta
        ``θ``, per hour.

    Returns
    -------
    ndarray
        Minus infinity where a gate reaches nothing, shape (K,).
    """
    found = np.full(len(hours), -np.inf)
    for start in range(0, len(mass), BLOCK):
        rows = slice(start, start + BLOCK)
        logits = np.log(mass[rows]) - theta * hours[:, rows]
        most = logits.max(axis=1)
        reached = np.isfinite(most)
        logits = logits[reached] - most[reached, None]
        sums = most[reached] + np.log(np.exp(logits, out=logits).sum(axis=1))
        found[reached] = np.logaddexp(found[reached], sums)
    return found
