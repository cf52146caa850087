"""The words of the field, each once: sides, modes, statuses, users, directions, levels."""

from __future__ import annotations

from typing import Literal

SIDES = ("home", "neighbour")
"""The two sides; `geo_border.network.graph.Network.side` holds positions in this tuple, -1 outside
both."""

MODES = ("road", "rail", "ferry", "foot", "air", "transfer")
"""Modes of edges and checkpoints; ``transfer`` joins a station to the road network."""

ROAD: tuple[str, ...] = ("road", "ferry")
"""Modes of the edges of a trip by car, which the headline measures are of: a ferry carries cars."""

MODES_OF = {"road": ROAD, "rail": ("rail", "transfer"), "both": MODES}
"""Modes of the edges of a trip by each mode."""

Mode = Literal["road", "rail", "both"]
"""Mode of a trip, a key of `MODES_OF`."""

STATUSES = ("open", "restricted", "uncertain", "closed", "planned")
"""Statuses of a checkpoint."""

SHUT = "closed"
"""The one with which nobody passes."""

USERS = ("multilateral", "bilateral", "local")
"""Whom a checkpoint lets pass: citizens of any state, of the two states, border residents."""

DIRECTIONS = ("out", "in")
"""Home to neighbour, and back: the order of everything that has a direction."""

LEVELS = ("transport_communication", "joint_projects", "social_services")
"""The three levels of the model (Roy 2022); the index is made of them."""

CAR = "car"
"""The class of traffic that measures of accessibility are of."""

EVERY_CLASS = "all"
"""What stands for every class together."""

DELAY_KINDS = ("mean", "rule", "lower end", "upper end", "peak", "anecdote", "design")
"""What a delay is: measured on the mean, found by a stated rule between ends, or something else
that stands in for a mean."""

CAPACITY_KINDS = ("actual", "limit", "stated", "design")
"""What a capacity is: what passes when it is full, what rules let pass, what somebody states, or
what it was built for."""

NO_CLASS = (EVERY_CLASS, *DIRECTIONS, "lo", "hi", "kind", "source", "since", "day", "h")
"""Words of columns, which no class may be called."""
