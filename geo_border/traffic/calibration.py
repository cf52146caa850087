"""Parameters of traffic from counts, with what the counts cannot tell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import t as student

from geo_border.errors import ParameterError
from geo_border.shown import shown
from geo_border.traffic.class_tables import class_travel
from geo_border.traffic.model import traffic_model
from geo_border.traffic.sensitivities import class_sensitivities
from geo_border.traffic.validation import counted_slots

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from geo_border.routing.travel import Travel
    from geo_border.traffic.classes import TrafficClass

    Floats = NDArray[np.float64]

OF_SEGMENTS = ("theta", "outside", "share")
"""Parameters that each segment has its own of; the others are of a class."""

OF = " of "
"""Stands between a parameter and the one class whose it is."""

BOUNDS = {
    "total": (1e-6, 1e12),
    "theta": (0.01, 20.0),
    "outside": (0.001, 0.999),
    "delay_factor": (0.05, 20.0),
    "share": (0.001, 1000.0),
}
"""Between which a parameter is looked for."""

COUNTS_EACH = 3
"""Fewest counts of a class for each of its parameters that is fitted."""

MORE_THAN_FITTED = 2
"""So many more checkpoints than parameters must have counts: those of one checkpoint, of its
directions or classes, are not independent."""

OWN_SHARE = 0.01
"""Least part of what a parameter does to the counts that no other parameters do too: a variance
inflation of 100."""

STARTS = (1.0, 3.0, 1 / 3)
"""What the dispersion of the defaults is multiplied by to start from."""

AT_END = "the counts fit the better the further it goes: they cannot tell it"

HIDDEN = "the counts cannot tell it from the parameters before it"

MOST_STEPS = 100

STILL = 1e-7
"""Move of a parameter, relatively, and ten thousand times the gain, that end the search."""

LEVEL = 0.95


class Parameter(NamedTuple):
    """One parameter of one class."""

    traffic_class: str
    name: str
    segment: int

    @property
    def label(self) -> str:
        """What it is called in tables, segments numbered from 1."""
        return f"{self.name}_{self.segment + 1}" if self.name in OF_SEGMENTS else self.name


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Parameters that fit counts.

    Parameters
    ----------
    classes
        With the fitted parameters; those that the counts cannot identify are as they were.
    parameters
        Index ``class`` and ``parameter`` (``theta_1`` is that of the first segment): ``start``,
        ``value``, ``low`` and ``high`` (95 % interval, missing where it was not fitted),
        ``fitted`` and ``note``, which says why one was not.
    counts
        The counts with ``modelled`` and ``predicted`` (by parameters that were fitted without
        any count of that checkpoint; missing if they were not).

    Examples
    --------
    >>> import geo_border as gb
    >>> import pandas as pd
    >>> trips = gb.travel(gb.example_network())
    >>> ids = trips.tables.gates.index[:3]
    >>> counts = pd.DataFrame({"checkpoint_id": ids, "vehicles_day": [200.0, 30.0, 40.0]})
    >>> counts = counts.assign(**{"class": "car", "direction": "both"})
    >>> gb.calibrate({"car": trips}, [gb.TrafficClass("car")], counts, leave_one_out=False)
    <Calibration: classes 1, parameters 4 x 6, counts 3 x 6>
    """

    __repr__ = shown

    classes: tuple[TrafficClass, ...]
    parameters: pd.DataFrame
    counts: pd.DataFrame


