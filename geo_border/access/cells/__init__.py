"""Accessibility of cells of a raster, and the surfaces made of it."""
