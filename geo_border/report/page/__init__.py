"""The page: one HTML file with its map, profile and tables."""
