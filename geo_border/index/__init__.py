"""Indicators to levels: registry, audit, treatment, weights, aggregation, uncertainty."""
