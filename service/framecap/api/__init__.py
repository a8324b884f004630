"""The gRPC service and its interceptors."""
