"""A study from its files to its results: settings, inputs, stages, what is remembered."""
