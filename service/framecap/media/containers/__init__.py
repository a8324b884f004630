"""Containers: opening them, their streams, indexes, times and seeks."""
