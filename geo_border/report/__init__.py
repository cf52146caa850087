"""What a run gives to its reader: tables, a GeoPackage, maps for print, the page."""
