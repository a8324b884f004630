"""A client of the service: captures, tasks and usage over gRPC."""
