"""Where the border binds: demand, loads, closures, gains."""
