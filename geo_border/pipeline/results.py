"""What a run gives: every frame by name, for tables, the GeoPackage and the report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from geo_border.shown import shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd
    from matplotlib.axes import Axes

    from geo_border.access.measure_table import PlaceMeasures
    from geo_border.border.belt import CellGrid
    from geo_border.bottlenecks.changes import Changes
    from geo_border.network.graph import Network
    from geo_border.pipeline.saved import Saved
    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.traffic_changes import TrafficChanges
    from geo_border.routing.scenarios import Scenario


@dataclass(frozen=True, slots=True)
class Surfaces:
    """Accessibility of the cells along the border.

    Parameters
    ----------
    grid
        Where the cells lie.
    cells
        Index ``cell_id``; ``row``, ``column``, ``lon``, ``lat``, ``side``, ``region_id``,
        ``population``, the way to the network, and every measure.
    layers
        What the columns of measures are: ``column``, ``measure``, ``mode``, ``kind`` (of
        services), ``part``, ``border``, ``unit``, ``note``.
    """

    __repr__ = shown

    grid: CellGrid
    cells: pd.DataFrame
    layers: pd.DataFrame


class Drawn:
    """Maps of results, of a run as of what it wrote."""

    __slots__ = ()

    def plot_map(self, name: str = "types") -> Axes:
        """Draw one of the printed maps.

        Parameters
        ----------
        name
            ``"types"``, ``"levels"``, ``"network"``, ``"access"`` or ``"border_profile"``.

        Returns
        -------
        Axes
            Its first panel; ``.figure`` is the whole sheet, with ``savefig``.

        Raises
        ------
        StudyError
            If there is no such map.
        """
        from geo_border.report.print.maps import figure_of  # noqa: PLC0415  (slow to import)

        return figure_of(cast("Results", self), name).axes[0]

    def explore(self, column: str = "type", **options: Any) -> Any:
        """Show regions and checkpoints on a map of tiles to move about in.

        Parameters
        ----------
        column
            Column of `regions`, of `levels` or of `typology` to colour the regions by.
        **options
            As ``GeoDataFrame.explore`` takes them.

        Returns
        -------
        folium.Map
            The map: names of data are words in it, whatever signs they are of.

        Raises
        ------
        StudyError
            If there is no such column, no value in it, or folium is not installed.
        """
        from geo_border.report.tiles import explored  # noqa: PLC0415  (slow to import)

        return explored(cast("Results", self), column, **options)


@dataclass(frozen=True, slots=True)
class Results(Drawn):
    """All results of a study; geometries in WGS 84.

    Parameters
    ----------
    settings
        The study's parameters.
    regions
        Polygons of both sides after edge matching, index ``region_id``, with names, capital,
        population and every regional measure of accessibility.
    territory
        Polygons of both sides, studied or not: the ground of maps.
    border
        Pieces of the border line with distance along it.
    dyads
        Pairs of regions with the length of their common border and open checkpoints.
    checkpoints
        Index ``checkpoint_id``; position, status, delays, load share, effect of closure.
    crossings
        Links that pass the border, with the checkpoint that serves them or none.
    edges
        Links of the network with mode, class, side, ``length_km``, ``hours``, ``load_share``.
    places
        Settlements with population, way to the network and their accessibility.
    travel_times
        Between capitals by road: ``from_id``, ``to_id``, ``km``, ``hours``, ``via``.
    diversions
        Where the traffic of a closed checkpoint goes: ``closed_id``, ``to_id``, ``share``.
    levels
        Index ``region_id``; the three levels, potential, dynamics, index, rank interval.
    typology
        Index ``region_id``; type, probability, reasons, growth point, bottleneck.
    indicators
        The values that entered, tidy.
    registry
        What each indicator is.
    quality
        Account of the data: ``topic``, ``item``, ``value``, ``unit``, ``note``.
    mismatch
        Overlaps and gaps between the two sides' polygons: ``kind``, ``side`` and
        ``region_id`` of the region that was changed, ``area_km2``.
    cards
        Text of the cards: ``kind`` (region, dyad, checkpoint), ``id``, ``title``, ``line``.
    more
        Further tables by name, each written as CSV.
    manifest
        Versions, parameters, digests of inputs, counts: the same however far an earlier run
        had come.
    network
        The graph itself.
    measures_of_places
        All measures by place, written tidy to ``access_places.parquet``.
    surfaces
        Cells along the border, where the study has a population raster.
    flaws
        Where the data are doubtful, as `geo_border.pipeline.stages.flaws.flaws` gives them.
    layers
        Further layers by name, each written to the GeoPackage: ``isochrones`` of the open
        checkpoints, ``corridors``.
    further
        Columns of the study's own files that nothing here reads, of ``regions``,
        ``checkpoints`` and ``places`` by their ids: written beside the results.
    stages_reused
        Stages that an earlier run had finished.

    Examples
    --------
    >>> import geo_border as gb
    >>> results = gb.open_study("ru-kz").run("out/ru-kz")  # doctest: +SKIP
    >>> results.typology[["type", "bottleneck"]]  # doctest: +SKIP
    >>> results.plot_map("levels").figure.savefig("levels.png")  # doctest: +SKIP
    >>> gb.Results.load("out/ru-kz").levels  # doctest: +SKIP
    """

    __repr__ = shown

    settings: Settings
    regions: gpd.GeoDataFrame
    territory: gpd.GeoDataFrame
    border: gpd.GeoDataFrame
    dyads: gpd.GeoDataFrame
    checkpoints: gpd.GeoDataFrame
    crossings: gpd.GeoDataFrame
    edges: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    travel_times: pd.DataFrame
    diversions: pd.DataFrame
    levels: pd.DataFrame
    typology: pd.DataFrame
    indicators: pd.DataFrame
    registry: pd.DataFrame
    quality: pd.DataFrame
    mismatch: gpd.GeoDataFrame
    cards: pd.DataFrame
    more: dict[str, pd.DataFrame]
    manifest: dict[str, Any]
    network: Network
    measures_of_places: PlaceMeasures | None = None
    surfaces: Surfaces | None = None
    flaws: gpd.GeoDataFrame | None = None
    layers: dict[str, gpd.GeoDataFrame] = field(default_factory=dict)
    further: dict[str, pd.DataFrame] = field(default_factory=dict)
    stages_reused: tuple[str, ...] = ()

    @staticmethod
    def load(folder: Path | str) -> Saved:
        """Read back what a run wrote into a folder.

        Parameters
        ----------
        folder
            Its output folder.

        Returns
        -------
        Saved
            Every table and layer under the name that it has in `Results`, manifest and settings;
            figures are rounded as the tables are. It has no `network` and no `surfaces`.

        Raises
        ------
        StudyError
            If no run has written there.
        """
        from geo_border.pipeline.saved import load  # noqa: PLC0415  (it reads files, and is slow to import)

        return load(folder)


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What scenarios change, with the layers to draw it.

    Parameters
    ----------
    settings
        The study's parameters.
    scenarios
        What is different at the border, by name.
    changes
        What that changes for what can be reached, by car where the mode is by road. Its trips, if
        any, all take the fastest way.
    traffic
        What that changes for traffic: by class in equilibrium where trips are by road and
        ``choice`` is ``"logit"``; else for trips of the gravity model, by the fastest way.
    regions
        Polygons, index ``region_id``.
    places
        Points, index ``place_id``.
    checkpoints
        Points of checkpoints and of opened crossings, index ``checkpoint_id``.
    territory
        Polygons of both sides with ``side`` and ``region_id``.
    border
        The border line.
    notes
        Why parts of scenarios change nothing, see `geo_border.pipeline.stages.notes.notes`.

    Examples
    --------
    >>> import geo_border as gb
    >>> study = gb.open_study("ru-kz")
    >>> [field for field in gb.WhatIf.__dataclass_fields__][:3]
    ['settings', 'scenarios', 'changes']
    """

    __repr__ = shown

    settings: Settings
    scenarios: Mapping[str, Scenario]
    changes: Changes
    traffic: TrafficChanges
    regions: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    checkpoints: gpd.GeoDataFrame
    territory: gpd.GeoDataFrame
    border: gpd.GeoDataFrame
    notes: pd.DataFrame
