"""Searches on graphs of any size: queues, hierarchies, contraction, sweeps."""
