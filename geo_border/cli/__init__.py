"""The command line."""

from geo_border.cli.commands import app, main

__all__ = ["app", "main"]
