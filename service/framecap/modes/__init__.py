"""Capture modes: one object for each mode, with every property in which modes differ."""
