"""Roads, railways, crossings and places as one graph."""

from geo_border.network.build import BuiltNetwork, build_network
from geo_border.network.graph import Network
from geo_border.network.sources import from_lines, from_osm, from_overpass

__all__ = ["BuiltNetwork", "Network", "build_network", "from_lines", "from_osm", "from_overpass"]
