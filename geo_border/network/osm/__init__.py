"""Extracts of OpenStreetMap: reading them, and what their tags mean for a network."""
