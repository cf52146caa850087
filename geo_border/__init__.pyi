# The public names, by what they are for: what is not here may change without a word.
# docs/api.md is made of this file: its groups are the comments here, in this order.
# ruff: noqa: I001  (imports in the order of a reader, not of the alphabet)

# Studies
from .study import open_study as open_study
from .study import Study as Study
from .pipeline.templates import new_study as new_study
from .pipeline.templates import embedded_studies as embedded_studies
from .study import example_network as example_network
from .pipeline.results import Results as Results
from .pipeline.results import WhatIf as WhatIf

# Border
from .border.line import border_line as border_line
from .border.line import dyads as dyads
from .border.matching import match_sides as match_sides
from .border.checkpoints import placed_checkpoints as placed_checkpoints
from .border.checkpoints import permeability as permeability
from .border.hours import expected_wait as expected_wait

# Network
from .pipeline.sources import from_osm as from_osm
from .pipeline.sources import from_overpass as from_overpass
from .pipeline.sources import from_osmnx as from_osmnx
from .pipeline.sources import from_lines as from_lines
from .network.build import BuiltNetwork as BuiltNetwork
from .network.graph import Network as Network
from .network.places import Access as Access
from .network.tolerances import Tolerances as Tolerances
from .network.outer import outer_zones as outer_zones
from .network.outer import OuterZones as OuterZones
from .network.exports import read_network as read_network
from .network.exports import write_network as write_network
from .network.exchange import to_networkx as to_networkx

# Travel
from .routing.travel import travel as travel
from .routing.travel import Travel as Travel
from .routing.outer import with_outer as with_outer
from .routing.scenarios import Scenario as Scenario
from .routing.between import travel_times as travel_times
from .routing.between import pair_times as pair_times
from .routing.scenarios import passages as passages

# Accessibility
from .access.reach import potential as potential
from .access.reach import cumulative as cumulative
from .access.reach import border_effect as border_effect
from .access.losses import loss_by_checkpoint as loss_by_checkpoint
from .access.losses import effect_by_checkpoint as effect_by_checkpoint
from .access.losses import loss_shares as loss_shares
from .access.nearest import nearest_checkpoint as nearest_checkpoint
from .access.nearest import zones as zones
from .access.efficiency import network_efficiency as network_efficiency
from .access.efficiency import checkpoint_detour as checkpoint_detour
from .access.border_costs import border_costs as border_costs
from .access.from_network import detour_index as detour_index
from .access.performance import transport_performance as transport_performance
from .access.from_network import isochrones as isochrones
from .access.isochrones import OffRoad as OffRoad
from .access.from_network import corridors as corridors
from .access.corridors import Costs as Costs
from .access.regions import by_region as by_region
from .access.regions import distribution as distribution

# Services
from .access.from_network import service_times as service_times
from .access.services import nearest_service as nearest_service
from .access.catchments import two_step as two_step
from .access.catchments import enhanced_two_step as enhanced_two_step
from .access.catchments import balanced as balanced
from .access.catchments import spatial_availability as spatial_availability

# Decay of distance
from .access.decay import Exponential as Exponential
from .access.decay import Power as Power
from .access.decay import Gaussian as Gaussian
from .access.decay import Logistic as Logistic
from .access.decay import Linear as Linear
from .access.decay import Step as Step
from .access.catchments import Stepwise as Stepwise

# Bottlenecks
from .bottlenecks.closures import closures as closures
from .bottlenecks.gains import delay_gains as delay_gains
from .bottlenecks.changes import changes as changes
from .traffic.demand import cross_demand as cross_demand
from .traffic.demand import Gravity as Gravity
from .traffic.week import border_week as border_week
from .pipeline.stages.week_service import Operation as Operation

# Traffic by class
from .traffic.classes import TrafficClass as TrafficClass
from .traffic.classes import Segment as Segment
from .traffic.class_tables import class_travel as class_travel
from .traffic.model import traffic_model as traffic_model
from .traffic.model import TrafficModel as TrafficModel
from .traffic.equilibrium import equilibrium as equilibrium
from .traffic.equilibrium import Equilibrium as Equilibrium
from .traffic.flows import checkpoint_traffic as checkpoint_traffic
from .traffic.welfare import welfare as welfare
from .traffic.welfare import Welfare as Welfare
from .traffic.welfare import hour_values as hour_values
from .traffic.detour import detour_hours as detour_hours
from .traffic.calibration import calibrate as calibrate
from .traffic.calibration import Calibration as Calibration
from .traffic.validation import beside_counts as beside_counts
from .traffic.validation import validate as validate

# Index and typology
from .index.selection import select as select
from .index.levels import levels as levels
from .index.levels import IndexMethod as IndexMethod
from .index.uncertainty import uncertainty as uncertainty
from .index.variance import variance_shares as variance_shares
from .typology.types import region_types as region_types
from .typology.rules import Thresholds as Thresholds
from .typology.clusters import clusters as clusters
from .typology.disparity import disparity as disparity

# Errors
from .errors import GeoBorderError as GeoBorderError

from .version import __version__ as __version__
