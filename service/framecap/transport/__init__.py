"""Requests to stores and web servers: faults, retries and their statistics."""
