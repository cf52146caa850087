"""The stage of what lies beyond the land of a study: it takes part in demand across the border."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from geo_border.network.doubles import listed_twice
from geo_border.network.outer import OuterZones, outer_zones
from geo_border.pipeline.stages.parameters import local_ways
from geo_border.typology.words import counted

if TYPE_CHECKING:
    from geo_border.pipeline.inputs.read import Inputs
    from geo_border.pipeline.settings import Settings
    from geo_border.pipeline.stages.checkpoint_findings import Finding
    from geo_border.pipeline.stages.network import StudyNetwork


def outer_stage(settings: Settings, inputs: Inputs, net: StudyNetwork) -> OuterZones:
    """Join the cities and trunk roads beyond to the network.

    Parameters
    ----------
    settings
        The study's parameters.
    inputs
        The checked inputs, with cities and roads beyond.
    net
        The network of the study.

    Returns
    -------
    OuterZones
        A graph of its own.
    """
    assert inputs.outer_roads is not None
    assert inputs.outer_places is not None
    return outer_zones(
        net,
        inputs.outer_roads,
        inputs.outer_places,
        inputs.speeds,
        access=local_ways(settings),
    )


def outer_findings(settings: Settings, inputs: Inputs, outer: OuterZones) -> list[Finding]:
    """What is wrong with the cities beyond, and how many people they add to demand.

    Parameters
    ----------
    settings
        The study's parameters, with ``outer``.
    inputs
        The checked inputs.
    outer
        The cities, joined to the roads.

    Returns
    -------
    list of tuple
        Severity, topic, item, problem, file and row.
    """
    assert settings.outer is not None
    cities, rows = outer.places, inputs.rows["outer.places"]
    where = {place: f"{settings.outer.places}, row {row}" for place, row in rows.items()}
    found: list[Finding] = [
        (
            "note",
            "outer",
            f"cities beyond, {side}",
            (
                f"{len(mine)} with {counted(round(mine['population'].sum()), 'person')} take part "
                "in demand across the border, and in nothing else"
            ),
            settings.outer.places,
        )
        for side, mine in cities.groupby("side")
    ]
    lost = cities[cities["node"] < 0]
    found += [
        (
            "warning",
            "outer",
            str(row["name"]),
            (
                f"no road leads from it to a checkpoint ({row['population']:,.0f} persons): it "
                "makes no traffic; add its road to those of [outer]"
            ),
            where[place],
        )
        for place, row in lost.nlargest(20, "population").iterrows()
    ]
    columns = ["name", "lon", "lat", "side", "population"]
    points = inputs.places.assign(lon=inputs.places.geometry.x, lat=inputs.places.geometry.y)
    everyone = pd.concat([points[columns], cities[columns]]).assign(region_id=None)
    pairs = listed_twice(everyone)
    pairs = pairs[pairs["other_id"].isin(cities.index)]
    name = everyone["name"]
    return found + [
        (
            "warning",
            "outer",
            str(name[pair["other_id"]]),
            (
                f"may be {name[pair['place_id']]} once more, {pair['km']:.1f} km from it: "
                f"{pair['lesser']:,.0f} persons may be counted twice; leave one out"
            ),
            where[pair["other_id"]],
        )
        for pair in pairs.head(20).to_dict("records")
    ]
