"""Joint choice of destination and checkpoint, factorised through the gates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logsumexp

from geo_border.shown import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        Between each origin and the gates of its side, shape (N, K).
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
        Among all places, shape (N,).
    potential
        Vehicles a day that would travel if nothing else were as good, out and back counted
        apart, shape (N,).
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
    passages
        As in `BorderRoutes`, shape (R, 3).
    """

    near: NDArray[np.int64]
    far: NDArray[np.int64]
    worth: NDArray[np.float64]
    share: NDArray[np.float64]
    passages: NDArray[np.int64]

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
        Share of the potential of each origin that travels, shape (N,).
    worth
        Logarithm of what an origin reaches, the mean of the way out and the way home, minus
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
    return GateShares(near, far, worth, share, routes.passages)


def blocks(origins: Origins) -> Iterator[slice]:
    """Cut origins into those that are looked at together.

    Parameters
    ----------
    origins
        The origins.

    Yields
    ------
    slice
        At most `BLOCK` rows each.
    """
    for start in range(0, len(origins.positions), BLOCK):
        yield slice(start, min(start + BLOCK, len(origins.positions)))


def near_shares(
    leg: Leg, worth: NDArray[np.float64], theta: float, rows: slice
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shares of the gates in what some origins choose, and the logarithm of their sum.

    Parameters
    ----------
    leg
        The leg.
    worth
        Of each gate, as `gate_shares` gives it.
    theta
        ``θ``, per hour.
    rows
        Which of the origins.

    Returns
    -------
    shares : ndarray
        0 where there is no way, shape (rows, K).
    log_sum : ndarray
        ``ln W``, minus infinity where there is no way, shape (rows,).
    """
    logits = worth - theta * leg.hours[rows]
    most = logits.max(axis=1, initial=-np.inf)
    floor = np.where(np.isfinite(most), most, 0.0)
    logits -= floor[:, None]
    weight = np.exp(logits, out=logits)
    total = weight.sum(axis=1)
    reached = total > 0
    weight /= np.where(reached, total, 1.0)[:, None]
    with np.errstate(divide="ignore"):
        return weight, floor + np.log(total)


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
    made, worth = np.empty((2, len(origins.positions)))
    near = np.zeros((2, k))
    within_legs, across_legs = np.zeros((2, k, k)), np.zeros((k, k))
    for rows in blocks(origins):
        out, out_sum = near_shares(origins.there, there.worth, theta, rows)
        back, back_sum = near_shares(origins.home, home.worth, theta, rows)
        worth[rows] = (out_sum + back_sum) / 2
        made[rows] = made_share(worth[rows], origins.log_outside)
        trips = origins.potential[rows] * made[rows] / 2
        near[0] += trips @ out
        near[1] += trips @ back
        if slope:
            lost = trips * (1 - made[rows]) / 2
            scale = np.sqrt(trips - lost)[:, None]
            for leg, shares in enumerate((out, back)):
                scaled = shares * scale
                within_legs[leg] += scaled.T @ scaled
            if origins.log_outside > -np.inf:
                across_legs += (out * lost[:, None]).T @ back
    passed = near[0] @ there.expected() + near[1] @ home.expected()
    slopes = None
    if slope:
        slopes = theta * _slopes((there, home), near, within_legs, across_legs)
    return Response(made, worth, near, (there, home), passed.reshape(2, k), slopes)


def _slopes(
    legs: tuple[GateShares, GateShares],
    near: NDArray[np.float64],
    within_legs: NDArray[np.float64],
    across_legs: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Slopes over theta, from the moments of the shares of near gates in both legs."""
    out, home = (leg.expected() for leg in legs)
    cross = out.T @ across_legs @ home
    slopes: NDArray[np.float64] = cross + cross.T
    for leg, flow, moment, means in zip(legs, near, within_legs, (out, home), strict=True):
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
    pulls = [np.full(len(hours), -np.inf)]
    for start in range(0, len(mass), BLOCK):
        rows = slice(start, start + BLOCK)
        pulls.append(logsumexp(np.log(mass[rows]) - theta * hours[:, rows], axis=1))
    found: NDArray[np.float64] = np.logaddexp.reduce(pulls)
    return found
