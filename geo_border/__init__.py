"""Border regions measured: networks through checkpoints, accessibility, levels and types.

A study from its border to its typology::

    import geo_border as gb

    study = gb.open_study("ru-kz")
    results = study.run("out/ru-kz")
    print(results.typology[["type", "bottleneck"]])

Or piece by piece, on data of one's own::

    net = gb.from_osm("liechtenstein.osm.pbf", home={"country": "LI"}, settlements=True)
    trips = gb.travel(net)
    reached = gb.potential(trips, decay=gb.Exponential(2))
    gb.border_effect(reached).join(net.places["name"])
"""

from types import FunctionType
from typing import Any

import lazy_loader

from geo_border.arguments import checked
from geo_border.version import __version__ as __version__

# `import geo_border` stays quick: what __init__.pyi names is imported on first use.
_get, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    """Import a public name on its first use; functions hold what they are handed against it."""
    found = _get(name)
    if isinstance(found, FunctionType):
        found = globals()[name] = checked(found)
    return found
