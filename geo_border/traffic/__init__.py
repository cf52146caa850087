"""Demand across the border, and the loads that it makes."""
