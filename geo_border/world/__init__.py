"""Border lines, regions, trunk networks and settlements of the world, for any pair of countries."""
