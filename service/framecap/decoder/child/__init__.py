"""Runs in the fork server and in decoders only."""
