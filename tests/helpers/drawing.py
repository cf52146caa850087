"""Draws small extracts of OpenStreetMap: a border, its land in units, roads, rails and posts.

The same place is the same node, so that what is drawn through a place meets there.
"""

from itertools import pairwise

import numpy as np
import shapely
from osm_pbf_writer import Variant, content, number, sint, write_pbf
from pyproj import Geod

WGS84 = Geod(ellps="WGS84")


class Drawing:
    """Nodes, ways and relations by what they are drawn through."""

    def __init__(self):
        self.places, self.tags, self.ways, self.relations = {}, {}, [], []

    def node(self, lon, lat, **tags):
        """The id of the node at a place, which may get (more) tags."""
        place = round(lon * 1e7), round(lat * 1e7)
        number = self.places.setdefault(place, 100 + len(self.places))
        self.tags.setdefault(number, {}).update(tags)
        return number

    def way(self, places, tags):
        """The id of a way through places."""
        self.ways.append((5000 + len(self.ways), [self.node(*place) for place in places], tags))
        return self.ways[-1][0]

    def street(self, places, highway, **tags):
        return self.way(places, {"highway": highway, **tags})

    def relation(self, members, tags):
        self.relations.append((9000 + len(self.relations), members, tags))
        return self.relations[-1][0]

    def town(self, lon, lat, name, *, size=3, kind="village", streets="residential", **tags):
        """A settlement with its streets about a square; none with a speed limit of its own."""
        self.node(lon, lat, place=kind, name=name, **tags)
        step = 0.0012
        at = [(step * (n - size // 2)) for n in range(size)]
        for x in at:
            for south, north in pairwise(at):
                self.street([(lon + x, lat + south), (lon + x, lat + north)], streets)
        for y in at:
            for west, east in pairwise(at):
                self.street([(lon + west, lat + y), (lon + east, lat + y)], streets)

    def roundabout(self, lon, lat, joined, highway="primary"):
        """A ring that is driven one way, met by two roads at its west and east."""
        turn = np.linspace(0, 2 * np.pi, 9)
        ring = list(zip(lon + 2e-4 * np.cos(turn), lat + 1.4e-4 * np.sin(turn), strict=True))
        ring[-1] = ring[0]
        for half in (ring[:5], ring[4:]):
            self.street(half, highway, junction="roundabout")
        for place, end in zip(joined, (ring[4], ring[0]), strict=True):
            self.street([place, end], highway)

    def land(self, country, borders, units, *, others):
        """A country of units, and of each neighbour the outline that both share.

        The tags of each unit stand by its seat; each part of the land is of the nearest seat.
        Of the neighbours, by the tags of their relations, only what they share is drawn.
        """
        outline = [place for line in borders for place in line[:-1]]
        whole = shapely.Polygon(outline)
        seats = shapely.multipoints(list(units))
        cells = shapely.get_parts(shapely.voronoi_polygons(seats, extend_to=whole))
        lines = [shapely.LineString(line) for line in borders]
        noded = shapely.union_all([whole.boundary, *shapely.boundary(cells)], grid_size=1e-7)
        pieces = shapely.get_parts(shapely.line_merge(noded))
        ends = shapely.multipoints([line.coords[0] for line in lines])
        pieces = np.concatenate([shapely.get_parts(_split(piece, ends)) for piece in pieces])
        inner = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
        pieces = pieces[shapely.dwithin(inner, whole, 1e-6)]
        way = [self.way(piece.coords, {"boundary": "administrative"}) for piece in pieces]
        halfway = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
        of_line = shapely.distance(halfway[:, None], np.array(lines)) < 1e-6

        def members(chosen, seat=None):
            found = [("w", way[n], "outer") for n in np.flatnonzero(chosen)]
            return found + ([("n", self.node(*seat), "admin_centre")] if seat else [])

        capital = next(seat for seat, tags in units.items() if "capital" in tags)
        kind = {"type": "boundary", "boundary": "administrative"}
        self.relation(members(of_line.any(axis=1), capital), kind | {"admin_level": "2"} | country)
        for tags, shared in others:
            missing = ("w", 1, "outer")
            self.relation([*members(of_line[:, shared].any(axis=1)), missing], kind | tags)
        faces = shapely.get_parts(shapely.polygonize(pieces))
        inside = shapely.point_on_surface(faces)
        nearest = shapely.distance(inside[:, None], shapely.points(list(units))).argmin(axis=1)
        for n, (seat, tags) in enumerate(units.items()):
            unit = shapely.union_all(faces[nearest == n])
            edge = shapely.distance(halfway, unit.boundary) < 1e-6
            own = {key: value for key, value in tags.items() if key != "capital"}
            self.relation(members(edge, seat), kind | own)

    def join_streets(self):
        """Give streets a common node where they cross, but for bridges, tunnels and layers."""
        place = {number: at for at, number in self.places.items()}
        streets = [
            n
            for n, (_, _, tags) in enumerate(self.ways)
            if "highway" in tags and not {"bridge", "tunnel", "layer"} & set(tags)
        ]
        lines = np.array(
            [shapely.LineString([place[ref] for ref in self.ways[n][1]]) for n in streets]
        )
        met = {}
        for one, other in shapely.STRtree(lines).query(lines, predicate="crosses").T.tolist():
            if one < other:
                for x, y in shapely.get_coordinates(lines[one].intersection(lines[other])):
                    node = self.node(x / 1e7, y / 1e7)
                    for line in (one, other):
                        met.setdefault(line, {})[node] = lines[line].project(shapely.Point(x, y))
        for line, new in met.items():
            refs = self.ways[streets[line]][1]
            known = {}
            for ref, at in zip(refs, shapely.points(lines[line].coords), strict=True):
                known.setdefault(ref, lines[line].project(at))
            along = sorted((known | new).items(), key=lambda item: item[1])
            refs[:] = [ref for ref, _ in along]

    def write(self, path, *, box, day):
        """The file, with the box of west, south, east and north, and the day, of its header."""
        self.join_streets()
        west, south, east, north = (round(degrees * 1e9) for degrees in box)
        sides = [(1, west), (2, east), (3, north), (4, south)]
        bounds = b"".join(sint(key, nano) for key, nano in sides)
        seconds = int(np.datetime64(day, "s").astype(np.int64))
        header = content(1, bounds) + content(16, "a drawing") + number(32, seconds)
        nodes = sorted((i, *place, self.tags[i]) for place, i in self.places.items())
        variant = Variant(block=400, says_sorted=True, metadata=True, header=header)
        return write_pbf(path, nodes, self.ways, self.relations, variant)


def _split(line, points):
    """A line in pieces between those of some points that are vertices of it."""
    at = np.array(line.coords)
    cut = [n for n in range(1, len(at) - 1) if points.distance(shapely.Point(at[n])) < 1e-9]
    steps = pairwise([0, *cut, len(at) - 1])
    return shapely.multilinestrings([shapely.LineString(at[a : b + 1]) for a, b in steps])


def kilometres(line):
    return WGS84.geometry_length(shapely.LineString(line)) / 1000


def as_long_as(line, km, *, straight=0):
    """A line that winds between its points until it has a length; its first ones stay straight."""

    def wound(reach):
        points = [np.array(place) for place in line]
        found = points[: straight + 1]
        for n, (a, b) in enumerate(pairwise(points[straight:])):
            across = np.array([a[1] - b[1], b[0] - a[0]])
            for share, turn in zip((0.2, 0.4, 0.6, 0.8), (1, -1, 1, -1), strict=True):
                found.append(a + share * (b - a) + (-1) ** n * turn * reach * across)
            found.append(b)
        return [tuple(np.round(place, 7).tolist()) for place in found]

    low, high = 0.0, 0.5
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if kilometres(wound(middle)) < km else (low, middle)
    return wound(low)
