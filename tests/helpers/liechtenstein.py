"""A sketch of Liechtenstein: its border, bridges, roads, railway and towns where they are.

Drawn by hand from what any map shows; between the places that are named it is made up. It has
the kinds that the real extract has: neighbours of which only the shared outline is there, a union
without posts but for one, paths and tracks over the border, streets without a speed limit.
"""

from drawing import Drawing, as_long_as

BRIDGES = {
    "Balzers": (9.4897, 47.0728),
    "Vaduz": (9.5123, 47.1305),
    "Schaan": (9.4893, 47.1691),
    "Bendern": (9.4988, 47.2102),
    "Ruggell": (9.5202, 47.2437),
}
NOFELS, TISIS = (9.5595, 47.2504), (9.5704, 47.2182)
RAIL = (9.4907, 47.1645), (9.5697, 47.2189)
SOUTH, NORTH, EAST = (9.4755, 47.0540), (9.5306, 47.2706), (9.6072, 47.0606)

# 41.2 km with Switzerland and 36.7 km with Austria, Liechtenstein in Zahlen 2014.
RHINE = [
    *(SOUTH, BRIDGES["Balzers"], (9.5115, 47.0945), BRIDGES["Vaduz"], (9.4965, 47.1480), RAIL[0]),
    *(BRIDGES["Schaan"], (9.4868, 47.1880), BRIDGES["Bendern"], BRIDGES["Ruggell"], NORTH),
]
TO_SWITZERLAND = as_long_as([*RHINE[::-1], (9.5150, 47.0560), (9.5600, 47.0480), EAST], 41.2,
                            straight=len(RHINE) - 1)  # fmt: skip
TO_AUSTRIA = as_long_as(
    [NORTH, NOFELS, (9.5660, 47.2330), RAIL[1], TISIS, (9.5760, 47.1950), (9.6055, 47.1560),
     (9.6190, 47.1150), (9.6080, 47.0820), EAST],
    36.7, straight=4,
)  # fmt: skip

TOWNS = {
    "Balzers": (9.5025, 47.0657, 4645, "LI-01"),
    "Eschen": (9.5220, 47.2110, 4466, "LI-02"),
    "Gamprin": (9.5095, 47.2180, 1690, "LI-03"),
    "Mauren": (9.5440, 47.2190, 4401, "LI-04"),
    "Planken": (9.5440, 47.1850, 473, "LI-05"),
    "Ruggell": (9.5270, 47.2390, 2322, "LI-06"),
    "Schaan": (9.5095, 47.1655, 6039, "LI-07"),
    "Schellenberg": (9.5470, 47.2330, 1107, "LI-08"),
    "Triesen": (9.5285, 47.1075, 5275, "LI-09"),
    "Triesenberg": (9.5480, 47.1180, 2638, "LI-10"),
    "Vaduz": (9.5209, 47.1410, 5229, "LI-11"),
}
ABROAD = {
    "Trübbach": (9.4770, 47.0740),
    "Sargans": (9.4410, 47.0490),
    "Sevelen": (9.4860, 47.1221),
    "Buchs": (9.4779, 47.1674),
    "Haag": (9.4875, 47.2099),
    "Sennwald": (9.5027, 47.2606),
    "Salez": (9.5000, 47.2370),
    "Nofels": (9.5690, 47.2560),
    "Tisis": (9.5830, 47.2195),
    "Feldkirch": (9.5973, 47.2365),
}
HAMLETS = ["Steg", "Malbun", "Silum", "Masescha", "Rotenboden", "Gaflei", "Mühleholz", "Ebenholz",
           "Hinterschellenberg", "Gnalp"]  # fmt: skip


def at(name):
    return TOWNS[name][:2] if name in TOWNS else ABROAD[name]


