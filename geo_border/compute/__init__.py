"""Compiled code, blocks of work on all cores, and work on other machines."""
