"""A sketch of Andorra: its border, two customs posts, roads and towns where they are.

Drawn by hand from what any map shows; between the places that are named it is made up. It has
the kinds that the real extract has: posts of nine objects that are one checkpoint, a road over the
border without any, settlements of which nobody says how many people live there.
"""

from drawing import Drawing, as_long_as

RUNER, PAS, OS_DE_CIVIS = (1.4728, 42.4353), (1.7356, 42.5434), (1.4436, 42.4953)
WEST, EAST = (1.4433, 42.6033), (1.7276, 42.4930)

# 56.6 km with France and 63.7 km with Spain, CIA World Factbook 2010.
TO_FRANCE = as_long_as(
    [EAST, PAS, (1.7780, 42.5740), (1.7290, 42.5940), (1.6700, 42.6130), (1.6000, 42.6130),
     (1.5400, 42.6440), (1.4800, 42.6410), WEST],
    56.6, straight=1,
)  # fmt: skip
TO_SPAIN = as_long_as(
    [RUNER, (1.4350, 42.4500), OS_DE_CIVIS, (1.4480, 42.5150), (1.4260, 42.5500), WEST],
    28.0, straight=3,
)[::-1] + as_long_as(
    [RUNER, (1.5170, 42.4320), (1.5600, 42.4380), (1.6100, 42.4500), (1.6600, 42.4480),
     (1.7000, 42.4850), EAST],
    35.7, straight=1,
)[1:]  # fmt: skip

TOWNS = {
    "Canillo": (1.5976, 42.5676, None, "AD-02"),
    "Encamp": (1.5801, 42.5345, 12000, "AD-03"),
    "La Massana": (1.5148, 42.5450, None, "AD-04"),
    "Ordino": (1.5333, 42.5562, None, "AD-05"),
    "Sant Julià de Lòria": (1.4914, 42.4637, 8000, "AD-06"),
    "Andorra la Vella": (1.5211, 42.5063, 24678, "AD-07"),
    "Escaldes-Engordany": (1.5387, 42.5090, 15000, "AD-08"),
}
ABROAD = {"Porta": (1.8000, 42.5300), "La Farga de Moles": (1.4620, 42.4260),
          "Os de Civís": (1.4390, 42.5080)}  # fmt: skip


def write(path):
    """The sketch as an extract."""
    map_ = Drawing()
    units = {
        (lon, lat): {"name": name, "ISO3166-2": iso, "admin_level": "7"}
        for name, (lon, lat, _, iso) in TOWNS.items()
    }
    units[TOWNS["Andorra la Vella"][:2]]["capital"] = "yes"
    units[TOWNS["Canillo"][:2]] |= {"name:ru": "Канильо"}
    others = [
        ({"admin_level": "2", "ISO3166-1": "FR", "name": "France"}, [0]),
        ({"admin_level": "2", "ISO3166-1": "ES", "name": "España", "name:en": "Spain"}, [1]),
    ]
    map_.land({"name": "Andorra", "ISO3166-1": "AD"}, [TO_FRANCE, TO_SPAIN], units, others=others)
    for name, (lon, lat, people, _) in TOWNS.items():
        tags = {"population": str(people)} if people else {}
        tags |= {"capital": "yes"} if name == "Andorra la Vella" else {}
        map_.town(lon, lat, name, kind="town", **tags)
    for name, place in ABROAD.items():
        map_.node(*place, place="village", name=name)
    for n in range(60):
        place = 1.49 + 0.012 * (n % 10), 42.51 + 0.012 * (n // 10)
        map_.node(*place, place="hamlet", name=f"Borda {n}")
    _roads(map_)
    _controls(map_)
    return map_.write(path, box=(1.40, 42.42, 1.82, 42.67), day="2025-01-19")


def _roads(map_):
    def at(name):
        return {**TOWNS, **ABROAD}[name][:2]

    julia, capital, encamp = at("Sant Julià de Lòria"), at("Andorra la Vella"), at("Encamp")
    map_.street([capital, (1.5010, 42.4850)], "trunk", ref="CG-1", maxspeed="60")
    map_.street([(1.5010, 42.4850), julia], "trunk", ref="CG-1", maxspeed="60")
    map_.street([julia, (1.4790, 42.4450), (1.4732, 42.4360), RUNER], "trunk", ref="CG-1")
    south = [RUNER, (1.4722, 42.4345), at("La Farga de Moles"), (1.4500, 42.4000)]
    map_.street(south, "primary", ref="N-145")
    east = [capital, at("Escaldes-Engordany"), encamp, at("Canillo"), (1.6700, 42.5720)]
    for one, other in zip(east[:-1], east[1:], strict=True):
        map_.street([one, other], "primary", ref="CG-2", maxspeed="50")
    map_.street([(1.6700, 42.5720), (1.7050, 42.5500)], "primary", ref="CG-2", tunnel="yes",
                layer="-1")  # fmt: skip
    map_.street([(1.7050, 42.5500), (1.7348, 42.5438), PAS], "primary", ref="CG-2")
    map_.street([PAS, (1.7370, 42.5430), at("Porta"), (1.8400, 42.5200)], "trunk", ref="N 22")
    map_.street([capital, at("La Massana"), at("Ordino")], "secondary", ref="CG-3")
    # The road that no post is on, entered from Spain, as the valley is.
    map_.street([(1.4790, 42.4450), (1.4660, 42.4700), (1.4560, 42.4900), OS_DE_CIVIS], "primary",
                ref="CG-6")  # fmt: skip
    map_.street([OS_DE_CIVIS, at("Os de Civís")], "primary", name="Carretera d’Os de Civís")
    map_.roundabout(1.5260, 42.5120, [(1.5251, 42.5120), (1.5270, 42.5120)], "tertiary")
    map_.street([capital, (1.5251, 42.5120)], "tertiary")
    for kind, (lon, lat) in {"path": (1.6600, 42.4480), "track": (1.5400, 42.6440)}.items():
        map_.street([(lon - 0.006, lat - 0.006), (lon + 0.006, lat + 0.006)], kind)


def _controls(map_):
    customs = {"amenity": "customs", "opening_hours": "24/7"}
    map_.node(1.7348, 42.5438, barrier="border_control", name="Duana del Pas de la Casa")
    map_.node(1.7345, 42.5436, place="village", name="Pas de la Casa")
    map_.node(*RUNER, barrier="border_control")
    for n, lat in enumerate((42.4360, 42.4345)):
        lon = (1.4732, 1.4722)[n]
        map_.node(lon, lat, barrier="border_control")
        lane = [(lon + 2e-4, lat + 2e-4), (lon + 3e-4, lat), (lon, lat)]
        map_.street(lane, "service", oneway="yes")
        map_.node(*lane[0], barrier="border_control")
        map_.node(*lane[1], barrier="border_control")
    for name, (lon, lat) in {"Aduana andorrana": (1.4736, 42.4364),
                             "Aduana española": (1.4719, 42.4343)}.items():  # fmt: skip
        ring = [(lon, lat), (lon + 1e-4, lat), (lon + 1e-4, lat + 1e-4), (lon, lat)]
        map_.way(ring, {"building": "yes", "name": name} | customs)
