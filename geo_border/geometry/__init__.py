"""Where things lie on the globe: frames of longitudes, distances, points in polygons."""
