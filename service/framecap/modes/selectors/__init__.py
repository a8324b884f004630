"""Choosing frames as they come by."""
