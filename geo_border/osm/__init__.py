"""What the tags of OpenStreetMap mean: roads, railways, speeds, checkpoints, boundaries, land."""
