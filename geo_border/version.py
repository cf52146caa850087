"""The version, alone: whoever tells it need not import the package that imports everybody."""

__version__ = "0.1.0"
