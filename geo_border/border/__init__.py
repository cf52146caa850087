"""Where the border is and where it may be crossed."""
