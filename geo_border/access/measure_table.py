"""Values of measures, collected for tidy tables: by region with their distribution, by place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_border.access.measures import PARTS, F, Measure
from geo_border.access.regions import QUANTILES, PeopleOfRegions
from geo_border.ids import in_order_of
from geo_border.shown import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

LAYER_COLUMNS = ("column", "measure", "mode", "kind", "part", "border", "unit", "note")

KEYS = ("measure", "mode", "kind", "checkpoint_id", "part", "border")
"""What a value is of."""

LEFT_OUT = ("unreached_share", "places_missing")
"""What is said beside a mean of those that it leaves out."""


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

    def beside(self, other: PlaceMeasures) -> PlaceMeasures:
        """Put other measures of the same places beside these.

        Parameters
        ----------
        other
            Of the same places.

        Returns
        -------
        PlaceMeasures
            Both.
        """
        both = [self, other]
        return PlaceMeasures(
            pd.concat([part.values for part in both], axis=1),  # noqa: PD011  (not those of a frame)
            pd.concat([part.named for part in both], ignore_index=True),
        )

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
    regions: PeopleOfRegions = field(init=False)
    figures: list[NDArray[np.float64]] = field(default_factory=list)
    columns: dict[str, pd.Series[float]] = field(default_factory=dict)
    named: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.regions = PeopleOfRegions.of(self.places)

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
        table = in_order_of(values, self.places, "place_id").to_numpy(float)
        mean, *left_out = self.regions.means(table)
        figures = [mean[..., None], self.regions.spread(table), *(of[..., None] for of in left_out)]
        self.figures.append(np.concatenate(figures, axis=2).swapaxes(0, 1))
        for column in values.columns:
            *of, name = _key(measure, str(column), mode, kind)
            self.columns[name] = values[column]
            words = {"column": name, "unit": measure.unit, "note": measure.note}
            self.named.append(dict(zip(KEYS, of, strict=True)) | words)

    def by_region(self) -> pd.DataFrame:
        """All of it, in the order of the measures, by region.

        Returns
        -------
        DataFrame
            ``region_id``, the columns `KEYS` (``kind`` of services), ``mean``, quantiles,
            ``unreached_share``, ``places_missing``, ``unit``, ``note``.
        """
        named = pd.DataFrame(self.named, columns=[*KEYS, "unit", "note"])
        regions = self.regions.names
        rows = named.loc[named.index.repeat(len(regions))].reset_index(drop=True)
        rows.insert(0, "region_id", np.tile(regions.to_numpy(object), len(named)))
        spread = [f"q{100 * share:g}" for share in QUANTILES]
        names = ["mean", *spread, *LEFT_OUT]
        # Without a measure or a region there is no row, but there are its columns.
        figures = np.concatenate([np.empty((0, len(regions), len(names))), *self.figures])
        for name, values in zip(names, figures.reshape(len(rows), len(names)).T, strict=True):
            rows[name] = values
        rows["places_missing"] = rows["places_missing"].astype(int)
        return rows[[*rows.columns.drop(["unit", "note"]), "unit", "note"]]

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
