"""Roads, railways, crossings and places as one graph."""
