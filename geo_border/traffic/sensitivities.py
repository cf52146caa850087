"""How the flows of a class answer to its parameters: exact derivatives for calibration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geo_border.access.regions import weight_of
from geo_border.routing.scenarios import AS_IS
from geo_border.traffic.choice import BLOCK, near_shares, respond

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_border.traffic.border_routes import BorderRoutes
    from geo_border.traffic.choice import Origins, Response
    from geo_border.traffic.model import ClassModel

    Floats = NDArray[np.float64]


def class_sensitivities(
    model: ClassModel, routes: tuple[BorderRoutes, BorderRoutes]
) -> tuple[Floats, dict[tuple[str, int], Floats]]:
    """Flows of a class with the border as it is, and their derivatives.

    The outside option and the number of trips that could be made follow the parameters, so
    that the share of trips that is not made and the total stay what they are.

    Parameters
    ----------
    model
        The class.
    routes
        Its routes over the border by the side that they leave.

    Returns
    -------
    passed : ndarray
        Vehicles a day by direction and gate, shape (2, K).
    slopes : dict
        Derivatives, shape (2, K), by parameter and number of the segment (0 for what is of the
        class): by the logarithms of ``total``, of ``delay_factor``, of ``theta`` and of the
        ``share`` of a segment before the shares are brought to their sum, and by the logit of
        ``outside``.
    """
    delay = model.delays.under(AS_IS)
    slopes: dict[tuple[str, int], Floats] = {}
    passed, shares, factor = [], [], np.zeros(delay.shape)
    for number, segment in enumerate(model.traffic_class.segments):
        pair = model.origins[2 * number : 2 * number + 2]
        found = [
            _Moments.of(model, origins, respond(origins, routes, delay), delay) for origins in pair
        ]
        passed.append(found[0].response.passed + found[1].response.passed)
        shares.append(segment.share)
        slopes["theta", number] = segment.theta * _by_weights(found, "theta")
        factor += _by_weights(found, "delay_factor")
        slopes["outside", number] = _by_outside(found, segment.outside)
    weights = np.array(shares) / sum(shares)
    total = np.sum(passed, axis=0)
    for number, (of_segment, weight) in enumerate(zip(passed, weights, strict=True)):
        slopes["share", number] = of_segment - weight * total
    slopes["total", 0], slopes["delay_factor", 0] = total, factor
    return total, slopes


@dataclass(frozen=True, slots=True, eq=False)
class _Moments:
    """Sums over the origins of a side that derivatives are made of.

    Parameters
    ----------
    response
        Their trips.
    hours
        By parameter and leg, what a unit of it adds to minus the logarithm of the weight of
        each route, shape (R,).
    left
        Trips by leg and gate times the share that is not made, shape (2, K).
    all_left
        Sum of the same over origins, and of the trips that those who have a way could make.
    by
        By parameter: the slope of near flows by leg at a fixed outside option, shape (2, K), and
        what moves the outside option.
    """

    response: Response
    hours: dict[str, tuple[Floats, Floats]]
    left: Floats
    all_left: tuple[float, float]
    by: dict[str, tuple[Floats, float]]

    @classmethod
    def of(cls, model: ClassModel, origins: Origins, response: Response, delay: Floats) -> _Moments:
        """Add up over the origins."""
        tables, traffic_class = model.travel.tables, model.traffic_class
        mass = weight_of(model.travel.places, traffic_class.mass)
        ends = tables.places_on(1 - origins.side)
        ends = ends[mass[ends] > 0]
        pull = mass[ends] ** traffic_class.gamma
        beyond = (tables.from_gate[:, ends], tables.to_gate[ends].T)
        theta, k = origins.theta, delay.shape[1]
        passage = np.append(np.where(np.isfinite(delay), delay, 0.0), 0.0)
        of_theta, of_delay = [], []
        legs = (origins.there, origins.home)
        for leg, shares, hours in zip(legs, response.legs, beyond, strict=True):
            at_border = passage[shares.passages].sum(axis=1)
            mean = _mean_hours(pull, hours, theta, leg.pull)
            of_theta.append(shares.drive + at_border + mean[shares.far])
            of_delay.append(theta * at_border)
        weights = {
            "theta": (of_theta[0], of_theta[1]),
            "delay_factor": (of_delay[0], of_delay[1]),
        }
        fixed = {name: np.zeros((2, k)) for name in weights}
        moved = dict.fromkeys(weights, 0.0)
        left = np.zeros((2, k))
        for start in range(0, len(origins.potential), BLOCK):
            rows = slice(start, start + BLOCK)
            trips = origins.potential[rows] * response.made[rows]
            stay = trips * (1 - response.made[rows])
            near = [
                near_shares(leg, of_leg.worth, theta, rows)
                for leg, of_leg in zip(legs, response.legs, strict=True)
            ]
            left += np.stack([stay @ each / 2 for each in near])
            for name, of_routes in weights.items():
                means, apart = [], []
                for leg, of_leg, each, cost in zip(
                    legs, response.legs, near, of_routes, strict=True
                ):
                    costs = np.bincount(of_leg.near, of_leg.share * cost, minlength=k)
                    if name == "theta":
                        hours = leg.hours[rows]
                        costs = costs + np.where(np.isfinite(hours), hours, 0.0)
                    mean = (each * costs).sum(axis=1)
                    means.append(mean)
                    apart.append(each * (costs - mean[:, None]))
                worth = -(means[0] + means[1]) / 2
                moved[name] += float(stay @ worth)
                fixed[name] += np.stack(
                    [
                        ((stay * worth) @ each - trips @ by) / 2
                        for each, by in zip(near, apart, strict=True)
                    ]
                )
        reached = np.isfinite(response.worth)
        stays = float((origins.potential * response.made) @ (1 - response.made))
        return cls(
            response,
            weights,
            left,
            (stays, float(origins.potential[reached].sum())),
            {name: (fixed[name], moved[name]) for name in weights},
        )

    def passed(self, near: Floats, name: str | None = None) -> Floats:
        """Passages of a change of near flows, and of the routes by a parameter."""
        k = near.shape[1]
        passed = np.zeros(2 * k + 1)
        for leg, (shares, change) in enumerate(zip(self.response.legs, near, strict=True)):
            flow = change[shares.near] * shares.share
            if name is not None:
                cost = self.hours[name][leg]
                mean = np.bincount(shares.near, shares.share * cost, minlength=k)
                of_route = self.response.near[leg][shares.near] * shares.share
                flow = flow - of_route * (cost - mean[shares.near])
            for step in range(shares.passages.shape[1]):
                passed += np.bincount(shares.passages[:, step], flow, minlength=2 * k + 1)
        return passed[:-1].reshape(2, k)


def _by_weights(sides: list[_Moments], name: str) -> Floats:
    """Slope by a parameter that changes what routes weigh."""
    stays = sum(side.all_left[0] for side in sides)
    outside = sum(side.by[name][1] for side in sides) / stays if stays > 0 else 0.0
    slopes = [side.passed(side.by[name][0] - outside * side.left, name) for side in sides]
    return slopes[0] + slopes[1]


def _by_outside(sides: list[_Moments], share: float) -> Floats:
    """Slope by the logit of the share that is not made."""
    stays = sum(side.all_left[0] for side in sides)
    outside = sum(side.all_left[1] for side in sides) / stays if stays > 0 else 0.0
    slopes = [side.passed(side.response.near / (1 - share) - outside * side.left) for side in sides]
    return share * (1 - share) * (slopes[0] + slopes[1])


def _mean_hours(pull: Floats, hours: Floats, theta: float, log_pull: Floats) -> Floats:
    """Mean hours from each gate to where those who leave it go, 0 where nobody does."""
    mean = np.zeros(len(hours))
    used = np.flatnonzero(np.isfinite(log_pull))
    for start in range(0, len(pull), BLOCK):
        rows = slice(start, start + BLOCK)
        legs = hours[used, rows]
        legs = np.where(np.isfinite(legs), legs, 0.0)
        weight = np.exp(np.log(pull[rows]) - theta * hours[used, rows] - log_pull[used, None])
        mean[used] += (weight * legs).sum(axis=1)
    return mean
