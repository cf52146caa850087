"""The stages of a study, each declared once, in order."""

from __future__ import annotations

from typing import Any

from geo_border.network.outer import OuterZones
from geo_border.pipeline.inputs.extracted import Extracts
from geo_border.pipeline.inputs.extracts import extract_stage
from geo_border.pipeline.stages.access import Accessibility, access_stage
from geo_border.pipeline.stages.border import Border, border_stage
from geo_border.pipeline.stages.bottlenecks import Bottlenecks, bottleneck_stage
from geo_border.pipeline.stages.cell_trips import service_stage, trip_stage
from geo_border.pipeline.stages.cells import (
    CellEntries,
    CellMeasures,
    Cells,
    cell_stage,
    entry_stage,
)
from geo_border.pipeline.stages.declaration import Stage
from geo_border.pipeline.stages.draws import TransportDraws, draw_stage
from geo_border.pipeline.stages.effects import Effects, effect_stage
from geo_border.pipeline.stages.index import Judgement, index_stage
from geo_border.pipeline.stages.network import StudyNetwork, network_stage
from geo_border.pipeline.stages.outer import outer_stage
from geo_border.pipeline.stages.routes import Routes, route_stage
from geo_border.pipeline.stages.searches import inside_stage
from geo_border.pipeline.stages.surfaces import surface_stage
from geo_border.pipeline.stages.traffic import Traffic, traffic_stage
from geo_border.routing.inside import OwnTimes
from geo_border.terms import MODES_OF

_TOLERANCES = (
    *("regions.edge_tolerance_km", "network.crossing_tolerance_km"),
    *("network.stub_tolerance_m", "network.along_border_m"),
)
_REGISTER = (
    *("checkpoints.file", "checkpoints.open_status", "checkpoints.open_users"),
    *("checkpoints.farthest_km", "checkpoints.month", "checkpoints.informed"),
    *("checkpoints.delay_h", "checkpoints.classes", "osm."),
)
"""What checkpoints are to each class."""

_JOINING = (
    *("network.place_reach_km", "network.place_detour", "network.place_kmh", "network.beyond_km"),
    *("network.station_km", "network.transfer_h", "network.gauge_break_h", "osm."),
)
"""How places reach the network."""

_CLASSES = ("traffic.classes", "demand.alpha", "demand.gamma")
"""What classes of traffic are."""

EXTRACTS = Stage(
    "extracts",
    extract_stage,
    Extracts,
    settings=(
        *("osm", "regions.home.admin_level", "regions.neighbour.admin_level"),
        "regions.local_language",
    ),
    files=("osm.",),
)
BORDER = Stage(
    "border",
    border_stage,
    Border,
    settings=(
        *("regions.home", "regions.neighbour", *_TOLERANCES),
        *("checkpoints.open_crossings", *_REGISTER),
    ),
    inputs=(
        *("regions", "territory", "outlines", "sea", "checkpoints", "checkpoint_rows"),
        *("lines", "places"),  # open crossings are found on lines and named by places
    ),
)
NETWORK = Stage(
    "network",
    network_stage,
    StudyNetwork,
    after=("border",),
    settings=(
        *_TOLERANCES,
        *_JOINING,
        "network.most_candidates",
        "checkpoints.delay_h",
        "checkpoints.classes",
    ),
    inputs=("lines", "speeds", "places", "stations", "services"),
)
OUTER = Stage(
    "outer",
    outer_stage,
    OuterZones,
    after=("network",),
    settings=_JOINING,
    inputs=("outer_places", "outer_roads", "speeds"),
    shown="network",
)
SEARCHES: dict[str, Stage[..., OwnTimes]] = {
    mode: Stage(
        "searches" if mode == "road" else f"searches_{mode}",
        inside_stage,
        OwnTimes,
        after=("network",),
        shown="searches",
    )
    for mode in MODES_OF
}
"""Times inside the sides, by mode."""

ACCESS = Stage(
    "access",
    access_stage,
    Accessibility,
    after=("border", "network"),
    settings=("access", "services", *_JOINING),
)
ROUTES = Stage(
    "routes",
    route_stage,
    Routes,
    after=("border", "network"),
    settings=(
        *("access", "corridors", "corridor_costs", "surface."),
        *_CLASSES,
        *_JOINING,
    ),
    shown="access",
)
CELLS = Stage(
    "cells",
    cell_stage,
    Cells,
    after=("border",),
    settings=("surface.unit", "surface.band", "surface.cell_km", "surface.belt_km", "surface.crs"),
    files=("surface.",),
)
ENTRIES = Stage(
    "entries",
    entry_stage,
    CellEntries,
    after=("border", "network", "cells"),
    settings=("surface", *_JOINING),
    shown="surfaces",
)
_OF_CELLS = ("border", "network", "cells", "entries")
SURFACES = Stage(
    "surfaces",
    surface_stage,
    CellMeasures,
    after=_OF_CELLS,
    settings=("access", "surface", *_JOINING),
)
CELL_TRIPS = Stage(
    "cell_trips",
    trip_stage,
    CellMeasures,
    after=_OF_CELLS,
    settings=("access", "surface", *_JOINING),
)
CELL_SERVICES = Stage(
    "cell_services",
    service_stage,
    CellMeasures,
    after=_OF_CELLS,
    settings=("access", "surface", "services", *_JOINING),
)
TRAFFIC = Stage(
    "traffic",
    traffic_stage,
    Traffic,
    after=("border", "network", "outer"),
    settings=(
        *("traffic", "demand", *_REGISTER),
        *("index.seed", "index.delay_correlation"),
    ),
    inputs=("counts",),
    shown="bottlenecks",
)
EFFECTS = Stage(
    "effects",
    effect_stage,
    Effects,
    after=("border", "network", "access", "traffic"),
    settings=("access", *_CLASSES),
    shown="access",
)
BOTTLENECKS = Stage(
    "bottlenecks",
    bottleneck_stage,
    Bottlenecks,
    after=("border", "network", "outer", "traffic"),
    settings=("access", "demand", "traffic.classes"),
)
DRAWS = Stage(
    "draws",
    draw_stage,
    TransportDraws,
    after=("border", "network"),
    settings=(
        *("access.decay", "access.half_life_h", "index.seed"),
        *("index.delay_correlation", "index.decay_range", "index.speed_range"),
    ),
    shown="index",
)
INDEX = Stage(
    "index",
    index_stage,
    Judgement,
    after=("border", "access", "bottlenecks", "draws"),
    settings=("index", "typology"),
    inputs=("registry", "indicators"),
)

DECLARED: tuple[Stage[Any, Any], ...] = (
    EXTRACTS,
    BORDER,
    NETWORK,
    OUTER,
    *SEARCHES.values(),
    ACCESS,
    ROUTES,
    CELLS,
    ENTRIES,
    SURFACES,
    CELL_TRIPS,
    CELL_SERVICES,
    TRAFFIC,
    EFFECTS,
    BOTTLENECKS,
    DRAWS,
    INDEX,
)
"""All of them, each after those whose results it is given."""

STAGES = tuple(dict.fromkeys(("extracts", "read", *(stage.step for stage in DECLARED), "outputs")))
"""Steps of a run, in order, as progress gives them; those of cells where a raster is given."""
