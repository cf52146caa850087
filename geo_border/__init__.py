"""Border regions measured: networks through checkpoints, accessibility, levels and types."""

__version__ = "0.1.0"
