"""Sinks: the destinations of images."""
