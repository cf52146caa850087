"""What can be reached: measures of accessibility, own side and across the border."""