def draw():
    """The sketch as it would be written to a file."""
    map_ = Drawing()
    _land(map_)
    _roads(map_)
    _border_roads(map_)
    _railway(map_)
    for name, (lon, lat, people, _) in TOWNS.items():
        capital = {"capital": "yes"} if name == "Vaduz" else {}
        map_.town(lon, lat, name, size=4, population=str(people), **capital)
    for name, (lon, lat) in ABROAD.items():
        map_.town(lon, lat, name, kind="town" if name == "Feldkirch" else "village")
    map_.node(9.4950, 47.0560, place="village", name="Mäls", population="1000")
    map_.node(9.5430, 47.1980, place="village", name="Nendeln", population="1500")
    for n, name in enumerate(HAMLETS):
        map_.node(9.556 + 0.003 * n, 47.115 - 0.002 * n, place="hamlet", name=name)
    return map_


def write(path):
    """The sketch as an extract."""
    return draw().write(path, box=(9.42, 47.03, 9.66, 47.29), day="2024-03-04")


def _land(map_):
    units = {
        (lon, lat): {"name": name, "ISO3166-2": iso, "admin_level": "8"}
        for name, (lon, lat, _, iso) in TOWNS.items()
    }
    units[TOWNS["Vaduz"][:2]]["capital"] = "yes"
    others = [
        ({"admin_level": "2", "ISO3166-1": "CH", "name": "Schweiz", "name:en": "Switzerland"}, [0]),
        ({"admin_level": "2", "ISO3166-1": "AT", "name": "Österreich", "name:en": "Austria"}, [1]),
        ({"admin_level": "4", "ISO3166-2": "CH-SG", "name": "St. Gallen"}, [0]),
        ({"admin_level": "4", "ISO3166-2": "AT-8", "name": "Vorarlberg"}, [1]),
        ({"admin_level": "6", "name": "Bezirk Feldkirch"}, [1]),
        ({"admin_level": "10", "name": "Nofels"}, [1]),
    ]
    country = {"name": "Liechtenstein", "ISO3166-1": "LI"}
    map_.land(country, [TO_SWITZERLAND, TO_AUSTRIA[::-1]], units, others=others)


def _roads(map_):
    spine = ["Balzers", "Triesen", "Vaduz", "Schaan", "Planken", "Mauren"]
    for one, other in zip(spine[:-1], spine[1:], strict=True):
        (a, b), (c, d) = at(one), at(other)
        middle = ((a + c) / 2 + 0.001, (b + d) / 2)
        # In two ways, as where a limit changes: one line from town to town.
        for part in ([(a, b), middle], [middle, (c, d)]):
            map_.street(part, "primary", ref="28", name="Landstrasse", maxspeed="80")
    for one, other in [("Mauren", "Eschen"), ("Eschen", "Gamprin"), ("Gamprin", "Ruggell"),
                       ("Ruggell", "Schellenberg"), ("Schellenberg", "Mauren"),
                       ("Triesen", "Triesenberg")]:  # fmt: skip
        map_.street([at(one), at(other)], "secondary", name=f"{other}erstrasse")
    hill = [at("Triesenberg"), (9.556, 47.115), (9.583, 47.097)]
    map_.street(hill[:2], "tertiary", tunnel="yes", layer="-1")
    map_.street(hill[1:], "tertiary", maxspeed="50", surface="gravel")
    map_.roundabout(9.5180, 47.2020, [(9.5220, 47.2110), (9.5280, 47.2000)])
    map_.street([(9.5280, 47.2000), (9.5330, 47.2050)], "residential", oneway="yes")
    # What is no road for cars, over the border too.
    for kind, (lon, lat) in {"path": (9.6190, 47.1150), "track": NOFELS, "footway": NORTH,
                             "cycleway": (9.4868, 47.1880), "steps": EAST}.items():  # fmt: skip
        map_.street([(lon - 0.004, lat - 0.002), (lon + 0.0041, lat + 0.0021)], kind)
    map_.street([at("Vaduz"), (9.5230, 47.1440)], "service", service="driveway")
    # The motorway on the other bank, under the roads from the bridges and met by none of them.
    west = [(9.4700, 47.0600), (9.4840, 47.0730), (9.5060, 47.0950), (9.5060, 47.1300),
            (9.4830, 47.1690), (9.4930, 47.2100), (9.5150, 47.2440), (9.5220, 47.2750)]  # fmt: skip
    map_.street(west[::-1], "motorway", ref="A13", oneway="yes", maxspeed="120", layer="-1")
    east = [(lon + 0.0004, lat) for lon, lat in west]
    map_.street(east, "motorway", ref="A13", oneway="yes", maxspeed="120", layer="-1")