def calibrate(
    travels: Mapping[str, Travel],
    classes: Sequence[TrafficClass],
    counts: pd.DataFrame,
    *,
    fit: Sequence[str] = ("total", "theta", "outside", "delay_factor"),
    most_passages: int = 3,
    leave_one_out: bool = True,
) -> Calibration:
    """Fit parameters to counts at the checkpoints with the border as it is.

    Poisson pseudo-maximum likelihood with exact gradients: it asks of the counts only that
    their means are right. Observed delays hold their queues, so flows are taken at the stated
    delays. A parameter is fitted only where there are three counts of its class for each,
    at two checkpoints more than all parameters, where
    it does something to them that no parameter before it in `fit` does, and where the best value
    is not at the end of its range.

    Parameters
    ----------
    travels
        Trips by class, before `class_travel`, whose speeds and delays are applied here.
    classes
        With the parameters to start from.
    counts
        Columns ``checkpoint_id``, ``class`` (a name, or ``"all"``), ``direction`` (``"both"``,
        ``"out"``, ``"in"``) and ``vehicles_day``. Counts where no class may pass are left out of
        the fit.
    fit
        Parameters in the order in which they are taken up: ``"total"``, ``"theta"``,
        ``"outside"``, ``"delay_factor"``, ``"share"`` (of the second and further segments); of
        every class, or of one, such as ``"total of truck"``.
    most_passages
        As `traffic_model` takes it.
    leave_one_out
        Whether to predict the counts of each checkpoint by those of all others: one fit more
        for each checkpoint.

    Returns
    -------
    Calibration
        Fitted classes, parameters with intervals (sandwich of the pseudo-likelihood, Student's
        t), and the counts beside what is modelled.

    Raises
    ------
    ParameterError
        If there is no parameter or class of a name.
    TableError, CheckpointError
        If the counts are not sound or none can be fitted.

    References
    ----------
    Santos Silva & Tenreyro (2006), The log of gravity, Rev. Econ. Stat. 88(4) 641-658.
    White (1982), Maximum likelihood estimation of misspecified models, Econometrica 50(1) 1-25.

    Examples
    --------
    >>> import geo_border as gb
    >>> import pandas as pd
    >>> trips = gb.travel(gb.example_network())
    >>> true = gb.TrafficClass("car", (gb.Segment(theta=0.8),), total_year=1e6)
    >>> made = gb.checkpoint_traffic(gb.equilibrium(gb.traffic_model({"car": trips}, [true])))
    >>> counts = made.reset_index().assign(direction="both", vehicles_day=made["vehicles"].values)
    >>> start = gb.TrafficClass("car", total_year=5e5)
    >>> found = gb.calibrate({"car": trips}, [start], counts, fit=["total", "theta"])
    >>> found.parameters["value"].round(3).tolist()
    [1000000.0, 0.8]
    """
    names = [each.name for each in classes]
    for entry in fit:
        name, of, one = entry.partition(OF)
        if name not in BOUNDS or (of and one not in names):
            raise ParameterError(
                f"there is no parameter {entry!r}",
                remedy=f"Write some of {', '.join(BOUNDS)}, or of one class of "
                f"{', '.join(names)}: {next(iter(BOUNDS))}{OF}{names[0]}",
            )
    gates = next(iter(travels.values())).tables.gates.index
    held = counted_slots(counts, gates, names)
    data = _Data(travels, held, counts["vehicles_day"].to_numpy(float), most_passages, {})
    wanted = _parameters(classes, fit)
    start = data.met(_in_bounds(classes, wanted), wanted)
    free, notes = _identified(data, start, wanted)
    start, free = _with_totals(classes, start, free, notes)
    found, free = _fitted(data, start, free, notes)
    modelled, _ = data.at(found)
    predicted = np.full(len(counts), np.nan)
    if leave_one_out and free:
        for gate in counts["checkpoint_id"].unique():
            here = (counts["checkpoint_id"] == gate).to_numpy()
            # Counts of one class say nothing of the others.
            own = [each for each in free if held[here, names.index(each.traffic_class)].any()]
            if _are_told(data.only(~here & (modelled > 0)), names, own):
                without = data.at(_best(data.only(~here), found, own))[0]
                predicted[here] = np.where(modelled > 0, without, np.nan)[here]
    return Calibration(
        classes=tuple(found),
        parameters=_table(data, classes, found, wanted, free, notes),
        counts=counts.assign(modelled=modelled, predicted=predicted),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Data:
    """Counts, and what they are modelled from."""

    travels: Mapping[str, Travel]
    held: Floats
    vehicles: Floats
    most_passages: int
    known: dict[TrafficClass, tuple[Floats, dict[tuple[str, int], Floats]]]

    @property
    def checkpoint(self) -> NDArray[np.intp]:
        """Position of the checkpoint of each count."""
        found: NDArray[np.intp] = self.held.any(axis=1).argmax(axis=1) % (self.held.shape[2] // 2)
        return found

    def only(self, which: NDArray[np.bool_]) -> _Data:
        """Some of the counts."""
        return replace(self, held=self.held[which], vehicles=self.vehicles[which])

    def at(
        self, classes: Sequence[TrafficClass], free: Sequence[Parameter] = ()
    ) -> tuple[Floats, Floats]:
        """Modelled counts, shape (n,), and their derivatives, shape (n, parameters)."""
        modelled, slopes = np.zeros(len(self.held)), np.zeros((len(self.held), len(free)))
        for number, each in enumerate(classes):
            passed, by = self._of(each)
            held = self.held[:, number]
            modelled += held @ passed.ravel()
            for column, parameter in enumerate(free):
                if parameter.traffic_class == each.name:
                    slopes[:, column] = held @ by[parameter.name, parameter.segment].ravel()
        return modelled, slopes

    def _of(self, each: TrafficClass) -> tuple[Floats, dict[tuple[str, int], Floats]]:
        """Flows of a class and their derivatives, the last ones of each class kept."""
        if each not in self.known:
            for other in [other for other in self.known if other.name == each.name][:-3]:
                del self.known[other]
            travels = {each.name: class_travel(self.travels[each.name], each)}
            model = traffic_model(travels, [each], most_passages=self.most_passages)
            routes = model.routes(each.name, model.free_delays()[each.name])
            self.known[each] = class_sensitivities(model.classes[each.name], routes)
        return self.known[each]

    def met(
        self, classes: Sequence[TrafficClass], wanted: Sequence[Parameter]
    ) -> list[TrafficClass]:
        """Classes with the totals at which the sums of their counts are met."""
        met = []
        for number, each in enumerate(classes):
            sums = self.at([each if n == number else x for n, x in enumerate(classes)])[0]
            own = self.held[:, number].any(axis=1) & (sums > 0)
            ratio = self.vehicles[own].sum() / sums[own].sum() if own.any() else 0.0
            fits = Parameter(each.name, "total", 0) in wanted and ratio > 0
            met.append(replace(each, total_year=each.total_day * 365 * ratio) if fits else each)
        return met


def _parameters(classes: Sequence[TrafficClass], fit: Sequence[str]) -> list[Parameter]:
    """What is to be fitted, in the order in which it is taken up."""
    wanted: list[Parameter] = []
    for entry in fit:
        name, of, one = entry.partition(OF)
        for each in classes:
            if of and each.name != one:
                continue
            count = len(each.segments) if name in OF_SEGMENTS else 1
            # Shares add up to one: that of the first segment follows.
            first = 1 if name == "share" else 0
            named = [Parameter(each.name, name, segment) for segment in range(first, count)]
            wanted += [parameter for parameter in named if parameter not in wanted]
    return wanted


def _value(classes: Sequence[TrafficClass], parameter: Parameter) -> float:
    """Value of a parameter, missing for a total that is not known."""
    each = next(each for each in classes if each.name == parameter.traffic_class)
    if parameter.name == "total":
        return np.nan if each.total_year is None else each.total_year
    if parameter.name == "share":
        return each.segments[parameter.segment].share / each.segments[0].share
    if parameter.name in OF_SEGMENTS:
        return float(getattr(each.segments[parameter.segment], parameter.name))
    return each.delay_factor


def _with(classes: Sequence[TrafficClass], values: Mapping[Parameter, float]) -> list[TrafficClass]:
    """Classes with some parameters at other values."""
    changed = {each.name: each for each in classes}
    for parameter, value in values.items():
        each = changed[parameter.traffic_class]
        if parameter.name == "total":
            changed[each.name] = replace(each, total_year=value)
        elif parameter.name in OF_SEGMENTS:
            segments = list(each.segments)
            scale = segments[0].share if parameter.name == "share" else 1.0
            segments[parameter.segment] = replace(
                segments[parameter.segment], **{parameter.name: value * scale}
            )
            changed[each.name] = replace(each, segments=tuple(segments))
        else:
            changed[each.name] = replace(each, delay_factor=value)
    return list(changed.values())


def _in_bounds(classes: Sequence[TrafficClass], wanted: Sequence[Parameter]) -> list[TrafficClass]:
    """Classes with what is to be fitted between its bounds."""
    values = {each: _value(classes, each) for each in wanted}
    return _with(
        classes,
        {
            each: float(np.clip(value, *BOUNDS[each.name]))
            for each, value in values.items()
            if not np.isnan(value)
        },
    )


def _free(name: str, value: Any) -> Any:
    """A parameter on the scale on which it is fitted."""
    return logit(value) if name == "outside" else np.log(value)


def _natural(name: str, value: Any) -> Any:
    """A parameter from the scale on which it is fitted."""
    return expit(value) if name == "outside" else np.exp(value)


def _identified(
    data: _Data, start: Sequence[TrafficClass], wanted: Sequence[Parameter]
) -> tuple[list[Parameter], dict[Parameter, str]]:
    """What there are counts enough for, and why the rest is not fitted."""
    modelled, slopes = data.at(start, wanted)
    used = modelled > 0
    names = [each.name for each in start]
    free: list[Parameter] = []
    notes = {}
    for parameter in wanted:
        own = data.held[:, names.index(parameter.traffic_class)].any(axis=1) & used
        taken = sum(each.traffic_class == parameter.traffic_class for each in free)
        if own.sum() < COUNTS_EACH * (taken + 1):
            notes[parameter] = f"{own.sum()} counts: {COUNTS_EACH} are needed for each parameter"
            continue
        counted, needed = len(np.unique(data.checkpoint[used])), len(free) + 1 + MORE_THAN_FITTED
        if counted < needed:
            notes[parameter] = f"counts at {counted} checkpoints: {needed} are needed"
            continue
        columns = [wanted.index(each) for each in [*free, parameter]]
        if _own_share(slopes[used][:, columns], modelled[used]) < OWN_SHARE:
            notes[parameter] = HIDDEN
        else:
            free.append(parameter)
    return free, notes


def _are_told(data: _Data, names: Sequence[str], free: Sequence[Parameter]) -> bool:
    """Whether each class has counts at as many checkpoints as it has parameters."""
    for name in {each.traffic_class for each in free}:
        own = data.held[:, names.index(name)].any(axis=1)
        if len(np.unique(data.checkpoint[own])) < sum(each.traffic_class == name for each in free):
            return False
    return True


def _own_share(slopes: Floats, modelled: Floats) -> float:
    """Part of the last column's information that is in none before it."""
    weighted = slopes / np.sqrt(modelled)[:, None]
    whole = float((weighted[:, -1] ** 2).sum())
    # What moves a count by less than 1e-6 of it does nothing.
    if whole <= 1e-12 * modelled.sum():
        return 0.0
    others = weighted[:, :-1]
    rest = weighted[:, -1] - others @ np.linalg.lstsq(others, weighted[:, -1], rcond=None)[0]
    return float((rest**2).sum()) / whole


def _with_totals(
    classes: Sequence[TrafficClass],
    start: Sequence[TrafficClass],
    free: list[Parameter],
    notes: dict[Parameter, str],
) -> tuple[list[TrafficClass], list[Parameter]]:
    """Drop what can be told only beside a total where there is none, and totals not fitted."""
    kept, classes_kept = list(free), []
    for before, each in zip(classes, start, strict=True):
        fitted = Parameter(each.name, "total", 0) in free
        classes_kept.append(each if fitted else replace(each, total_year=before.total_year))
        if not fitted and before.total_year is None:
            for parameter in [one for one in kept if one.traffic_class == each.name]:
                kept.remove(parameter)
                notes[parameter] = "no total is known or fitted"
    return classes_kept, kept


def _fitted(
    data: _Data,
    start: Sequence[TrafficClass],
    free: Sequence[Parameter],
    notes: dict[Parameter, str],
) -> tuple[list[TrafficClass], list[Parameter]]:
    """Best parameters, less those that turn out to be hidden or to have no best value."""
    free = list(free)
    while True:
        found = min(
            (_best(data, each, free) for each in _starts(start, free)),
            key=lambda each: _loss(data, data.at(each)[0]),
        )
        modelled, slopes = data.at(found, free)
        used = modelled > 0
        hidden = [
            count
            for count in range(len(free))
            if _own_share(slopes[used][:, : count + 1], modelled[used]) < OWN_SHARE
        ]
        ends = [count for count, each in enumerate(free) if _at_end(found, each)]
        if ends:
            notes[free.pop(ends[-1])] = AT_END
        elif hidden:
            notes[free.pop(hidden[-1])] = HIDDEN
        else:
            return found, free


def _at_end(classes: Sequence[TrafficClass], parameter: Parameter) -> bool:
    """Whether a parameter has run to the end of its range."""
    return bool(np.isclose(_value(classes, parameter), BOUNDS[parameter.name], rtol=1e-6).any())


def _starts(
    start: Sequence[TrafficClass], free: Sequence[Parameter]
) -> Iterator[Sequence[TrafficClass]]:
    """Classes to start from: the likelihood may have several peaks along θ."""
    thetas = [each for each in free if each.name == "theta"]
    for factor in STARTS if thetas else STARTS[:1]:
        moved = {each: factor * _value(start, each) for each in thetas}
        yield _in_bounds(_with(start, moved), thetas)


def _loss(data: _Data, modelled: Floats) -> float:
    """Minus the pseudo-likelihood, over the counts that somebody can meet."""
    used = modelled > 0
    n, mu = data.vehicles[used], modelled[used]
    return float((mu - n * np.log(mu)).sum())


def _best(
    data: _Data, start: Sequence[TrafficClass], free: Sequence[Parameter]
) -> list[TrafficClass]:
    """Parameters with the highest pseudo-likelihood from a start: damped Fisher scoring."""
    classes = list(start)
    damping = 1e-3
    modelled, slopes = data.at(classes, free)
    loss = _loss(data, modelled)
    for _ in range(MOST_STEPS if free else 0):
        used = modelled > 0
        information, gradient = _score(data, modelled, slopes)
        scale = np.diag(np.diag(information) + 1e-12 * modelled[used].sum())
        step = np.clip(np.linalg.solve(information + damping * scale, gradient), -1, 1)
        moved = _moved(classes, free, step)
        trial, trial_slopes = data.at(moved, free)
        trial_loss = _loss(data, trial)
        if trial_loss <= loss + 1e-15 * abs(loss):
            moves = [_value(moved, each) / _value(classes, each) - 1 for each in free]
            gain = (loss - trial_loss) / max(abs(loss), 1.0)
            classes, modelled, slopes, loss = moved, trial, trial_slopes, trial_loss
            damping = max(damping / 10, 1e-9)
            if np.abs(moves).max() < STILL or gain < STILL * 1e-4:
                break
        elif damping > 1e12:
            break
        else:
            damping *= 10
    return classes


def _score(data: _Data, modelled: Floats, slopes: Floats) -> tuple[Floats, Floats]:
    """Information matrix and gradient of the pseudo-likelihood."""
    used = modelled > 0
    slopes, mu, n = slopes[used], modelled[used], data.vehicles[used]
    return (slopes / mu[:, None]).T @ slopes, slopes.T @ (n / mu - 1)


def _moved(
    classes: Sequence[TrafficClass], free: Sequence[Parameter], step: Floats
) -> list[TrafficClass]:
    """Classes with a step made on the scale on which parameters are fitted."""
    values = {}
    for parameter, by in zip(free, step, strict=True):
        value = _natural(parameter.name, _free(parameter.name, _value(classes, parameter)) + by)
        values[parameter] = float(np.clip(value, *BOUNDS[parameter.name]))
    return _with(classes, values)


def _table(
    data: _Data,
    classes: Sequence[TrafficClass],
    found: Sequence[TrafficClass],
    wanted: Sequence[Parameter],
    free: Sequence[Parameter],
    notes: Mapping[Parameter, str],
) -> pd.DataFrame:
    """Parameters with their intervals and why some were not fitted."""
    modelled, slopes = data.at(found, free)
    used = modelled > 0
    information, _ = _score(data, modelled, slopes)
    _, cluster = np.unique(data.checkpoint[used], return_inverse=True)
    clusters = int(cluster.max(initial=-1)) + 1
    degrees = clusters - len(free)
    spread = np.full(len(free), np.nan)
    if degrees > 0 and free:
        inverse = np.linalg.inv(information)
        error = np.zeros((clusters, len(free)))
        alone = (data.vehicles[used] / modelled[used] - 1)[:, None] * slopes[used]
        np.add.at(error, cluster, alone)
        sandwich = inverse @ (error.T @ error) @ inverse * clusters / degrees
        spread = student.ppf((1 + LEVEL) / 2, degrees) * np.sqrt(np.diag(sandwich))
    rows = []
    for parameter in wanted:
        value = _value(found, parameter)
        low = high = np.nan
        note = notes.get(parameter, "")
        if parameter in free:
            by = spread[list(free).index(parameter)] * np.array([-1, 1])
            at = _free(parameter.name, value)
            low, high = _natural(parameter.name, at + np.clip(by, -50, 50))
        start = _value(classes, parameter)
        kind = parameter in free
        rows.append((parameter.traffic_class, parameter.label, start, value, low, high, kind, note))
    columns = ["class", "parameter", "start", "value", "low", "high", "fitted", "note"]
    return pd.DataFrame(rows, columns=columns).set_index(["class", "parameter"])
