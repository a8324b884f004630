"""Capture modes: one object a mode, which knows everything that depends on the mode."""
