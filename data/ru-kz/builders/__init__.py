"""Builders of the files of this study, one module for each kind."""
