"""Measures as they are told: by region with their distribution, and beside each place or cell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_border.access.reach import border_effect
from geo_border.access.regions import by_region, distribution

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geo_border.access.decay import Decay

PARTS = {
    "own": ("own", "as is"),
    "across": ("across", "as is"),
    "all": ("all", "as is"),
    "own_open": ("own", "no delay"),
    "across_open": ("across", "no delay"),
    "all_open": ("all", "no delay"),
    "own_closed": ("own", "closed"),
    "across_closed": ("across", "closed"),
    "all_closed": ("all", "closed"),
}
"""Part and border of each column of a measure."""

LAYER_COLUMNS = ("column", "measure", "mode", "kind", "part", "border", "unit", "note")

LOST = "potential_lost_at_checkpoint"
"""Name of the measure of what each checkpoint takes."""

KEYS = ("measure", "mode", "kind", "checkpoint_id", "part", "border")
"""What a measure is told by."""


@dataclass(slots=True)
class Told:
    """Measures collected for tidy tables.

    Parameters
    ----------
    places
        Places or cells, with ``region_id`` and ``population``.
    """

    places: pd.DataFrame
    rows: list[pd.DataFrame] = field(default_factory=list)
    columns: dict[str, pd.Series[float]] = field(default_factory=dict)
    named: list[dict[str, str]] = field(default_factory=list)

    def add(
        self,
        values: pd.DataFrame,
        measure: str,
        *,
        mode: str,
        unit: str,
        note: str = "",
        kind: str = "",
    ) -> None:
        """Tell a measure: by region its mean, distribution and what is left out; and by place.

        Parameters
        ----------
        values
            A row for each place, columns of `PARTS`.
        measure
            Its name.
        mode
            Mode of the trips.
        unit, note
            Of the values.
        kind
            Kind of the services it is of, if of any.
        """
        keys = [
            (measure, mode, kind, "", *PARTS[column], _column(measure, column, mode, kind, values))
            for column in values.columns
        ]
        self._tell(values, keys, unit, note)

    def add_by_checkpoint(
        self, parts: pd.DataFrame, measure: str, *, mode: str, unit: str, note: str = ""
    ) -> None:
        """Tell what each checkpoint has in a measure of both sides as the border is.

        Parameters
        ----------
        parts
            A row for each place, a column for each checkpoint.
        measure, mode, unit, note
            As in `add`.
        """
        keys = [
            (measure, mode, "", str(gate), *PARTS["all"], f"{mode}_{measure}_{gate}")
            for gate in parts.columns
        ]
        self._tell(parts, keys, unit, note)

    def _tell(
        self, values: pd.DataFrame, keys: Sequence[tuple[str, ...]], unit: str, note: str
    ) -> None:
        """Tell columns by what they are (`KEYS`) and their name among all."""
        means = by_region(values, self.places)
        spread = distribution(values, self.places).unstack("measure")
        rows: dict[str, Any] = {"region_id": np.tile(means.index.to_numpy(object), len(keys))}
        for position, key in enumerate(KEYS):
            rows[key] = np.repeat([of[position] for of in keys], len(means))
        for name, table, end in (
            ("mean", means, ""),
            *((quantile, spread[quantile], "") for quantile in spread.columns.unique(level=0)),
            ("unreached_share", means, "_unreached"),
            ("places_missing", means, "_missing"),
        ):
            rows[name] = table[[f"{column}{end}" for column in values.columns]].to_numpy().T.ravel()
        self.rows.append(pd.DataFrame(rows).assign(unit=unit, note=note))
        for column, (*of, name) in zip(values.columns, keys, strict=True):
            self.columns[name] = values[column]
            words = {"column": name, "unit": unit, "note": note}
            self.named.append(dict(zip(KEYS, of, strict=True)) | words)

    def table(self) -> pd.DataFrame:
        """All of it, in the order of the measures, by region.

        Returns
        -------
        DataFrame
            ``region_id``, the columns `KEYS` (``kind`` of services), ``mean``, quantiles,
            ``unreached_share``, ``places_missing``, ``unit``, ``note``.
        """
        return pd.concat(self.rows, ignore_index=True)

    def frame(self) -> pd.DataFrame:
        """All of it by place.

        Returns
        -------
        DataFrame
            Index of the places, a column for each row of `layers`.
        """
        return pd.DataFrame(self.columns, index=self.places.index)

    def by_place(self) -> pd.DataFrame:
        """All of it by place, tidy.

        Returns
        -------
        DataFrame
            ``place_id``, the columns `KEYS`, ``value``, ``unit``; words are categories. Values
            that a place does not have are left out; what it cannot reach is infinite.
        """
        values = self.frame().to_numpy(float)
        column, place = np.nonzero(~np.isnan(values.T))
        columns = {"place_id": pd.Categorical.from_codes(place, self.places.index.astype(str))}
        named = pd.DataFrame(self.named)
        for key in (*KEYS, "unit"):
            codes, words = pd.factorize(named[key])
            columns[key] = pd.Categorical.from_codes(codes[column], words)
        found = pd.DataFrame(columns).assign(value=values[place, column])
        return found[["place_id", *KEYS, "value", "unit"]]

    def layers(self) -> pd.DataFrame:
        """What the columns of `frame` are.

        Returns
        -------
        DataFrame
            The columns `LAYER_COLUMNS`.
        """
        return pd.DataFrame(self.named, columns=list(LAYER_COLUMNS))

    def add_potentials(
        self, potentials: Mapping[str, pd.DataFrame], decays: Mapping[str, Decay], *, mode: str
    ) -> None:
        """Tell potentials and what delays take from them.

        Parameters
        ----------
        potentials
            Result of `geo_border.access.reach.potential`, by name.
        decays
            Impedance function of each.
        mode
            Mode of the trips.
        """
        for name, values in potentials.items():
            note = decays[name].formula
            self.add(values, name, mode=mode, unit="persons, discounted", note=note)
            effect = border_effect(values)
            of_effect = name.replace("potential", "border_effect")
            self.add(effect[["all"]], of_effect, mode=mode, unit="share", note=note)
            self.add(effect[["own", "across"]], of_effect, mode=mode, unit="share", note=note)

    def add_losses(self, losses: pd.DataFrame, decay: Decay, *, mode: str) -> None:
        """Tell what the delay of each checkpoint takes from the potential, checkpoints as kinds.

        Parameters
        ----------
        losses
            Result of `geo_border.access.losses.loss_by_checkpoint`.
        decay
            Impedance function of the potential.
        mode
            Mode of the trips.
        """
        unit, note = "persons, discounted", decay.formula
        for checkpoint in losses.columns[losses.fillna(0).any()]:
            values = losses[[checkpoint]].set_axis(["all"], axis=1)
            self.add(values, LOST, mode=mode, unit=unit, note=note, kind=str(checkpoint))


def _column(measure: str, part: str, mode: str, kind: str, values: pd.DataFrame) -> str:
    """Name of a column of values among those of all measures, modes and kinds."""
    name = measure if len(values.columns) == 1 else f"{measure}_{part}"
    return "_".join(filter(None, [mode if mode != "road" else "", name, kind]))


def performance_parts(performance: pd.DataFrame) -> pd.DataFrame:
    """Columns of transport performance by part and border.

    Parameters
    ----------
    performance
        Result of `geo_border.access.performance.transport_performance`.

    Returns
    -------
    DataFrame
        Its ratios, with columns of `PARTS`.
    """
    shown = performance.filter(regex="^performance")
    rest = shown.columns.str.removeprefix("performance").str.removeprefix("_")
    names = [
        name if name.startswith(("own", "across")) else f"all_{name}".rstrip("_") for name in rest
    ]
    return shown.set_axis(names, axis=1)


def tell_efficiency(told: Told, found: pd.DataFrame, *, mode: str, reference_kmh: float) -> None:
    """Tell network efficiency, and the weight that no way leads to.

    Parameters
    ----------
    told
        Where to.
    found
        Result of `geo_border.access.efficiency.network_efficiency`.
    mode
        Mode of the trips.
    reference_kmh
        Speed along the straight line.
    """
    note = f"straight line at {reference_kmh:g} km/h"
    lost = found.columns.str.endswith("_unreached")
    unit = "ratio of times"
    told.add(found.loc[:, ~lost], "network_efficiency", mode=mode, unit=unit, note=note)
    unreached = found.loc[:, lost]
    unreached = unreached.set_axis(unreached.columns.str.removesuffix("_unreached"), axis=1)
    told.add(unreached, "network_efficiency_unreached", mode=mode, unit="share", note=note)


def tell_detours(told: Told, detour: pd.DataFrame, index: pd.DataFrame, *, mode: str) -> None:
    """Tell detours by checkpoints and from the straight line.

    Parameters
    ----------
    told
        Where to.
    detour
        Result of `geo_border.access.efficiency.checkpoint_detour`.
    index
        Network efficiency on the network of `geo_border.access.detours.by_distance`.
    mode
        Mode of the trips.
    """
    note = "driving time by open checkpoints over that by any crossing"
    units = {
        "checkpoint_detour": "ratio of times",
        "detour_hours": "hours",
        "checkpoint_detour_unreached": "share",
    }
    for column, unit in units.items():
        values = detour[[column]].set_axis(["across_open"], axis=1)
        told.add(values, column, mode=mode, unit=unit, note=note)
    lengths = index[["own", "across", "own_closed"]]
    note = "length of the shortest way by open checkpoints over the geodesic distance"
    told.add(lengths, "detour_index", mode=mode, unit="ratio of lengths", note=note)
