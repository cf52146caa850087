"""The PBF format of OpenStreetMap, from bytes to arrays; it knows no tag."""
