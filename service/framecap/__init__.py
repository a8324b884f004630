"""Captures frames from video, as a gRPC service."""
