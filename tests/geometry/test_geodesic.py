"""Distances on the ellipsoid, against pyproj."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from geo_border.geometry.geodesic import geodesic_km, reduced_vectors

WGS84 = Geod(ellps="WGS84")


def distances(lon, lat):
    points = reduced_vectors(lon, lat)
    km = np.empty(len(points))
    geodesic_km(points[0], points, km)
    return km


@given(
    lon=st.floats(-180, 180),
    lat=st.floats(-89, 89),
    azimuth=st.floats(0, 360),
    km=st.floats(0.001, 6000),
)
def test_lambert_is_within_its_bounds(lon, lat, azimuth, km):
    end_lon, end_lat, _ = WGS84.fwd(lon, lat, azimuth, 1000 * km)
    found = distances([lon, end_lon], [lat, end_lat])[1]
    # 1e-5 of the distance, and the metres that rounding of a metre on the sphere costs.
    assert found == pytest.approx(km, rel=1e-5, abs=1e-5)


def test_known_distances():
    # One degree of the equator of WGS 84 is 111.31949 km, a quarter meridian 10001.966 km.
    assert distances([50, 51], [0, 0])[1] == pytest.approx(111.319491, rel=1e-8)
    assert distances([0, 0], [0, 90])[1] == pytest.approx(10001.9657, rel=3e-6)
    assert distances([70, 70], [55, 55]).tolist() == [0, 0]
