"""Maps and figures for print."""
