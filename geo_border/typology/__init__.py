"""Levels to types, growth points and bottlenecks, with clusters and disparities beside them."""
