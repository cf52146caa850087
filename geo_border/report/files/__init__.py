"""Results as files for other programs: tables, layers, rasters."""