def _border_roads(map_):
    over = {
        "Balzers": ("Balzers", "Trübbach", "secondary"),
        "Vaduz": ("Vaduz", "Sevelen", "secondary"),
        "Schaan": ("Schaan", "Buchs", "primary"),
        "Bendern": ("Gamprin", "Haag", "primary"),
        "Ruggell": ("Ruggell", "Salez", "secondary"),
    }
    for bridge, (home, there, kind) in over.items():
        (lon, lat), (x, y) = BRIDGES[bridge], at(there)
        share = 0.0012 / abs(lon - x)
        far = lon + share * (x - lon), lat + share * (y - lat)
        near = lon - (far[0] - lon), lat - (far[1] - lat)
        map_.street([at(home), near], kind, maxspeed="60")
        map_.street([near, (lon, lat), far], kind, name=f"Rheinbrücke {bridge}", bridge="yes",
                    layer="1")  # fmt: skip
        map_.street([far, (x, y)], kind)
    map_.street([at("Trübbach"), at("Sargans")], "primary")
    swiss = ["Trübbach", "Sevelen", "Buchs", "Haag", "Salez", "Sennwald"]
    for one, other in zip(swiss[:-1], swiss[1:], strict=True):
        (a, b), (c, d) = at(one), at(other)
        map_.street([(a, b), ((a + c) / 2 - 0.008, (b + d) / 2), (c, d)], "primary", ref="13")
    map_.street([at("Ruggell"), (9.5500, 47.2480), NOFELS], "tertiary", name="Nofler Strasse")
    map_.street([NOFELS, at("Nofels"), at("Feldkirch")], "tertiary", name="Nofler Strasse")
    lon, lat = TISIS
    map_.street([at("Mauren"), (9.5640, 47.2170), TISIS], "primary", ref="28", maxspeed="50")
    map_.street([TISIS, (lon + 0.0006, lat + 0.0001), at("Tisis"), at("Feldkirch")], "primary",
                ref="191", maxspeed="50")  # fmt: skip
    map_.node(lon + 0.0006, lat + 0.0001, barrier="border_control", name="Feldkirch")
    map_.node(9.5640, 47.2170, place="hamlet", name="Schaanwald")
    lane = [(9.5695, 47.21795), (9.5699, 47.2180), TISIS]
    map_.street(lane, "service", oneway="yes")
    map_.street([(9.5640, 47.2170), lane[0]], "service", oneway="yes")
    map_.node(*lane[1], barrier="border_control", name="Schaanwald")


def _railway(map_):
    stops = {"Schaan-Vaduz": (9.5085, 47.1688), "Forst Hilti": (9.5270, 47.1820),
             "Nendeln": (9.5420, 47.1976)}  # fmt: skip
    line = [(9.4760, 47.1700), RAIL[0], *stops.values(), (9.5620, 47.2120), RAIL[1],
            (9.5850, 47.2260)]  # fmt: skip
    tags = {"railway": "rail", "gauge": "1435", "usage": "main", "electrified": "contact_line",
            "name": "Feldkirch–Buchs"}  # fmt: skip
    map_.way(line[:2], tags)
    map_.way(line[1:4], tags)
    map_.way(line[3:], tags)
    for name, (lon, lat) in stops.items():
        map_.node(lon, lat, railway="halt", name=name)
