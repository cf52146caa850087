"""Values of measures, collected for tidy tables: by region with their distribution, by place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_border.access.measures import PARTS, F, Measure
from geo_border.access.regions import by_region, distribution
from geo_border.shown import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LAYER_COLUMNS = ("column", "measure", "mode", "kind", "part", "border", "unit", "note")

KEYS = ("measure", "mode", "kind", "checkpoint_id", "part", "border")
"""What a value is of."""


NAMED = (*KEYS, "column", "unit", "note")
"""What is known of each column."""

ROWS = 16_000_000
"""Most rows of a piece of the tidy table, unless one column has more."""


@dataclass(frozen=True, slots=True, eq=False)
class PlaceMeasures:
    """Values of measures by place, a column for each.

    Parameters
    ----------
    values
        Index ``place_id``, missing where a place has no value.
    named
        What the columns are, one row each: `NAMED`.
    """

    __repr__ = shown

    values: pd.DataFrame
    named: pd.DataFrame

    def tidy(self) -> pd.DataFrame:
        """All of it, tidy.

        Returns
        -------
        DataFrame
            ``place_id``, the columns `KEYS`, ``value``, ``unit``; words are categories. Values
            that a place does not have are left out; what it cannot reach is infinite.
        """
        return pd.concat(self.pieces(), ignore_index=True)

    def pieces(self, *, rows: int = ROWS) -> Iterator[pd.DataFrame]:
        """The tidy table, some columns of the values at a time.

        Parameters
        ----------
        rows
            Most rows of a piece, unless one column has more.

        Yields
        ------
        DataFrame
            Rows of `tidy` with the categories of all of them.
        """
        ids = self.values.index.astype(str).rename(None)
        words = {key: pd.factorize(self.named[key]) for key in (*KEYS, "unit")}
        step = max(1, rows // max(1, len(ids)))
        for first in range(0, max(1, len(self.named)), step):
            some = self.values.iloc[:, first : first + step].to_numpy(float).T
            column, place = np.nonzero(~np.isnan(some))
            columns = {"place_id": pd.Categorical.from_codes(place, ids)}
            for key, (codes, of) in words.items():
                here = codes.astype(np.int16)[first + column]
                columns[key] = pd.Categorical.from_codes(here, of)
            found = pd.DataFrame(columns).assign(value=some[column, place])
            yield found[["place_id", *KEYS, "value", "unit"]]


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
        # A million places have gigabytes of values: they are not copied.
        return pd.DataFrame(self.columns, index=self.places.index, copy=False)

    def by_place(self) -> PlaceMeasures:
        """All of it by place.

        Returns
        -------
        PlaceMeasures
            As in `frame`, with what each column is.
        """
        return PlaceMeasures(self.frame(), pd.DataFrame(self.named, columns=[*NAMED]))

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
