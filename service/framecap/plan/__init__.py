"""The plan of a capture: geometry, targets, cost and decode strategy. Pure functions."""
