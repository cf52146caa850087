"""Values of measures, collected for tidy tables: by region with their distribution, by place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_border.access.measures import PARTS, F, Measure
from geo_border.access.regions import by_region, distribution

if TYPE_CHECKING:
    from collections.abc import Iterable

LAYER_COLUMNS = ("column", "measure", "mode", "kind", "part", "border", "unit", "note")

KEYS = ("measure", "mode", "kind", "checkpoint_id", "part", "border")
"""What a value is of."""


@dataclass(slots=True)
class MeasureTable:
    """Values of measures of places or cells.

    Parameters
    ----------
    places
        Places or cells, with ``region_id`` and ``population``.
    """

    places: pd.DataFrame
    rows: list[pd.DataFrame] = field(default_factory=list)
    columns: dict[str, pd.Series[float]] = field(default_factory=dict)
    named: list[dict[str, str]] = field(default_factory=list)

    def fill(self, measures: Iterable[Measure[F]], found: F) -> None:
        """Take measures out of what was found by a mode.

        Parameters
        ----------
        measures
            The measures, in order.
        found
            What they are made of.
        """
        for measure in measures:
            self.add(measure, measure.of(found), mode=found.mode, kind=found.kind)

    def add(self, measure: Measure[F], values: pd.DataFrame, *, mode: str, kind: str = "") -> None:
        """Add the values of a measure.

        Parameters
        ----------
        measure
            What they are of.
        values
            A row for each place, a column for each part or checkpoint.
        mode
            Mode of the trips.
        kind
            Kind of the services it is of, if of any.
        """
        keys = [_key(measure, str(column), mode, kind) for column in values.columns]
        if keys or measure.by == "checkpoint":
            self._keep(values, keys, measure.unit, measure.note)

    def _keep(
        self, values: pd.DataFrame, keys: list[tuple[str, ...]], unit: str, note: str
    ) -> None:
        """Keep columns by what they are (`KEYS`) and their name among all."""
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

    def by_region(self) -> pd.DataFrame:
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
        ids = self.places.index.astype(str).rename(None)
        columns = {"place_id": pd.Categorical.from_codes(place, ids)}
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


def _key(measure: Measure[F], column: str, mode: str, kind: str) -> tuple[str, ...]:
    """What a column of a measure is of (`KEYS`), and its name among all."""
    begin = "" if mode == "road" else mode
    part: str = "all"
    checkpoint, end = "", ""
    if measure.by == "part":
        part = column
        end = "" if column == measure.bare else column
    elif measure.by == "kind":
        kind = column
    else:
        checkpoint = end = column
        begin = mode
    name = "_".join(filter(None, [begin, measure.name, end, kind]))
    return (measure.name, mode, kind, checkpoint, *PARTS[part], name)
