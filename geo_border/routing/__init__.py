"""Travel times through checkpoints: searches, checkpoint tables, scenarios, routes."""
