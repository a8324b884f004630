"""Bytes in."""
