"""Builders of the data set of the world, one module for each kind."""
